"""Lines made of pieces: how they are joined, cut, filled and folded; more kinds of piece."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from compartment_tui.present.text import fit, width
from compartment_tui.present.tone import Cell, Line, Tone

_WORDS = re.compile(r"\S+|\s+")


@dataclass(frozen=True, slots=True)
class KeyCap(Cell):
    """A key a person may press; drawn so that it looks like one."""


@dataclass(frozen=True, slots=True)
class Strong(Cell):
    """What the eye should find first."""


@dataclass(frozen=True, slots=True)
class Picture(Cell):
    """Numbers drawn with blocks: seen when looked for, and calm otherwise."""


def line_width(pieces: Line) -> int:
    """How many columns of a terminal a line takes."""
    return sum(width(piece.text) for piece in pieces)


def quiet(pieces: Line) -> Line:
    """The same, greyed: it may be true no longer."""
    return tuple(Cell(piece.text, Tone.QUIET) for piece in pieces)


def joined(parts: Sequence[Line], gap: str = "  ") -> Line:
    """Lines after each other on one, the empty ones left out."""
    pieces: list[Cell] = []
    for part in parts:
        if any(piece.text for piece in part):
            pieces += [Cell(gap), *part] if pieces else part
    return tuple(pieces)


def fitted(pieces: Line, columns: int, *, right: bool = False) -> Line:
    """The line in exactly so many columns: cut with an ellipsis, or filled with blanks."""
    taken = line_width(pieces)
    if taken <= columns:
        blank = Cell(" " * (columns - taken))
        return (blank, *pieces) if right else (*pieces, blank)
    kept, room = [], columns
    for piece in pieces:
        whole = width(piece.text)
        if (
            whole >= room
        ):  # one column too few is kept for the ellipsis, which says that more follows
            text = fit(piece.text + "…", room)
            kept.append(replace(piece, text=text + " " * (room - width(text))))
            break
        kept.append(piece)
        room -= whole
    return tuple(kept)


def folded(pieces: Line, columns: int, *, indent: int = 2) -> tuple[Line, ...]:
    """The line on as many as it needs, broken between words; the later ones are indented.

    A word longer than a line is cut with an ellipsis.
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
    return tuple(_merged(one) for one in lines)


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
    return tuple(tuple(one) for one in lines)


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
