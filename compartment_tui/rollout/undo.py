"""The undo of a run, from the journal alone: idempotent, and the same after a crash."""

from collections.abc import Iterable, Iterator
from datetime import timedelta

from compartment_tui.domain.deployment import (
    Deployment,
    EnvironmentRecord,
    Journal,
    JournalEntry,
    Purpose,
    Stage,
    Status,
)
from compartment_tui.domain.errors import NeedsAttention
from compartment_tui.domain.events import Event, StageReverted
from compartment_tui.domain.target import Target
from compartment_tui.ports import EnvironmentLock, World
from compartment_tui.rollout.drain import LOOK_UP_PATIENCE
from compartment_tui.rollout.retirement import retire
from compartment_tui.rollout.switch import await_in_force
from compartment_tui.rollout.wait import end_wait, release_to_previous, wait_again, waiting_entries

ORDER = tuple(Stage)


def undo(
    world: World,
    lock: EnvironmentLock,
    record: EnvironmentRecord,
    *,
    keep_failed: frozenset[str] = frozenset(),
) -> Iterator[Event]:
    """First the previous ones run, then the routes go back to them, then the candidates go.

    Candidates of the services in `keep_failed` failed by themselves: they are stopped and kept.
    Raises whatever an adapter raises: an undo that fails ends there, and everything is left as
    it is then.
    """
    journal = record.journal
    if journal is None or not reached(journal, Stage.STARTING_CANDIDATE):
        return
    switched = reached(journal, Stage.SWITCHING_ROUTE)
    goes_live = journal.purpose is Purpose.LIVE
    waiting = waiting_entries(world, lock, record, switched=switched)
    if waiting:
        _refuse_hurry(world)
        wait_again(world, lock, record, waiting)
    if goes_live:
        _refuse_hurry(world)
        # Two of a stop-first service must not run at once, not even now.
        retire(world, _candidates(record, (one for one in journal.entries if one.stop_first)))
        _run_previous(world, [e for e in reversed(journal.entries) if e.stop_first or switched])
    if waiting:
        _refuse_hurry(world)
        release_to_previous(world, lock, record, waiting)
    if switched or waiting:
        _refuse_hurry(world)
        yield from _routes_back(world, lock, record, journal)
    staying = (one for one in journal.incoming if one.kept or one.service in keep_failed)
    retire(world, _candidates(record, (one for one in staying if not one.held)))
    for entry in reversed(journal.incoming):
        _refuse_hurry(world)
        look = entry.service in keep_failed
        if not entry.held:
            _stand_down(world, record, entry, look=look)
            yield _reverted(world, record, entry, Stage.STARTING_CANDIDATE)
        elif look and reached(journal, Stage.DRAINING_PREVIOUS):
            # It died after it went live: the engine would bring it back for ever.
            world.engine.retire(entry.deployment, timedelta())
        # Else a held one stays as it is, also when it was not ready: it is still held.
    _names_back(world, record, journal, waited=bool(waiting))


def reached(journal: Journal, stage: Stage) -> bool:
    """Whether work on `stage` may have begun."""
    return ORDER.index(journal.stage) >= ORDER.index(stage)


def _candidates(
    record: EnvironmentRecord, entries: Iterable[JournalEntry]
) -> tuple[Deployment, ...]:
    return tuple(record.deployments[entry.deployment] for entry in entries)


def is_stranded(world: World, entry: JournalEntry, deployment: str) -> bool:
    """Whether nobody can start it any more: who tried would settle nothing of all else, either.

    Only what has volumes can be, and that is stopped first.
    """
    instance = world.engine.instance(deployment) if entry.stop_first else None
    return instance is not None and not instance.can_start


def _run_previous(world: World, entries: Iterable[JournalEntry]) -> None:
    """On a Swarm all are asked for before the first is waited for."""
    engine, awaited = world.engine, []
    for entry in entries:
        _refuse_hurry(world)
        if entry.previous is None or entry.previous_rests:
            continue
        if is_stranded(world, entry, entry.previous):
            continue
        if not engine.start(entry.previous):
            awaited.append(entry.previous)
        engine.keep_running(entry.previous)
    for deployment in awaited:
        _refuse_hurry(world)
        engine.await_running(deployment)


def _routes_back(
    world: World, lock: EnvironmentLock, record: EnvironmentRecord, journal: Journal
) -> Iterator[Event]:
    if lock.routes() != journal.before:
        lock.write_routes(journal.before)
    await_in_force(world, lock, journal.before)
    if not reached(journal, Stage.SWITCHING_ROUTE):
        return  # requests waited, and nothing was switched yet
    if journal.purpose is Purpose.LIVE:
        back = {e.service: e.previous for e in journal.entries if e.previous and not e.wait}
        world.engine.name_active(record.key, back)
        world.clock.sleep(LOOK_UP_PATIENCE)
        world.engine.end_stepping_aside(record.key, back)
    for entry in reversed(journal.entries):
        yield _reverted(world, record, entry, journal.purpose.switch_stage)


def _names_back(world: World, record: EnvironmentRecord, journal: Journal, *, waited: bool) -> None:
    """What answered those who waited takes the active name again; also where a crash left that."""
    back = {one.service: one.previous for one in journal.waited_for if one.previous}
    if not back:
        return
    _refuse_hurry(world)
    if waited:
        end_wait(world, record, back)
    else:
        world.engine.name_active(record.key, back)
    world.engine.end_stepping_aside(record.key, back)


def _stand_down(
    world: World, record: EnvironmentRecord, entry: JournalEntry, *, look: bool
) -> None:
    if not entry.kept and not look:
        world.engine.remove(entry.deployment)
    if look and not entry.kept:
        _forget_older_failures(world, record, entry)


def _forget_older_failures(world: World, record: EnvironmentRecord, entry: JournalEntry) -> None:
    """One failed candidate per service stays for a look."""
    for deployment in record.of_service(entry.service):
        if deployment.status is Status.FAILED and deployment.id != entry.deployment:
            world.engine.remove(deployment.id)


def _refuse_hurry(world: World) -> None:
    """Raises NeedsAttention when a person asked a second time to stop."""
    if world.cancel.requests > 1:
        raise NeedsAttention(
            "stopped before everything was reverted",
            hint="`compartment-tui resume` finishes the job",
        )


def _reverted(
    world: World, record: EnvironmentRecord, entry: JournalEntry, stage: Stage
) -> StageReverted:
    target = Target(record.key.environment, entry.service)
    return StageReverted(at=world.clock.now(), target=target, stage=stage)
