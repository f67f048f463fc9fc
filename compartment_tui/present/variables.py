"""A service's variables as a table. What must not be seen never gets this far."""

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from compartment_tui.domain.variable import MASK, Scope, Variable
from compartment_tui.domain.variables.views import Declared, Transfer, VariableState, VariableView
from compartment_tui.present.tables import EMPTY, Table
from compartment_tui.present.text import fit, show, show_name
from compartment_tui.present.tone import Cell, Line, Tone, line, with_symbol

VALUE_COLUMNS = 40
"""How much of a value a table shows when nobody says."""
EMPTY_TEXT = Cell('""', Tone.QUIET)
"""A value of no characters, which is not the same as no value."""

_SCOPES: Mapping[Scope, Tone] = MappingProxyType(
    {Scope.ENVIRONMENT: Tone.QUIET, Scope.SERVICE: Tone.PLAIN}
)
_STATES: Mapping[VariableState, tuple[str, Tone]] = MappingProxyType(
    {
        VariableState.RUNNING: ("running", Tone.GOOD),
        VariableState.CHANGED: ("changed", Tone.WARN),
        VariableState.NEW: ("new", Tone.WARN),
        VariableState.REMOVED: ("removed", Tone.WARN),
        VariableState.MISSING: ("missing", Tone.BAD),
        VariableState.UNKNOWN: ("unknown", Tone.QUIET),
        VariableState.NOT_DEPLOYED: ("not deployed", Tone.QUIET),
    }
)


def declared_table(found: Iterable[Declared], *, columns: int = VALUE_COLUMNS) -> Table:
    """Where the file has what; values are cut to so many columns."""
    return Table(
        columns=("key", "value", "class", "source", "scope"),
        rows=tuple(
            (
                Cell(show(one.variable.key)),
                value_cell(one.variable.shown(), columns),
                Cell(one.variable.sensitivity.value),
                Cell("inherited" if one.inherited else "direct", Tone.QUIET),
                Cell(scope_words(one), Tone.QUIET),
            )
            for one in found
        ),
    )


def declared_facts(one: Declared) -> tuple[tuple[str, Cell], ...]:
    """One variable, with its whole value."""
    shown = one.variable.shown()
    value = EMPTY_TEXT if shown == "" else Cell(show(shown) if shown is not None else MASK)
    return (
        ("key", Cell(show(one.variable.key))),
        ("class", Cell(one.variable.sensitivity.value)),
        ("value", value),
        ("source", Cell("inherited" if one.inherited else "direct")),
        ("scope", Cell(scope_words(one))),
    )


def scope_words(one: Declared) -> str:
    """`staging/*` is everyone's, `staging/web` is one service's own."""
    return f"{show_name(one.environment)}/{one.service or '*'}"


def variables_table(views: Iterable[VariableView], *, columns: int = VALUE_COLUMNS) -> Table:
    """A row for each key; values are cut to so many columns."""
    return Table(
        columns=("key", "value", "scope", "shadows", "state"),
        rows=tuple(
            (
                Cell(show(view.key)),
                variable_cell(view, columns),
                EMPTY if view.scope is None else Cell(view.scope.value, _SCOPES[view.scope]),
                _shadowed_cell(view, columns),
                state_cell(view.state),
            )
            for view in views
        ),
    )


def variable_cell(view: VariableView, columns: int = VALUE_COLUMNS) -> Cell:
    """The value in force on one line; the mask for what is sensitive or sealed."""
    if view.scope is None:
        return EMPTY
    return value_cell(view.shown(), columns)


def value_cell(text: str | None, columns: int) -> Cell:
    """One value that may be shown, on one line; None is one that cannot be read here.

    In quotes where its edge would not be seen.
    """
    if text is None or text == MASK:
        return Cell(MASK, Tone.QUIET)
    if not text:
        return EMPTY_TEXT
    quoted = f'"{text}"' if text != text.strip() else text
    # Of a value as long as a book only the beginning is looked at.
    return Cell(fit(show(quoted[: 4 * columns + 1]), columns))


def variable_value_cell(variable: Variable, columns: int) -> Cell:
    """The value of a variable, wherever it is declared."""
    return value_cell(variable.shown(), columns)


def state_cell(state: VariableState) -> Cell:
    """Whether what runs has this value, in a word."""
    return with_symbol(*_STATES[state])


def _shadowed_cell(view: VariableView, columns: int) -> Cell:
    if view.shadowed is None:
        return EMPTY
    cell = value_cell(view.shadowed.shown(), columns)
    return Cell(cell.text, Tone.QUIET)


def transfer_notes(transfer: Transfer) -> Iterator[Line]:
    """What is brought as it is written, and may not have been meant so."""
    if transfer.literal_references:
        keys = key_words(transfer.literal_references)
        yield line(f"references stay as they are written, nothing replaces them: {keys}", Tone.WARN)
    if transfer.decoded_paths:
        keys = key_words(transfer.decoded_paths)
        yield line(
            f"in double quotes \\t is a tab and \\n a line break: {keys}; "
            "single quotes leave a path as it is",
            Tone.WARN,
        )


def key_words(keys: Iterable[str]) -> str:
    """Names in a sentence."""
    return ", ".join(map(show, keys))
