"""Endless feeds, read in threads of their own, told in batches, and ended when asked."""

import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Generic

from compartment_tui.domain.deployment import Sample
from compartment_tui.domain.errors import expected
from compartment_tui.ports import EngineEvent, Feed, LogLine, World
from compartment_tui.tui.batcher import Batcher, Item, Newest
from compartment_tui.tui.state.app_state import Replica

BATCH_PAUSE = 0.1
"""Seconds between two batches of lines: ten a second are as many as an eye needs."""
WAITING_LIMIT = 20_000
"""Lines that may wait for the next batch."""
SECOND = 1.0
"""Samples and events are told once a second."""
LISTEN_AGAIN = 2.0
"""Seconds until events are asked for again, after the engine was away: others say that it is."""


class FeedReader(Generic[Item]):
    """Reads a feed in a thread until it ends or is closed; with `again`, opens it once more then.

    `ended` is told why it ended: an exception, or None.
    """

    def __init__(
        self,
        open_feed: Callable[[], Feed[Item]],
        take: Callable[[Item], object],
        *,
        ended: Callable[[Exception | None], object] = lambda _: None,
        again: float | None = None,
    ) -> None:
        self._open = open_feed
        self._take = take
        self._ended = ended
        self._again = again
        self._feed: Feed[Item] | None = None
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    @property
    def over(self) -> bool:
        """Whether nothing comes any more."""
        return not self._thread.is_alive()

    def close(self) -> None:
        self._closed.set()
        if self._feed is not None:
            self._feed.close()

    def _work(self) -> None:
        while True:
            self._ended(self._read())
            if self._again is None or self._closed.wait(self._again):
                return

    def _read(self) -> Exception | None:
        try:
            self._feed = feed = self._open()
            if self._closed.is_set():
                feed.close()
            for item in feed:
                self._take(item)
        except Exception as raised:
            return raised
        return None


class LogBatch(Newest[LogLine]):
    """Lines that wait, and why none will follow."""

    def __init__(self) -> None:
        super().__init__(WAITING_LIMIT)
        self.ended = ""

    def end(self, reason: str) -> None:
        self.ended = reason


class LogStream:
    """Tells the lines of a log, and at last why it ended: `end` where nothing went wrong."""

    def __init__(
        self,
        open_feed: Callable[[], Feed[LogLine]],
        tell: Callable[[LogBatch], object],
        end: str = "the stream ended",
    ) -> None:
        self._end = end
        self._batcher = Batcher(LogBatch, tell, pause=BATCH_PAUSE)
        self._reader = FeedReader(open_feed, self._take, ended=self._finish)

    def close(self) -> None:
        """Nothing is told any more."""
        self._batcher.close()
        self._reader.close()

    def _take(self, line: LogLine) -> None:
        self._batcher.put(LogBatch.add, (line,))

    def _finish(self, raised: Exception | None) -> None:
        reason = expected(raised).message if raised else self._end
        self._batcher.put(LogBatch.end, reason)
        self._batcher.finish()


class SampleWatcher:
    """One stats stream per watched replica; the newest samples are told once a second.

    `at` tells where an environment is.
    """

    def __init__(
        self, at: Callable[[str], World], tell: Callable[[Mapping[Replica, Sample]], object]
    ) -> None:
        self._at = at
        self._readers: dict[Replica, FeedReader[Sample]] = {}
        settle = BATCH_PAUSE  # the streams tick together: let all of them arrive
        self._batcher: Batcher[dict[Replica, Sample]] = Batcher(
            dict, tell, pause=SECOND - settle, settle=settle
        )

    def watch(self, environment: str, replicas: Sequence[Replica]) -> None:
        """Watch exactly these; one whose stream ended by itself is asked for again."""
        readers = {name: reader for name, reader in self._readers.items() if not reader.over}
        for gone in readers.keys() - set(replicas):
            readers.pop(gone).close()
        for new in set(replicas) - readers.keys():
            readers[new] = FeedReader(
                partial(self._open, environment, new), partial(self._take, new)
            )
        self._readers = readers

    def close(self) -> None:
        self.watch("", ())
        self._batcher.close()

    def _open(self, environment: str, replica: Replica) -> Feed[Sample]:
        deployment, number = replica
        return self._at(environment).engine.stats(deployment, replica=number)

    def _take(self, replica: Replica, sample: Sample) -> None:
        self._batcher.put(dict.update, {replica: sample})


class EventWatcher:
    """Names the environments on one engine in which something happened, at most once a second each.

    `turned` is told when the engine went away, and when it is back.
    """

    def __init__(
        self,
        at: Callable[[], World],
        tell: Callable[[set[str]], object],
        turned: Callable[[bool], object],
    ) -> None:
        self._at = at
        self._turned = turned
        self._lost = False
        self._batcher: Batcher[set[str]] = Batcher(set, tell, pause=SECOND)
        self._reader = FeedReader(self._open, self._take, ended=self._end, again=LISTEN_AGAIN)

    def close(self) -> None:
        self._lost = True
        self._batcher.close()
        self._reader.close()

    def _open(self) -> Feed[EngineEvent]:
        world = self._at()
        feed = world.engine.events(world.project.config().name)
        if self._lost:
            self._lost = False
            self._turned(True)
        return feed

    def _end(self, _: Exception | None) -> None:
        if not self._lost:
            self._lost = True
            self._turned(False)

    def _take(self, event: EngineEvent) -> None:
        if event.key is not None:
            self._batcher.put(set.add, event.key.environment)
