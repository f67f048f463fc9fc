"""The model of a log pane: the newest lines of a stream, and which of them are shown."""

from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice

from compartment_tui.ports import LogLine
from compartment_tui.present.text import clean, show
from compartment_tui.tui.logs.log_row import LogRow, pattern, read

LIMIT = 10_000
"""Lines that are kept; the oldest go first."""

Test = Callable[[LogRow], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class LogFilter:
    """Which lines are wanted. `text` is as a person typed it: `!text` leaves out what has it."""

    text: str = ""
    hidden: frozenset[str] = field(default_factory=frozenset)
    since: datetime | None = None

    def test(self) -> Test | None:
        """Whether a row is wanted; None when all are. Marks are not asked."""
        tests = [*self._by_text(), *self._by_service(), *self._by_time()]
        if not tests:
            return None
        return lambda row: row.mark or all(test(row) for test in tests)

    def _by_text(self) -> Iterable[Test]:
        inverse = self.text.startswith("!")
        wanted = self.text[1:] if inverse else self.text
        if wanted:
            find = pattern(wanted).search
            yield lambda row: (find(row.text) is None) is inverse

    def _by_service(self) -> Iterable[Test]:
        if self.hidden:
            yield lambda row: row.service not in self.hidden

    def _by_time(self) -> Iterable[Test]:
        since = self.since
        if since is not None:
            yield lambda row: row.at >= since


class Logbook:
    """The newest lines; following, or frozen: then what is shown changes only by a person's wish.

    While frozen, the lines at the moment of freezing are kept beside the new ones, so memory is
    bounded by twice the limit. `version` changes when `shown` changed in another way than by rows
    that came at its end and went at its beginning.
    """

    def __init__(self, *, limit: int = LIMIT) -> None:
        self._limit = limit
        self._ring: deque[LogRow] = deque(maxlen=limit)
        self._held: tuple[LogRow, ...] | None = None
        self._test: Test | None = None
        self._hits: deque[int] = deque()
        self._names: dict[tuple[str, int], str] = {}
        """By service, and by the number of a replica where it has several."""
        self._next = 0
        self.shown: deque[LogRow] = deque()
        self.choice = LogFilter()
        self.sought = ""
        self.version = 0
        self.received = 0
        self._first = 2
        self._marks = False
        self.services: tuple[str, ...] = ()
        """Every service, or replica of several, that wrote a line that can be shown, by name."""
        self.dropped = 0
        """Lines that never arrived here, because they came too fast."""
        self.new = 0
        """Wanted lines that arrived since it was frozen."""
        self.ended = ""

    # --- what arrives -----------------------------------------------------------------------------

    def append(self, lines: Sequence[LogLine], dropped: int = 0) -> None:
        """Take a batch, the oldest line first; `dropped` were lost before it."""
        self.dropped += dropped
        self.received += len(lines)
        if lines:
            self.ended = ""
        fresh = [self._read(line) for line in lines]
        self._ring.extend(fresh)
        wanted = fresh if self._test is None else [row for row in fresh if self._test(row)]
        if not self.following:
            self.new += len(wanted)
            return
        self.shown.extend(wanted)
        self._hits.extend(self._hits_in(wanted))
        self._forget_fallen()

    def end(self, reason: str) -> None:
        """The stream ended; lines that arrive later begin it again."""
        self.ended = clean(reason)

    def clear(self) -> None:
        """As new, but what a person chose and looks for stays."""
        self._ring.clear()
        self._held = None
        self._names.clear()
        self.received = self.dropped = self.new = 0
        self._first = self._next + 2
        self._marks = False
        self.ended = ""
        self._renew()

    # --- what is said of it -----------------------------------------------------------------------

    @property
    def following(self) -> bool:
        return self._held is None

    @property
    def kept(self) -> Sequence[LogRow]:
        """The lines that can be shown, wanted or not."""
        return self._ring if self._held is None else self._held

    @property
    def lines(self) -> int:
        """The number of lines that can be shown, without marks."""
        return len(self.kept) - (sum(row.mark for row in self.kept) if self._marks else 0)

    @property
    def filtered(self) -> int:
        """Kept lines that are not shown."""
        return len(self.kept) - len(self.shown)

    @property
    def cut(self) -> bool:
        """Whether older lines were here and are not kept."""
        return bool(self.kept) and self.kept[0].number > self._first

    # --- freezing ---------------------------------------------------------------------------------

    def freeze(self) -> None:
        """Hold still what is shown now."""
        if self._held is None:
            self._held = tuple(self._ring)

    def follow(self) -> None:
        """Show what arrives again."""
        if self._held is not None:
            self._held = None
            self._renew()

    def catch_up(self) -> None:
        """Take in what arrived meanwhile and stay frozen."""
        if self._held is not None and self.new:
            self._held = tuple(self._ring)
            self._renew()

    # --- choosing ---------------------------------------------------------------------------------

    def filter(self, text: str) -> None:
        """Show only lines with the text; `!text`: only lines without it; nothing: all."""
        self._choose(replace(self.choice, text=text))

    def toggle(self, service: str) -> None:
        """Hide the lines of a service, or replica, or show them again."""
        self._choose(replace(self.choice, hidden=self.choice.hidden ^ {service}))

    def show_all_services(self) -> None:
        self._choose(replace(self.choice, hidden=frozenset()))

    def since(self, moment: datetime | None) -> None:
        """Show only lines from that moment on."""
        self._choose(replace(self.choice, since=moment))

    # --- searching --------------------------------------------------------------------------------

    def search(self, text: str) -> None:
        """Look for the text in what is shown; nothing: stop looking."""
        self.sought = text
        self._hits = deque(self._hits_in(self.shown))

    @property
    def hits(self) -> int:
        """The number of shown lines that have the searched text."""
        return len(self._hits)

    def hit(self, number: int, step: int) -> int | None:
        """The number of the next (1) or previous (-1) hit from a row on, wrapping round."""
        if not self._hits:
            return None
        if step > 0:
            place = bisect_right(self._hits, number)
        else:
            place = bisect_left(self._hits, number) - 1
        return self._hits[place % len(self._hits)]

    def place(self, number: int) -> int:
        """Which hit the row is, from 1 on; 0 when it is none."""
        found = bisect_left(self._hits, number)
        return found + 1 if found < len(self._hits) and self._hits[found] == number else 0

    # --- marks ------------------------------------------------------------------------------------

    def mark(self, number: int, at: datetime) -> None:
        """Set a mark behind the row, or take away the one that is there."""
        self._marks = True
        mark = LogRow(number=number | 1, at=at, text="mark")
        self._ring = deque(_marked(self._ring, mark), maxlen=self._limit)
        if self._held is not None:
            self._held = tuple(_marked(self._held, mark))
        self._rebuild()

    # --- inside -----------------------------------------------------------------------------------

    def _read(self, line: LogLine) -> LogRow:
        whose = line.service, line.replica if line.several else 0
        name = self._names.get(whose)
        if name is None:
            number = f"/{line.replica}" if line.several else ""
            name = self._names[whose] = f"{show(line.service)}{number}"
            if self.following:
                self._rename()
        self._next += 2
        return read(line, self._next, name)

    def _rename(self) -> None:
        self.services = tuple(sorted(self._names.values()))
        self.version += 1

    def _choose(self, choice: LogFilter) -> None:
        self.choice, self._test = choice, choice.test()
        self._rebuild()
        if self._held is not None:
            last = self._held[-1].number if self._held else 0
            self.new = sum(row.number > last for row in self._wanted(self._ring))

    def _wanted(self, rows: Iterable[LogRow]) -> Iterable[LogRow]:
        return rows if self._test is None else filter(self._test, rows)

    def _renew(self) -> None:
        self.new = 0
        self._rename()
        self._rebuild()

    def _rebuild(self) -> None:
        self.shown = deque(self._wanted(self.kept))
        self._hits = deque(self._hits_in(self.shown))
        self.version += 1

    def _hits_in(self, rows: Iterable[LogRow]) -> Iterable[int]:
        if not self.sought:
            return ()
        find = pattern(self.sought).search
        return [row.number for row in rows if find(row.text) and not row.mark]

    def _forget_fallen(self) -> None:
        oldest = self._ring[0].number if self._ring else 0
        while self.shown and self.shown[0].number < oldest:
            self.shown.popleft()
        while self._hits and self._hits[0] < oldest:
            self._hits.popleft()


def _marked(rows: Sequence[LogRow], mark: LogRow) -> Iterable[LogRow]:
    place = bisect_left(rows, mark.number, key=lambda row: row.number)
    there = place < len(rows) and rows[place].number == mark.number
    return [
        *islice(rows, place),
        *(() if there else (mark,)),
        *islice(rows, place + there, None),
    ]
