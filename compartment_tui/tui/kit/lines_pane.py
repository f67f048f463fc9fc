"""A pane of lines that scrolls, and draws only the lines that differ."""

from textual.binding import Binding
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from compartment_tui.present.tone import Line
from compartment_tui.tui.kit.painted import Painted


class Lines(Painted, ScrollView, can_focus=True):
    """Lines of cells under each other."""

    # The toolkit takes the styles of the first base class only: those of a scrolling one are said.
    DEFAULT_CSS = """
    Lines { overflow-x: hidden; overflow-y: auto; scrollbar-size: 0 1; }
    """
    BINDINGS = [
        Binding("down,j", "scroll_down", "Down", show=False),
        Binding("up,k", "scroll_up", "Up", show=False),
        Binding("g,home", "scroll_home", "Top", show=False),
        Binding("G,end", "scroll_end", "End", show=False),
        Binding("ctrl+d,pagedown", "page_down", "Page down", show=False),
        Binding("ctrl+u,pageup", "page_up", "Page up", show=False),
    ]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - the toolkit's name
        super().__init__(id=id)
        self._lines: tuple[Line, ...] = ()

    @property
    def room(self) -> int:
        """Columns for text: one is left for a scrollbar and one before it."""
        return max(0, self.size.width - 3)

    @property
    def lines(self) -> tuple[Line, ...]:
        return self._lines

    def put(self, lines: tuple[Line, ...]) -> None:
        """Show these instead."""
        before, self._lines = self._lines, lines
        if len(before) != len(lines):
            self.virtual_size = Size(0, len(lines))
            self.refresh()
            return
        for place, (old, new) in enumerate(zip(before, lines, strict=True)):
            if old != new:
                self.refresh_line(place)

    def render_line(self, y: int) -> Strip:
        columns = self.size.width
        place = y + self.scroll_offset.y
        if place >= len(self._lines):
            return Strip.blank(columns, self.part("plain"))
        body = self.strip(self._lines[place], max(0, columns - 2))
        return Strip.join(
            [Strip.blank(min(1, columns), self.part("plain")), body]
        ).adjust_cell_length(columns, self.part("plain"))
