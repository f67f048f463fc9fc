"""The plan of `scale`: how many replicas of what is live are to run, and what the record keeps."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from compartment_tui.domain.config import MOST_REPLICAS, ProjectConfig
from compartment_tui.domain.deployment import Deployment, EnvironmentRecord, Instance, ScaledByHand
from compartment_tui.domain.errors import Refused, UsageProblem
from compartment_tui.domain.names import show
from compartment_tui.domain.planning.lifecycle import (
    LifecyclePlan,
    LifecycleStep,
    LifecycleVerb,
    live_services,
    stranded_refusal,
)
from compartment_tui.domain.planning.rollback_targets import spec_of
from compartment_tui.domain.routes import RouteTable
from compartment_tui.domain.shell_quotes import option_for


def plan_scale(
    record: EnvironmentRecord,
    instances: Iterable[Instance],
    table: RouteTable,
    replicas: Mapping[str, int],
    config: ProjectConfig,
) -> LifecyclePlan:
    """So many replicas of each service named.

    Raises NotFound (one is not live), UsageProblem (no such number), Refused (only one of it can
    run, it was stopped by hand, its machine is lost).
    """
    for service, number in replicas.items():
        _refuse_number(record, service, number)
    order = [spec.name for spec in config.services]
    rows = []
    for active, instance in live_services(record, instances, services=tuple(replicas), order=order):
        wanted = replicas[active.service]
        if not instance.can_start:
            raise stranded_refusal(active, record.key)
        _refuse_scaling(record, active, wanted)
        file = config.replicas_of(record.key.environment, active.service)
        shared = {route.replicas for route in table.routes if route.deployment == active.id}
        settled = active.replicas == len(instance.replicas) == wanted
        settled = settled and active.containers in ((), instance.containers)
        runs = settled and instance.all_running and shared <= {wanted}
        said = record.wanted_replicas(active.service, file) == wanted
        rows.append(
            LifecycleStep(
                active=active,
                running=instance.any_running,
                acts=not (runs and said),
                why=f"{counted(wanted)} already" if runs and said else "",
                replicas=wanted,
                before=max(shared, default=active.replicas),
                file=file,
            )
        )
    return LifecyclePlan(key=record.key, verb=LifecycleVerb.SCALE, services=tuple(rows))


def counted(replicas: int) -> str:
    """`3 replicas`."""
    return f"{replicas} replica{'' if replicas == 1 else 's'}"


def scaled(record: EnvironmentRecord, steps: Sequence[LifecycleStep]) -> EnvironmentRecord:
    """So many replicas are wanted of what is live, until the file says otherwise."""
    scales = dict(record.scales)
    for step in steps:
        active = record.deployments[record.active[step.service]]
        record = record.with_deployment(replace(active, replicas=step.replicas))
        scales.pop(step.service, None)
        if step.replicas != step.file:
            scales[step.service] = ScaledByHand(replicas=step.replicas, file=step.file)
    return replace(record, scales=scales)


def _refuse_number(record: EnvironmentRecord, service: str, number: int) -> None:
    if number == 0:
        where = option_for(record.key.environment)
        raise UsageProblem(
            f"{show(service)} cannot have 0 replicas",
            hint=f"`compartment-tui stop -s {service}{where}` stops it until `start`",
        )
    if not 1 <= number <= MOST_REPLICAS:
        raise UsageProblem(
            f"{show(service)} cannot have {number} replicas", hint=f"use 1 to {MOST_REPLICAS}"
        )


def _refuse_scaling(record: EnvironmentRecord, active: Deployment, wanted: int) -> None:
    spec = spec_of(active)
    if wanted > 1 and spec.alone:
        raise Refused(f"only one of {show(active.service)} can run: {spec.alone}")
    if active.resting:
        where = option_for(record.key.environment)
        raise Refused(
            f"{show(active.service)} was stopped by hand",
            hint=f"`compartment-tui start -s {active.service}{where}` comes first",
        )
