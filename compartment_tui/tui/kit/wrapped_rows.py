"""Where the rows of a log are when each takes as many lines as it needs."""

from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Collection
from operator import attrgetter
from typing import Generic, Protocol, TypeVar

from compartment_tui.present.text import width

_number = attrgetter("number")


class WrappedRow(Protocol):
    """A row that can be folded. Numbers rise down the log."""

    @property
    def number(self) -> int: ...
    @property
    def text(self) -> str: ...
    def lines(self, columns: int) -> int:
        """The number of lines it takes when it is folded to so many columns."""


Row = TypeVar("Row", bound=WrappedRow)


class WrappedRows(Generic[Row]):
    """The shown rows as they were at the last `sync`, so that drawing sees them all of a moment.

    A line is counted from 0 at the top of the first row. Syncing costs as much as came and went.
    """

    def __init__(self) -> None:
        self.rows: deque[Row] = deque()
        self._ends: deque[int] = deque()
        """Where each row ends, counted from some line before; kept only when rows are folded."""
        self._base = 0
        self._version = -1
        self.columns: int | None = None
        """The width that rows are folded to."""
        self.widest = 0
        """Columns of the widest text seen since the last `forget`, while nothing is folded."""

    @property
    def height(self) -> int:
        """The number of lines that all rows take."""
        return len(self.rows) if self.columns is None else self.top(len(self.rows))

    def forget(self) -> None:
        """Begin anew at the next `sync`."""
        self._version = -1
        self.widest = 0

    def sync(self, shown: deque[Row], columns: int | None, version: int = 0) -> None:
        """Take over what is shown, folded to so many columns; None: one line each.

        Of one version rows only come at the end and go at the beginning.
        """
        if (version, columns) != (self._version, self.columns):
            self._version, self.columns = version, columns
            self.rows.clear()
            self._ends.clear()
            self._base = 0
            self._add(shown)
            return
        self._drop(shown[0].number if shown else None)
        self._add(_behind(shown, self.rows[-1].number if self.rows else -1))

    def find(self, line: int) -> tuple[int, int]:
        """The row at a line, by its place, and which of its lines it is. IndexError beyond."""
        if not 0 <= line < self.height:
            raise IndexError(line)
        if self.columns is None:
            return line, 0
        place = bisect_right(self._ends, line + self._base)
        return place, line - self.top(place)

    def top(self, place: int) -> int:
        """The first line of the row at a place."""
        if self.columns is None:
            return place
        return (self._ends[place - 1] - self._base) if place else 0

    def lines(self, place: int) -> int:
        """The number of lines that the row at an index takes."""
        return self.top(place + 1) - self.top(place)

    def place(self, number: int) -> int:
        """Where the row with that number stands, or the last before it, or the first."""
        return max(0, bisect_right(self.rows, number, key=_number) - 1)

    def _drop(self, oldest: int | None) -> None:
        gone = len(self.rows) if oldest is None else bisect_left(self.rows, oldest, key=_number)
        for _ in range(gone):
            self.rows.popleft()
        if self.columns is not None:
            for _ in range(gone):
                self._base = self._ends.popleft()

    def _add(self, rows: Collection[Row]) -> None:
        self.rows.extend(rows)
        if self.columns is None:
            for row in rows:
                if len(row.text) * 2 > self.widest:
                    self.widest = max(self.widest, width(row.text))
            return
        end = self._ends[-1] if self._ends else self._base
        for row in rows:
            end += row.lines(self.columns)
            self._ends.append(end)


def _behind(rows: deque[Row], number: int) -> list[Row]:
    """The rows after a number, found from the end: only the new ones are looked at."""
    found = []
    for row in reversed(rows):
        if row.number <= number:
            break
        found.append(row)
    return found[::-1]
