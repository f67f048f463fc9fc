"""Past runs and their deployments, also those in the archive."""

from collections.abc import Sequence
from dataclasses import replace

from compartment_tui.domain.claims import own_instances
from compartment_tui.domain.config import ProjectConfig
from compartment_tui.domain.deployment import Deployment, EnvironmentRecord, Instance, RunRecord
from compartment_tui.domain.detail_views import DeploymentView, RunView
from compartment_tui.domain.errors import RecordInvalid
from compartment_tui.domain.planning.rollback_targets import find_deployment
from compartment_tui.domain.variables.drift import drift
from compartment_tui.operations.engines import world_of
from compartment_tui.operations.environment_record import (
    key_and_config,
    record_of,
    refuse_unknown_services,
)
from compartment_tui.operations.status_rows import url, what_is_left
from compartment_tui.ports import World


def history(
    world: World, *, environment: str, services: Sequence[str] = (), limit: int = 20
) -> tuple[RunView, ...]:
    """The newest runs first, with the deployments they made or activated."""
    world = world_of(world, environment)
    key, config = key_and_config(world, environment)
    record = record_of(world, key)
    refuse_unknown_services(record, config, services)
    here = own_instances(record, world.engine.instances(key))
    wanted = _runs_of(record, services)
    if len(wanted) < limit:
        record = _with_archive(world, record)
        wanted = _runs_of(record, services)
    return tuple(
        RunView(
            run=run,
            deployments=tuple(
                deployment_view(world, config, record, record.deployments[id_], here)
                for service, id_ in {**run.deployments, **run.removed}.items()
                if id_ in record.deployments and (not services or service in services)
            ),
        )
        for run in wanted[:limit]
    )


def _runs_of(record: EnvironmentRecord, services: Sequence[str]) -> list[RunRecord]:
    """Newest first."""
    runs = sorted(record.runs, key=lambda run: run.id, reverse=True)
    return [run for run in runs if not services or _touched(run) & set(services)]


def _touched(run: RunRecord) -> set[str]:
    return {*run.deployments, *run.removed}


def _with_archive(world: World, record: EnvironmentRecord) -> EnvironmentRecord:
    """The record with the history that was put away from it, without spoilt files of it."""
    for old in world.records.archived(record.key):
        if isinstance(old, RecordInvalid):
            continue
        runs = {run.id: run for run in (*old.runs, *record.runs)}
        record = replace(
            record,
            deployments={**old.deployments, **record.deployments},
            runs=tuple(runs.values()),
        )
    return record


def deployment(world: World, *, environment: str, deployment: str) -> DeploymentView:
    """One deployment by its id, or the end of it. Raises NotFound."""
    world = world_of(world, environment)
    key, config = key_and_config(world, environment)
    record = record_of(world, key)
    found = find_deployment(record, deployment)
    instance = world.engine.instance(found.id)
    here = {found.id: instance} if instance else {}
    view = deployment_view(world, config, record, found, here)
    if config.service(found.service) is None:
        return view
    declared = config.environment(key.environment)
    marks = drift(declared, found.service, found, world.records.fingerprint_key())
    return replace(view, drift=marks)


def deployment_view(
    world: World,
    config: ProjectConfig,
    record: EnvironmentRecord,
    one: Deployment,
    here: dict[str, Instance],
) -> DeploymentView:
    """A deployment with what is left of it on the engine."""
    active = record.is_active(one.id)
    return DeploymentView(
        deployment=one,
        active=active,
        available=what_is_left(world, one, here.get(one.id)).value,
        instance=here.get(one.id),
        url=url(one.host, config) if active else None,
    )
