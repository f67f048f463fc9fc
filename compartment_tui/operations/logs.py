"""Logs of several services as one stream, which goes on when a container is replaced."""

import heapq
import queue
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeAlias

from compartment_tui.domain.claims import own_instances
from compartment_tui.domain.deployment import Instance
from compartment_tui.domain.errors import CompartmentError, InstanceGone
from compartment_tui.domain.names import EnvironmentKey, no_such_replica, no_such_service
from compartment_tui.domain.planning.rollback_targets import find_deployment
from compartment_tui.operations.engines import world_of
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
    replica: int | None = None,
    follow: bool = False,
    tail: int | None = None,
    since: datetime | None = None,
) -> Feed[LogLine]:
    """What the active deployments wrote, by time; `follow` goes on, whoever replaces them.

    Of all their replicas, or of the one with a number. A service with nothing active shows its
    newest container. Raises NotFound.
    """
    world = world_of(world, environment)
    key, config = key_and_config(world, environment)
    wanted = _wanted(world, key, services, [spec.name for spec in config.services])
    if replica is not None:
        _refuse_unknown_replica(replica, wanted, services)
    chosen = _Chosen(services=frozenset(services), replica=replica)
    if follow:
        return _Followed(world, key, chosen, wanted, tail=tail, since=since)
    return _merged(world, wanted, replica, tail=tail, since=since)


def deployment_logs(
    world: World,
    *,
    environment: str,
    deployment: str,
    replica: int | None = None,
    tail: int | None = None,
) -> Feed[LogLine]:
    """What one deployment wrote, dead or alive: all its replicas, or one.

    Raises NotFound, InstanceGone (its container went).
    """
    world = world_of(world, environment)
    key, _ = key_and_config(world, environment)
    found = find_deployment(visible_record(world, key)[0], deployment)
    instance = world.engine.instance(found.id)
    if instance is None:
        return world.engine.logs(found.id, follow=False, tail=tail, since=None)
    if replica is not None:
        _refuse_unknown_replica(replica, [instance], (f"{found.service} {found.id[-10:].lower()}",))
    return _merged(world, [instance], replica, tail=tail, since=None)


def _wanted(
    world: World, key: EnvironmentKey, services: Sequence[str], declared: Sequence[str]
) -> list[Instance]:
    state, _ = visible_record(world, key)
    here = own_instances(state, world.engine.instances(key))
    known = {*(one.service for one in here.values()), *declared}
    for name in services:
        if name not in known:
            raise no_such_service(name, sorted(known))
    found = []
    for name in services or sorted(known):
        active = here.get(state.active.get(name, ""))
        mine = sorted(id_ for id_, one in here.items() if one.service == name)
        if active is not None:
            found.append(active)
        elif mine:
            found.append(here[mine[-1]])
    return found


def _refuse_unknown_replica(
    replica: int, wanted: Sequence[Instance], services: Sequence[str]
) -> None:
    numbers = {one.number for instance in wanted for one in instance.replicas}
    if replica not in numbers:
        raise no_such_replica(replica, " or ".join(services) or "any service", numbers)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chosen:
    """Whose lines are wanted."""

    services: frozenset[str]
    """None: of all."""
    replica: int | None

    def has(self, service: str, number: int) -> bool:
        mine = not self.services or service in self.services
        return mine and self.replica in (None, number)


def _merged(
    world: World,
    wanted: Sequence[Instance],
    replica: int | None,
    *,
    tail: int | None,
    since: datetime | None,
) -> Feed[LogLine]:
    feeds: list[Feed[LogLine]] = []
    alone = sum(len(instance.replicas) for instance in wanted) == 1
    for instance in wanted:
        several = len(instance.replicas) > 1
        for one in instance.replicas:
            if replica not in (None, one.number):
                continue
            # Of several one may go at any moment: the others are there to be read.
            with suppress(*(() if alone else (InstanceGone,))):
                feed = world.engine.logs(
                    one.deployment, follow=False, tail=tail, since=since, replica=one.number
                )
                feeds.append(_Numbered(feed) if several else feed)
    return _Merged(feeds)


class _Numbered:
    """Lines of one replica of several."""

    def __init__(self, feed: Feed[LogLine]) -> None:
        self._feed = feed

    def __iter__(self) -> Iterator[LogLine]:
        return self

    def __next__(self) -> LogLine:
        return replace(next(self._feed), several=True)

    def close(self) -> None:
        self._feed.close()


class _Merged:
    """Feeds that end, as one, by time."""

    def __init__(self, feeds: list[Feed[LogLine]]) -> None:
        self._feeds = feeds
        lines: list[Iterator[LogLine]] = [*feeds]
        if len(feeds) > 1:
            lines = [_unread(feed, None) for feed in feeds]
        self._lines = heapq.merge(*lines, key=lambda line: line.at)

    def __iter__(self) -> Iterator[LogLine]:
        return self

    def __next__(self) -> LogLine:
        return next(self._lines)

    def close(self) -> None:
        for feed in self._feeds:
            feed.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mark:
    """How far the lines of a container were read."""

    at: datetime
    lines: int = 1
    """How many of that very moment."""


def _moved(mark: _Mark | None, line: LogLine) -> _Mark:
    same = mark is not None and mark.at == line.at
    return replace(mark, lines=mark.lines + 1) if mark and same else _Mark(at=line.at)


def _unread(lines: Iterable[LogLine], mark: _Mark | None) -> Iterator[LogLine]:
    """Those behind the mark; all that are still there."""
    again = mark.lines if mark else 0
    with suppress(InstanceGone):
        for line in lines:
            if mark is not None and line.at < mark.at:
                continue
            if mark is not None and line.at == mark.at and again:
                again -= 1
                continue
            yield line


class _Followed:
    """One thread reads each container, and one listens for new containers of the same services.

    What several have written already comes by time; from there on each line comes when it is read.
    """

    def __init__(
        self,
        world: World,
        key: EnvironmentKey,
        chosen: _Chosen,
        wanted: Sequence[Instance],
        *,
        tail: int | None,
        since: datetime | None,
    ) -> None:
        self._world, self._key, self._chosen = world, key, chosen
        self._lines: queue.Queue[Item] = queue.Queue(QUEUE_LIMIT)
        self._feeds: list[Feed[LogLine] | Feed[EngineEvent]] = []
        self._known: set[tuple[str, int]] = set()
        """Replicas that are read."""
        self._started: dict[tuple[str, int], datetime] = {}
        """Of those, who started again since: what was read of the run before may not have ended."""
        self._changing = threading.Lock()
        self._several: set[str] = set()
        """Deployments that have, or had, more than one replica."""
        self._closed = threading.Event()
        self._events = world.engine.events(key.project)
        self._feeds.append(self._events)
        self._several |= {instance.deployment for instance in wanted if instance.more}
        replicas = [
            (one.deployment, one.number)
            for instance in wanted
            for one in instance.replicas
            if chosen.has(one.service, one.number)
        ]
        if len(replicas) > 1 and tail != 0:
            self._known.update(replicas)
            self._start(self._catch_up, wanted, replicas, tail, since)
        else:
            for replica in replicas:
                self._follow(replica, tail=tail, since=since)
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

    def _catch_up(
        self,
        wanted: Sequence[Instance],
        replicas: Sequence[tuple[str, int]],
        tail: int | None,
        since: datetime | None,
    ) -> None:
        """Tell by time what they have written, then follow each from where that ends."""
        marks: dict[tuple[str, int], _Mark] = {}
        try:
            written = _merged(self._world, wanted, self._chosen.replica, tail=tail, since=since)
            self._feeds.append(written)
            for line in written:
                replica = (line.deployment, line.replica)
                marks[replica] = _moved(marks.get(replica), line)
                self._put(line)
            for replica in replicas:
                mark = marks.get(replica)
                self._open(replica, tail=None, since=mark.at if mark else since, mark=mark)
        except CompartmentError as error:
            self._put(error)

    def _follow(
        self, replica: tuple[str, int], *, tail: int | None, since: datetime | None
    ) -> None:
        with self._changing:
            if replica in self._known:
                if since is not None:
                    self._started[replica] = since
                return
            self._known.add(replica)
        self._open(replica, tail=tail, since=since)

    def _open(
        self,
        replica: tuple[str, int],
        *,
        tail: int | None,
        since: datetime | None,
        mark: _Mark | None = None,
    ) -> None:
        deployment, number = replica
        try:
            feed = self._world.engine.logs(
                deployment, follow=True, tail=tail, since=since, replica=number
            )
        except InstanceGone:
            self._ended(replica, mark)
            return
        self._feeds.append(feed)
        if self._closed.is_set():
            feed.close()
        self._start(self._read, replica, feed, mark)

    def _read(self, replica: tuple[str, int], feed: Feed[LogLine], mark: _Mark | None) -> None:
        try:
            for line in _unread(feed, mark):
                mark = _moved(mark, line)
                several = line.deployment in self._several
                self._put(replace(line, several=True) if several else line)
        except CompartmentError as error:
            self._put(error)
        finally:
            self._ended(replica, mark)

    def _ended(self, replica: tuple[str, int], mark: _Mark | None) -> None:
        """A container that is started again, by a rollback or by the engine, is followed again.

        It may have been told to start while what it wrote before was still read, up to the mark.
        """
        with self._changing:
            started = self._started.pop(replica, None)
            if started is None:
                self._known.discard(replica)
        if started is not None and not self._closed.is_set():
            try:
                self._open(replica, tail=None, since=started, mark=mark)
            except CompartmentError as error:
                self._put(error)

    def _listen(self) -> None:
        try:
            for event in self._events:
                if event.key != self._key:
                    continue
                if event.replica > 1:  # they are all made before the first is started
                    self._several.add(event.deployment)
                if event.action == "start" and self._chosen.has(event.service, event.replica):
                    replica = (event.deployment, event.replica)
                    self._follow(replica, tail=None, since=event.at)
            error: CompartmentError | None = None
        except CompartmentError as lost:
            error = lost
        self._put(error)

    def _put(self, item: Item) -> None:
        while not self._closed.is_set():
            with suppress(queue.Full):
                self._lines.put(item, timeout=0.5)
                return
