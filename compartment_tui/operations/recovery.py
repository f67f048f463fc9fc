"""What every changing verb does under the lock before its own work, and after it."""

from collections.abc import Generator
from contextlib import suppress

from compartment_tui.domain.claims import refuse_claims, unnamed_containers
from compartment_tui.domain.deployment import EnvironmentState
from compartment_tui.domain.events import Event, Noted, RunFinished
from compartment_tui.domain.record.transitions import containers_known
from compartment_tui.ports import Hold, World
from compartment_tui.rollout.recovery import recover


def recovered(world: World, hold: Hold) -> Generator[Event, None, EnvironmentState]:
    """The record, after whatever a crash left was finished or reverted.

    A journal is still there when that was not possible; then the last event said so.
    """
    state = hold.record()
    if state.rebuilt:
        hold.write_record(state)
        message = "the record was lost and has been rebuilt from routes and labels"
        yield Noted(at=world.clock.now(), target=None, message=message)
    state = with_named_containers(world, hold, state)
    if state.journal is None:
        return state
    last: Event | None = None
    for event in recover(world, hold, state):
        last = event
        if not isinstance(event, RunFinished):
            yield event
    state = hold.record()
    if state.journal is not None and last is not None:
        yield last
    return state


def with_named_containers(world: World, hold: Hold, state: EnvironmentState) -> EnvironmentState:
    """The record with the containers of what is live and held, which earlier versions left out.

    Raises ContainerClaimed when several containers say that they are the same of them.
    """
    serving = {*state.active.values(), *state.held.values()}
    known = (state.deployments.get(one) for one in serving)
    if all(one is None or one.container for one in known):
        return state
    instances = world.engine.instances(state.key)
    refuse_claims(one for one in instances if one.deployment in serving)
    named = containers_known(state, unnamed_containers(state, instances))
    if named != state:
        hold.write_record(named)
    return named


def keep_copy(world: World, hold: Hold) -> None:
    """Keep a copy of the record, for reading when the engine is away."""
    # That it could not be made, for whatever reason, changes nothing.
    with suppress(Exception):
        world.project.keep_copy(hold.record(), world.engine.identity())
