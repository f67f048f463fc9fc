"""A command in a container that runs."""

from compartment_tui.domain.errors import NotFound
from compartment_tui.domain.names import show
from compartment_tui.domain.planning.rollback_targets import find_deployment
from compartment_tui.operations.environment_record import (
    key_and_config,
    record_of,
    refuse_unknown_services,
)
from compartment_tui.ports import World


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
    refuse_unknown_services(record, config, (service,))
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
