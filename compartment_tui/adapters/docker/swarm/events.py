"""What happens in a Swarm: the home's own events; its tasks and machines, looked at each second."""

import queue
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Self

from compartment_tui.adapters.docker.api import labels
from compartment_tui.adapters.docker.api.convert import key_of
from compartment_tui.adapters.docker.swarm import services
from compartment_tui.adapters.docker.swarm.nodes import SwarmNode
from compartment_tui.adapters.docker.swarm.patience import Json
from compartment_tui.adapters.docker.swarm.tasks import RUNNING, Task, newest
from compartment_tui.domain.errors import CompartmentError
from compartment_tui.ports import EngineEvent, Feed

PAUSE_SECONDS = 1.0
"""The events of other machines' containers do not come here."""
DIE = "die"
Look = Callable[[], tuple[Iterable[Json], Iterable[Task], Iterable[SwarmNode]]]


class SwarmEvents:
    """A feed of both; one thread reads, any thread may close."""

    def __init__(self, home: Feed[EngineEvent], look: Look) -> None:
        self._home = home
        self._look = look
        self._arrived: queue.SimpleQueue[EngineEvent | CompartmentError | None]
        self._arrived = queue.SimpleQueue()
        self._closed = threading.Event()
        try:
            # What happens from now on is told.
            first = SwarmSight.of(*look())
        except CompartmentError:
            home.close()
            raise
        threading.Thread(target=self._follow_home, daemon=True).start()
        threading.Thread(target=self._follow_swarm, args=(first,), daemon=True).start()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> EngineEvent:
        """Raises EngineUnreachable when the connection breaks."""
        if self._closed.is_set():
            raise StopIteration
        found = self._arrived.get()
        if isinstance(found, CompartmentError):
            raise found
        if found is None or self._closed.is_set():
            raise StopIteration
        return found

    def close(self) -> None:
        """End it; a read that waits in another thread returns. Safe to repeat."""
        self._closed.set()
        self._arrived.put(None)
        self._home.close()

    def _follow_home(self) -> None:
        try:
            for event in self._home:
                self._arrived.put(event)
        except CompartmentError as error:
            self._arrived.put(error)
        else:
            self._arrived.put(None)

    def _follow_swarm(self, before: "SwarmSight") -> None:
        while not self._closed.wait(PAUSE_SECONDS):
            try:
                now = SwarmSight.of(*self._look())
            except CompartmentError as error:
                self._arrived.put(error)
                return
            for event in (*node_changes(now.nodes, before.known_nodes), *changes(now, before)):
                self._arrived.put(event)
            before = now


@dataclass(frozen=True, slots=True)
class TaskStep:
    """How far a task has come, in the words of containers' events, and whose it is."""

    service: str
    replica: int
    action: str
    at: datetime | None = None

    def event(self, marks: Mapping[str, str], action: str = "") -> EngineEvent:
        """What is told of it, or of its end."""
        return EngineEvent(
            at=self.at or datetime.now(UTC),
            action=action or self.action,
            key=key_of(marks),
            service=marks.get(labels.SERVICE, ""),
            deployment=marks.get(labels.DEPLOYMENT, ""),
            replica=self.replica,
        )


@dataclass(frozen=True, slots=True)
class SwarmSight:
    """What one look saw: labels by service, steps by task, machines."""

    marks: Mapping[str, Mapping[str, str]]
    steps: Mapping[str, TaskStep]
    nodes: tuple[SwarmNode, ...] = ()

    @classmethod
    def of(
        cls, found: Iterable[Json], tasks: Iterable[Task], nodes: Iterable[SwarmNode]
    ) -> "SwarmSight":
        """The answers of the managers as one."""
        found, tasks = tuple(found), tuple(tasks)
        numbers = {
            task.id: number for service in found for number, task in newest(service, tasks).items()
        }
        steps = {one.id: step_of(one, numbers.get(one.id, max(one.slot, 1))) for one in tasks}
        return cls({one["ID"]: services.marks_of(one) for one in found}, steps, tuple(nodes))

    @property
    def known_nodes(self) -> dict[str, tuple[str, str]]:
        """State and availability, by id."""
        return {one.id: (one.state, one.availability) for one in self.nodes}


def node_changes(
    nodes: Iterable[SwarmNode], before: Mapping[str, tuple[str, str]]
) -> Iterator[EngineEvent]:
    """Which machines went away, came back, or are given tasks otherwise than they were."""
    for node in nodes:
        known = before.get(node.id)
        if known == (node.state, node.availability):
            continue
        back = node.ready and known is not None and known[0] != node.state
        yield EngineEvent(
            at=datetime.now(UTC),
            action="back" if back else "update" if node.ready else "away",
            key=None,
            service="",
            deployment="",
            node=node.name,
        )


def step_of(task: Task, replica: int) -> TaskStep:
    """How far a task has come; `replica` is whose it is."""
    action = "start" if task.state == RUNNING else DIE if task.over else "create"
    return TaskStep(task.service, replica, action, task.at)


def changes(now: SwarmSight, before: SwarmSight) -> Iterator[EngineEvent]:
    """What of these services is not as it was, in the words of containers' events."""
    for task, step in now.steps.items():
        known = before.steps.get(task)
        if step.service in now.marks and (known is None or known.action != step.action):
            yield step.event(now.marks[step.service])
    for service in before.marks.keys() - now.marks.keys():
        marks = before.marks[service]
        # Its tasks are forgotten with it.
        for step in before.steps.values():
            if step.service == service and step.action != DIE:
                yield replace(step, at=None).event(marks, DIE)
        yield TaskStep(service, 1, "destroy").event(marks)
