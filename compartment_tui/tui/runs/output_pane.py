"""The output of a job: it follows its end, and stands still while a person looks back."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import count

from textual.binding import Binding
from textual.content import Content
from textual.strip import Strip

from compartment_tui.present.tone import Line, line_text
from compartment_tui.tui.batcher import Newest
from compartment_tui.tui.kit.folded_lines import wrapped
from compartment_tui.tui.kit.styled_text import drawn_over, words
from compartment_tui.tui.kit.tail_view import TailView

LIMIT = 5_000
"""Lines that are kept; older ones go, and the frame says how many."""


@dataclass(frozen=True, slots=True)
class OutputRow:
    """One line with its number."""

    number: int
    line: Line
    text: str

    def lines(self, columns: int) -> int:
        """The number of lines it takes when it is folded to so many columns."""
        return 1 if len(self.text) * 2 <= columns else len(wrapped(self.line, columns))


class OutputPane(TailView[OutputRow], can_focus=True):
    """Long lines are folded; the frame says what it is and whether it stands still."""

    DEFAULT_CSS = """
    OutputPane { overflow-x: hidden; overflow-y: auto; scrollbar-gutter: stable; }
    """
    BINDINGS = [
        Binding("g,home", "top", "Top", show=False, id="view.top"),
        Binding("G,end", "end", "End", show=False, id="view.end"),
        Binding("ctrl+d,pagedown", "half(1)", "Half a page down", show=False, id="view.down"),
        Binding("ctrl+u,pageup", "half(-1)", "Half a page up", show=False, id="view.up"),
    ]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - the toolkit's name
        super().__init__(id=id)
        self._kept: Newest[OutputRow] = Newest(LIMIT)
        self._numbers = count()
        self._title = ""

    @property
    def text(self) -> str:
        """All of it, as it would be written into a file."""
        return "\n".join(row.text.rstrip() for row in self._kept.items)

    @property
    def dropped(self) -> int:
        """The number of lines that are not kept."""
        return self._kept.dropped

    def fill(self, title: str, lines: Iterable[Line], dropped: int = 0) -> None:
        """Something else to show; its end is in view."""
        self._title = title
        self._kept, self._follows = Newest(LIMIT), True
        self.add(lines, dropped)

    def add(self, lines: Iterable[Line], dropped: int = 0) -> None:
        """More at the end. A reader who looks back sees nothing move."""
        rows = [OutputRow(next(self._numbers), line, line_text(line)) for line in lines]
        self._kept.add(rows, dropped)
        self.settle()

    def lay_out(self) -> int:
        columns = self.scrollable_content_region.width
        self._layout.sync(self._kept.items, columns)
        return columns

    def settle(self) -> None:
        super().settle()
        notes = [f"{self.dropped} earlier lines dropped"] * bool(self.dropped)
        notes += ["stands still: G follows"] * (not self._follows)
        self.border_title = Content(" · ".join((self._title, *notes)))

    def render_line(self, y: int) -> Strip:
        line = self.scroll_offset.y + y
        columns = self.size.width
        if line >= self._layout.height:
            return Strip.blank(columns, self.rich_style)
        index, part = self._layout.find(line)
        row = words(wrapped(self._layout.rows[index].line, self._layout.columns or 0)[part])
        return drawn_over(row, self.visual_style).adjust_cell_length(columns, self.rich_style)

    def action_top(self) -> None:
        self.scroll_home(animate=False, immediate=True)

    def action_end(self) -> None:
        self.follow()

    def action_half(self, direction: int) -> None:
        step = max(1, self.size.height // 2) * direction
        self.scroll_relative(y=step, animate=False, immediate=True)
