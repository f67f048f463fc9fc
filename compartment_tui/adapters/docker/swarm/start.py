"""The start of a service's tasks: until all run, or the Swarm says why one does not."""

import time
from collections.abc import Callable
from datetime import datetime

from compartment_tui.adapters.docker.api.client import Client
from compartment_tui.adapters.docker.resources.containers import gone
from compartment_tui.adapters.docker.swarm import services
from compartment_tui.adapters.docker.swarm.patience import Json
from compartment_tui.adapters.docker.swarm.tasks import PENDING, Task, tasks_of
from compartment_tui.domain.errors import CandidateExited

PAUSE_SECONDS = 0.1
PENDING_SECONDS = 10.0
"""How long the Swarm may look for a machine that has room."""
START_SECONDS = 300.0
"""How long tasks may take to run; with a HEALTHCHECK that is to be healthy."""
TAIL_LINES = 20
_REJECTED = "rejected"
_LACKS = "no such image"
_ENDED = "task: non-zero exit ("


def await_running(
    client: Client,
    deployment: str,
    begun: datetime | None,
    *,
    written: "TaskTail",
    name_of: Callable[[str], str],
) -> Json:
    """Until as many tasks run as are wanted; the service.

    `begun` is by the managers' clock: what ended before that is no news. Without it that is what
    had ended at the first look. `name_of` gives the name of a node by its id. Raises
    CandidateExited, InstanceGone.
    """
    start = time.monotonic()
    ended: frozenset[str] | None = frozenset() if begun else None
    while True:
        service = services.find(client, deployment)
        if service is None:
            raise gone(deployment)
        tasks = tasks_of(client, [service["ID"]])
        if sum(one.running for one in tasks) >= services.scale_of(service):
            return service
        name = services.marks_of(service)["compartment.service"]
        if ended is None:
            ended = frozenset(one.id for one in tasks if one.over)
        new = [one for one in tasks if one.id not in ended and (not begun or one.created >= begun)]
        for task in new:
            if task.died:
                if task.state == _REJECTED:
                    raise _rejected(name, task, service, name_of(task.node))
                raise _died(_which(name, task, service), task, written)
        waited = time.monotonic() - start
        stuck = next((one for one in new if one.state == PENDING and one.error), None)
        if stuck is not None and waited > PENDING_SECONDS:
            raise _unplaced(name, stuck)
        if waited > START_SECONDS:
            raise CandidateExited(
                f"{name} did not come up within {START_SECONDS:g} s",
                hint="`docker service ps` tells what its tasks wait for",
            )
        time.sleep(PAUSE_SECONDS)


class TaskTail:
    """The last lines of a task, for whoever has to be told why it ended."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def of(self, task: Task) -> tuple[str, ...]:
        """Empty where there are none."""
        from compartment_tui.adapters.docker.swarm.task_logs import tail_of

        return tail_of(self._client, task, TAIL_LINES)


def _rejected(name: str, task: Task, service: Json, node: str) -> CandidateExited:
    image = services.image_of(service)
    # The machine's engine keeps to itself why it could not pull it.
    lacks = _LACKS in task.error.lower() and services.is_by_digest(image)
    return CandidateExited(
        f"{_which(name, task, service)} cannot be started on {node}: {task.error}",
        hint=f"`docker pull {image}` on {node} says why it cannot be pulled" if lacks else "",
    )


def _which(name: str, task: Task, service: Json) -> str:
    return f"replica {task.slot} of {name}" if services.wanted_of(service) > 1 else name


def _died(which: str, task: Task, written: TaskTail) -> CandidateExited:
    said = "" if not task.error or task.error.startswith(_ENDED) else f": {task.error}"
    code = "" if task.exit_code is None else f" with code {task.exit_code}"
    return CandidateExited(f"{which} exited{code} before it was ready{said}", tail=written.of(task))


def _unplaced(name: str, task: Task) -> CandidateExited:
    return CandidateExited(
        f"no machine of the Swarm takes {name}: {task.error}",
        hint="`compartment-tui node list` tells what is where; a limit of memory is set aside on"
        " the machine",
    )
