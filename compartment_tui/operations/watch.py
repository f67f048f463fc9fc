"""Status, again and again, whenever the engine or the project file says that something happened."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from compartment_tui.domain.errors import CompartmentError
from compartment_tui.domain.views import EnvironmentStatus
from compartment_tui.operations.engines import world_of
from compartment_tui.operations.status import status
from compartment_tui.ports import EngineEvent, Feed, World

GATHER = timedelta(milliseconds=100)
"""Events come in bursts: look once for all that come within this."""
LONGEST_WAIT = timedelta(seconds=15)
"""Ages grow, and an edge can change without an event: look this often in any case."""
MOVING_WAIT = timedelta(seconds=1)
"""Seconds are told of what a Swarm is about to place."""
MOVING_FRESH = timedelta(minutes=1)
"""After so long minutes are told of it."""
BACK_OFF = timedelta(seconds=2)


def watch(world: World, *, environment: str, services: Sequence[str] = ()) -> "Watch":
    """The status at once, then after every change.

    A lost engine gives stale ones until it is back. A file that is broken while it is edited
    raises ProjectFileInvalid; the next look is had as before.
    """
    return Watch(world, environment, services)


class Watch:
    """See `watch`."""

    def __init__(self, world: World, environment: str, services: Sequence[str]) -> None:
        self._world, self._environment, self._services = world, environment, services
        self._changed = threading.Event()
        self._closed = threading.Event()
        self._events: Feed[EngineEvent] | None = None
        self._edits = world.project.changes()
        self._engine = ""
        """Which engine's events are heard."""
        self._longest_wait = LONGEST_WAIT
        self._first = True

    def __iter__(self) -> Iterator[EnvironmentStatus]:
        return self

    def __next__(self) -> EnvironmentStatus:
        if self._first:
            self._first = False
            for listen in (self._hear_engine, self._hear_edits):
                threading.Thread(target=listen, daemon=True).start()
            return self._look()
        self._changed.wait(self._longest_wait.total_seconds())
        self._closed.wait(GATHER.total_seconds())
        if self._closed.is_set():
            raise StopIteration
        self._changed.clear()
        return self._look()

    def _look(self) -> EnvironmentStatus:
        found = status(self._world, environment=self._environment, services=self._services)
        self._longest_wait = longest_wait(found, self._world.clock.now())
        return found

    def look_again(self) -> None:
        """Something happened that no event tells of."""
        self._changed.set()

    def close(self) -> None:
        self._closed.set()
        self._changed.set()
        self._edits.close()
        if self._events is not None:
            self._events.close()

    def _hear_edits(self) -> None:
        for _ in self._edits:
            with suppress(CompartmentError):  # the next look tells it
                moved = world_of(self._world, self._environment).engine_name != self._engine
                if moved and self._events is not None:
                    self._events.close()
            self._changed.set()

    def _hear_engine(self) -> None:
        while not self._closed.is_set():
            try:
                project = self._world.project.config().name
                world = world_of(self._world, self._environment)
                self._engine = world.engine_name
                self._events = world.engine.events(project)
                self._changed.set()
                for _ in self._events:
                    self._changed.set()
            except CompartmentError:
                self._changed.set()
            self._closed.wait(BACK_OFF.total_seconds())


def longest_wait(found: EnvironmentStatus, now: datetime) -> timedelta:
    """How long what was found may be shown as it is, while no event comes."""
    times = (one.placement.since for one in found.moving if one.placement is not None)
    fresh = any(at is not None and now - at < MOVING_FRESH for at in times)
    return MOVING_WAIT if fresh else LONGEST_WAIT
