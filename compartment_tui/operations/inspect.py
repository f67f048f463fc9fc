"""Everything that is known of single services."""

from collections.abc import Sequence

from compartment_tui.domain.claims import own_instances
from compartment_tui.domain.config import ProjectConfig
from compartment_tui.domain.deployment import EnvironmentRecord, Instance
from compartment_tui.domain.detail_views import InspectView
from compartment_tui.domain.errors import EngineUnreachable
from compartment_tui.domain.names import alias
from compartment_tui.domain.outcome import Failure
from compartment_tui.domain.planning.rollback_targets import spec_of
from compartment_tui.domain.views import ServiceStatus
from compartment_tui.operations.engines import world_of
from compartment_tui.operations.environment_record import key_and_config, visible_record
from compartment_tui.operations.history import deployment_view
from compartment_tui.operations.status import status
from compartment_tui.ports import World


def inspect_services(
    world: World, *, environment: str, services: Sequence[str] = ()
) -> tuple[InspectView, ...]:
    """Everything about services: in the file, running, how they are reached, what was."""
    world = world_of(world, environment)
    key, config = key_and_config(world, environment)
    now = status(world, environment=environment, services=services)
    if now.stale:
        away = now.away or Failure(code="", message="the Docker engine does not answer")
        raise EngineUnreachable(away.message, hint=away.hint or "`compartment-tui doctor`")
    record, _ = visible_record(world, key)
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
