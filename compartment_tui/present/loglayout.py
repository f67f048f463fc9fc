"""Where the rows of a log stand when each takes as many lines as it needs."""

from bisect import bisect_right
from collections import deque
from collections.abc import Iterable

from compartment_tui.present.logbook import Logbook
from compartment_tui.present.loglines import Row, lines_taken
from compartment_tui.present.text import width


class Layout:
    """The shown rows as they were at the last `sync`, so that drawing sees them all of a moment.

    A line is counted from 0 at the top of the first row. Syncing costs as much as came and went.
    """

    def __init__(self) -> None:
        self.rows: deque[Row] = deque()
        self._ends: deque[int] = deque()
        self._base = 0
        self._state: tuple[int, int | None] = (-1, None)
        self.widest = 0
        """Columns of the widest text seen since the last `forget`."""

    @property
    def height(self) -> int:
        """How many lines all rows take."""
        return self._ends[-1] - self._base if self._ends else 0

    def forget(self) -> None:
        """Begin anew at the next `sync`."""
        self._state = (-1, None)
        self.widest = 0

    def sync(self, book: Logbook, columns: int | None) -> None:
        """Take over what is shown, folded to so many columns; None: one line each."""
        state = (book.version, columns)
        if state != self._state:
            self._state = state
            self.rows.clear()
            self._ends.clear()
            self._base = 0
            self._add(book.shown, columns)
            return
        self._drop(book.shown[0].number if book.shown else None)
        self._add(_behind(book.shown, self.rows[-1].number if self.rows else -1), columns)

    def find(self, line: int) -> tuple[int, int]:
        """The row at a line, by its place, and which of its lines it is. IndexError beyond."""
        if not 0 <= line < self.height:
            raise IndexError(line)
        place = bisect_right(self._ends, line + self._base)
        return place, line - self.top(place)

    def top(self, place: int) -> int:
        """The first line of the row at a place."""
        return (self._ends[place - 1] - self._base) if place else 0

    def lines(self, place: int) -> int:
        """How many lines the row at a place takes."""
        return self._ends[place] - self._base - self.top(place)

    def place(self, number: int) -> int:
        """Where the row with that number stands, or the last before it, or the first."""
        return max(0, bisect_right(self.rows, number, key=lambda row: row.number) - 1)

    def _drop(self, oldest: int | None) -> None:
        while self.rows and (oldest is None or self.rows[0].number < oldest):
            self.rows.popleft()
            self._base = self._ends.popleft()

    def _add(self, rows: Iterable[Row], columns: int | None) -> None:
        end = self._ends[-1] if self._ends else self._base
        for row in rows:
            end += 1 if columns is None or row.mark else lines_taken(row.text, columns)
            self.rows.append(row)
            self._ends.append(end)
            if len(row.text) * 2 > self.widest:
                self.widest = max(self.widest, width(row.text))


def _behind(rows: deque[Row], number: int) -> list[Row]:
    """The rows after a number, found from the end: only the new ones are looked at."""
    found = []
    for row in reversed(rows):
        if row.number <= number:
            break
        found.append(row)
    return found[::-1]
