"""The recovery of a run after a crash: finished when the edge has its routes, else reverted."""

from collections.abc import Generator, Iterator
from contextlib import suppress

from compartment_tui.domain.deployment import EnvironmentRecord, Journal, Purpose, Stage
from compartment_tui.domain.errors import CompartmentError, StepFailed
from compartment_tui.domain.events import Event, Noted, RunFinished, StageFinished
from compartment_tui.domain.outcome import Failure, Outcome
from compartment_tui.domain.record.revert import reverted
from compartment_tui.domain.record.transitions import finished
from compartment_tui.ports import EnvironmentLock, World
from compartment_tui.rollout.active_check import silent_notes
from compartment_tui.rollout.drain import drain, retire_previous
from compartment_tui.rollout.errors import as_expected, failure_of
from compartment_tui.rollout.record_copy import copy_record
from compartment_tui.rollout.retirement import killed_notes
from compartment_tui.rollout.runner import OUTCOMES, RESUME_HINT, RunEnding
from compartment_tui.rollout.switch import apply_commit, is_in_force
from compartment_tui.rollout.undo import is_stranded, reached, undo


def recover(world: World, lock: EnvironmentLock, record: EnvironmentRecord) -> Iterator[Event]:
    """Finish or revert the journal's run. The last event is its `RunFinished`.

    Nothing is yielded when there is no journal.
    """
    journal = record.journal
    if journal is None:
        return
    began = world.clock.monotonic()
    try:
        ending = yield from _settle(world, lock, record, journal)
    except Exception as raised:
        failure = failure_of(as_expected(world, raised))
        ending = RunEnding(outcome=Outcome.NEEDS_ATTENTION, failure=failure)
    else:
        yield from _silent(world, lock, journal)
    yield from copy_record(world, lock)
    yield RunFinished(
        at=world.clock.now(),
        run=journal.run,
        outcome=ending.outcome,
        took=world.clock.monotonic() - began,
        failure=ending.failure,
    )


def _settle(
    world: World, lock: EnvironmentLock, record: EnvironmentRecord, journal: Journal
) -> Generator[Event, None, RunEnding]:
    failure: Failure | None = None
    world.engine.remove_helpers(record.key)
    if reached(journal, Stage.SWITCHING_ROUTE) and is_in_force(world, lock, journal):
        yield _note(world, f"{journal.run} had switched its routes: finishing it")
        try:
            return (yield from _finish(world, lock, record, journal.purpose))
        except StepFailed as error:
            yield _note(world, f"it cannot be finished: {error.message}")
            reason, failure = error.message, failure_of(error)
    else:
        reason = f"interrupted while {journal.stage.value.replace('_', ' ')}"
        yield _note(world, f"{journal.run} was {reason}: reverting it")
    yield from undo(world, lock, record)
    actor, now = world.actor, world.clock.now()
    done = reverted(record, actor=actor, at=now, failures={}, reason=reason, cancelled=False)
    lock.write_record(done)
    # It did what it is for; but who asked it to stop meanwhile is answered that it was.
    if failure is not None:
        return RunEnding(outcome=Outcome.FAILED, failure=failure)
    return RunEnding(outcome=Outcome.CANCELLED if world.cancel.requests else Outcome.REVERTED)


def _silent(world: World, lock: EnvironmentLock, journal: Journal) -> Iterator[Event]:
    """What a crash of the engine may have left: it runs, and nobody is answered."""
    if world.cancel.requests:
        return  # whoever wants it to stop is not kept by questions
    # That it could not be asked changes nothing of how the run ended.
    with suppress(Exception):
        services = [entry.service for entry in journal.entries]
        yield from silent_notes(world, lock, lock.read_record(), services)


def _finish(
    world: World, lock: EnvironmentLock, record: EnvironmentRecord, purpose: Purpose
) -> Generator[Event, None, RunEnding]:
    awaited = []
    for entry in record.journal_entries:
        if entry.removes:
            continue
        # The engine may have been restarted since: a candidate does not come back by itself.
        starts = purpose is Purpose.LIVE or (purpose is Purpose.HOLD and not entry.stop_first)
        if not starts or is_stranded(world, entry, entry.deployment):
            continue
        if not world.engine.start(entry.deployment):
            awaited.append(entry.deployment)
    for deployment in awaited:
        world.engine.await_running(deployment)
    record = apply_commit(world, record, lock.routes())
    lock.write_record(record)
    if purpose is Purpose.LIVE:
        # No stage was told to begin here, so none is told to end.
        yield from (one for one in drain(world, record) if not isinstance(one, StageFinished))
    if world.cancel.requests > 1:
        failure = failure_of(CompartmentError("the previous version still runs", hint=RESUME_HINT))
        return RunEnding(outcome=Outcome.NEEDS_ATTENTION, failure=failure)
    killed = retire_previous(world, record)
    lock.write_record(finished(record, world.actor, world.clock.now()))
    yield from killed_notes(record.key, killed, world.clock.now())
    return RunEnding(outcome=OUTCOMES[purpose])


def _note(world: World, message: str) -> Noted:
    return Noted(at=world.clock.now(), target=None, message=message)
