"""The routes of an environment: where each leads, and what a visitor of it got."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from compartment_tui.domain.detail_views import RouteView, Visit
from compartment_tui.domain.domain_proof import ENDING
from compartment_tui.present.tables import address_words, route_state
from compartment_tui.present.text import age, clean, duration, short_id, show, show_name
from compartment_tui.present.tone import Cell, Line, Tone, line, with_symbol
from compartment_tui.tui.kit.grid import Column, Grid, Row, grid
from compartment_tui.tui.kit.styled_lines import joined
from compartment_tui.tui.state.app_state import Board

_CERTIFICATE = Column(title="CERTIFICATE", least=12, rank=2)
"""Only where there is one."""
_COLUMNS = (
    Column(title="ADDRESS", least=18, most=80),
    Column(title="SERVICE", least=8, most=24),
    Column(title="ANSWER", least=26, most=60),
    Column(title="STATE", least=9, rank=1),
    _CERTIFICATE,
    Column(title="DEPLOYMENT", least=10, rank=3),
    Column(title="LEADS TO", least=14, most=80, rank=4),
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
        Row(key=view.address, cells=_cells(view, visits.get(view.route.host), visited, now))
        for view in found
    ]
    known = any(view.until or view.ordered or view.secured for view in found)
    if known:
        return grid(_COLUMNS, rows, room)
    kept = [place for place, column in enumerate(_COLUMNS) if column is not _CERTIFICATE]
    rows = [replace(row, cells=tuple(row.cells[place] for place in kept)) for row in rows]
    return grid(tuple(_COLUMNS[place] for place in kept), rows, room)


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
    served = not (view.left_out or view.path or view.elsewhere)
    return (
        (Cell(address_words(view)),),
        line(show(view.service) or "-"),
        answer_line(visit, visited, now) if served else line(_instead(view), Tone.QUIET),
        (route_state(view),),
        _certificate_words(view, now),
        line(short_id(view.route.deployment) if view.route.deployment else "", Tone.QUIET),
        line(_leads_to(view), Tone.QUIET),
    )


def _instead(view: RouteView) -> str:
    """What is told in place of an answer."""
    if view.left_out:
        return "C checks where it leads"
    return "a rule" if view.path else ""


def _leads_to(view: RouteView) -> str:
    if view.left_out or view.elsewhere:
        return ""
    return f"{show(view.container) if view.container else 'nothing'}:{view.route.port}"


def _certificate_words(view: RouteView, now: datetime) -> Line:
    """Until when it has one; that one is on its way."""
    if view.ordered:
        return (with_symbol("ordered", Tone.WARN),)
    if view.until is None:
        return line("-" if view.secured else "", Tone.QUIET)
    day = f"{view.until:%Y-%m-%d}"
    soon = view.until - now < ENDING
    return (with_symbol(day, Tone.WARN) if soon else Cell(day, Tone.QUIET),)
