"""A job's events, gathered for a screen: told soon, never more often than the eye needs."""

import threading
from collections import deque
from collections.abc import Callable

from compartment_tui.domain.events import Event
from compartment_tui.present.timeline import Timeline, fold
from compartment_tui.tui.runs.run_output import output_lines
from compartment_tui.tui.state.job_output import WAITING_LIMIT, OutputLine

PAUSE = 0.05
"""Seconds between two tellings."""

Tell = Callable[[Timeline, tuple[OutputLine, ...], int], None]


class JobCancel:
    """`Cancel` of one job: the key that asks to stop counts up."""

    def __init__(self) -> None:
        self.requests = 0


class EventBatcher:
    """Folds events in the job's thread and tells of them in another, until it is closed."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._timeline = Timeline()
        self._waiting: deque[OutputLine] = deque()
        self._dropped = 0
        self._stirred = False
        self._changed = threading.Condition()
        self._closed = threading.Event()
        self._teller = threading.Thread(target=self._flush, daemon=True)
        self._teller.start()

    def take(self, event: Event) -> None:
        """One more event; it is told within the pause, also when no other follows for long."""
        with self._changed:
            self._timeline = fold(self._timeline, event)
            self._waiting.extend(output_lines(self._timeline, event))
            while len(self._waiting) > WAITING_LIMIT:
                self._waiting.popleft()
                self._dropped += 1
            self._stirred = True
            self._changed.notify_all()

    def close(self) -> Timeline:
        """Tell what is left; the timeline as it is at the end."""
        self._closed.set()
        with self._changed:
            self._changed.notify_all()
        self._teller.join()
        return self._timeline

    def _flush(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._stirred or self._closed.is_set())
                stirred, self._stirred = self._stirred, False
                news = (self._timeline, tuple(self._waiting), self._dropped)
                self._waiting.clear()
                self._dropped = 0
            if stirred:
                self._tell(*news)
            elif self._closed.is_set():
                return
            self._closed.wait(PAUSE)
