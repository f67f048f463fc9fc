"""The routes of an environment: where each leads, and what a visitor of it got."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from compartment_tui.domain.detail_views import RouteView, Visit
from compartment_tui.present.text import age, clean, duration, short_id, show, show_name
from compartment_tui.present.tone import Cell, Line, Tone, line, with_symbol
from compartment_tui.tui.kit.grid import Column, Grid, Row, grid
from compartment_tui.tui.kit.styled_lines import joined
from compartment_tui.tui.state.app_state import Board

_COLUMNS = (
    Column(title="ADDRESS", least=18, most=80),
    Column(title="SERVICE", least=8, most=24),
    Column(title="ANSWER", least=26, most=60),
    Column(title="STATE", least=9, rank=1),
    Column(title="DEPLOYMENT", least=10, rank=2),
    Column(title="LEADS TO", least=14, most=80, rank=3),
)


def routes_grid(
    found: Sequence[RouteView],
    visits: Mapping[str, Visit],
    *,
    visited: datetime,
    now: datetime,
    room: int,
) -> Grid:
    """A row for each route. `visited` is when the edge was asked."""
    rows = [
        Row(key=view.route.host, cells=_cells(view, visits.get(view.route.host), visited, now))
        for view in found
    ]
    return grid(_COLUMNS, rows, room)


def no_routes(board: Board) -> tuple[Line, ...]:
    """The text in place of a table without rows."""
    where = show_name(board.environment)
    return (line(f"no route leads into {where} yet: a deploy makes them", Tone.QUIET),)


def answer_line(visit: Visit | None, visited: datetime, now: datetime) -> Line:
    """`✓ 200 OK  12 ms  3m ago`; what is no answer is bad, an error page is a warning."""
    if visit is None:
        return line("not visited yet", Tone.QUIET)
    if visit.status is None:
        said = with_symbol(clean(visit.detail), Tone.BAD)
    else:
        good = visit.status < 400
        tone = Tone.GOOD if good else Tone.BAD if visit.status >= 500 else Tone.WARN
        said = with_symbol(f"{visit.status} {clean(visit.detail)}".rstrip(), tone)
    took = visit.took.total_seconds()
    words = f"{took * 1000:.0f} ms" if took < 1 else duration(visit.took)
    return joined(((said,), line(words), line(age(visited, now), Tone.QUIET)))


def _cells(
    view: RouteView, visit: Visit | None, visited: datetime, now: datetime
) -> tuple[Line, ...]:
    container = show(view.container) if view.container else "nothing"
    return (
        (Cell(show(view.url or view.route.host)),),
        line(show(view.service) or "-"),
        answer_line(visit, visited, now),
        (with_symbol("running", Tone.GOOD) if view.running else with_symbol("down", Tone.BAD),),
        line(short_id(view.route.deployment), Tone.QUIET),
        line(f"{container}:{view.route.port}", Tone.QUIET),
    )
