"""Rows that arrive at the end, of which only the visible ones are drawn."""

from typing import Generic

from textual.geometry import Size
from textual.scroll_view import ScrollView

from compartment_tui.tui.kit.wrapped_rows import Row, WrappedRows


class TailView(ScrollView, Generic[Row], can_focus=True):
    """While it follows, the end is in sight; else nothing moves by itself.

    Scrolling up pauses it, scrolling to the end lets it follow again. Subclasses keep the rows.
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - the toolkit's name
        super().__init__(id=id)
        self._layout: WrappedRows[Row] = WrappedRows()
        self._follows = True
        self._settling = False

    def lay_out(self) -> int:
        """Take over the rows as they are now; how many columns they have."""
        raise NotImplementedError

    @property
    def following(self) -> bool:
        """Whether the end stays in sight."""
        return self._follows

    def pause(self) -> None:
        """Hold still what is in sight."""
        self._follows = False
        self.settle()

    def follow(self) -> None:
        """Show the end, and what arrives."""
        self._follows = True
        self.settle()

    def kept_row(self) -> tuple[int, int]:
        """The number of the row that stays where it is, and how far below the top that is."""
        index, part = self._layout.find(min(self.scroll_offset.y, self._layout.height - 1))
        return self._layout.rows[index].number, -part

    def scrolled(self) -> None:
        """A person scrolled it while it does not follow."""
        if self.scroll_y >= self.max_scroll_y:
            self.follow()

    @property
    def page(self) -> int:
        """Lines that are in sight."""
        return max(1, self.scrollable_content_region.height)

    def settle(self) -> None:
        """Draw what there is now: its end, or what was in sight where it was."""
        if not self.size:
            return
        number, offset = self.kept_row() if self._layout.rows else (0, 0)
        columns = self.lay_out()
        self._settling = True
        self.virtual_size = Size(columns, self._layout.height)
        self.scroll_to_line(self.max_scroll_y if self.following else self._top(number, offset))
        self._settling = False
        self.refresh()

    def _top(self, number: int, offset: int) -> int:
        """The line at the top when the row is so far below it, or as far as it can be."""
        if not self._layout.rows:
            return 0
        index = self._layout.place(number)
        lowest = max(0, self.page - self._layout.lines(index))
        return self._layout.top(index) - min(offset, lowest)

    def scroll_to_line(self, line: int) -> None:
        self.scroll_to(y=line, animate=False, force=True)

    def on_resize(self) -> None:
        self.settle()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Whoever scrolls up wants it to stay there."""
        super().watch_scroll_y(old_value, new_value)
        if self._settling or not self._layout.rows:
            return
        if self.following and round(new_value) < self.max_scroll_y:
            self.pause()
        elif not self.following:
            self.scrolled()
