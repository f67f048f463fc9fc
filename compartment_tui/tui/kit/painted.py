"""Lines of cells onto a screen: one look for every widget that draws them itself, line by line."""

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from compartment_tui.present.tone import Cell, Line, Tone
from compartment_tui.tui.kit.styled_lines import KeyCap, Picture, Strong, fitted


class Painted(Widget):
    """Draws lines of cells. The text is drawn as it is: nothing in it is markup."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES = {
        "paint--plain",
        "paint--good",
        "paint--warn",
        "paint--bad",
        "paint--quiet",
        "paint--key",
        "paint--strong",
        "paint--picture",
        "paint--head",
        "paint--cursor",
        "paint--blurred",
        "paint--chosen",
    }
    DEFAULT_CSS = """
    Painted {
        & > .paint--good { color: $success; }
        & > .paint--warn { color: $warning; }
        & > .paint--bad { color: $error; }
        & > .paint--quiet { color: $foreground 68%; }
        & > .paint--key { color: $accent; text-style: bold; }
        & > .paint--picture { color: $primary 75%; }
        & > .paint--strong { text-style: bold; }
        & > .paint--head { color: $foreground 68%; text-style: none; }
        & > .paint--cursor { background: $primary 32%; }
        & > .paint--blurred { background: $primary 14%; }
        & > .paint--chosen { background: $primary 32%; text-style: bold; }
        &:ansi > .paint--quiet { color: ansi_default; text-style: dim; }
        &:ansi > .paint--picture { color: ansi_blue; }
        &:ansi > .paint--head { color: ansi_default; text-style: dim; }
        &:ansi > .paint--cursor { background: ansi_default; text-style: reverse; }
        &:ansi > .paint--blurred { background: ansi_default; text-style: underline; }
        &:ansi > .paint--chosen { background: ansi_default; text-style: reverse bold; }
    }
    """

    def part(self, name: str) -> Style:
        """The style of a part, over the widget's own background."""
        return self.get_component_rich_style(f"paint--{name}")

    def strip(self, pieces: Line, columns: int, base: Style | None = None) -> Strip:
        """The line in exactly so many columns."""
        under = base or self.part("plain")
        shown = fitted(pieces, columns)
        segments = [Segment(cell.text, self._style(cell, under)) for cell in shown if cell.text]
        return Strip(segments, columns).simplify()  # each change of style is bytes for the terminal

    def _style(self, piece: Cell, under: Style) -> Style:
        style = under
        if piece.text.isspace():
            return style
        if piece.tone is not Tone.PLAIN and not under.reverse:  # on a reversed line colours drown
            style += _front(self.part(piece.tone.value))
        if isinstance(piece, Picture) and not under.reverse:
            style += _front(self.part("picture"))
        if isinstance(piece, KeyCap):
            style += Style(bold=True) if under.reverse else _front(self.part("key"))
        if isinstance(piece, Strong):
            style += Style(bold=True)
        return style


def _front(style: Style) -> Style:
    """Without the background, which is another on the line that is chosen."""
    return Style(color=style.color, bold=style.bold, dim=style.dim, italic=style.italic)
