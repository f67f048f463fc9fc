"""Long lines in a narrow place, on as many rows as they need."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from compartment_tui.present.text import fit, width
from compartment_tui.present.tone import Cell, Line, line_text, line_width

_LEAD = re.compile(r"( *)([→✗✓⚠│○●▸] +)?")
_NAMED = re.compile(r" *\S.*?\S? {2,}(?=\S)")
"""A name and a gap, before a column of its own."""
_NEXT = 2
_WORDS = re.compile(r"\S+|\s+")


def hanging(whole: Line, columns: int) -> tuple[Line, ...]:
    """As `wrapped`, the later rows indented to where the line's text began."""
    if columns <= 0 or line_width(whole) <= columns:
        return (whole,)
    indent = _indent(line_text(whole), columns)
    row, rest = _first_row([cell for cell in whole if cell.text], columns)
    rows, blank = [tuple(row)], Cell(" " * indent)
    rows += [(blank, *more) for more in wrapped(tuple(rest), columns - indent)]
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


def wrapped(whole: Line, columns: int) -> tuple[Line, ...]:
    """All of the line in rows of so many columns, broken at a space where one is near.

    Itself where the columns are unknown.
    """
    if columns <= 0 or line_width(whole) <= columns:
        return (whole,)
    rows: list[Line] = []
    rest = [cell for cell in whole if cell.text]
    while rest:
        row, rest = _first_row(rest, columns)
        rows.append(tuple(row))
    return tuple(rows)


def _first_row(cells: list[Cell], columns: int) -> tuple[list[Cell], list[Cell]]:
    """As much as fits, and what is left."""
    row: list[Cell] = []
    used = 0
    for index, cell in enumerate(cells):
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
        return row, [Cell(tail, cell.tone), *cells[index + 1 :]]
    return row, []


def _break(text: str, room: int, columns: int) -> int:
    """The number of characters that fit: up to a space, if that is not far back."""
    used = end = 0
    for char in text:
        used += width(char)
        if used > room:
            break
        end += 1
    space = text.rfind(" ", 0, end) + 1
    return space if text[:space].strip() and end - space < columns // 3 else end


def folded(pieces: Line, columns: int, *, indent: int = 2) -> tuple[Line, ...]:
    """A sentence in rows of so many columns, broken between words; the later ones are indented.

    A word longer than a row is cut with an ellipsis.
    """
    if line_width(pieces) <= columns:
        return (pieces,)
    lines: list[list[Cell]] = [[]]
    taken = 0
    for word in _words(pieces):
        blank, fresh = word.text.isspace(), len(lines) > 1 and taken == indent
        if blank and (fresh or taken + width(word.text) > columns):
            continue  # a line neither begins nor ends with the blanks between two words
        if taken + width(word.text) > columns and taken > indent:
            lines.append([Cell(" " * indent)])
            taken = indent
        shown = replace(word, text=fit(word.text, columns - taken))
        lines[-1].append(shown)
        taken += width(shown.text)
    return tuple(_merged(row) for row in lines)


def flowed(
    head: Cell, parts: Sequence[Line], columns: int, *, gap: str = "   "
) -> tuple[Line, ...]:
    """Parts that stay whole, after a head, on as many lines as they need."""
    indent = Cell(" " * width(head.text))
    lines: list[list[Cell]] = [[head]]
    for part in parts:
        fresh = len(lines[-1]) == 1
        if not fresh and line_width((*lines[-1], Cell(gap), *part)) > columns:
            lines.append([indent])
            fresh = True
        lines[-1] += part if fresh else (Cell(gap), *part)
    return tuple(tuple(row) for row in lines)


def _words(pieces: Line) -> Iterator[Cell]:
    for piece in pieces:
        for word in _WORDS.findall(piece.text):
            yield replace(piece, text=word)


def _merged(pieces: Sequence[Cell]) -> Line:
    """Neighbours of one kind and tone as one piece again."""
    merged: list[Cell] = []
    for piece in pieces:
        last = merged[-1] if merged else None
        if last is not None and type(last) is type(piece) and last.tone is piece.tone:
            merged[-1] = replace(last, text=last.text + piece.text)
        else:
            merged.append(piece)
    return tuple(merged)
