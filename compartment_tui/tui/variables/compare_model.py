"""TODO."""

from collections.abc import Iterable, Sequence

from compartment_tui.domain.variable import Resolved
from compartment_tui.domain.variables.diff import Difference, Pair, paired
from compartment_tui.domain.variables.edits import SetVariable
from compartment_tui.present.text import counted, fit, show, show_name
from compartment_tui.present.tone import Cell, Line, Tone, line
from compartment_tui.present.variable_comparison import _ORDER, LONGEST_NAME, _value_cell, _verdict
from compartment_tui.tui.kit.grid import Column, Grid, Row, grid
from compartment_tui.tui.kit.styled_lines import KeyCap, Strong
from compartment_tui.tui.variables.editor_model import Editor
from compartment_tui.tui.variables.editor_table import EVERY


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
    """The number of differences, and what enter would do."""
    if not pairs:
        return (line("neither of them has a variable there", Tone.QUIET),)
    count = len(differing(pairs))
    if not count:
        return ((), line("there is nothing to copy from there", Tone.QUIET))
    what = counted(marked, "marked key") if marked else "this key"
    return (
        (),
        (
            KeyCap("enter"),
            Cell(f" stages copying {what}; {count} could be copied", Tone.QUIET),
        ),
    )
