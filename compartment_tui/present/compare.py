"""Two environments side by side, key by key, and what copying from the other one would stage."""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from compartment_tui.domain.comparing import Difference, Pair, ScopePairs, paired
from compartment_tui.domain.edits import SetVariable
from compartment_tui.domain.variables import MASK, Resolved, Sensitivity
from compartment_tui.present.editor import Editor
from compartment_tui.present.editor_table import EVERY
from compartment_tui.present.grid import Column, Grid, Row, grid
from compartment_tui.present.pieces import Key, Strong
from compartment_tui.present.tables import EMPTY, Table
from compartment_tui.present.text import counted, fit, show, show_name
from compartment_tui.present.tone import Cell, Line, Tone, line
from compartment_tui.present.variables import value_cell

LONGEST_VALUE = 80
LONGEST_NAME = 28
_ORDER: Mapping[Difference, int] = MappingProxyType(
    {
        Difference.DIFFERS: 0,
        Difference.ONLY_LEFT: 1,
        Difference.ONLY_RIGHT: 1,
        Difference.UNKNOWN: 2,
        Difference.SAME: 3,
    }
)


def compared(editor: Editor, other: str) -> tuple[Pair, ...]:
    """The environment looked at, as it will be, on the left; those that differ come first."""
    if editor.after is None:
        return ()
    config = editor.after.config
    pairs = paired(config, config, environments=(editor.environment, other), service=editor.service)
    return tuple(sorted(pairs, key=lambda pair: (_ORDER[pair.difference], pair.key)))


def compare_grid(pairs: Iterable[Pair], room: int, *, here: str, other: str) -> Grid:
    """One row a key: both values, and how they compare."""
    half = max(12, (room - 24) // 3)
    columns = (
        Column(title="KEY", least=12, most=40),
        Column(title=fit(show(here), LONGEST_NAME), least=10, most=half),
        Column(title=fit(show(other), LONGEST_NAME), least=10, most=half),
        Column(title="", least=12),
    )
    return grid(columns, [_row(pair, other) for pair in pairs], room)


def comparison_table(scopes: Iterable[ScopePairs], left: str, right: str) -> Table:
    """A row for each key of each scope; in a scope, those that differ come first."""
    return Table(
        columns=("key", "for", "from", "to", ""),
        rows=tuple(
            (
                Cell(show(pair.key)),
                Cell("*" if service is None else show(service), Tone.QUIET),
                _value_cell(pair.left, pair) if pair.left else EMPTY,
                _value_cell(pair.right, pair) if pair.right else EMPTY,
                _verdict(pair, right, left),
            )
            for service, pairs in scopes
            for pair in sorted(pairs, key=lambda pair: (_ORDER[pair.difference], pair.key))
        ),
    )


def _row(pair: Pair, other: str) -> Row:
    same = pair.difference is Difference.SAME
    name = Cell(show(pair.key), Tone.QUIET if same else Tone.PLAIN)
    return Row(
        key=pair.key,
        cells=(
            (name,),
            _value(pair.left, pair),
            _value(pair.right, pair),
            (_verdict(pair, other),),
        ),
    )


def _value(row: Resolved | None, pair: Pair) -> Line:
    return (_value_cell(row, pair),) if row else ()


def _value_cell(row: Resolved, pair: Pair) -> Cell:
    return value_cell(MASK if pair.hidden else row.winner.shown(), LONGEST_VALUE)


def _verdict(pair: Pair, other: str, here: str | None = None) -> Cell:
    """How the two compare, and where a key is sensitive in one of them alone."""
    found = _difference_cell(pair, other, here)
    if not pair.plain_on_one_side or pair.left is None:
        return found
    left_is_plain = pair.left.winner.sensitivity is Sensitivity.PLAIN
    left = "here" if here is None else f"in {fit(show_name(here), LONGEST_NAME)}"
    where = left if left_is_plain else f"in {fit(show_name(other), LONGEST_NAME)}"
    return Cell(f"{found.text}; not sensitive {where}", Tone.WARN)


def _difference_cell(pair: Pair, other: str, here: str | None) -> Cell:
    match pair.difference:
        case Difference.SAME:
            return Cell("= same", Tone.QUIET)
        case Difference.DIFFERS:
            return Cell("≠ differs", Tone.WARN)
        case Difference.ONLY_LEFT:
            where = "here" if here is None else f"in {fit(show_name(here), LONGEST_NAME)}"
            return Cell(f"only {where}", Tone.WARN)
        case Difference.ONLY_RIGHT:
            return Cell(f"only in {fit(show(other), LONGEST_NAME)}", Tone.WARN)
        case Difference.UNKNOWN:
            return Cell("? unknown", Tone.QUIET)


def differing(pairs: Iterable[Pair]) -> frozenset[str]:
    """Keys that could be copied from the other side and would change something."""
    return frozenset(
        pair.key
        for pair in pairs
        if pair.right is not None
        and pair.right.winner.value is not None
        and pair.difference is not Difference.SAME
    )


def copies(editor: Editor, pairs: Iterable[Pair], keys: frozenset[str]) -> tuple[SetVariable, ...]:
    """Edits that give these keys the other side's values, at the scope looked at."""
    return tuple(
        SetVariable(
            environment=editor.environment,
            service=editor.service,
            key=pair.key,
            value=pair.right.winner.value,
            sensitivity=pair.right.winner.sensitivity,
        )
        for pair in pairs
        if pair.key in keys and pair.right is not None and pair.right.winner.value is not None
    )


def compare_title(editor: Editor, other: str) -> Line:
    """Which two, and for whom."""
    whose = EVERY if editor.service is None else show(editor.service)
    return (
        Cell(" Variables ", Tone.QUIET),
        Strong(fit(show_name(editor.environment), LONGEST_NAME)),
        Cell("  beside  ", Tone.QUIET),
        Strong(fit(show(other), LONGEST_NAME)),
        Cell(f"   for {whose}", Tone.QUIET),
    )


def compare_notes(pairs: Sequence[Pair], marked: int) -> tuple[Line, ...]:
    """How many differ, and what enter would do."""
    if not pairs:
        return (line("neither of them has a variable there", Tone.QUIET),)
    count = len(differing(pairs))
    if not count:
        return ((), line("there is nothing to copy from there", Tone.QUIET))
    what = counted(marked, "marked key") if marked else "this key"
    return (
        (),
        (
            Key("enter"),
            Cell(f" stages copying {what}; {count} could be copied", Tone.QUIET),
        ),
    )
