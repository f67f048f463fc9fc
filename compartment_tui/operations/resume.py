"""Finishing or reverting what a crash, a second Ctrl-C or a lost engine left behind."""

from collections.abc import Iterator

from compartment_tui.domain.events import Event, Noted
from compartment_tui.domain.requests import Resume
from compartment_tui.operations.environment_record import key_and_config, record_of
from compartment_tui.operations.owner import refuse_others_environment, with_owner
from compartment_tui.operations.recovery import keep_copy
from compartment_tui.ports import World
from compartment_tui.rollout.infrastructure import edge_note, ensure_infrastructure
from compartment_tui.rollout.recovery import recover


def check_resume(world: World, request: Resume) -> None:
    """Whether it may begin; what it does, only doing it tells. Raises OwnedElsewhere."""
    key, _ = key_and_config(world, request.environment)
    refuse_others_environment(world, record_of(world, key), take_over=request.take_over)


def resume(world: World, request: Resume) -> Iterator[Event]:
    """Do it, unless there is nothing to resume."""
    check_resume(world, request)
    key, config = key_and_config(world, request.environment)
    nothing = Noted(at=world.clock.now(), target=None, message="there is nothing to resume")
    if world.records.read(key) is None and not world.engine.instances(key):
        yield nothing  # nothing was ever deployed: no edge is made for that
        return
    ensure_infrastructure(world, key, config)
    if of_edge := edge_note(world):
        yield Noted(at=world.clock.now(), target=None, message=of_edge)
    with world.locks.environment(key, actor=world.actor, purpose=request.purpose) as hold:
        record = hold.read_record()
        state = with_owner(world, record, take_over=request.take_over)
        if state.rebuilt or state != record:
            hold.write_record(state)
        if state.journal is None:
            yield nothing
        yield from recover(world, hold, state)
        keep_copy(world, hold)
