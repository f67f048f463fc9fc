"""Builds that were begun before anyone listens."""

import queue
import threading
from collections.abc import Generator
from typing import TypeAlias

from compartment_tui.domain.deployment import Image
from compartment_tui.ports import Cancel

Item: TypeAlias = str | Image | BaseException


class BuildStop:
    """`Cancel` that also ends by itself: when nobody waits for the build any more."""

    def __init__(self, cancel: Cancel) -> None:
        self._cancel = cancel
        self._stopped = False

    @property
    def requests(self) -> int:
        return self._cancel.requests or int(self._stopped)

    def now(self) -> None:
        self._stopped = True


class BackgroundBuild:
    """A build in a thread of its own; what it says waits to be read."""

    def __init__(self, build: Generator[str, None, Image]) -> None:
        self._build = build
        self._said: queue.SimpleQueue[Item] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def lines(self) -> Generator[str, None, Image]:
        """As the build itself: its lines, then its image. Raises what the build raised."""
        while True:
            item = self._said.get()
            if isinstance(item, BaseException):
                raise item
            if isinstance(item, Image):
                return item
            yield item

    def join(self) -> None:
        """Wait for its end."""
        self._thread.join()

    def _run(self) -> None:
        try:
            while True:
                self._said.put(next(self._build))
        except StopIteration as end:
            self._said.put(end.value)
        except BaseException as error:
            self._said.put(error)
