"""What a job writes: lines that follow their end, and stand still when a person looks back."""

from collections.abc import Iterable

from textual.binding import Binding
from textual.content import Content
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from compartment_tui.present.paragraph import folded
from compartment_tui.present.tone import Line
from compartment_tui.tui.kit.styled_text import words

LIMIT = 5_000
"""Lines that are kept; older ones go, and the frame says how many."""


class OutputPane(ScrollView, can_focus=True):
    """Long lines are folded. Keeps its place while more arrives, unless it is at the end."""

    DEFAULT_CSS = """
    OutputPane { overflow-x: hidden; overflow-y: auto; scrollbar-gutter: stable; }
    """
    BINDINGS = [
        Binding("g,home", "top", "Top", show=False, id="view.top"),
        Binding("G,end", "end", "End", show=False, id="view.end"),
        Binding("ctrl+d,pagedown", "half(1)", "Half a page down", show=False, id="view.down"),
        Binding("ctrl+u,pageup", "half(-1)", "Half a page up", show=False, id="view.up"),
    ]

    def __init__(self, id: str | None = None) -> None:  # noqa: A002 - the toolkit's name for it
        super().__init__(id=id)
        self._lines: list[Line] = []
        self._rows: list[Line] = []
        self._columns = 0
        self._follows = True
        self._title = ""
        self.dropped = 0

    @property
    def text(self) -> str:
        """All of it, as it would be written into a file."""
        return "\n".join("".join(cell.text for cell in line).rstrip() for line in self._lines)

    def fill(self, title: str, lines: Iterable[Line], dropped: int = 0) -> None:
        """Something else to show; its end is in view."""
        self._title = title
        self._lines, self.dropped, self._follows = list(lines), dropped, True
        self._fold_all()

    def add(self, lines: Iterable[Line], dropped: int = 0) -> None:
        """More at the end. A reader who looks back sees nothing move."""
        added = list(lines)
        self._lines += added
        self._rows += [row for line in added for row in folded(line, self._columns)]
        over = max(0, len(self._lines) - LIMIT)
        gone = sum(len(folded(line, self._columns)) for line in self._lines[:over])
        del self._lines[:over]
        del self._rows[:gone]
        self.dropped += dropped + over
        self._resized(gone)

    def _fold_all(self) -> None:
        self._rows = [row for line in self._lines for row in folded(line, self._columns)]
        self._resized(0)

    def _resized(self, gone: int) -> None:
        self.virtual_size = Size(self._columns, len(self._rows))
        if self._follows:
            self.scroll_end(animate=False, immediate=True, x_axis=False)
        elif gone:
            self.scroll_to(y=max(0, self.scroll_y - gone), animate=False, immediate=True)
        self.refresh()
        self._say()

    def _say(self) -> None:
        notes = [f"{self.dropped} earlier lines dropped"] * bool(self.dropped)
        notes += ["stands still: G follows"] * (not self._follows)
        self.border_title = Content(" · ".join((self._title, *notes)))

    def on_resize(self) -> None:
        columns = self.scrollable_content_region.width
        if columns != self._columns:
            self._columns = columns
            self._fold_all()
        elif self._follows:
            self.scroll_end(animate=False, immediate=True, x_axis=False)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Looking back stops following; coming to the end takes it up again."""
        super().watch_scroll_y(old_value, new_value)
        at_end = new_value >= self.max_scroll_y
        if self._follows and not at_end and new_value < old_value:
            self._follows = False
        elif not self._follows and at_end:
            self._follows = True
        self._say()

    def render_line(self, y: int) -> Strip:
        place = int(self.scroll_offset.y) + y
        columns, base = self.size.width, self.visual_style
        if place >= len(self._rows):
            return Strip.blank(columns, self.rich_style)
        line = words(self._rows[place])
        strip = Strip(line.render_segments(base), line.cell_length)
        return strip.adjust_cell_length(columns, self.rich_style)

    def action_top(self) -> None:
        self.scroll_home(animate=False, immediate=True)

    def action_end(self) -> None:
        self._follows = True
        self.scroll_end(animate=False, immediate=True)
        self._say()

    def action_half(self, direction: int) -> None:
        step = max(1, self.size.height // 2) * direction
        self.scroll_relative(y=step, animate=False, immediate=True)
