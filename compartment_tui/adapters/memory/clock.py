"""Time and cancelling under the control of whoever looks on."""

import hashlib
import heapq
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from compartment_tui.domain.names import new_id

BEGINNING = datetime(2026, 1, 1, 9, 0, tzinfo=UTC)


class FakeClock:
    """Time that passes only when somebody sleeps; what falls due meanwhile happens in its order.

    `pace` is how many real seconds one pretended second takes: 0 for tests, 1 for a demonstration.
    """

    def __init__(self, start: datetime = BEGINNING, *, pace: float = 0.0) -> None:
        self._start = start
        self._elapsed = timedelta()
        self._pace = pace
        self._calls = 0
        self._due: list[tuple[timedelta, int, Callable[[], None]]] = []
        self._ids = 0
        self.entropy: Callable[[int], bytes] = counted
        """Makes the chance in the n-th id; a larger n makes a larger one."""
        self._turn = threading.RLock()
        self._ids_turn = threading.RLock()

    def now(self) -> datetime:
        return self._start + self._elapsed

    def monotonic(self) -> timedelta:
        return self._elapsed

    def sleep(self, pause: timedelta) -> None:
        if self._pace and pause > timedelta():
            time.sleep(pause.total_seconds() * self._pace)
        self.advance(pause)

    def advance(self, pause: timedelta) -> None:
        """Let time pass at once, whatever the pace."""
        with self._turn:
            until = self._elapsed + max(pause, timedelta())
            while self._due and self._due[0][0] <= until:
                due, _, happen = heapq.heappop(self._due)
                self._elapsed = max(self._elapsed, due)
                happen()
            self._elapsed = max(self._elapsed, until)

    def call_in(self, delay: timedelta, happen: Callable[[], None]) -> None:
        """Let something happen when that much time has passed, not earlier than the next sleep."""
        with self._turn:
            self._calls += 1
            heapq.heappush(self._due, (self._elapsed + delay, self._calls, happen))

    def new_id(self, prefix: str) -> str:
        """Ids in the order in which they are asked for, the same in every process."""
        with self._ids_turn:
            self._ids += 1
            number = self._ids
        return new_id(prefix, self.now(), self.entropy(number))


def counted(number: int) -> bytes:
    """Ids that a person can tell apart in a transcript."""
    return number.to_bytes(10, "big")


def scattered(number: int) -> bytes:
    """Ids that look like real ones."""
    return number.to_bytes(3, "big") + hashlib.blake2b(counted(number), digest_size=7).digest()


class ManualCancel:
    """A person at the keyboard, as far as the core can tell."""

    def __init__(self) -> None:
        self.requests = 0

    def request(self) -> None:
        self.requests += 1
