"""Recovery before the work of every changing verb, and the copy of the record after it."""

from collections.abc import Generator
from contextlib import suppress

from compartment_tui.domain.claims import refuse_claims, unnamed_containers
from compartment_tui.domain.deployment import EnvironmentRecord
from compartment_tui.domain.errors import NeedsAttention
from compartment_tui.domain.events import Event, Noted, RunFinished
from compartment_tui.domain.record.transitions import containers_known
from compartment_tui.ports import EnvironmentLock, World
from compartment_tui.rollout.recovery import recover


def recover_first(world: World, lock: EnvironmentLock) -> Generator[Event, None, EnvironmentRecord]:
    """The record, after whatever a crash left was finished or reverted.

    A journal is still there when that was not possible; then the last event said so.
    """
    record = lock.read_record()
    if record.rebuilt:
        lock.write_record(record)
        message = "the record was lost and has been rebuilt from routes and labels"
        yield Noted(at=world.clock.now(), target=None, message=message)
    record = with_named_containers(world, lock, record)
    if record.journal is None:
        return record
    last: Event | None = None
    for event in recover(world, lock, record):
        last = event
        if not isinstance(event, RunFinished):
            yield event
    record = lock.read_record()
    if record.journal is not None and last is not None:
        yield last
    return record


def recovered(world: World, lock: EnvironmentLock, notes: list[str]) -> EnvironmentRecord:
    """The same, for verbs that tell no events: what there is to say of it goes to `notes`.

    Raises NeedsAttention when a journal is still there.
    """
    events = recover_first(world, lock)
    notes.extend(event.message for event in events if isinstance(event, Noted))
    record = lock.read_record()
    if record.journal is not None:
        raise NeedsAttention(
            "an earlier run is neither finished nor reverted",
            hint="`compartment-tui resume` finishes or reverts it",
        )
    return record


def with_named_containers(
    world: World, lock: EnvironmentLock, record: EnvironmentRecord
) -> EnvironmentRecord:
    """The record with the containers of what is live and held, which earlier versions left out.

    Raises ContainerClaimed when several containers say that they are the same of them.
    """
    serving = {*record.active.values(), *record.held.values()}
    known = (record.deployments.get(one) for one in serving)
    if all(one is None or one.container for one in known):
        return record
    instances = world.engine.instances(record.key)
    refuse_claims(one for one in instances if one.deployment in serving)
    named = containers_known(record, unnamed_containers(record, instances))
    if named != record:
        lock.write_record(named)
    return named


def keep_copy(world: World, lock: EnvironmentLock) -> str:
    """Keep copies of the record: for reading when the engine is away, and for when it is lost.

    Why there is none of the second kind, where there could be one; else nothing.
    """
    # That one could not be made, for whatever reason, changes nothing.
    with suppress(Exception):
        world.project.keep_copy(lock.read_record(), world.engine.identity())
    with suppress(Exception):
        return lock.keep_copy()
    return ""
