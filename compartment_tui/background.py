"""Asking several things at once, or before the answer is wanted: an engine may be far away."""

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Background(Generic[T]):
    """A question on its way, in a thread of its own."""

    def __init__(self, ask: Callable[[], T]) -> None:
        self._ask = ask
        self._answer: list[T] = []
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def answer(self) -> T:
        """Wait for it. Raises what asking raised."""
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self._answer[0]

    def _run(self) -> None:
        try:
            self._answer.append(self._ask())
        except BaseException as error:
            self._error = error


FRESH_SECONDS = 2.0
"""How long an answer may wait for whoever wants it: a person may think about a question first."""


class EarlyQuestion(Generic[T]):
    """A question that may be asked before anybody waits for it; its answer is given once."""

    def __init__(self, ask: Callable[[], T]) -> None:
        self._ask = ask
        self._begun: tuple[float, Background[T]] | None = None

    def begin(self) -> None:
        """Ask it now, unless that was done just before. Returns at once."""
        if self._fresh() is None:
            self._begun = time.monotonic(), Background(self._ask)

    def answer(self) -> T:
        """What came of it, or of asking now. Raises what asking raised."""
        fresh, self._begun = self._fresh(), None
        return self._ask() if fresh is None else fresh.answer()

    def _fresh(self) -> Background[T] | None:
        if self._begun is None:
            return None
        at, begun = self._begun
        return begun if time.monotonic() - at < FRESH_SECONDS else None
