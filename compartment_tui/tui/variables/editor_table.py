"""The variable editor on a screen: the scopes as tabs, the keys as a table, what stands around."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from compartment_tui.domain.variable import Scope
from compartment_tui.domain.variables.views import VariableState
from compartment_tui.present.text import counted, fit, listed, show, show_name
from compartment_tui.present.tone import Cell, Line, Tone, line, line_width, with_symbol
from compartment_tui.present.variables import state_cell, variable_value_cell
from compartment_tui.tui.kit.grid import Column, Grid, Row, grid
from compartment_tui.tui.kit.styled_lines import KeyCap, Strong
from compartment_tui.tui.variables.editor_model import Editor, EditorRow
from compartment_tui.tui.variables.effect import SCOPES, change_cell

LONGEST_VALUE = 120
EVERY = "every service"
STAGED = "●"
"""Marks what is staged and not yet in the file."""
LONGEST_SCOPE = 24
_KEY = Column(title="KEY", least=16, most=40)
_VALUE = Column(title="VALUE", least=14, most=80)
_RUNS = Column(title="RUNS", least=14, most=34)
_OF_SERVICE = (
    _KEY,
    _VALUE,
    Column(title="FROM", least=11, rank=1),
    _RUNS,
    Column(title="SHADOWS", least=8, most=40, rank=2),
)
_OF_ALL = (_KEY, _VALUE, _RUNS, Column(title="OWN VALUE IN", least=12, most=40, rank=1))
_WORSE: Mapping[VariableState, int] = MappingProxyType(
    {VariableState.CHANGED: 1, VariableState.NEW: 1, VariableState.REMOVED: 1}
)


def drawn_rows(rows: Iterable[EditorRow], *, service: str | None) -> tuple[Row, ...]:
    """The rows of one scope as they stand in its table."""
    return tuple(_everyones(row) if service is None else _of_service(row) for row in rows)


def editor_grid(rows: Sequence[Row], room: int, *, service: str | None) -> Grid:
    """Some of these rows as a table."""
    return grid(_OF_ALL if service is None else _OF_SERVICE, rows, room)


def _everyones(row: EditorRow) -> Row:
    own = Cell(", ".join(show(service) for service in row.shadowing))
    return Row(key=row.key, cells=(_name(row), _value(row), _state(row), (own,)))


def _of_service(row: EditorRow) -> Row:
    shadows: Line = ()
    if row.shadowed is not None:
        shadows = (Cell(variable_value_cell(row.shadowed, 40).text, Tone.QUIET),)
    came = SCOPES[row.scope] if row.scope else Cell("")
    tone = Tone.QUIET if row.scope is Scope.ENVIRONMENT else Tone.PLAIN
    cells = (_name(row), _value(row), (type(came)(came.text, tone),), _state(row), shadows)
    return Row(key=row.key, cells=cells)


def _name(row: EditorRow) -> Line:
    return (Cell(show(row.key), Tone.PLAIN if row.variable else Tone.QUIET),)


def _value(row: EditorRow) -> Line:
    if row.variable is None:
        return ()
    return (variable_value_cell(row.variable, LONGEST_VALUE),)


def _state(row: EditorRow) -> Line:
    """The state of a row: staged first, then who lacks a required key."""
    if row.staged and (row.before or row.variable) is not None:
        said = change_cell(row.before, row.variable) if row.before != row.variable else None
        return (Cell(f"{said.text if said else with_symbol('staged', Tone.WARN).text}", Tone.WARN),)
    if row.lacking:
        return (with_symbol(f"missing in {', '.join(map(show, row.lacking))}", Tone.BAD),)
    return (state_cell(row.state),)


# --- around the table ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeTab:
    """One scope that can be looked at."""

    service: str | None
    pieces: Line
    chosen: bool

    @property
    def width(self) -> int:
        return line_width(self.pieces)


def scope_tabs(editor: Editor) -> tuple[ScopeTab, ...]:
    """The scope of every service, then each service; a dot where something is staged."""
    services = editor.before.services if editor.before else ()
    staged = {edit.service for edit in editor.staged if edit.environment == editor.environment}
    return tuple(
        _tab(service, chosen=service == editor.service, staged=service in staged)
        for service in (None, *services)
    )


def _tab(service: str | None, *, chosen: bool, staged: bool) -> ScopeTab:
    name = EVERY if service is None else fit(show(service), LONGEST_SCOPE)
    dot = (Cell(f"{STAGED} ", Tone.WARN),) if staged else ()
    pieces = (Cell(" "), Cell(f"{name} "), *dot)
    return ScopeTab(service=service, pieces=pieces, chosen=chosen)


def title_line(editor: Editor, *, protected: bool, read_only: bool) -> Line:
    """Where one is."""
    parts: list[Cell] = [
        Cell(" Variables ", Tone.QUIET),
        Strong(fit(show_name(editor.environment), 40)),
        Cell(" "),
    ]
    if protected:
        parts.append(Cell("  ▣ protected", Tone.WARN))
    if read_only:
        parts.append(Cell("  read-only", Tone.WARN))
    return tuple(parts)


def staged_words(editor: Editor) -> Line:
    """The number of staged edits, for the other end of the line."""
    count = len(editor.staged)
    if not count:
        return (Cell("nothing staged ", Tone.QUIET),)
    return (
        Cell(f"{STAGED} {counted(count, 'edit')} staged  ", Tone.WARN),
        KeyCap("W"),
        Cell(f" writes {'it' if count == 1 else 'them'} ", Tone.QUIET),
    )


def editor_notes(editor: Editor, rows: Sequence[EditorRow]) -> tuple[Line, ...]:
    """Notes under the table."""
    if editor.before is None:
        return (line("reading …", Tone.QUIET),)
    if not rows and editor.wanted.strip():
        return (line("no key has that in its name; esc shows all", Tone.QUIET),)
    if not rows:
        whose = "every service" if editor.service is None else show(editor.service)
        return (
            (
                Cell(f"no variable for {whose} yet   ", Tone.QUIET),
                KeyCap("n"),
                Cell(" makes one   ", Tone.QUIET),
                KeyCap("i"),
                Cell(" imports a dotenv file", Tone.QUIET),
            ),
        )
    differing = sum(row.state in _WORSE and not row.staged for row in rows)
    if differing and not editor.staged:
        words = f"≠ {counted(differing, 'variable')} not as it runs"
        return ((), (Cell(f"{words}: a deploy or redeploy takes what the file has", Tone.WARN),))
    return ()


def services_words(services: Sequence[str]) -> str:
    """`web`, `web and api`, `6 services`."""
    if len(services) > 5:
        return counted(len(services), "service")
    return listed([show(service) for service in services])
