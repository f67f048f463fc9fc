"""The stop of tasks on their own machines: of a service to have none, which nobody calls any more.

A Swarm waits for two seconds before it asks a task to end, so that all machines stop leading to it.
Here nobody is led to it: the edge has other routes, and who was connected has been waited for.
"""

import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import timedelta

from compartment_tui.adapters.docker.resources.containers import end_all
from compartment_tui.adapters.docker.swarm.nodes import Nodes
from compartment_tui.adapters.docker.swarm.tasks import GOING, Task
from compartment_tui.domain.errors import CompartmentError


class TaskStop:
    """Asks each task to end as soon as the managers want it ended.

    A machine that cannot be reached leaves it to the Swarm: nobody waits for the way there.
    """

    def __init__(self, nodes: Nodes, graces: Mapping[str, timedelta]) -> None:
        """`graces` are those of the services, by id."""
        self._nodes = nodes
        self._graces = graces
        self._begun: set[str] = set()
        self.ended: set[str] = set()
        """The tasks of which nothing runs any more."""
        self.killed: set[str] = set()
        """The services of which one had to be killed."""

    def begin(self, tasks: Iterable[Task]) -> None:
        """Have those end that are to; returns at once."""
        for task in tasks:
            # Before they are to end the Swarm would start another one in its place.
            going = task.wanted in GOING and not task.over
            if not (going and task.container and task.service in self._graces):
                continue
            if task.id not in self._begun:
                self._begun.add(task.id)
                threading.Thread(target=self._end, args=(task,), daemon=True).start()

    def _end(self, task: Task) -> None:
        with suppress(CompartmentError):
            node = self._nodes.node(task.node)
            if node is None or not node.ready:
                return
            grace = self._graces[task.service]
            if end_all(self._nodes.client_of(node), {task.container: grace}):
                self.killed.add(task.service)
            self.ended.add(task.id)
