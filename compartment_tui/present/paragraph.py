"""Long lines in a narrow place: what goes on below begins where the line's text began."""

import re

from compartment_tui.present.text import width
from compartment_tui.present.tone import Cell, Line

_LEAD = re.compile(r"( *)([→✗✓⚠│○●▸] +)?")
_NAMED = re.compile(r" *\S.*?\S? {2,}(?=\S)")
"""What stands before a column of its own: a name and a gap."""
_NEXT = 2


def hanging(whole: Line, columns: int) -> tuple[Line, ...]:
    """The line in pieces not wider than so many columns, the later ones indented.

    Itself where the columns are unknown.
    """
    if columns <= 0 or sum(width(cell.text) for cell in whole) <= columns:
        return (whole,)
    indent = _indent("".join(cell.text for cell in whole), columns)
    row, rest = first_row([cell for cell in whole if cell.text], columns)
    rows, blank = [tuple(row)], Cell(" " * indent)
    rows += [(blank, *more) for more in folded(tuple(rest), columns - indent)]
    return tuple(rows)


def _indent(text: str, columns: int) -> int:
    """Where its text begins: behind a name and a gap, behind a sign, or a step further in."""
    lead = _LEAD.match(text)
    named = _NAMED.match(text)
    plain = len(lead[1]) if lead else 0
    found = plain + _NEXT
    if named and width(named[0]) <= columns // 2:
        found = width(named[0])
    elif lead and lead[2]:
        found = width(lead[0])
    return min(found, columns // 2)


def folded(whole: Line, columns: int) -> tuple[Line, ...]:
    """The line in pieces not wider than so many columns, broken at a space where one is near.

    Itself where the columns are unknown.
    """
    if columns <= 0 or sum(width(cell.text) for cell in whole) <= columns:
        return (whole,)
    rows: list[Line] = []
    rest = [cell for cell in whole if cell.text]
    while rest:
        row, rest = first_row(rest, columns)
        rows.append(tuple(row))
    return tuple(rows)


def first_row(cells: list[Cell], columns: int) -> tuple[list[Cell], list[Cell]]:
    """As much as fits, and what is left."""
    row: list[Cell] = []
    used = 0
    for place, cell in enumerate(cells):
        wide = width(cell.text)
        if used + wide <= columns:
            row.append(cell)
            used += wide
            continue
        end = _break(cell.text, columns - used, columns)
        if end == 0 and not row:
            end = 1  # a character wider than the row: one has to go on
        head, tail = cell.text[:end], cell.text[end:]
        row += [Cell(head, cell.tone)] * bool(head)
        return row, [Cell(tail, cell.tone), *cells[place + 1 :]]
    return row, []


def _break(text: str, room: int, columns: int) -> int:
    """How many characters go into the room: up to a space, if that is not far back."""
    used = end = 0
    for char in text:
        used += width(char)
        if used > room:
            break
        end += 1
    space = text.rfind(" ", 0, end) + 1
    return space if text[:space].strip() and end - space < columns // 3 else end
