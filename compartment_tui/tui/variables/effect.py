"""One key, and what each service gets for it: now, and with what is staged or being typed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from compartment_tui.domain.variable import Resolved, Scope, Sensitivity, Variable
from compartment_tui.domain.variables.sheet import Sheet
from compartment_tui.domain.variables.views import VariableState
from compartment_tui.present.text import counted, fit, listed, show, show_name
from compartment_tui.present.tone import SYMBOLS, Cell, Line, Tone, line, with_symbol
from compartment_tui.present.variables import state_cell, variable_value_cell
from compartment_tui.tui.kit.grid import Column, Grid, Row, grid
from compartment_tui.tui.kit.styled_lines import Strong, fitted

LONGEST_VALUE = 120
SCOPES = {Scope.ENVIRONMENT: Cell("environment"), Scope.SERVICE: Strong("service")}


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceEffect:
    """The value one service gets, before and after."""

    service: str
    before: Resolved | None
    after: Resolved | None
    state: VariableState | None
    """Whether it runs with what it gets after; None when it has nothing to do with the key."""
    missing: bool = False
    """It requires the key and gets nothing."""

    @property
    def changes(self) -> bool:
        """Whether its value in force becomes another one."""
        return _winner(self.before) != _winner(self.after)

    @property
    def concerned(self) -> bool:
        """Whether it gets, had, requires or runs with the key at all."""
        return self.changes or self.missing or self.after is not None or self.state is not None


def effects(before: Sheet, after: Sheet, key: str) -> tuple[ServiceEffect, ...]:
    """The effect on each service, in the order of the file."""
    return tuple(_gets(before, after, service, key) for service in after.services)


def _gets(before: Sheet, after: Sheet, service: str, key: str) -> ServiceEffect:
    row = after.resolved(service, key)
    missing = row is None and key in after.requires(service)
    state: VariableState | None = None
    if row is not None:
        state = after.state(service, row.winner)
    elif missing:
        state = VariableState.MISSING
    elif key in after.running.get(service, {}):
        state = VariableState.REMOVED
    return ServiceEffect(
        service=service,
        before=before.resolved(service, key),
        after=row,
        state=state,
        missing=missing,
    )


def _winner(row: Resolved | None) -> Variable | None:
    return row.winner if row else None


# --- in words ------------------------------------------------------------------------------------

_COLUMNS = (
    Column(title="SERVICE", least=7, most=20),
    Column(title="GETS", least=16, most=60, steady=True),
    Column(title="FROM", least=11),
    Column(title="SHADOWS", least=8, most=30, rank=1),
    Column(title="", least=12, most=40),
)


def effect_lines(gets: Sequence[ServiceEffect], room: int, rows: int) -> tuple[Line, ...]:
    """A head line and a line for each service, those that change first when there are too many.

    In at most so many rows; what is left out is counted.
    """
    concerned = [effect for effect in gets if effect.concerned]
    aside = [show(effect.service) for effect in gets if not effect.concerned]
    if not concerned:
        return (line("no service gets it", Tone.QUIET),)
    shown, rest = _chosen(concerned, max(1, rows - 1 - bool(aside)))
    drawn = _grid(shown, room, any(effect.changes for effect in gets))
    head = tuple(_across(drawn, None))
    lines = [head, *(tuple(_across(drawn, row)) for row in drawn.rows)]
    if rest:
        lines.append(line(_rest_words(rest), Tone.QUIET))
    if aside:
        lines.append(line(f"nothing, as before: {_names(aside, 0)}", Tone.QUIET))
    return tuple(lines)


def _chosen(
    gets: Sequence[ServiceEffect], rows: int
) -> tuple[Sequence[ServiceEffect], Sequence[ServiceEffect]]:
    if len(gets) <= rows:
        return gets, ()
    order = sorted(
        gets,
        key=lambda effect: (not effect.changes, not effect.missing, not effect.concerned),
    )
    return order[: rows - 1], order[rows - 1 :]


def _rest_words(rest: Sequence[ServiceEffect]) -> str:
    changing = sum(effect.changes for effect in rest)
    still = len(rest) - changing
    parts = [f"{counted(changing, 'more service')} that change"] * bool(changing)
    parts += [f"{counted(still, 'more service')} as before"] * bool(still)
    return f"… {listed(parts)}"


def _grid(gets: Sequence[ServiceEffect], room: int, changing: bool) -> Grid:
    rows = [Row(key=effect.service, cells=_cells(effect, changing=changing)) for effect in gets]
    return grid(_COLUMNS, rows, room)


def _cells(effect: ServiceEffect, *, changing: bool) -> tuple[Line, ...]:
    name = Cell(show(effect.service), Tone.PLAIN if effect.concerned else Tone.QUIET)
    if effect.after is None:
        nothing = Cell("nothing", Tone.BAD if effect.missing else Tone.QUIET)
        return ((name,), (nothing,), (), (), (_then(effect, changing=changing),))
    value = variable_value_cell(effect.after.winner, LONGEST_VALUE)
    shadows: Line = ()
    if effect.after.shadowed is not None:
        shadows = (Cell(variable_value_cell(effect.after.shadowed, 30).text, Tone.QUIET),)
    came = SCOPES[effect.after.scope]
    return (
        (name,),
        (Strong(value.text, value.tone) if effect.changes else value,),
        (came,),
        shadows,
        (_then(effect, changing=changing),),
    )


def _then(effect: ServiceEffect, *, changing: bool) -> Cell:
    """The change; without one, whether the service runs with that value."""
    if effect.changes:
        return change_cell(_winner(effect.before), _winner(effect.after), missing=effect.missing)
    if changing:
        return Cell("  as before", Tone.QUIET)
    return state_cell(effect.state) if effect.state is not None else Cell("")


def change_cell(before: Variable | None, after: Variable | None, *, missing: bool = False) -> Cell:
    """One value that becomes another, told by what it was."""
    if missing:
        return with_symbol("missing", Tone.BAD)
    if after is None:
        return with_symbol("goes away", Tone.WARN)
    if before is None:
        return with_symbol("new", Tone.WARN)
    if Sensitivity.SENSITIVE in (before.sensitivity, after.sensitivity):
        same = before.value is not None and before.value == after.value
        words = f"becomes {after.sensitivity}" if same else "another value"
        return with_symbol(words, Tone.WARN)
    return with_symbol(f"was {variable_value_cell(before, 40).text}", Tone.WARN)


def _across(drawn: Grid, row: Row | None) -> Iterator[Cell]:
    for place, (column, width) in enumerate(zip(drawn.columns, drawn.widths, strict=True)):
        cell = row.cells[place] if row else (Cell(column.title, Tone.QUIET),)
        yield Cell(" " * (column.gap if place else 0))
        yield from fitted(cell, width)


def headline(key: str, gets: Sequence[ServiceEffect], *, environment: str, trying: bool) -> Line:
    """The subject of the preview, in a sentence."""
    name = Strong(show(key))
    changing = [show(effect.service) for effect in gets if effect.changes]
    if not changing:
        words = "  what each service would get: as before" if trying else "  what each service gets"
        return name, Cell(words, Tone.QUIET)
    where = f" in {fit(show_name(environment), 28)}"
    return (
        name,
        Cell(f"  {SYMBOLS[Tone.WARN]} changes for ", Tone.WARN),
        Cell(_names(changing, len(gets)), Tone.WARN),
        Cell(where, Tone.QUIET),
    )


def _names(services: Sequence[str], of: int) -> str:
    if len(services) == of > 1:
        return "every service"
    if len(services) > 5:
        return f"{len(services)} of {of} services" if of else counted(len(services), "service")
    return listed(services)
