from dataclasses import replace
from datetime import timedelta

import pytest

from compartment_tui.domain.detail_views import RouteView, Visit
from compartment_tui.domain.routes import Route
from compartment_tui.domain.variable import Scope, Secret, Sensitivity, Variable
from compartment_tui.domain.variables.views import VariableState, VariableView
from compartment_tui.present.tone import Tone
from compartment_tui.tui.main.routes_model import answer_line, no_routes, routes_grid
from compartment_tui.tui.main.variables_model import variable_notes, variables_grid
from tests.present.boards import NOW, PRODUCTION, board, text, texts

ROUTE = RouteView(
    key=PRODUCTION,
    service="web",
    route=Route(host="shop.localhost", deployment="dep_00000000000000000000000007", port=8080),
    url="http://shop.localhost:8080",
    container="web.a.production.shop",
    running=True,
)
AGO = NOW - timedelta(minutes=2)
CHANGED = VariableView(
    key="GREETING",
    value=Secret("hello"),
    sensitivity=Sensitivity.PLAIN,
    scope=Scope.SERVICE,
    shadowed=Variable(key="GREETING", value=Secret("hi")),
    state=VariableState.CHANGED,
)


@pytest.mark.parametrize(
    ("visit", "words", "tone"),
    [
        (
            Visit(status=200, detail="OK", took=timedelta(milliseconds=12)),
            "✓ 200 OK  12 ms",
            Tone.GOOD,
        ),
        (Visit(status=404, detail="Not Found", took=timedelta()), "! 404 Not Found", Tone.WARN),
        (Visit(status=503, detail="", took=timedelta()), "✗ 503", Tone.BAD),
        (
            Visit(status=None, detail="connection refused", took=timedelta(seconds=2)),
            "✗ connection refused  2.0s",
            Tone.BAD,
        ),
    ],
)
def test_an_answer_is_told_in_words(visit: Visit, words: str, tone: Tone) -> None:
    line = answer_line(visit, AGO, NOW)
    assert text(line).startswith(words)
    assert text(line).endswith("2m ago")
    assert line[0].tone is tone


def test_a_route_leads_from_address_to_container() -> None:
    visit = Visit(status=200, detail="OK", took=timedelta(milliseconds=3))
    grid = routes_grid([ROUTE], {"shop.localhost": visit}, visited=AGO, now=NOW, room=197)
    (row,) = grid.rows
    said = " | ".join(text(cell).strip() for cell in row.cells)
    assert said == (
        "http://shop.localhost:8080 | web | ✓ 200 OK  3 ms  2m ago | ✓ running | 0000000007"
        " | web.a.production.shop:8080"
    )


def test_a_route_into_nothing_says_so() -> None:
    dead = replace(ROUTE, service="", container=None, running=False)
    (row,) = routes_grid([dead], {}, visited=NOW, now=NOW, room=197).rows
    said = " | ".join(text(cell).strip() for cell in row.cells)
    assert "not visited yet | ✗ down" in said
    assert said.endswith("nothing:8080")
    assert "a deploy makes them" in texts(no_routes(board()))


def test_variables_show_what_wins_and_what_it_shadows() -> None:
    of = replace(board(), variables=(CHANGED,))
    (row,) = variables_grid(of, 120).rows
    assert [text(cell) for cell in row.cells] == ["GREETING", "hello", "service", "! changed", "hi"]
    assert "≠ 1 variable not as it runs" in texts(variable_notes(of))


def test_a_sensitive_value_is_not_shown() -> None:
    secret = replace(CHANGED, sensitivity=Sensitivity.SENSITIVE)
    (row,) = variables_grid(replace(board(), variables=(secret,)), 120).rows
    assert "hello" not in " ".join(text(cell) for cell in row.cells)


def test_no_variables_and_not_yet_variables_differ() -> None:
    assert texts(variable_notes(board())) == "reading …"
    assert "has no variables" in texts(variable_notes(replace(board(), variables=())))
