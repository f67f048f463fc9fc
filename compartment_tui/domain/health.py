"""Health, always with a reason in words."""

from datetime import datetime, timedelta

from compartment_tui.domain.deployment import (
    Deployment,
    Health,
    Instance,
    InstanceState,
    Stage,
    Status,
)
from compartment_tui.domain.routes import RouteTable

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
) -> tuple[Health, str]:
    """How one service does. `now` is when the engine was asked; None when it could not be."""
    if active is None:
        return _never_live(latest)
    if now is None:
        return Health.PENDING, "not known while the engine is away"
    if instance is None:
        return Health.UNHEALTHY, "its container is gone"
    if active.resting:
        half_way = "stopped by hand, and its container runs: start it, or stop it again"
        return Health.PENDING, half_way if instance.running else "stopped by hand"
    wrong = _broken(instance) or _cut_off(active, table, edge_runs=edge_runs)
    return (Health.UNHEALTHY, wrong) if wrong else _running(active, instance, now)


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
    if stop_first and not instance.running:
        return Health.PENDING, "held: promote stops the running one and starts it"
    broken = _broken(instance)
    if broken:
        return Health.UNHEALTHY, f"held, but {broken}"
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


def _broken(instance: Instance) -> str | None:
    code = "" if instance.exit_code is None else f" with code {instance.exit_code}"
    memory = ", out of memory" if instance.out_of_memory else ""
    match instance.state:
        case InstanceState.RUNNING:
            return None
        case InstanceState.RESTARTING:
            return f"restarting: it exited{code}{memory}, {instance.restarts} times so far"
        case InstanceState.EXITED:
            return f"exited{code}{memory}"
        case InstanceState.PAUSED:
            return "paused"
        case InstanceState.CREATED:
            return "created, not started"


def _running(active: Deployment, instance: Instance, now: datetime) -> tuple[Health, str]:
    if instance.checked is Health.UNHEALTHY:
        output = f": {instance.check_output}" if instance.check_output else ""
        return Health.UNHEALTHY, f"its HEALTHCHECK fails{output}"
    recent = instance.started is not None and now - instance.started < RECENT
    if instance.restarts and recent:
        return Health.UNHEALTHY, f"restarted {instance.restarts} times, the last one just now"
    if instance.checked is Health.PENDING:
        return Health.PENDING, "its HEALTHCHECK has not answered yet"
    if active.stage is Stage.DRAINING_PREVIOUS:
        return Health.HEALTHY, "live; the previous one is draining"
    return Health.HEALTHY, "its HEALTHCHECK passes" if instance.checked else "running"
