"""Lines made of pieces: joined, cut and filled; more kinds of piece."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from compartment_tui.present.text import fit, width
from compartment_tui.present.tone import Cell, Line, Tone, line_width


@dataclass(frozen=True, slots=True)
class KeyCap(Cell):
    """A key a person may press; drawn so that it looks like one."""


@dataclass(frozen=True, slots=True)
class Strong(Cell):
    """Text that the eye should find first."""


@dataclass(frozen=True, slots=True)
class Picture(Cell):
    """Numbers drawn with blocks: seen when looked for, and calm otherwise."""


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
