"""Feeds that another thread can end."""

import threading
from collections import deque
from collections.abc import Callable, Iterable
from typing import Generic, Self, TypeVar

T = TypeVar("T")


class MemoryFeed(Generic[T]):
    """What was pushed, in order; a read blocks until there is more or the feed has ended."""

    def __init__(
        self, items: Iterable[T] = (), *, on_close: Callable[["MemoryFeed[T]"], None] | None = None
    ) -> None:
        self._waiting = deque(items)
        self._ended = False
        self._changed = threading.Condition()
        self._on_close = on_close

    def push(self, item: T) -> None:
        """Add one more; nothing when it has ended."""
        with self._changed:
            if self._ended:
                return
            self._waiting.append(item)
            self._changed.notify_all()

    def end(self) -> None:
        """Nothing follows; what is still waiting can be read."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def close(self) -> None:
        """Give up what is still waiting, too."""
        with self._changed:
            self._waiting.clear()
        self.end()
        on_close, self._on_close = self._on_close, None
        if on_close is not None:
            on_close(self)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> T:
        with self._changed:
            while not self._waiting:
                if self._ended:
                    raise StopIteration
                self._changed.wait()
            return self._waiting.popleft()
