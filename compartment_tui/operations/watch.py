"""Status, again and again, whenever the engine or the project file says that something happened."""

import threading
from collections.abc import Iterator, Sequence
from datetime import timedelta

from compartment_tui.domain.errors import CompartmentError
from compartment_tui.domain.views import EnvironmentStatus
from compartment_tui.operations.status import status
from compartment_tui.ports import EngineEvent, Feed, World

GATHER = timedelta(milliseconds=100)
"""Events come in bursts: look once for all that come within this."""
LONGEST_WAIT = timedelta(seconds=15)
"""Ages grow, and an edge can change without an event: look this often in any case."""
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
        self._first = True

    def __iter__(self) -> Iterator[EnvironmentStatus]:
        return self

    def __next__(self) -> EnvironmentStatus:
        if self._first:
            self._first = False
            for listen in (self._hear_engine, self._hear_edits):
                threading.Thread(target=listen, daemon=True).start()
            return self._look()
        self._changed.wait(LONGEST_WAIT.total_seconds())
        self._closed.wait(GATHER.total_seconds())
        if self._closed.is_set():
            raise StopIteration
        self._changed.clear()
        return self._look()

    def _look(self) -> EnvironmentStatus:
        return status(self._world, environment=self._environment, services=self._services)

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
            self._changed.set()

    def _hear_engine(self) -> None:
        while not self._closed.is_set():
            try:
                project = self._world.project.config().name
                self._events = self._world.engine.events(project)
                self._changed.set()
                for _ in self._events:
                    self._changed.set()
            except CompartmentError:
                self._changed.set()
            self._closed.wait(BACK_OFF.total_seconds())
