"""View-models as the toolkit's text. Nothing in it is ever read as markup."""

from collections.abc import Iterable

from textual.content import Content

from compartment_tui.present.tone import Cell, Line, Tone

STYLES = {
    Tone.PLAIN: "",
    Tone.GOOD: "$success",
    Tone.WARN: "$warning",
    Tone.BAD: "$error",
    Tone.QUIET: "dim",
}
QUIET = STYLES[Tone.QUIET]


def piece(cell: Cell) -> Content:
    """One cell in the colour of its tone."""
    return Content.styled(cell.text, STYLES[cell.tone]) if cell.text else Content("")


def words(line: Line) -> Content:
    """A line."""
    return Content("").join([piece(cell) for cell in line])


def paragraph(lines: Iterable[Line]) -> Content:
    """Lines under each other."""
    return Content("\n").join([words(line) for line in lines])
