"""Two environments side by side, key by key, and what copying from the other one would stage."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from compartment_tui.domain.variable import MASK, Resolved, Sensitivity
from compartment_tui.domain.variables.diff import Difference, Pair, ScopePairs
from compartment_tui.present.tables import EMPTY, Table
from compartment_tui.present.text import fit, show, show_name
from compartment_tui.present.tone import Cell, Tone
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
