"""Tables and lists of facts as lines that fit where they go."""

from collections.abc import Iterable

from compartment_tui.present.tables import Table
from compartment_tui.present.text import fit, pad, width
from compartment_tui.present.tone import Cell, Line, Tone

GAP = 2
NARROWEST = 8
"""No column is made narrower than this many characters."""


def table_lines(table: Table, columns: int | None) -> list[Line]:
    """The table, its widest columns cut until it fits; `columns` None is as wide as it needs."""
    head = tuple(Cell(name.upper(), Tone.QUIET) for name in table.columns)
    rows = [head, *table.rows]
    widths = [max(width(row[place].text) for row in rows) for place in range(len(head))]
    if columns is not None:
        widths = narrowed(widths, columns)
    return [_row(row, widths) for row in rows]


def narrowed(widths: list[int], columns: int) -> list[int]:
    """Column widths that fit, taken from the widest first."""
    widths = list(widths)
    while sum(widths) + GAP * (len(widths) - 1) > columns:
        widest = widths.index(max(widths))
        if widths[widest] <= NARROWEST:
            break
        widths[widest] -= 1
    return widths


def facts_lines(facts: Iterable[tuple[str, Cell]]) -> list[Line]:
    """Names and values, the values under each other."""
    facts = tuple(facts)
    name_width = max((width(name) for name, _ in facts), default=0) + GAP
    return [(Cell(pad(name, name_width), Tone.QUIET), value) for name, value in facts]


def _row(cells: tuple[Cell, ...], widths: list[int]) -> Line:
    *most, last = [
        Cell(fit(cell.text, columns), cell.tone)
        for cell, columns in zip(cells, widths, strict=True)
    ]
    line: list[Cell] = []
    for cell, columns in zip(most, widths, strict=False):
        line += [cell, Cell(" " * (columns - width(cell.text) + GAP))]
    line.append(last)
    while line and not line[-1].text.strip():
        line.pop()
    return tuple(line)
