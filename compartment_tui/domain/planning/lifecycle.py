"""Plans of stop, start and restart: the step of each service that is live."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from compartment_tui.domain.claims import own_instances
from compartment_tui.domain.deployment import (
    Deployment,
    EnvironmentRecord,
    Instance,
    Stage,
    Status,
)
from compartment_tui.domain.errors import NotFound
from compartment_tui.domain.names import EnvironmentKey, show
from compartment_tui.domain.routes import RouteTable


class LifecycleVerb(StrEnum):
    """What can be done by hand to an active deployment without making another."""

    STOP = "stop"
    START = "start"
    RESTART = "restart"


@dataclass(frozen=True, slots=True, kw_only=True)
class LifecycleStep:
    """One service. `acts`: the verb changes something; else `why` says why not."""

    active: Deployment
    running: bool
    acts: bool
    why: str = ""

    @property
    def service(self) -> str:
        return self.active.service


@dataclass(frozen=True, slots=True, kw_only=True)
class LifecyclePlan:
    """What a verb does to one environment, in the order in which it does it."""

    key: EnvironmentKey
    verb: LifecycleVerb
    services: tuple[LifecycleStep, ...]

    @property
    def acting(self) -> tuple[LifecycleStep, ...]:
        return tuple(one for one in self.services if one.acts)


def plan_lifecycle(
    record: EnvironmentRecord,
    instances: Iterable[Instance],
    table: RouteTable,
    verb: LifecycleVerb,
    *,
    services: Sequence[str] = (),
    order: Sequence[str] = (),
) -> LifecyclePlan:
    """All that is live, or the services named; `order` is the project file's.

    Raises NotFound (nothing is live, that service is not, its container is gone).
    """
    here = own_instances(record, instances)
    positions = {name: position for position, name in enumerate(order)}
    live = sorted(record.active, key=lambda name: (positions.get(name, len(positions)), name))
    _refuse_unknown(record, live, services)
    chosen = [name for name in live if not services or name in services]
    rows = []
    for name in chosen:
        active = record.deployments[record.active[name]]
        instance = here.get(active.id)
        if instance is None:
            raise NotFound(
                f"the container of {show(name)} is gone",
                hint=f"`compartment-tui redeploy -s {name}` makes it again from its image",
            )
        out = table.answered_for(active.id)
        rows.append(_handled(active, instance, verb, out=out, named=bool(services)))
    return LifecyclePlan(key=record.key, verb=verb, services=tuple(rows))


def _refuse_unknown(
    record: EnvironmentRecord, live: Sequence[str], services: Sequence[str]
) -> None:
    where = show(record.key.environment)
    if not live:
        raise NotFound(f"nothing is live in {where}", hint="`compartment-tui deploy` does it")
    for name in services:
        if name not in live:
            raise NotFound(
                f"{show(name)} is not live in {where}", hint=f"there are: {', '.join(live)}"
            )


def _handled(
    active: Deployment, instance: Instance, verb: LifecycleVerb, *, out: bool, named: bool
) -> LifecycleStep:
    """`out`: the edge answers for it. What was interrupted half way is not done already."""
    running = instance.running
    acts, why = True, ""
    if verb is LifecycleVerb.STOP and active.resting and not running:
        acts, why = False, "stopped already"
    elif verb is LifecycleVerb.START and running and not active.resting and not out:
        acts, why = False, "runs already"
    elif verb is LifecycleVerb.RESTART and active.resting and not named:
        # Whoever stopped it by hand did not mean it to come back with all the others.
        acts, why = False, "stopped by hand"
    return LifecycleStep(active=active, running=running, acts=acts, why=why)


def mark_stopped(record: EnvironmentRecord, services: Iterable[str]) -> EnvironmentRecord:
    """These active deployments were stopped by hand: they stay active, and do not run."""
    return _at(record, services, Status.STOPPED, Stage.STOPPED)


def mark_started(record: EnvironmentRecord, services: Iterable[str]) -> EnvironmentRecord:
    """These active deployments run again, as they did."""
    return _at(record, services, Status.SUCCEEDED, Stage.ACTIVE)


def _at(
    record: EnvironmentRecord, services: Iterable[str], status: Status, stage: Stage
) -> EnvironmentRecord:
    for name in services:
        active = record.deployments[record.active[name]]
        record = record.with_deployment(replace(active, status=status, stage=stage))
    return record
