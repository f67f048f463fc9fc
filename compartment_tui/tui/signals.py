"""Requests to end that come from outside: a signal, or a terminal that was closed."""

import asyncio
import os
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Any

SIGNALS = (signal.SIGTERM, signal.SIGHUP)
GRACE = 10.0
"""Seconds that the application has for leaving in good order once nothing goes on any more: on a
busy machine it may need some, and a terminal that it does not put in order stays so."""
CANCELLED = 130


class SignalHandler:
    """Ends what goes on, then the application; whatever its screen and its event loop do meanwhile.

    A terminal that is gone takes no output, and then the event loop may wait for it for ever. So
    the jobs are told without it, and a thread sees to it that the process ends after them.
    """

    def __init__(self, tell: Callable[[int], None], busy: Callable[[], bool]) -> None:
        self._tell = tell
        self._busy = busy
        self._asked = 0
        self._over = threading.Event()
        self._before: dict[signal.Signals, Any] = {}

    def heed(self, then: Callable[[int], None]) -> None:
        """From now on signals count: `tell` is called at once, `then` in the event loop."""
        loop = asyncio.get_running_loop()

        def asked(_number: int, _frame: FrameType | None) -> None:
            self._asked += 1
            self._tell(self._asked)
            with suppress(RuntimeError):  # the loop is gone already: so is the application, soon
                loop.call_soon_threadsafe(then, self._asked)
            if self._asked == 1:
                threading.Thread(target=self._see_to_it, daemon=True).start()

        for number in SIGNALS:
            with suppress(ValueError):  # only the main thread has signals
                self._before[number] = signal.signal(number, asked)

    def over(self) -> None:
        """The application has ended by itself: signals mean again what they meant before."""
        self._over.set()
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _see_to_it(self) -> None:
        while self._busy():
            if self._over.wait(0.1):
                return
        if not self._over.wait(GRACE):
            os._exit(CANCELLED)
