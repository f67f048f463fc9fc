"""All variables of an environment at once, and what runs with them; only looked at."""

from contextlib import suppress
from dataclasses import replace

from compartment_tui.domain.errors import EngineUnreachable, RecordInvalid
from compartment_tui.domain.names import EnvironmentKey, no_such_service, parse_environment_name
from compartment_tui.domain.variables.sheet import Sheet
from compartment_tui.domain.variables.views import VariableView
from compartment_tui.operations.engines import world_for
from compartment_tui.operations.environment_record import open_project, record_of
from compartment_tui.operations.recipients import unknown
from compartment_tui.ports import World


def sheet(world: World, *, environment: str, beside: bool = False) -> Sheet:
    """What the file says of the environment, and what runs in it.

    `beside`: the sensitive values of the other environments are opened too, to be compared, and
    whom a sensitive value would be sealed for is looked up, for whoever is about to edit. With
    the engine away the file stands there alone. Raises ProjectFileInvalid.
    """
    config = world.project.config()
    key = EnvironmentKey(config.name, parse_environment_name(environment))
    world = world_for(world, config, key.environment)
    readable = open_project(world, config, None if beside else key.environment)
    alone = Sheet(
        environment=key.environment,
        config=readable,
        known=False,
        unknown_recipients=unknown(world) if beside else (),
    )
    with suppress(EngineUnreachable, RecordInvalid):
        state = record_of(world, key)
        active = {service: state.active_deployment(service) for service in state.active}
        return replace(
            alone,
            known=True,
            running={name: one.fingerprints for name, one in active.items() if one is not None},
            fingerprint_key=world.records.fingerprint_key() if active else b"",
        )
    return alone


def resolved(world: World, *, environment: str, service: str) -> tuple[VariableView, ...]:
    """Every key the service has, requires or had, in alphabetical order.

    With the engine away the file's values stand there, and whether they run is unknown. Raises
    NotFound (no such service).
    """
    found = sheet(world, environment=environment)
    if found.known and service not in found.services:
        raise no_such_service(service, found.services)
    return found.views(service)
