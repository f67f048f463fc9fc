"""Plans of stop, start and restart: the step of each service that is live."""

from collections.abc import Iterable, Iterator, Sequence
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
from compartment_tui.domain.errors import NotFound, Refused
from compartment_tui.domain.names import EnvironmentKey, show
from compartment_tui.domain.placement import STRANDED, anew_hint
from compartment_tui.domain.routes import RouteTable


class LifecycleVerb(StrEnum):
    """What can be done by hand to an active deployment without making another."""

    STOP = "stop"
    START = "start"
    RESTART = "restart"
    SCALE = "scale"


@dataclass(frozen=True, slots=True, kw_only=True)
class LifecycleStep:
    """One service. `acts`: the verb changes something; else `why` says why not."""

    active: Deployment
    running: bool
    acts: bool
    why: str = ""
    stranded: bool = False
    """It would have to be started, and no machine can do that any more."""
    replicas: int = 0
    """How many of it are to run, where that is what the verb changes."""
    before: int = 0
    """How many serve until then."""
    file: int = 0
    """How many the file wants, then."""

    @property
    def service(self) -> str:
        return self.active.service


@dataclass(frozen=True, slots=True, kw_only=True)
class LifecyclePlan:
    """What a verb does to one environment, in the order in which it does it."""

    key: EnvironmentKey
    verb: LifecycleVerb
    services: tuple[LifecycleStep, ...]
    engine: str = ""
    """Which of the file's engines it is on; empty: the docker command's."""

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

    Raises NotFound (nothing is live, that service is not, its container is gone), Refused (one that
    is named, or the only one there is to start, cannot be started).
    """
    rows = []
    for active, instance in live_services(record, instances, services=services, order=order):
        out = table.answered_for(active.id)
        rows.append(_handled(active, instance, verb, out=out, named=bool(services)))
    if services or not any(one.acts for one in rows):
        for one in rows:
            if one.stranded:
                raise stranded_refusal(one.active, record.key)
    return LifecyclePlan(key=record.key, verb=verb, services=tuple(rows))


def live_services(
    record: EnvironmentRecord,
    instances: Iterable[Instance],
    *,
    services: Sequence[str],
    order: Sequence[str],
) -> Iterator[tuple[Deployment, Instance]]:
    """What is live of these services, or of all, with its containers.

    Raises NotFound, as `plan_lifecycle`.
    """
    here = own_instances(record, instances)
    positions = {name: position for position, name in enumerate(order)}
    live = sorted(record.active, key=lambda name: (positions.get(name, len(positions)), name))
    _refuse_unknown(record, live, services)
    for name in live:
        if services and name not in services:
            continue
        active = record.deployments[record.active[name]]
        instance = here.get(active.id)
        if instance is None:
            raise NotFound(
                f"the container of {show(name)} is gone",
                hint=f"`compartment-tui redeploy -s {name}` makes it again from its image",
            )
        yield active, instance


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


def stranded_refusal(active: Deployment, key: EnvironmentKey) -> Refused:
    """What is live has to be started, and no machine can do that any more."""
    return Refused(
        f"{show(active.service)} cannot be started: {STRANDED}",
        hint=anew_hint(active.service, key.environment),
    )


def _handled(
    active: Deployment, instance: Instance, verb: LifecycleVerb, *, out: bool, named: bool
) -> LifecycleStep:
    """`out`: the edge answers for it. What was interrupted half way is not done already."""
    acts, why = True, ""
    stranded = verb is not LifecycleVerb.STOP and not instance.can_start
    if stranded:
        acts, why = False, f"{STRANDED}: {anew_hint(active.service, instance.key.environment)}"
    elif verb is LifecycleVerb.STOP and active.resting and instance.at_rest:
        acts, why = False, "stopped already"
    elif verb is LifecycleVerb.START and instance.all_running and not active.resting and not out:
        acts, why = False, "runs already"
    elif verb is LifecycleVerb.RESTART and active.resting and not named:
        # Whoever stopped it by hand did not mean it to come back with all the others.
        acts, why = False, "stopped by hand"
    return LifecycleStep(
        active=active, running=instance.any_running, acts=acts, why=why, stranded=stranded
    )


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
