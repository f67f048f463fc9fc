"""Tasks: what a Swarm makes of a service's replicas, as instances of its deployment."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from compartment_tui.adapters.docker.api import labels
from compartment_tui.adapters.docker.api.client import Client
from compartment_tui.adapters.docker.api.convert import born_of, moment
from compartment_tui.adapters.docker.api.errors import Missing
from compartment_tui.adapters.docker.swarm import services
from compartment_tui.adapters.docker.swarm.patience import Json, ask
from compartment_tui.domain.deployment import Instance, InstanceState
from compartment_tui.domain.names import active_name, container_name
from compartment_tui.domain.placement import Placement

RUNNING = "running"
PENDING = "pending"
OVER = frozenset(("complete", "shutdown", "failed", "rejected", "remove", "orphaned"))
DIED = frozenset(("complete", "failed", "rejected"))
"""How a task ends that nobody asked to end."""
_NEVER_RAN = frozenset(
    ("new", "pending", "assigned", "accepted", "preparing", "ready", "starting", "rejected")
)
_CURRENT = frozenset(("running", "ready", "accepted"))
"""What is wanted of a task that is not to end."""
GOING = frozenset(("shutdown", "remove"))
"""What is wanted of a task that is to end."""
_REMOVED = "remove"
"""What is wanted of one of a replica that was too many."""
_NOT_STARTED = "starting container failed"
"""How the engine begins to say why a container could not be started."""
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One attempt of the Swarm to have one replica run."""

    id: str
    service: str
    slot: int
    node: str
    """The node's id; empty before it is placed."""
    container: str
    state: str
    wanted: str
    error: str
    exit_code: int | None
    address: str | None
    created: datetime
    at: datetime | None
    """Since when it is in its state."""

    @property
    def running(self) -> bool:
        """Whether it runs, and is to."""
        return self.state == RUNNING == self.wanted

    @property
    def over(self) -> bool:
        """Whether nothing of it runs any more."""
        return self.state in OVER

    @property
    def ran(self) -> bool:
        """Whether it ever ran."""
        return bool(self.container) and self.state not in _NEVER_RAN

    @property
    def began(self) -> bool:
        """Whether its container ran: one that its machine could not start has another end."""
        return self.ran and not self.error.startswith(_NOT_STARTED)

    @property
    def died(self) -> bool:
        """Whether it ended by itself, or could not begin."""
        return self.state in DIED


def tasks_of(client: Client, ids: Iterable[str]) -> tuple[Task, ...]:
    """All tasks that the managers still know of these services; oldest first."""
    wanted = list(ids)
    if not wanted:
        return ()
    query = {"filters": json.dumps({"service": wanted})}
    try:
        found = ask(client, "GET", "/tasks", "list the tasks of services", query=query)
    except Missing:
        return ()  # of a service that goes at this moment
    return tuple(sorted(map(task_of, found), key=lambda one: one.created))


def task_of(row: Json) -> Task:
    """A task as the engine's API has it."""
    status = row.get("Status") or {}
    container = status.get("ContainerStatus") or {}
    attached: list[Json] = row.get("NetworksAttachments") or [{}]
    addresses = attached[0].get("Addresses") or [""]
    return Task(
        id=row["ID"],
        service=row.get("ServiceID", ""),
        slot=int(row.get("Slot") or 0),
        node=row.get("NodeID", ""),
        container=container.get("ContainerID", ""),
        state=status.get("State", ""),
        wanted=row.get("DesiredState", ""),
        error=status.get("Err", ""),
        exit_code=container.get("ExitCode") if container.get("ContainerID") else None,
        address=addresses[0].partition("/")[0] or None,
        created=moment(row.get("CreatedAt", "")) or _LONG_AGO,
        at=moment(status.get("Timestamp", "")),
    )


def since(service: Json) -> datetime:
    """When the life of a service began that it is in."""
    return moment(services.marks_of(service).get(services.SINCE, "")) or _LONG_AGO


def in_this_life(service: Json, tasks: Iterable[Task]) -> tuple[Task, ...]:
    """Those of this service that were made since it was started last."""
    began = since(service)
    return tuple(one for one in tasks if one.service == service["ID"] and one.created >= began)


def newest(service: Json, tasks: Iterable[Task]) -> dict[int, Task]:
    """By the replica's number: what the Swarm does for it now, or did last.

    A replica's number is its slot; one whose slot is higher than there are replicas has a gap's.
    """
    last: dict[int, Task] = {}
    for one in in_this_life(service, tasks):
        if one.wanted in _CURRENT or one.slot not in last or last[one.slot].wanted not in _CURRENT:
            last[one.slot] = one
    scale = services.scale_of(service)
    if not scale:
        return last
    current = {slot: one for slot, one in last.items() if one.wanted in _CURRENT}
    gaps = [number for number in range(1, scale + 1) if number not in current]
    above = [one for slot, one in sorted(current.items()) if slot > scale]
    moved = dict(zip(gaps, above, strict=False))
    return {number: one for number, one in last.items() if number <= scale} | moved


def instance_of(service: Json, tasks: Iterable[Task], names: Mapping[str, str]) -> Instance | None:
    """A deployment with all its replicas; None when the service is none of ours.

    `names` has those of the nodes, by their ids: at least of all where a task is, or has to be.
    """
    marks, bound = services.marks_of(service), services.bound_to(service)
    born = born_of(marks)
    if born is None:
        return None
    first = Instance(
        **{**born, "number": 1},
        container=service["ID"],
        name=active_name(born["service"], born["key"])
        if services.ACTIVE in marks
        else container_name(born["service"], born["deployment"], born["key"]),
        image=marks.get(labels.IMAGE, ""),
        state=InstanceState.CREATED,
        one_name=True,
        stranded=bool(bound) and bound not in names,
    )
    own = in_this_life(service, tasks)
    current = newest(service, own)
    found = []
    for number in range(1, services.wanted_of(service) + 1):
        one = first if number == 1 else _further(first, number)
        found.append(_as_it_is(one, service, current.get(number), own, names))
    return replace(found[0], more=tuple(found[1:]))


def _further(first: Instance, number: int) -> Instance:
    name = container_name(first.service, first.deployment, first.key, number)
    return replace(first, number=number, name=name, container=f"{first.container}/{number}")


def _as_it_is(
    one: Instance,
    service: Json,
    task: Task | None,
    own: Iterable[Task],
    names: Mapping[str, str],
) -> Instance:
    """A replica with what its task says of it."""
    died = [done for done in own if task is not None and done.slot == task.slot and done.died]
    code = died[-1].exit_code if died else None
    if one.number > services.scale_of(service):
        ended = services.marks_of(service).get(services.LIFE) == services.STOPPED
        if not ended:
            return one
        done = task.at if task else moment(service.get("UpdatedAt", ""))
        exit_code = task.exit_code if task else None
        return replace(one, state=InstanceState.EXITED, exit_code=exit_code, finished=done)
    if task is None or not task.running:
        return replace(
            one,
            state=InstanceState.RESTARTING,
            exit_code=code,
            restarts=sum(done.ran for done in died),
            placement=placement_of(task, own, names),
        )
    return replace(
        one,
        state=InstanceState.RUNNING,
        node=names.get(task.node, task.node),
        address=task.address,
        started=task.at,
        restarts=sum(done.began for done in died),
    )


def placement_of(
    task: Task | None, own: Iterable[Task], names: Mapping[str, str]
) -> Placement | None:
    """How far the Swarm is with a replica that does not run.

    None of one that ended by itself and is started again: how it ended says it all.
    """
    if task is None:
        return Placement(state="new")
    before, tries = _attempts(task, own)
    told = [one for one in tries if one.error and (one is task or one.died)]
    told_by = told[-1] if told else task
    ended = before is not None and before.died
    if ended and not told:
        return None
    lost = before.node if before is not None and not ended else ""
    first = before.at if before is not None and ended else tries[0].created if tries else None
    return Placement(
        state=task.state,
        since=first,
        left=names.get(lost, lost),
        node=names.get(told_by.node, told_by.node) if tries else "",
        message=told_by.error if told else "",
    )


def _attempts(task: Task, own: Iterable[Task]) -> tuple[Task | None, list[Task]]:
    """The last one of its replica that ran, and those that came after it, up to this one."""
    before, tries = None, list[Task]()
    for one in own:
        if one.slot != task.slot or one.created > task.created or one.wanted == _REMOVED:
            continue
        if one.ran:
            before, tries = one, []
        else:
            tries.append(one)
    return before, tries
