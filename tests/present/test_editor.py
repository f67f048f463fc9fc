"""What is staged, what each service would get of it, and how it is told; nothing is written."""

from itertools import product

import pytest

from compartment_tui.domain.config import EnvironmentConfig, ProjectConfig, ServiceSpec
from compartment_tui.domain.variable import Scope, Secret, Sensitivity, Variable
from compartment_tui.domain.variables.edits import RemoveVariable, SetVariable
from compartment_tui.domain.variables.sheet import Sheet
from compartment_tui.domain.variables.views import VariableState
from compartment_tui.present.tone import Line
from compartment_tui.tui.kit.choice import Choice
from compartment_tui.tui.kit.tabs import range_in_sight
from compartment_tui.tui.variables.compare_model import compare_grid, compared, copies, differing
from compartment_tui.tui.variables.draft import draft_of, typed_at_first
from compartment_tui.tui.variables.editor_model import Editor, Place, editor_rows, fits
from compartment_tui.tui.variables.editor_table import (
    drawn_rows,
    editor_grid,
    scope_tabs,
)
from compartment_tui.tui.variables.effect import effect_lines, effects, headline
from compartment_tui.tui.variables.staged_edits import (
    offers,
    protected_names,
    staged_lines,
    touched,
)
from tests.present.boards import text

KEY = b"k" * 32
CANARY = "sk_canary_41c0"
SET, EMPTY, MISSING = "set", "", None


def variable(key: str, value: str, *, sensitive: bool = False) -> Variable:
    kind = Sensitivity.SENSITIVE if sensitive else Sensitivity.PLAIN
    return Variable(key=key, value=Secret(value), sensitivity=kind)


def plain(**values: str | None) -> dict[str, Variable]:
    return {key: variable(key, value) for key, value in values.items() if value is not None}


def config(
    *environments: EnvironmentConfig, requires: tuple[str, ...] = (), services: int = 2
) -> ProjectConfig:
    names = ("web", "api", *(f"more{number}" for number in range(services - 2)))[:services]
    specs = tuple(ServiceSpec(name=name, path=name, requires=requires) for name in names)
    return ProjectConfig(name="shop", services=specs, environments=environments)


def editor(
    *environments: EnvironmentConfig,
    requires: tuple[str, ...] = (),
    services: int = 2,
    running: dict[str, dict[str, str]] | None = None,
    known: bool = True,
) -> Editor:
    sheet = Sheet(
        environment="production",
        config=config(*environments, requires=requires, services=services),
        running={
            service: {key: Secret(value).fingerprint(KEY) for key, value in values.items()}
            for service, values in (running or {}).items()
        },
        fingerprint_key=KEY,
        known=known,
    )
    return Editor().with_sheet(sheet)


def production(*, web: dict[str, Variable] | None = None, **everyones: str) -> EnvironmentConfig:
    return EnvironmentConfig(
        name="production", variables=plain(**everyones), services={"web": web or {}}
    )


def put(
    key: str, value: str, service: str | None = None, *, env: str = "production"
) -> SetVariable:
    return SetVariable(environment=env, service=service, key=key, value=Secret(value))


def told_of(said: tuple[Line, ...]) -> list[str]:
    return [text(one).rstrip() for one in said]


def lines(one: Editor, key: str, *, room: int = 100, rows: int = 20) -> list[str]:
    assert one.before is not None
    assert one.after is not None
    return told_of(effect_lines(effects(one.before, one.after, key), room, rows))


@pytest.mark.parametrize(
    ("everyones", "own"), list(product((SET, EMPTY, MISSING), (f"own {SET}", EMPTY, MISSING)))
)
def test_what_two_services_get_in_every_combination(everyones: str | None, own: str | None) -> None:
    one = editor(
        EnvironmentConfig(
            name="production", variables=plain(KEY=everyones), services={"web": plain(KEY=own)}
        ),
        EnvironmentConfig(name="staging", variables=plain(KEY="elsewhere")),
    )
    assert one.before is not None
    web, api = effects(one.before, one.before, "KEY")
    expected = own if own is not None else everyones
    got = web.after and web.after.winner.value
    assert got == (None if expected is None else Secret(expected))
    assert (web.after and web.after.scope) == (
        Scope.SERVICE if own is not None else Scope.ENVIRONMENT if everyones is not None else None
    )
    shadowed = web.after and web.after.shadowed and web.after.shadowed.value
    both = own is not None and everyones is not None
    assert shadowed == (Secret(everyones or "") if both else None)
    assert (api.after and api.after.winner.value) == (
        None if everyones is None else Secret(everyones)
    )


def test_the_preview_says_who_changes_and_who_does_not() -> None:
    one = editor(production(LEVEL="info", web=plain(LEVEL="warning"))).staging(
        [put("LEVEL", "debug")]
    )
    head, web, api = lines(one, "LEVEL")
    assert head.split() == ["SERVICE", "GETS", "FROM", "SHADOWS"]
    assert web.split() == ["web", "warning", "service", "debug", "as", "before"]
    assert api.split() == ["api", "debug", "environment", "!", "was", "info"]
    assert one.before is not None
    assert one.after is not None
    found = effects(one.before, one.after, "LEVEL")
    said = text(headline("LEVEL", found, environment="production", trying=True))
    assert said == "LEVEL  ! changes for api in production"


def test_what_is_lost_and_what_is_missing_is_said() -> None:
    one = editor(production(A="1", B="2"), requires=("A",)).staging(
        [
            RemoveVariable(environment="production", key="A"),
            RemoveVariable(environment="production", key="B"),
        ]
    )
    assert "nothing" in lines(one, "A")[1]
    assert "✗ missing" in lines(one, "A")[1]
    assert "! goes away" in lines(one, "B")[1]


def test_a_secret_is_never_in_a_preview_or_a_diff() -> None:
    secret = {"TOKEN": variable("TOKEN", CANARY, sensitive=True)}
    one = editor(EnvironmentConfig(name="production", variables=secret))
    edit = SetVariable(
        environment="production",
        key="TOKEN",
        value=Secret(f"{CANARY}2"),
        sensitivity=Sensitivity.SENSITIVE,
    )
    one = one.staging([edit])
    told = [*lines(one, "TOKEN"), *told_of(staged_lines(one)), repr(one)]
    assert not any(CANARY in said for said in told)
    assert any("another value" in said for said in told)
    opened = one.staging([put("TOKEN", "plain now")])
    assert not any(CANARY in said for said in lines(opened, "TOKEN"))


def test_of_many_services_those_that_change_come_first_and_the_rest_is_counted() -> None:
    one = editor(production(A="1"), services=30).staging([put("A", "2", "more20")])
    told = lines(one, "A", rows=6)
    assert len(told) == 6
    assert told[1].startswith("more20")
    assert told[-1] == "… 26 more services as before"


def test_services_that_have_nothing_to_do_with_it_take_one_line() -> None:
    one = editor(production(web=plain(OWN="1")), services=4)
    assert lines(one, "OWN")[-1] == "nothing, as before: api, more0 and more1"
    assert lines(one, "NOBODYS") == ["no service gets it"]


@pytest.mark.parametrize(
    ("value", "known", "running", "state"),
    [
        ("a", True, {"web": {"A": "a"}}, VariableState.RUNNING),
        ("a", True, {"web": {"A": "b"}}, VariableState.CHANGED),
        ("a", True, {"web": {}}, VariableState.NEW),
        ("a", True, {}, VariableState.NOT_DEPLOYED),
        ("a", False, {}, VariableState.UNKNOWN),
    ],
)
def test_each_row_says_whether_it_runs(
    value: str, known: bool, running: dict[str, dict[str, str]], state: VariableState
) -> None:
    one = editor(production(A=value), running=running, known=known).choosing("web")
    (row,) = editor_rows(one)
    assert row.state is state


def test_everyones_rows_name_whose_own_value_wins_and_who_lacks_one() -> None:
    one = editor(production(A="1", web=plain(A="2")), requires=("NEEDED",))
    rows = {row.key: row for row in editor_rows(one)}
    assert rows["A"].shadowing == ("web",)
    assert rows["NEEDED"].lacking == ("web", "api")
    drawn = editor_grid(drawn_rows(editor_rows(one), service=None), 100, service=None)
    told = {row.key: " ".join(text(cell) for cell in row.cells) for row in drawn.rows}
    assert "missing in web, api" in told["NEEDED"]


def test_a_removed_key_stays_in_sight_until_it_is_written() -> None:
    removal = RemoveVariable(environment="production", service="web", key="OWN")
    one = editor(production(web=plain(OWN="1"))).choosing("web").staging([removal])
    (row,) = editor_rows(one)
    assert (row.key, row.staged, row.variable) == ("OWN", True, None)
    assert editor_rows(one.dropping(Place(environment="production", service="web", key="OWN")))
    (drawn,) = drawn_rows((row,), service="web")
    assert "goes away" in " ".join(text(cell) for cell in drawn.cells)


def test_of_two_edits_of_one_place_the_later_is_kept() -> None:
    one = editor(production(A="1")).staging([put("A", "2"), put("A", "3")])
    assert one.staged == (put("A", "3"),)
    assert one.staging([put("A", "1")]).staged == ()


def test_a_service_that_is_gone_loses_no_staged_edit() -> None:
    one = editor(production(A="1"), services=3).staging([put("A", "2", "more0"), put("A", "3")])
    assert one.before is not None
    fewer = config(production(A="1"), services=2)
    now = one.with_sheet(Sheet(environment="production", config=fewer))
    assert len(now.staged) == 2
    assert [edit.service for edit in now.lost] == ["more0"]
    assert any("has no place any more" in said for said in told_of(staged_lines(now)))


def test_the_diff_says_what_was_what_will_be_and_whom_it_touches() -> None:
    elsewhere = EnvironmentConfig(name="staging", variables=plain(A="1"), protected=True)
    one = editor(production(A="1", B="x"), elsewhere, running={"web": {}}).staging(
        [
            put("A", "two\nlines"),
            put("NEW", "yes", "web"),
            RemoveVariable(environment="production", key="B"),
            put("A", "2", env="staging"),
        ]
    )
    told = "\n".join(told_of(staged_lines(one)))
    assert "~ A  for every service  1 → two\\nlines" in told
    assert "+ NEW  for web  yes" in told
    assert "- B  for every service  x" in told
    assert "touches web and api" in told
    assert touched(one)["staging"] == ("web", "api")
    assert protected_names(one) == ("staging",)
    here, there = offers(one, one.staged)
    assert (here.environment, here.services) == ("production", ("web",)), "only those that run"
    assert there.environment == "staging"


def test_what_is_written_is_staged_no_longer() -> None:
    one = editor(production(A="1")).staging([put("A", "2")])
    later = one.staging([put("B", "3")])
    now = later.written(one.staged)
    assert now.staged == (put("B", "3"),)
    assert [row.key for row in editor_rows(now)] == ["A", "B"]
    (row, _) = editor_rows(now)
    assert row.variable == variable("A", "2")


@pytest.mark.parametrize(
    ("wanted", "found"),
    [("", True), ("lev", True), ("LOG lev", True), ("!url", True), ("!lev", False), ("url", False)],
)
def test_a_filter_takes_parts_of_the_name(wanted: str, found: bool) -> None:
    assert fits("LOG_LEVEL", wanted) is found


def test_scopes_are_tabs_of_which_the_chosen_one_is_in_sight() -> None:
    one = editor(production(A="1"), services=30).choosing("more20").staging([put("A", "2", "api")])
    tabs = scope_tabs(one)
    assert "●" in text(tabs[2].pieces)
    first, last = range_in_sight(tabs, 60)
    assert any(tab.chosen for tab in tabs[first:last])
    assert sum(tab.width for tab in tabs[first:last]) <= 60
    assert one.by(1).service == "more21"


# --- beside another environment -------------------------------------------------------------------


def sides() -> Editor:
    here = EnvironmentConfig(
        name="production",
        variables={
            **plain(SAME="1", DIFFERS="1", HERE="1"),
            "TOKEN": variable("TOKEN", CANARY, sensitive=True),
            "SEALED": Variable(
                key="SEALED", value=None, sensitivity=Sensitivity.SENSITIVE, sealed="age 1"
            ),
        },
    )
    there = EnvironmentConfig(
        name="staging",
        variables={
            **plain(SAME="1", DIFFERS="2", THERE="1"),
            "TOKEN": variable("TOKEN", f"{CANARY}2", sensitive=True),
            "SEALED": Variable(
                key="SEALED", value=None, sensitivity=Sensitivity.SENSITIVE, sealed="age 2"
            ),
        },
    )
    return editor(here, there)


def test_two_environments_are_told_apart_key_by_key() -> None:
    pairs = compared(sides(), "staging")
    drawn = compare_grid(pairs, 100, here="production", other="staging")
    told = {row.key: [text(cell) for cell in row.cells] for row in drawn.rows}
    assert told["SAME"][-1] == "= same"
    assert told["DIFFERS"] == ["DIFFERS", "1", "2", "≠ differs"]
    assert told["HERE"][-1] == "only here"
    assert told["THERE"][-1] == "only in staging"
    assert told["TOKEN"][1:] == ["<hidden>", "<hidden>", "≠ differs"]
    assert told["SEALED"][-1] == "? unknown"
    assert drawn.keys[-1] == "SAME", "what differs comes first"


def test_only_what_can_be_read_and_differs_is_copied_and_stays_sensitive() -> None:
    one = sides()
    pairs = compared(one, "staging")
    assert differing(pairs) == {"DIFFERS", "THERE", "TOKEN"}
    edits = {edit.key: edit for edit in copies(one, pairs, frozenset(("TOKEN", "SEALED", "HERE")))}
    assert edits.keys() == {"TOKEN"}
    assert edits["TOKEN"].sensitivity is Sensitivity.SENSITIVE
    assert edits["TOKEN"].environment == "production"


# --- writing one down -----------------------------------------------------------------------------


def test_a_field_begins_with_a_plain_value_and_with_nothing_of_a_secret() -> None:
    assert typed_at_first(variable("A", "a\nb")) == "a\nb"
    assert typed_at_first(variable("A", CANARY, sensitive=True)) == ""
    assert typed_at_first(None) == ""


def test_a_draft_says_why_it_cannot_be_and_never_the_value() -> None:
    draft = draft_of("production", None, "A", None)
    assert draft.problem(Secret("fine")) == ()
    said = text(draft.problem(Secret(f"{CANARY}\0")))
    assert "NUL" in said
    assert CANARY not in said


def test_choices_are_gone_through_in_a_circle_and_the_chosen_one_is_in_sight() -> None:
    choice = Choice(options=tuple(f"only service-{number}" for number in range(20)))
    for _ in range(13):
        choice = choice.by(1)
    assert "● only service-13" in text(choice.drawn(60))
    assert len(text(choice.drawn(60))) == 60
    assert choice.by(-14).chosen == 19
