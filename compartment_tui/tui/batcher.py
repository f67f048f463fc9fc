"""Batches of what arrives faster than the eye can follow, told a few times a second."""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

Batch = TypeVar("Batch")
Item = TypeVar("Item")


class Newest(Generic[Item]):
    """The newest items, as many as the limit, and how many older ones were dropped for them."""

    def __init__(self, limit: int) -> None:
        self.items: deque[Item] = deque(maxlen=limit)
        self.dropped = 0
        self._limit = limit

    def add(self, items: Sequence[Item], dropped: int = 0) -> None:
        """More of them, the oldest first; `dropped` never came here."""
        self.dropped += dropped + max(0, len(self.items) + len(items) - self._limit)
        self.items.extend(items)


class Batcher(Generic[Batch]):
    """Tells in a thread of its own what others put into a batch, never more often than the pause.

    Something put is told at once where nothing was told lately, `settle` seconds later where
    others are expected to join it.
    """

    def __init__(
        self,
        new: Callable[[], Batch],
        tell: Callable[[Batch], object],
        *,
        pause: float,
        settle: float = 0,
    ) -> None:
        self._new = new
        self._tell = tell
        self._pause = pause
        self._settle = settle
        self._waiting: Batch | None = None
        self._changed = threading.Condition()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._flush, daemon=True)
        self._thread.start()

    def put(self, add: Callable[[Batch, Item], object], item: Item) -> None:
        """Add an item to the batch that is told next; nothing once it is closed."""
        with self._changed:
            if self._waiting is None:
                if self._closed.is_set():
                    return
                self._waiting = self._new()
                self._changed.notify()
            add(self._waiting, item)

    def finish(self) -> None:
        """Close it; what waits is told before this returns."""
        with self._changed:
            self._closed.set()
            self._changed.notify()
        self._thread.join()

    def close(self) -> None:
        """Close it; what waits is told no more."""
        with self._changed:
            self._closed.set()
            self._waiting = None
            self._changed.notify()

    def _flush(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting is not None or self._closed.is_set())
            self._closed.wait(self._settle)
            with self._changed:
                batch, self._waiting = self._waiting, None
            if batch is None:
                return
            self._tell(batch)
            self._closed.wait(self._pause)
