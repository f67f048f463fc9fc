"""This machine: its clock, its user, and the signals by which a person asks to stop."""

import getpass
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import Any, Self

from compartment_tui.domain import names
from compartment_tui.ports import Cancel

WAKE_SECONDS = 0.05
"""How soon a sleeper notices a request to stop."""

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class SystemClock:
    """Real time. A sleep ends early when a person asks to stop while it lasts."""

    def __init__(self, cancel: Cancel) -> None:
        self._cancel = cancel

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> timedelta:
        return timedelta(seconds=time.monotonic())

    def sleep(self, pause: timedelta) -> None:
        # Only a request that comes during the sleep ends it: whoever goes on after the first one
        # still means its pauses.
        before = self._cancel.requests
        deadline = time.monotonic() + pause.total_seconds()
        while (left := deadline - time.monotonic()) > 0 and self._cancel.requests == before:
            time.sleep(min(left, WAKE_SECONDS))

    def new_id(self, prefix: str) -> str:
        return names.new_id(prefix, self.now(), os.urandom(10))


class SignalCancel:
    """Counts SIGINT, SIGTERM and SIGHUP while entered; afterwards they do what they did before.

    Enter it on the main thread. A signal that was ignored before (`nohup`) stays ignored.
    """

    def __init__(self) -> None:
        self._requests = 0
        self._before: dict[signal.Signals, Callable[[int, FrameType | None], Any] | int | None] = {}

    @property
    def requests(self) -> int:
        return self._requests

    def __enter__(self) -> Self:
        for number in STOP_SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._count)
        return self

    def __exit__(self, *_: object) -> None:
        while self._before:
            number, handler = self._before.popitem()
            # None: it was installed by something other than Python, which cannot be put back.
            signal.signal(number, signal.SIG_DFL if handler is None else handler)

    def _count(self, number: int, frame: FrameType | None) -> None:
        self._requests += 1


class FileChanges:
    """`Feed`: one item every time a file was written, however the editor replaces it."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._closed = threading.Event()
        self._batches: Iterator[object] | None = None

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> None:
        if self._batches is None:
            self._batches = self._watch()
        next(self._batches)

    def close(self) -> None:
        self._closed.set()

    def _watch(self) -> Iterator[object]:
        # Loaded only by those who stay and watch.
        from watchfiles import watch

        # The directory: many editors write a new file and rename it over the old one.
        return watch(
            self._file.parent,
            watch_filter=lambda _, path: Path(path).name == self._file.name,
            stop_event=self._closed,
            debounce=200,
            rust_timeout=500,
            recursive=False,
            raise_interrupt=False,
        )


def actor() -> str:
    """Who acts, as `user@host`."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a user id without a name, as in many containers
        user = str(os.getuid())
    return f"{user}@{socket.gethostname()}"
