"""The verbs that look around. None of them changes anything."""

from collections.abc import Sequence
from dataclasses import replace

from compartment_tui.domain.claims import own_instances
from compartment_tui.domain.config import ProjectConfig
from compartment_tui.domain.deployment import Deployment, EnvironmentRecord, Instance, RunRecord
from compartment_tui.domain.detail_views import DeploymentView, InspectView, RouteView, RunView
from compartment_tui.domain.errors import EngineUnreachable, NotFound
from compartment_tui.domain.names import alias, show
from compartment_tui.domain.outcome import Failure
from compartment_tui.domain.planning.rollback_targets import find_deployment, spec_of
from compartment_tui.domain.views import ServiceStatus
from compartment_tui.operations.doctor import doctor
from compartment_tui.operations.environment_record import key_and_config, record_of
from compartment_tui.operations.environments import declared_environments, environments
from compartment_tui.operations.logs import deployment_logs, logs
from compartment_tui.operations.status import status
from compartment_tui.operations.status_rows import drift, url, what_is_left
from compartment_tui.operations.watch import Watch, watch
from compartment_tui.ports import World

__all__ = [
    "Watch",
    "declared_environments",
    "deployment",
    "deployment_logs",
    "doctor",
    "environments",
    "execute",
    "history",
    "inspect_services",
    "logs",
    "routes",
    "status",
    "watch",
]


def inspect_services(
    world: World, *, environment: str, services: Sequence[str] = ()
) -> tuple[InspectView, ...]:
    """Everything about services: in the file, running, how they are reached, what was."""
    key, config = key_and_config(world, environment)
    now = status(world, environment=environment, services=services)
    if now.stale:
        away = now.away or Failure(code="", message="the Docker engine does not answer")
        raise EngineUnreachable(away.message, hint=away.hint or "`compartment-tui doctor`")
    record = record_of(world, key)
    here = own_instances(record, world.engine.instances(key))
    return tuple(_inspect(world, config, record, here, row) for row in now.services)


def _inspect(
    world: World,
    config: ProjectConfig,
    record: EnvironmentRecord,
    here: dict[str, Instance],
    row: ServiceStatus,
) -> InspectView:
    active = row.active
    port = active.port if active else None
    known = record.of_service(row.service)[:5]
    return InspectView(
        status=row,
        spec=config.service(row.service),
        running_spec=spec_of(active) if active else None,
        variables=tuple(sorted(active.fingerprints)) if active else (),
        upstream=f"http://{alias(active.id)}:{port}" if active and active.host else None,
        internal=f"http://{row.service}:{port}" if port else None,
        history=tuple(deployment_view(world, config, record, one, here) for one in known),
    )


def history(
    world: World, *, environment: str, services: Sequence[str] = (), limit: int = 20
) -> tuple[RunView, ...]:
    """The newest runs first, with the deployments they made or activated."""
    key, config = key_and_config(world, environment)
    record = record_of(world, key)
    _refuse_unknown(record, config, services)
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
    """The record with the history that was put away from it."""
    for old in world.records.archived(record.key):
        runs = {run.id: run for run in (*old.runs, *record.runs)}
        record = replace(
            record,
            deployments={**old.deployments, **record.deployments},
            runs=tuple(runs.values()),
        )
    return record


def _refuse_unknown(
    record: EnvironmentRecord, config: ProjectConfig, services: Sequence[str]
) -> None:
    known = {one.service for one in record.deployments.values()}
    known |= {spec.name for spec in config.services}
    for name in services:
        if name not in known:
            raise NotFound(f"there is no service {show(name)}", hint=f"there are: {sorted(known)}")


def deployment(world: World, *, environment: str, deployment: str) -> DeploymentView:
    """One deployment by its id, or the end of it. Raises NotFound."""
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
        available=what_is_left(world, one, here).value,
        instance=here.get(one.id),
        url=url(one.host, config) if active else None,
    )


def routes(world: World, *, environment: str | None = None) -> tuple[RouteView, ...]:
    """The project's routes as they lie in the route documents, and what stands behind them."""
    project = world.project.config()
    views = []
    for key, table in sorted(world.edge.tables().items()):
        if key.project != project.name or environment not in {None, key.environment}:
            continue
        here = own_instances(EnvironmentRecord(key=key), world.engine.instances(key))
        for route in table.routes:
            instance = here.get(route.deployment)
            views.append(
                RouteView(
                    key=key,
                    service=instance.service if instance else "",
                    route=route,
                    url=url(route.host, project) or "",
                    container=instance.name if instance else None,
                    running=instance is not None and instance.running,
                )
            )
    return tuple(views)


def execute(
    world: World,
    *,
    environment: str,
    service: str,
    command: tuple[str, ...],
    terminal: bool,
    deployment: str | None = None,
) -> int:
    """Run a command in the active deployment of a service, or in the one named; its exit code.

    Raises NotFound, InstanceGone (it does not run).
    """
    key, config = key_and_config(world, environment)
    record = record_of(world, key)
    _refuse_unknown(record, config, (service,))
    if deployment is not None:
        chosen = find_deployment(record, deployment).id
    elif service in record.active:
        chosen = record.active[service]
    else:
        raise NotFound(
            f"{service} is not live in {show(key.environment)}",
            hint="--deployment runs the command in another one, if its container runs",
        )
    return world.engine.execute(chosen, command, terminal=terminal)
