"""Endless feeds, made fit for a screen: gathered into batches, bounded, and ended when asked."""

import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence

from compartment_tui.domain.deployment import Sample
from compartment_tui.domain.errors import expected
from compartment_tui.ports import EngineEvent, Feed, LogLine, World

BATCH_PAUSE = 0.1
"""Seconds between two batches: ten looks a second are as many as an eye needs."""
WAITING_LIMIT = 20_000
"""Lines that may wait for the next batch; what is beyond is dropped, oldest first, and counted."""
LISTEN_AGAIN = 2.0
"""Seconds until events are asked for again, after the engine was away."""

TellLines = Callable[[tuple[LogLine, ...], int, str], None]


class LineBatcher:
    """Reads log lines in one thread and tells them in another, never more often than the pause."""

    def __init__(
        self, open_feed: Callable[[], Feed[LogLine]], tell: TellLines, end: str = "the stream ended"
    ) -> None:
        self._open = open_feed
        self._end = end
        self._tell = tell
        self._waiting: deque[LogLine] = deque()
        self._dropped = 0
        self._ended = ""
        self._feed: Feed[LogLine] | None = None
        self._changed = threading.Condition()
        self._closed = threading.Event()
        for work in (self._read, self._flush):
            threading.Thread(target=work, daemon=True).start()

    def close(self) -> None:
        """Nothing is told any more."""
        self._closed.set()
        with self._changed:
            self._changed.notify_all()
        if self._feed is not None:
            self._feed.close()

    def _read(self) -> None:
        try:
            self._feed = feed = self._open()
            if self._closed.is_set():
                feed.close()
            for line in feed:
                self._put(line)
            reason = self._end
        except Exception as raised:
            reason = expected(raised).message
        with self._changed:
            self._ended = reason
            self._changed.notify_all()

    def _put(self, line: LogLine) -> None:
        with self._changed:
            if len(self._waiting) >= WAITING_LIMIT:
                self._waiting.popleft()
                self._dropped += 1
            self._waiting.append(line)
            self._changed.notify_all()

    def _flush(self) -> None:
        while not self._closed.is_set():
            with self._changed:
                self._changed.wait_for(
                    lambda: self._waiting or self._ended or self._closed.is_set()
                )
                lines, dropped = tuple(self._waiting), self._dropped
                self._waiting.clear()
                self._dropped = 0
                ended = self._ended
            if self._closed.is_set():
                return
            self._tell(lines, dropped, ended)
            if ended:
                return
            self._closed.wait(BATCH_PAUSE)


class SampleBatcher:
    """One stats stream per watched deployment; the newest samples are told once a second."""

    def __init__(self, world: World, tell: Callable[[Mapping[str, Sample]], object]) -> None:
        self._world = world
        self._tell = tell
        self._feeds: dict[str, Feed[Sample]] = {}
        self._wanted: frozenset[str] = frozenset()
        self._newest: dict[str, Sample] = {}
        self._lock = threading.Lock()
        self._arrived = threading.Event()
        self._closed = threading.Event()
        self._flushing = False

    def watch(self, deployments: Sequence[str]) -> None:
        """Watch exactly these."""
        with self._lock:
            self._wanted = frozenset(deployments)
            gone = [self._feeds.pop(one) for one in self._feeds.keys() - self._wanted]
            new = self._wanted - self._feeds.keys()
            start = bool(new) and not self._flushing
            self._flushing = self._flushing or start
        for feed in gone:
            feed.close()
        for deployment in new:
            threading.Thread(target=self._read, args=(deployment,), daemon=True).start()
        if start:
            threading.Thread(target=self._flush, daemon=True).start()

    def close(self) -> None:
        self.watch(())
        self._closed.set()
        self._arrived.set()

    def _read(self, deployment: str) -> None:
        try:
            feed = self._world.engine.stats(deployment)
            with self._lock:
                if deployment not in self._wanted or deployment in self._feeds:
                    feed.close()
                    return
                self._feeds[deployment] = feed
            for sample in feed:
                with self._lock:
                    self._newest[deployment] = sample
                self._arrived.set()
        except Exception:  # noqa: S110
            pass  # it stopped: the status says so
        with self._lock:
            self._feeds.pop(deployment, None)

    def _flush(self) -> None:
        while not self._closed.is_set():
            self._arrived.wait()
            self._closed.wait(BATCH_PAUSE)  # the streams tick together: let all of them arrive
            self._arrived.clear()
            with self._lock:
                samples, self._newest = self._newest, {}
            if samples and not self._closed.is_set():
                self._tell(samples)
            self._closed.wait(1 - BATCH_PAUSE)


class EventWatcher:
    """Names the environments in which something happened, at most once a second each."""

    def __init__(self, world: World, tell: Callable[[str], object]) -> None:
        self._world = world
        self._tell = tell
        self._feed: Feed[EngineEvent] | None = None
        self._names: set[str] = set()
        self._stirred = threading.Condition()
        self._closed = threading.Event()

    def start(self) -> None:
        for work in (self._listen, self._flush):
            threading.Thread(target=work, daemon=True).start()

    def close(self) -> None:
        self._closed.set()
        with self._stirred:
            self._stirred.notify_all()
        if self._feed is not None:
            self._feed.close()

    def _listen(self) -> None:
        while not self._closed.is_set():
            try:
                project = self._world.project.config().name
                self._feed = feed = self._world.engine.events(project)
                if self._closed.is_set():
                    feed.close()
                for event in feed:
                    if event.key is not None:
                        with self._stirred:
                            self._names.add(event.key.environment)
                            self._stirred.notify_all()
            except Exception:  # noqa: S110
                pass  # whoever watches an environment says so
            self._closed.wait(LISTEN_AGAIN)

    def _flush(self) -> None:
        while not self._closed.is_set():
            with self._stirred:
                self._stirred.wait_for(lambda: self._names or self._closed.is_set())
                names, self._names = self._names, set()
            for name in sorted(names):
                if not self._closed.is_set():
                    self._tell(name)
            self._closed.wait(1)
