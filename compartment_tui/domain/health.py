"""Health, always with a reason in words; of several replicas it is that of the worst."""

from collections.abc import Callable
from datetime import datetime, timedelta

from compartment_tui.domain.deployment import (
    Deployment,
    Health,
    Instance,
    InstanceState,
    Stage,
    Status,
)
from compartment_tui.domain.placement import STRANDED, PlacementKind, placement_words
from compartment_tui.domain.routes import RouteTable
from compartment_tui.domain.shell_quotes import option_for

RECENT = timedelta(minutes=5)
"""A restart this short ago still worries."""


def judge(
    *,
    active: Deployment | None,
    latest: Deployment | None,
    instance: Instance | None = None,
    table: RouteTable | None = None,
    edge_runs: bool = False,
    now: datetime | None = None,
    changing: bool = False,
) -> tuple[Health, str]:
    """How one service does. `now` is when the engine was asked; None when it could not be.

    While somebody is `changing` the environment, replicas may be missing, and new ones wait.
    """
    if active is None:
        return _never_live(latest)
    if now is None:
        return Health.PENDING, "not known while the engine is away"
    if instance is None:
        return Health.UNHEALTHY, "its container is gone"
    if active.resting:
        return Health.PENDING, _resting(instance)
    broken = _not_running(active, instance, now, changing=changing)
    wrong = broken or _cut_off(active, table, edge_runs=edge_runs)
    if wrong:
        return Health.UNHEALTHY, wrong
    mismatch = replica_mismatch(active, instance, table)
    if changing and (mismatch or not instance.all_running):
        serving = _serving(active, instance, table)
        return Health.PENDING, f"{serving} of {active.replicas} replicas serve"
    if mismatch:
        return Health.UNHEALTHY, ": ".join(mismatch)
    return _running(active, instance, now)


def judge_held(
    *,
    held: Deployment,
    instance: Instance | None,
    stop_first: bool,
    table: RouteTable,
    edge_runs: bool,
    now: datetime,
) -> tuple[Health, str]:
    """How a held candidate does."""
    if instance is None:
        return Health.UNHEALTHY, "held, but its container is gone: discard it"
    if not instance.can_start:
        return Health.UNHEALTHY, f"held, but {STRANDED}: discard it"
    if stop_first and not instance.any_running:
        return Health.PENDING, "held: promote stops the running one and starts it"
    broken = _not_running(held, instance, now)
    if broken:
        return Health.UNHEALTHY, f"held, but {broken}"
    if len(instance.replicas) < held.replicas:
        return Health.UNHEALTHY, f"held, but {_there(held, instance)}: discard it"
    if held.preview is not None and edge_runs and not table.leads_to(held.id, held.preview):
        return Health.UNHEALTHY, "held, but no route leads to its preview"
    health, reason = _running(held, instance, now)
    return health, f"held: {'proven, without traffic' if reason == 'running' else reason}"


def _never_live(latest: Deployment | None) -> tuple[Health, str]:
    if latest is None:
        return Health.PENDING, "not deployed"
    if latest.status is Status.FAILED:
        return Health.UNHEALTHY, f"never live: {latest.failure}"
    if latest.status is Status.RUNNING:
        return Health.PENDING, latest.stage.value.replace("_", " ")
    return Health.PENDING, "not live"


def _cut_off(active: Deployment, table: RouteTable | None, *, edge_runs: bool) -> str | None:
    """Why visitors do not get to it, though it runs."""
    if active.host is None:
        return None
    if not edge_runs:
        return "the edge does not run"
    if table is None or not table.leads_to(active.id):
        return "no route leads to it"
    if not table.public.hosts_of(active.host):
        return "none of its domains is served yet: `compartment-tui domain list` says why"
    if table.answered_for(active.id):
        return "its route says that it is stopped: start it, or stop it again"
    return None


def _resting(instance: Instance) -> str:
    """Of what was stopped by hand."""
    if not instance.can_start:
        return f"stopped: {STRANDED}"
    if not instance.any_running:
        return "stopped by hand"
    running, there = sum(one.running for one in instance.replicas), len(instance.replicas)
    what = f"{running} of its {there} replicas run" if there > 1 else "its container runs"
    return f"stopped by hand, and {what}: start it, or stop it again"


def replica_mismatch(
    active: Deployment, instance: Instance, table: RouteTable | None
) -> tuple[str, str] | None:
    """How the replicas, and those that the routes lead to, are others than wanted; the way on.

    One too many, which no route leads to, does nobody any harm.
    """
    where = option_for(instance.key.environment)
    scale = f"`compartment-tui scale {active.service}={active.replicas}{where}`"
    missing = active.replicas - len(instance.replicas)
    if missing > 0:
        others = "others" if missing > 1 else "other one"
        return _there(active, instance), f"{scale} makes the {others}"
    shared = _shared_among(active, table)
    if shared not in (None, active.replicas):
        fact = f"its routes lead to {shared} of {active.replicas} replicas"
        return fact, f"{scale} settles that"
    return None


def replica_surplus(active: Deployment, instance: Instance) -> tuple[str, str] | None:
    """That more replicas are there than wanted; the way on."""
    there, where = len(instance.replicas), option_for(instance.key.environment)
    if there <= active.replicas:
        return None
    scale = f"`compartment-tui scale {active.service}={active.replicas}{where}`"
    return (
        f"{there} replicas are there, and {active.replicas} wanted",
        f"{scale} takes the rest away",
    )


def _there(deployment: Deployment, instance: Instance) -> str:
    there = len(instance.replicas)
    return f"{there} of {deployment.replicas} replicas {'is' if there == 1 else 'are'} there"


def _shared_among(active: Deployment, table: RouteTable | None) -> int | None:
    """The replicas that the requests are shared out among; None without a route."""
    routes = () if table is None or active.host is None else table.routes
    numbers = {one.replicas for one in routes if one.deployment == active.id}
    return min(numbers - {active.replicas} or numbers, default=None)


def _serving(active: Deployment, instance: Instance, table: RouteTable | None) -> int:
    shared = _shared_among(active, table) or active.replicas
    return sum(one.running and one.number <= shared for one in instance.replicas)


def _not_running(
    deployment: Deployment, instance: Instance, now: datetime, *, changing: bool = False
) -> str:
    """What there is to say of replicas that do not run; empty when nothing is wrong.

    While somebody is `changing` it, those that are only made or placed are no trouble.
    """
    if not instance.can_start:
        return STRANDED
    looked_at = [one for one in instance.replicas if not (changing and _is_coming(one, instance))]
    placed = [one.placement for one in looked_at if one.placement is not None]
    of = max(deployment.replicas, len(instance.replicas))
    others = _numbered(deployment, instance, lambda one: _broken(one) if one in looked_at else None)
    return "; ".join(words for words in (placement_words(placed, of, now), others) if words)


def _is_coming(one: Instance, instance: Instance) -> bool:
    """Whether one that does not run is on its way for the first time."""
    if one.placement is not None:
        return one.placement.kind is PlacementKind.STARTING
    return one.state is InstanceState.CREATED and instance.any_running


def _numbered(
    deployment: Deployment, instance: Instance, look: Callable[[Instance], str | None]
) -> str | None:
    """What there is to say of its replicas, and of which: `replica 2 of 3: exited`."""
    of = max(deployment.replicas, len(instance.replicas))
    if of == 1:
        return look(instance)
    found: dict[str, list[int]] = {}
    for one in instance.replicas:
        if words := look(one):
            found.setdefault(words, []).append(one.number)
    return "; ".join(f"{_which(numbers)} of {of}: {words}" for words, numbers in found.items())


def _which(numbers: list[int]) -> str:
    """`replica 2`, `replicas 1, 2 and 4`."""
    if len(numbers) == 1:
        return f"replica {numbers[0]}"
    *head, last = map(str, numbers)
    return f"replicas {', '.join(head)} and {last}"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _broken(instance: Instance) -> str | None:
    if instance.placement is not None:
        return None  # told of all of them together
    code = "" if instance.exit_code is None else f" with code {instance.exit_code}"
    memory = ", out of memory" if instance.out_of_memory else ""
    match instance.state:
        case InstanceState.RUNNING:
            return None
        case InstanceState.RESTARTING:
            return f"restarting: it exited{code}{memory}, {_times(instance.restarts)} so far"
        case InstanceState.EXITED:
            return f"exited{code}{memory}"
        case InstanceState.PAUSED:
            return "paused"
        case InstanceState.CREATED:
            return "created, not started"


def _running(active: Deployment, instance: Instance, now: datetime) -> tuple[Health, str]:
    wrong = _numbered(active, instance, lambda one: _ailing(one, now))
    if wrong:
        return Health.UNHEALTHY, wrong
    if unanswered := _numbered(active, instance, _unanswered):
        return Health.PENDING, unanswered
    if active.stage is Stage.DRAINING_PREVIOUS:
        return Health.HEALTHY, "live; the previous one is draining"
    return Health.HEALTHY, "its HEALTHCHECK passes" if instance.checked else "running"


def _ailing(instance: Instance, now: datetime) -> str | None:
    """Why one that runs still worries."""
    if instance.checked is Health.UNHEALTHY:
        output = f": {instance.check_output}" if instance.check_output else ""
        return f"its HEALTHCHECK fails{output}"
    recent = instance.started is not None and now - instance.started < RECENT
    if not instance.restarts or not recent:
        return None
    last = "" if instance.restarts == 1 else "the last one "
    return f"restarted {_times(instance.restarts)}, {last}just now"


def _unanswered(instance: Instance) -> str | None:
    pending = instance.checked is Health.PENDING
    return "its HEALTHCHECK has not answered yet" if pending else None
