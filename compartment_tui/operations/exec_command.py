"""A command in a container that runs."""

from compartment_tui.domain.errors import CompartmentError, InstanceGone, NotFound
from compartment_tui.domain.names import no_such_replica, show
from compartment_tui.domain.planning.rollback_targets import find_deployment
from compartment_tui.operations.engines import world_of
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
    replica: int | None = None,
) -> int:
    """Run a command in the active deployment of a service, or in the one named; its exit code.

    In its first replica, or in the one with a number. Raises NotFound, InstanceGone (it does not
    run).
    """
    world = world_of(world, environment)
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
    try:
        return world.engine.execute(chosen, command, terminal=terminal, replica=replica or 1)
    except InstanceGone as error:
        raise _with_others(world, service, chosen, replica or 1, error) from error


def _with_others(
    world: World, service: str, deployment: str, replica: int, error: InstanceGone
) -> CompartmentError:
    """The same, naming what could be asked instead."""
    instance = world.engine.instance(deployment)
    there = instance.replicas if instance is not None else ()
    if there and replica not in {one.number for one in there}:
        return no_such_replica(replica, service, (one.number for one in there))
    running = ", ".join(str(one.number) for one in there if one.running)
    if not running:
        return error
    return InstanceGone(
        f"replica {replica} of {service} does not run",
        hint=f"--replica takes one that does: {running}",
    )
