"""A pretended clock that passes by itself."""

import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from compartment_tui.adapters.memory.clock import FakeClock


class LiveClock(FakeClock):
    """A `FakeClock` until `follow`; from then on it goes as the real one does.

    What falls due happens in one thread of its own, which sleeps in between.
    """

    def __init__(self, start: datetime) -> None:
        super().__init__(start)
        self._ahead: timedelta | None = None
        """How far it is ahead of the machine's monotonic clock; None while it does not follow."""
        self._stopped = False
        self._news = threading.Condition(self._turn)

    def follow(self) -> None:
        """Go on by itself from here, until `stop`."""
        with self._turn:
            self._ahead = self._elapsed - _machine()
        threading.Thread(target=self._keep, name="pretended time", daemon=True).start()

    def stop(self) -> None:
        """Nothing falls due by itself any more."""
        with self._news:
            self._stopped = True
            self._news.notify_all()

    def now(self) -> datetime:
        return self._start + self.monotonic()

    def monotonic(self) -> timedelta:
        return self._elapsed if self._ahead is None else _machine() + self._ahead

    def sleep(self, pause: timedelta) -> None:
        if self._ahead is None:
            super().sleep(pause)
            return
        time.sleep(max(pause.total_seconds(), 0.0))
        self._catch_up()

    def call_in(self, delay: timedelta, happen: Callable[[], None]) -> None:
        # From the present, not from what happened last: a machine that slept for a night does not
        # make up for it line by line.
        with self._news:
            behind = self.monotonic() - self._elapsed
            super().call_in(behind + delay, happen)
            self._news.notify_all()

    def _catch_up(self) -> None:
        with self._turn:
            self.advance(self.monotonic() - self._elapsed)

    def _keep(self) -> None:
        while True:
            with self._news:
                if self._stopped:
                    return
                due = self._due[0][0] if self._due else None
                wait = None if due is None else (due - self.monotonic()).total_seconds()
                if wait is None or wait > 0:
                    self._news.wait(wait)
                    continue
            self._catch_up()


def _machine() -> timedelta:
    return timedelta(seconds=time.monotonic())
