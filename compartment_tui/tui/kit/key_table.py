"""A table whose rows are known by their keys: it draws only what differs and never loses its place.

Drawn line by line rather than with the toolkit's table, which draws all of its rows again for one
cell that changed, and keeps the place of the cursor instead of the row it is on.
"""

from textual import events
from textual.binding import Binding
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from compartment_tui.present.tone import Cell, Line, Tone
from compartment_tui.tui.kit.grid import Grid, Row
from compartment_tui.tui.kit.painted import Painted
from compartment_tui.tui.kit.styled_lines import fitted

NO_GRID = Grid(columns=(), widths=(), rows=())
CURSOR = "▌"
MARK = "●"
GUTTER = 2
"""Columns before the first one: the cursor's and the mark's."""
EDGE = 1
"""A column at the right end, for a scrollbar."""


class KeyTable(Painted, ScrollView, can_focus=True):
    """A head line, rows, and notes under them. Subclasses say what choosing a row means."""

    # The toolkit takes the styles of the first base class only: those of a scrolling one are said.
    DEFAULT_CSS = """
    KeyTable { overflow-x: hidden; overflow-y: auto; scrollbar-size: 0 1; }
    """
    BINDINGS = [
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("g,home", "end(-1)", "First", show=False),
        Binding("G,end", "end(1)", "Last", show=False),
        Binding("ctrl+d,pagedown", "page(1)", "Page down", show=False),
        Binding("ctrl+u,pageup", "page(-1)", "Page up", show=False),
    ]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - the toolkit's name
        super().__init__(id=id)
        self._grid = NO_GRID
        self._notes: tuple[Line, ...] = ()
        self._marks: frozenset[str] = frozenset()
        self._cursor: str | None = None

    # --- what it shows ---------------------------------------------------------------------------

    @property
    def room(self) -> int:
        """Columns for the cells."""
        return max(0, self.size.width - GUTTER - EDGE)

    @property
    def grid_shown(self) -> Grid:
        return self._grid

    @property
    def cursor(self) -> str | None:
        """The key of the row the cursor is on."""
        return self._cursor

    @property
    def in_view(self) -> tuple[str, ...]:
        """The keys of the rows that can be seen now."""
        top = self.scroll_offset.y
        return self._grid.keys[top : top + max(self.size.height - 1, 0)]

    def put(self, grid: Grid, notes: tuple[Line, ...] = ()) -> None:
        """Show these rows instead. The cursor stays on its row; if that is gone, near its place."""
        before, self._grid = self._grid, grid
        old_notes, self._notes = self._notes, notes
        self._keep_cursor(before)
        size = Size(0, 1 + len(grid.rows) + len(notes))
        shape = (before.columns, before.widths, len(before.rows), old_notes)
        if shape != (grid.columns, grid.widths, len(grid.rows), notes):
            self.virtual_size = size
            self.refresh()
            self.call_after_refresh(self._reveal)  # only then it is known how far one can scroll
            return
        for place, (old, new) in enumerate(zip(before.rows, grid.rows, strict=True)):
            if old.key != new.key:
                self._refresh_row(place)
            elif old != new:
                self._refresh_cells(place, old, new)

    def point_at(self, key: str | None) -> None:
        """Move the cursor; nobody is told."""
        if key == self._cursor or (key is not None and key not in self._grid.keys):
            return
        left, self._cursor = self._cursor, key
        for moved in (left, key):
            if moved in self._grid.keys:
                self._refresh_row(self._grid.keys.index(moved))
        self._reveal()

    def mark(self, marks: frozenset[str]) -> None:
        """Mark exactly these rows."""
        changed, self._marks = self._marks ^ marks, marks
        for place, key in enumerate(self._grid.keys):
            if key in changed:
                self._refresh_row(place)

    def render_line(self, y: int) -> Strip:
        columns, plain = self.size.width, self.part("plain")
        if y == 0:
            pieces: Line = (Cell(" " * GUTTER), *self._across(None))
            return self.strip(pieces, columns, self.part("head"))
        place = y - 1 + self.scroll_offset.y
        if place < len(self._grid.rows):
            return self._row_strip(self._grid.rows[place], columns)
        place -= len(self._grid.rows)
        if place < len(self._notes):
            return self.strip((Cell(" " * GUTTER), *self._notes[place]), columns)
        return Strip.blank(columns, plain)

    def _row_strip(self, row: Row, columns: int) -> Strip:
        here = row.key == self._cursor
        base = self.part("cursor" if self.has_focus else "blurred") if here else self.part("plain")
        gutter = (
            Cell(CURSOR if here else " "),
            Cell(MARK if row.key in self._marks else " ", Tone.WARN),
        )
        return self.strip((*gutter, *self._across(row)), columns, base)

    def _across(self, row: Row | None) -> Line:
        """The cells of a row, or the columns' titles, each in its width."""
        pieces: list[Cell] = []
        for place, (column, width) in enumerate(
            zip(self._grid.columns, self._grid.widths, strict=True)
        ):
            cell = row.cells[place] if row else (Cell(column.title),)
            pieces.append(Cell(" " * (column.gap if place else 0)))
            pieces += fitted(cell, width, right=column.right)
        return tuple(pieces)

    # --- the cursor ------------------------------------------------------------------------------

    def chosen(self, key: str) -> None:
        """A person moved the cursor to this row."""

    def opened(self, key: str) -> None:
        """A person wants more of this row."""

    def choose(self, key: str) -> None:
        """As if a person had moved there."""
        if key != self._cursor:
            self.point_at(key)
            self.chosen(key)

    def action_move(self, step: int) -> None:
        keys = self._grid.keys
        if keys:
            place = keys.index(self._cursor) if self._cursor in keys else -1
            self.choose(keys[min(max(place + step, 0), len(keys) - 1)])

    def action_end(self, direction: int) -> None:
        self.action_move(direction * len(self._grid.rows))

    def action_page(self, direction: int) -> None:
        self.action_move(direction * max(1, self.size.height - 2))

    def action_open(self) -> None:
        if self._cursor is not None:
            self.opened(self._cursor)

    def row_at(self, y: int) -> str | None:
        """The key of the row drawn at a line of the widget, if there is one."""
        place = y - 1 + self.scroll_offset.y
        return self._grid.keys[place] if y >= 1 and 0 <= place < len(self._grid.rows) else None

    def on_click(self, event: events.Click) -> None:
        key = self.row_at(event.y)
        if key is None:
            return
        self.choose(key)
        if event.chain == 2:
            self.opened(key)

    def on_focus(self) -> None:
        self._refresh_cursor()

    def on_blur(self) -> None:
        self._refresh_cursor()

    def _keep_cursor(self, before: Grid) -> None:
        keys = self._grid.keys
        if self._cursor in keys:
            return
        if not keys:
            self._cursor = None
            return
        place = before.keys.index(self._cursor) if self._cursor in before.keys else 0
        self._cursor = keys[min(place, len(keys) - 1)]
        self.refresh()

    def _refresh_cursor(self) -> None:
        if self._cursor in self._grid.keys:
            self._refresh_row(self._grid.keys.index(self._cursor))

    def _refresh_row(self, place: int) -> None:
        self.refresh_line(place + 1)

    def _refresh_cells(self, place: int, old: Row, new: Row) -> None:
        """From the first cell that differs to the last: a small part of a row that lives."""
        changed, at = [], GUTTER
        for column, width, one, two in zip(
            self._grid.columns, self._grid.widths, old.cells, new.cells, strict=True
        ):
            at += column.gap if column is not self._grid.columns[0] else 0
            if one != two:
                changed.append((at, at + width))
            at += width
        y = place + 1 - self.scroll_offset.y
        if y > 0:  # else it is behind the head line
            start, end = changed[0][0], changed[-1][1]
            self.refresh(Region(start, y, end - start, 1))

    def _reveal(self) -> None:
        """Scroll as little as needed for the cursor's row to be seen under the head line."""
        if self._cursor not in self._grid.keys or self.size.height < 2:
            return
        place, top = self._grid.keys.index(self._cursor), self.scroll_offset.y
        inside = self.size.height - 1
        if place < top:
            self.scroll_to(y=place, animate=False)
        elif place >= top + inside:
            self.scroll_to(y=place - inside + 1, animate=False)

    def on_resize(self) -> None:
        self._reveal()
