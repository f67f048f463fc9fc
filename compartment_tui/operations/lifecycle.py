"""Stop, start and restart what is live, without making anything new; and the plan of each."""

from collections.abc import Iterator, Sequence

from compartment_tui.domain.deployment import EnvironmentState
from compartment_tui.domain.events import Event
from compartment_tui.domain.planning.lifecycle import Handle, Handling, plan_handling
from compartment_tui.domain.routes import RouteTable
from compartment_tui.operations.environment_record import key_and_config, state_of
from compartment_tui.operations.owner import refuse_others_environment, with_owner
from compartment_tui.operations.recovery import keep_copy, recovered
from compartment_tui.ports import World
from compartment_tui.rollout.infrastructure import prepare_ground
from compartment_tui.rollout.lifecycle import handle


def plan(
    world: World,
    verb: Handle,
    *,
    environment: str,
    services: Sequence[str] = (),
    take_over: bool = False,
) -> Handling:
    """What the verb would do; nothing is touched. Raises NotFound, OwnedElsewhere."""
    key, _ = key_and_config(world, environment)
    state = state_of(world, key)
    refuse_others_environment(world, state, take_over=take_over)
    return _plan(world, state, verb, services)


def stop(
    world: World, *, environment: str, services: Sequence[str] = (), take_over: bool = False
) -> Iterator[Event]:
    """Stop them, and keep them stopped until `start`; their routes stay, and the edge says so."""
    return _carry_out(world, Handle.STOP, environment, services, take_over=take_over)


def start(
    world: World, *, environment: str, services: Sequence[str] = (), take_over: bool = False
) -> Iterator[Event]:
    """Start what does not run, and prove that it is ready before visitors get to it."""
    return _carry_out(world, Handle.START, environment, services, take_over=take_over)


def restart(
    world: World, *, environment: str, services: Sequence[str] = (), take_over: bool = False
) -> Iterator[Event]:
    """Stop and start the same containers: it interrupts, and says for how long.

    Without `services` those that were stopped by hand stay so.
    """
    return _carry_out(world, Handle.RESTART, environment, services, take_over=take_over)


def _carry_out(
    world: World, verb: Handle, environment: str, services: Sequence[str], *, take_over: bool
) -> Iterator[Event]:
    key, config = key_and_config(world, environment)
    state = state_of(world, key)
    refuse_others_environment(world, state, take_over=take_over)
    _plan(world, state, verb, services)
    prepare_ground(world, key, config)
    with world.locks.environment(key, actor=world.actor, purpose=verb.value) as hold:
        try:
            state = yield from recovered(world, hold)
            if state.journal is None:
                state = with_owner(world, state, take_over=take_over)
                yield from handle(world, hold, state, _plan(world, state, verb, services))
        finally:
            keep_copy(world, hold)


def _plan(world: World, state: EnvironmentState, verb: Handle, services: Sequence[str]) -> Handling:
    order = [spec.name for spec in world.project.config().services]
    instances = world.engine.instances(state.key)
    table = world.edge.tables().get(state.key, RouteTable())
    return plan_handling(state, instances, table, verb, services=services, order=order)
