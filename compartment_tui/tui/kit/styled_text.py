"""Lines of cells as the toolkit's text. Nothing in it is ever read as markup."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from textual.content import Content
from textual.strip import Strip
from textual.style import Style

from compartment_tui.present.tone import Cell, Line, Tone

STYLES: Mapping[Tone, str] = MappingProxyType(
    {
        Tone.PLAIN: "",
        Tone.GOOD: "$success",
        Tone.WARN: "$warning",
        Tone.BAD: "$error",
        Tone.QUIET: "dim",
    }
)
QUIET = STYLES[Tone.QUIET]


def piece(cell: Cell, styles: Mapping[Tone, str] = STYLES) -> Content:
    """One cell in the colour of its tone."""
    return Content.styled(cell.text, styles[cell.tone]) if cell.text else Content("")


def words(line: Iterable[Cell], styles: Mapping[Tone, str] = STYLES) -> Content:
    """A line."""
    return Content("").join([piece(cell, styles) for cell in line])


def paragraph(lines: Iterable[Line]) -> Content:
    """Lines under each other."""
    return Content("\n").join([words(line) for line in lines])


def drawn_over(text: Content, base: Style) -> Strip:
    """One line of text as it is drawn over a style."""
    return Strip(text.render_segments(base), text.cell_length)
