"""Logs of several services as one stream, which goes on when a container is replaced."""

import heapq
import queue
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from typing import TypeAlias

from compartment_tui.domain.errors import CompartmentError, InstanceGone
from compartment_tui.domain.names import EnvironmentKey, no_such_service
from compartment_tui.domain.planning.rollback_targets import find_deployment
from compartment_tui.operations.environment_record import key_and_config, visible_record
from compartment_tui.ports import EngineEvent, Feed, LogLine, World

QUEUE_LIMIT = 10_000
"""Lines that may wait to be read; a writer faster than the reader is held back, not dropped."""

Item: TypeAlias = LogLine | BaseException | None


def logs(
    world: World,
    *,
    environment: str,
    services: Sequence[str] = (),
    follow: bool = False,
    tail: int | None = None,
    since: datetime | None = None,
) -> Feed[LogLine]:
    """What the active deployments wrote, by time; `follow` goes on, whoever replaces them.

    A service with nothing active shows its newest container. Raises NotFound.
    """
    key, config = key_and_config(world, environment)
    wanted = _wanted(world, key, services, [spec.name for spec in config.services])
    if follow:
        return _Followed(world, key, services, wanted, tail=tail, since=since)
    feeds = [world.engine.logs(one, follow=False, tail=tail, since=since) for one in wanted]
    return _Merged(feeds)


def deployment_logs(
    world: World, *, environment: str, deployment: str, tail: int | None = None
) -> Feed[LogLine]:
    """What one deployment wrote, dead or alive.

    Raises NotFound, InstanceGone (its container went).
    """
    key, _ = key_and_config(world, environment)
    found = find_deployment(visible_record(world, key)[0], deployment)
    return world.engine.logs(found.id, follow=False, tail=tail, since=None)


def _wanted(
    world: World, key: EnvironmentKey, services: Sequence[str], declared: Sequence[str]
) -> list[str]:
    state, _ = visible_record(world, key)
    here = {one.deployment: one.service for one in world.engine.instances(key)}
    known = {*here.values(), *declared}
    for name in services:
        if name not in known:
            raise no_such_service(name, sorted(known))
    found = []
    for name in services or sorted(known):
        active = state.active.get(name)
        mine = sorted(id_ for id_, service in here.items() if service == name)
        if active in here:
            found.append(active)
        elif mine:
            found.append(mine[-1])
    return found


class _Merged:
    """Feeds that end, as one, by time."""

    def __init__(self, feeds: list[Feed[LogLine]]) -> None:
        self._feeds = feeds
        self._lines = heapq.merge(*feeds, key=lambda line: line.at)

    def __iter__(self) -> Iterator[LogLine]:
        return self

    def __next__(self) -> LogLine:
        return next(self._lines)

    def close(self) -> None:
        for feed in self._feeds:
            feed.close()


class _Followed:
    """One thread reads each container, and one listens for new containers of the same services."""

    def __init__(
        self,
        world: World,
        key: EnvironmentKey,
        services: Sequence[str],
        wanted: Sequence[str],
        *,
        tail: int | None,
        since: datetime | None,
    ) -> None:
        self._world, self._key, self._services = world, key, services
        self._lines: queue.Queue[Item] = queue.Queue(QUEUE_LIMIT)
        self._feeds: list[Feed[LogLine] | Feed[EngineEvent]] = []
        self._known: set[str] = set()
        self._closed = threading.Event()
        self._events = world.engine.events(key.project)
        self._feeds.append(self._events)
        for deployment in wanted:
            self._follow(deployment, tail=tail, since=since)
        self._start(self._listen)

    def __iter__(self) -> Iterator[LogLine]:
        return self

    def __next__(self) -> LogLine:
        item = self._lines.get()
        if item is None or self._closed.is_set():
            raise StopIteration
        if isinstance(item, BaseException):
            self.close()
            raise item
        return item

    def close(self) -> None:
        self._closed.set()
        for feed in tuple(self._feeds):
            feed.close()
        with suppress(queue.Full):
            self._lines.put_nowait(None)

    def _start(self, work: object, *args: object) -> None:
        threading.Thread(target=work, args=args, daemon=True).start()  # type: ignore[arg-type]

    def _follow(self, deployment: str, *, tail: int | None, since: datetime | None) -> None:
        if deployment in self._known:
            return
        self._known.add(deployment)
        with suppress(InstanceGone):
            feed = self._world.engine.logs(deployment, follow=True, tail=tail, since=since)
            self._feeds.append(feed)
            self._start(self._read, deployment, feed)

    def _read(self, deployment: str, feed: Feed[LogLine]) -> None:
        try:
            for line in feed:
                self._put(line)
        except InstanceGone:
            pass
        except CompartmentError as error:
            self._put(error)
        finally:
            # A container that is started again, by a rollback or by the engine, is followed again.
            self._known.discard(deployment)

    def _listen(self) -> None:
        try:
            for event in self._events:
                mine = event.key == self._key and event.action == "start"
                if mine and (not self._services or event.service in self._services):
                    self._follow(event.deployment, tail=None, since=event.at)
            error: CompartmentError | None = None
        except CompartmentError as lost:
            error = lost
        self._put(error)

    def _put(self, item: Item) -> None:
        while not self._closed.is_set():
            with suppress(queue.Full):
                self._lines.put(item, timeout=0.5)
                return
