"""Lines that a screen puts there; as high as they are many."""

from textual.strip import Strip

from compartment_tui.present.tone import Line
from compartment_tui.tui.kit.painted import Painted


class TextLines(Painted):
    """Draws exactly these lines, each cut where it is too long."""

    DEFAULT_CSS = """
    TextLines { height: auto; padding: 0 1; }
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - the toolkit's name
        super().__init__(id=id, classes=classes)
        self._lines: tuple[Line, ...] = ()
        self.styles.height = 0

    @property
    def lines(self) -> tuple[Line, ...]:
        return self._lines

    def put(self, *lines: Line) -> None:
        """Show these instead."""
        if lines == self._lines:
            return
        before, self._lines = self._lines, lines
        if len(before) != len(lines):
            self.styles.height = len(lines)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        return self.strip(self._lines[y] if y < len(self._lines) else (), self.content_size.width)
