"""The rows of a log, of which only the visible ones are drawn."""

from datetime import tzinfo
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip

from compartment_tui.present.text import width
from compartment_tui.tui.kit.tail_view import TailView
from compartment_tui.tui.logs.log_buffer import Logbook
from compartment_tui.tui.logs.log_row import LogRow, Times, pattern
from compartment_tui.tui.logs.log_status import empty_words
from compartment_tui.tui.logs.row_painter import HUES, PARTS, Painter, RowStyle

_SIDE_STEP = 8


class LogView(TailView[LogRow], can_focus=True):
    """Draws a logbook.

    The current line is known by its number, and stays where it is on the screen whatever is
    filtered, folded or resized around it.
    """

    class Moved(Message):
        """Another line is the current one, or it follows or was paused."""

    ALLOW_SELECT = False  # rows are redrawn under the mouse: `y` copies
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        *(f"log--{part}" for part in PARTS),
        *(f"log--service-{hue}" for hue in range(HUES)),
    }
    DEFAULT_CSS = """
    LogView {
        height: 1fr;
        background: $background;
        color: $foreground;
        overflow-x: hidden;
        overflow-y: scroll;
        scrollbar-size-vertical: 1;
        & > .log--bar, & > .log--more, & > .log--stderr, & > .log--time { color: $text-muted; }
        & > .log--bad { color: $text-error; text-style: bold; }
        & > .log--warn { color: $text-warning; }
        & > .log--hit { background: $warning; color: auto 100%; }
        & > .log--mark { color: $text-primary; }
        & > .log--cursor { background: $boost; }
        &:focus > .log--cursor { background: $primary 30%; }
        & > .log--service-0 { color: #5c9fd6; }
        & > .log--service-1 { color: #a884d3; }
        & > .log--service-2 { color: #4aa8a0; }
        & > .log--service-3 { color: #cf7fa0; }
        & > .log--service-4 { color: #98a04c; }
        & > .log--service-5 { color: #8795b8; }
        &:light > .log--service-0 { color: #1f6398; }
        &:light > .log--service-1 { color: #6b459c; }
        &:light > .log--service-2 { color: #176b64; }
        &:light > .log--service-3 { color: #98385f; }
        &:light > .log--service-4 { color: #5c6310; }
        &:light > .log--service-5 { color: #46557d; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("k,up", "move(-1)", "Line up", show=False, id="logs.up"),
        Binding("j,down", "move(1)", "Line down", show=False, id="logs.down"),
        Binding("ctrl+u", "page(-0.5)", "Half a page up", show=False, id="logs.half_up"),
        Binding("ctrl+d", "page(0.5)", "Half a page down", show=False, id="logs.half_down"),
        Binding("pageup", "page(-1)", "Page up", show=False, id="logs.page_up"),
        Binding("pagedown", "page(1)", "Page down", show=False, id="logs.page_down"),
        Binding("g,home", "first", "First line", show=False, id="logs.first"),
        Binding("G,end", "last", "Last line, and follow", show=False, id="logs.last"),
        Binding("left", "aside(-1)", "Left", show=False, id="logs.left"),
        Binding("right", "aside(1)", "Right", show=False, id="logs.right"),
    ]

    def __init__(self, book: Logbook, *, zone: tzinfo | None = None) -> None:
        super().__init__()
        self._book = book
        self._zone = zone
        self._painter = Painter(self)
        self._number = 0
        self.wrap = False
        self.times = Times.OFF

    # --- what is current --------------------------------------------------------------------------

    @property
    def following(self) -> bool:
        return self._book.following

    @property
    def current(self) -> LogRow | None:
        """The current line: the last one while following."""
        rows = self._layout.rows
        if not rows:
            return None
        return rows[-1] if self._book.following else rows[self._place]

    @property
    def _place(self) -> int:
        return self._layout.place(self._number)

    @property
    def _columns(self) -> int:
        """Columns for the text of a line."""
        return max(1, self.scrollable_content_region.width - self._look.prefix)

    @property
    def _look(self) -> RowStyle:
        book = self._book
        return RowStyle(
            services=book.services, times=self.times, sought=book.sought, zone=self._zone
        )

    # --- what changes -----------------------------------------------------------------------------

    def lay_out(self) -> int:
        self._painter.use(self._look)
        columns = self._columns if self.wrap else None
        self._layout.sync(self._book.shown, columns, self._book.version)
        return self._look.prefix + self._layout.widest

    def kept_row(self) -> tuple[int, int]:
        """The current line, in sight."""
        return self._number, max(0, self._layout.top(self._place) - self.scroll_offset.y)

    def forget(self) -> None:
        """Another log: the width of the old one does not count."""
        self._layout.forget()
        self._number = 0

    def pause(self) -> None:
        """Hold still what is in sight."""
        if not self._book.following:
            return
        rows = self._layout.rows
        if rows:
            line = min(self._layout.height, self.scroll_offset.y + self.page) - 1
            self._number = rows[self._layout.find(max(0, line))[0]].number
        self._book.freeze()
        self.settle()
        self.post_message(self.Moved())

    def follow(self) -> None:
        """Show the end, and what arrives."""
        self._book.follow()
        self.settle()
        self.post_message(self.Moved())

    def go(self, number: int) -> None:
        """Pause at the row with that number, in sight."""
        self.pause()
        if not self._layout.rows:
            return
        place = self._layout.place(number)
        self._number = self._layout.rows[place].number
        top, bottom = self._layout.top(place), self._layout.top(place) + self._layout.lines(place)
        if top < self.scroll_offset.y:
            self.scroll_to_line(top)
        elif bottom > self.scroll_offset.y + self.page:
            self.scroll_to_line(bottom - self.page)
        self.refresh()
        self.post_message(self.Moved())

    def reach(self, number: int) -> None:
        """Pause at a hit, so that what was looked for is in sight."""
        self.go(number)
        found = pattern(self._book.sought).search(self._layout.rows[self._place].text)
        if found is None or self.wrap:
            return
        begin, end = width(found.string[: found.start()]), width(found.string[: found.end()])
        left = self.scroll_offset.x
        if begin < left or end >= left + self._columns:
            self.scroll_to(x=max(0, end + _SIDE_STEP - self._columns), animate=False)

    # --- keys -------------------------------------------------------------------------------------

    def action_move(self, rows: int) -> None:
        if self._at_end(rows):
            return
        place = max(0, self._place + rows)
        self.go(self._layout.rows[min(place, len(self._layout.rows) - 1)].number)

    def action_page(self, pages: float) -> None:
        if self._at_end(1 if pages > 0 else -1):
            return
        lines = int(self.page * pages)
        wanted = self._layout.top(self._place) + lines
        place, _ = self._layout.find(min(max(0, wanted), self._layout.height - 1))
        self._settling = True
        self.scroll_to_line(self.scroll_offset.y + lines)
        self._settling = False
        self.go(self._layout.rows[place].number)

    def action_first(self) -> None:
        self.go(0)

    def action_last(self) -> None:
        self.follow()

    def action_aside(self, step: int) -> None:
        self.scroll_to(x=self.scroll_offset.x + step * _SIDE_STEP, animate=False)

    def _at_end(self, step: int) -> bool:
        """Whether there is nowhere to go. What arrived meanwhile is taken in first."""
        if step > 0 and self._book.following:
            return True
        self.pause()
        if step > 0 and self._place >= len(self._layout.rows) - 1 and self._book.new:
            self._book.catch_up()
            self.settle()
        return not self._layout.rows

    # --- the mouse --------------------------------------------------------------------------------

    def on_click(self, event: events.Click) -> None:
        """Make the line under the mouse the current one."""
        self.pause()
        line = self.scroll_offset.y + event.y
        if 0 <= line < self._layout.height:
            self.go(self._layout.rows[self._layout.find(line)[0]].number)

    def on_mouse_scroll_down(self) -> None:
        """Beyond the end, follow: that is where a person who scrolls down wants to be."""
        if not self._book.following and self.scroll_offset.y >= self.max_scroll_y:
            self.follow()

    @property
    def allow_horizontal_scroll(self) -> bool:
        return not self.wrap

    def scrolled(self) -> None:
        """The current line stays in sight."""
        top = self.scroll_offset.y
        first = self._layout.find(min(top, self._layout.height - 1))[0]
        last = self._layout.find(min(top + self.page, self._layout.height) - 1)[0]
        place = min(max(self._place, first), last)
        if place != self._place:
            self._number = self._layout.rows[place].number
            self.post_message(self.Moved())

    # --- drawing ----------------------------------------------------------------------------------

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._painter.forget()

    def render_line(self, y: int) -> Strip:
        """One line of the view; drawn from what the last `settle` saw."""
        rows, columns = self._layout.rows, self.scrollable_content_region.width
        if not rows:
            words = f"  {empty_words(self._book)}" if y == 0 else ""
            return self._painter.words(words, columns)
        line = self.scroll_offset.y + y
        if line >= self._layout.height:
            return self._painter.words("", columns)
        place, part = self._layout.find(line)
        row, here = rows[place], not self._book.following and place == self._place
        if row.mark:
            return self._painter.rule(row, columns, current=here)
        above = rows[place - 1] if place else None
        left = None if self.wrap else self.scroll_offset.x
        return self._painter.line(row, above, part=part, left=left, columns=columns, current=here)
