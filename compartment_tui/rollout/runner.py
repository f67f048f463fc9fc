"""The runner: one loop over the steps of a run, and its undo when they fail.

The four laws:
1. Name first, create second, undo by the journal.
2. A step counts as entered when its work begins: the journal says so before it does.
3. Write, then tell: what an event claims is on disk before the event is yielded.
4. An undo that fails ends the undoing, and the journal stays.
"""

from collections.abc import Generator, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from types import MappingProxyType

from compartment_tui.domain.deployment import EnvironmentRecord, Purpose, Stage, Trigger
from compartment_tui.domain.errors import Cancelled, CompartmentError, DiedAfterSwitch
from compartment_tui.domain.events import (
    Event,
    RunFinished,
    RunPlanned,
    StageFailed,
    StageFinished,
    WentLive,
)
from compartment_tui.domain.outcome import Failure, Outcome
from compartment_tui.domain.planning.plan import Run
from compartment_tui.domain.planning.restoration import anew_words
from compartment_tui.domain.record.revert import reverted
from compartment_tui.domain.record.transitions import begun, finished, nothing_done, split_archive
from compartment_tui.domain.target import Target
from compartment_tui.ports import EnvironmentLock, World
from compartment_tui.rollout.context import Rollout
from compartment_tui.rollout.domains import await_certificates, prove_domains
from compartment_tui.rollout.drain import drain, prune, retire_previous
from compartment_tui.rollout.errors import as_expected, failure_of
from compartment_tui.rollout.readiness import prove_moved
from compartment_tui.rollout.record_copy import copy_record
from compartment_tui.rollout.retirement import killed_notes
from compartment_tui.rollout.steps import schedule
from compartment_tui.rollout.switch import must_switch, open_inner_calls, switch_routes
from compartment_tui.rollout.undo import undo
from compartment_tui.rollout.wait import count_waits

RESUME_HINT = "`compartment-tui resume` finishes or reverts it"


OUTCOMES = MappingProxyType(
    {
        Purpose.LIVE: Outcome.LIVE,
        Purpose.HOLD: Outcome.HELD,
        Purpose.DISCARD: Outcome.DISCARDED,
    }
)
"""What a run that went well ends with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEnding:
    """How a run ended, and why."""

    outcome: Outcome
    failure: Failure | None = None
    live_after: timedelta | None = None


def execute(
    world: World, lock: EnvironmentLock, record: EnvironmentRecord, run: Run
) -> Iterator[Event]:
    """Carry out a run under its environment's lock. The last event is `RunFinished`.

    Closing the stream is a request to stop: before the commit point the run is reverted, after it
    the waiting ends and the new version stays.
    """
    began = world.clock.monotonic()
    ports = lock.inner_ports()
    before = open_inner_calls(world, lock, record, ports)
    rollout = Rollout(
        world=world,
        lock=lock,
        run=run,
        before=before,
        record=record,
        pending=run.plans,
        inner_ports=ports,
    )
    rollout.save(begun(record, run, before))
    try:
        yield RunPlanned(at=rollout.now, run=run)
        ending = yield from _carry_out(rollout, began)
        yield from copy_record(world, lock)
        yield RunFinished(
            at=rollout.now,
            run=run.id,
            outcome=ending.outcome,
            took=world.clock.monotonic() - began,
            failure=ending.failure,
            gaps=dict(rollout.downtime.measured),
            waits=dict(rollout.waits),
            live_after=ending.live_after,
        )
    except GeneratorExit:
        _abandon(rollout)
        raise
    finally:
        for count in rollout.counts.values():
            with suppress(Exception):  # the engine removes what counts, too
                count.close()


def _carry_out(rollout: Rollout, began: timedelta) -> Generator[Event, None, RunEnding]:
    try:
        yield from _unlike_what_was(rollout)
        yield from _up_to_the_switch(rollout)
    except Cancelled as cancelled:
        return (yield from _revert(rollout, failure_of(cancelled), outcome=Outcome.CANCELLED))
    except Exception as raised:
        error = as_expected(rollout.world, raised)
        yield from _told(rollout, error)
        if rollout.committed:
            return _attention(error)
        return (yield from _revert(rollout, failure_of(error), outcome=Outcome.FAILED))
    if not rollout.committed:
        return _nothing_changed(rollout)
    if rollout.run.purpose is Purpose.LIVE:
        live = _went_live(rollout, began)
        yield live
        ending = yield from _after_the_switch(rollout, began)
        stays = ending.outcome in (Outcome.LIVE, Outcome.NEEDS_ATTENTION)
        return replace(ending, live_after=live.after if stays else None)
    return (yield from _after_holding(rollout))


def _unlike_what_was(rollout: Rollout) -> Iterator[Event]:
    """Say it when a rollback makes something new, and what of it is not as it was."""
    for plan in rollout.run.plans:
        if plan.trigger is Trigger.ROLLBACK and plan.copied_from is not None:
            yield rollout.note(anew_words(plan), plan.target)


def _nothing_changed(rollout: Rollout) -> RunEnding:
    try:
        rollout.save(nothing_done(rollout.record_with_images()))
    except Exception as raised:
        return _attention(as_expected(rollout.world, raised))
    return RunEnding(outcome=Outcome.UNCHANGED)


def _went_live(rollout: Rollout, began: timedelta) -> WentLive:
    return WentLive(
        at=rollout.now,
        run=rollout.run.id,
        environment=rollout.run.key.environment,
        after=rollout.world.clock.monotonic() - began,
        services=tuple(plan.service for plan in rollout.pending if not plan.removes),
        ending={
            entry.service: entry.previous
            for entry in rollout.record.journal_entries
            if entry.previous is not None and not entry.stop_first and not entry.previous_rests
        },
    )


def _up_to_the_switch(rollout: Rollout) -> Iterator[Event]:
    for step, services in schedule(rollout.run):
        plans = tuple(plan for plan in rollout.pending if plan.service in services)
        if step is switch_routes:
            yield from prove_domains(rollout)
            yield from prove_moved(rollout, plans)
        if plans or (step is switch_routes and must_switch(rollout)):
            yield from step(rollout, plans)


def _after_the_switch(rollout: Rollout, began: timedelta) -> Generator[Event, None, RunEnding]:
    """Drain, stop the previous ones, prune.

    Only a new deployment that dies meanwhile sends the routes back.
    """
    plans = rollout.pending
    yield from rollout.enter(Stage.DRAINING_PREVIOUS, plans)
    drained: set[Target] = set()
    try:
        for event in drain(rollout.world, rollout.record, rollout.counts):
            if isinstance(event, StageFinished):
                drained.add(event.target)
            yield event
    except DiedAfterSwitch as died:
        dead = next(plan for plan in plans if plan.service == died.service)
        rollout.working_on = (dead.target, Stage.DRAINING_PREVIOUS)
        yield from _told(rollout, died)
        return (yield from _revert(rollout, failure_of(died), outcome=Outcome.FAILED))
    except Exception as raised:
        uncounted = as_expected(rollout.world, raised)
        yield rollout.note(f"the connections could not be counted: {uncounted.message}")
    for plan in plans:
        if plan.target not in drained:
            yield rollout.end(Stage.DRAINING_PREVIOUS, plan.target)
    stopped = tuple(plan.target for plan in plans if plan.previous is not None)
    try:
        if rollout.world.cancel.requests > 1:
            return RunEnding(outcome=Outcome.NEEDS_ATTENTION, failure=_left_draining())
        for target in stopped:
            yield rollout.begin(Stage.STOPPING_PREVIOUS, target)
        killed = retire_previous(rollout.world, rollout.record)
        rollout.world.engine.list_ahead(rollout.run.key)  # what is left is pruned
        rollout.save(finished(rollout.record, rollout.run.actor, rollout.now))
        count_waits(rollout)
    except Exception as raised:
        error = as_expected(rollout.world, raised)
        yield from _told(rollout, error)
        return _attention(error)
    for target in stopped:
        yield rollout.end(Stage.STOPPING_PREVIOUS, target)
    yield from killed_notes(rollout.run.key, killed, rollout.now)
    yield from await_certificates(rollout, rollout.after, f"{rollout.run.id}.https", began)
    yield from _tidy(rollout)
    return RunEnding(outcome=Outcome.LIVE)


def _after_holding(rollout: Rollout) -> Generator[Event, None, RunEnding]:
    """Remove what is held no longer. Nobody is connected to it but whoever looked at a preview."""
    try:
        retire_previous(rollout.world, rollout.record)
        rollout.save(finished(rollout.record, rollout.run.actor, rollout.now))
    except Exception as raised:
        error = as_expected(rollout.world, raised)
        yield from _told(rollout, error)
        return _attention(error)
    yield from _tidy(rollout)
    return RunEnding(outcome=OUTCOMES[rollout.run.purpose])


def _tidy(rollout: Rollout) -> Iterator[Event]:
    """Remove containers beyond retention, put old history away. Nothing of it can undo the run."""
    try:
        live, old = split_archive(rollout.record, keep=rollout.run.keep)
        if old is None:
            rollout.lock.read_ahead()  # a copy of the record is kept
        prune(rollout.world, rollout.record, keep=rollout.run.keep)
        if old is not None:
            rollout.lock.archive(old)
            rollout.save(live)
    except Exception as raised:
        error = as_expected(rollout.world, raised)
        yield rollout.note(f"old deployments were not pruned: {error.message}")


def _revert(
    rollout: Rollout, failure: Failure, *, outcome: Outcome
) -> Generator[Event, None, RunEnding]:
    """Undo the run and put it on the record; the outcome is `needs_attention` if that fails."""
    failures: Mapping[str, tuple[Stage, str]] = {}
    if outcome is Outcome.FAILED and rollout.working_on is not None:
        target, stage = rollout.working_on
        failures = {target.service: (stage, failure.message)}
    try:
        for event in undo(
            rollout.world, rollout.lock, rollout.record, keep_failed=frozenset(failures)
        ):
            # What it tells of comes after those who waited were answered.
            rollout.waiting.end_all()
            yield event
        rollout.waiting.end_all()
        rollout.downtime.end_all()
        count_waits(rollout)
        record = reverted(
            rollout.record_with_images(),
            actor=rollout.run.actor,
            at=rollout.now,
            failures=failures,
            reason=failure.message,
            cancelled=outcome is Outcome.CANCELLED,
        )
        rollout.save(record)
    except Exception as raised:
        error = as_expected(rollout.world, raised)
        yield rollout.note(f"reverting stopped: {error.message}")
        return _attention(error)
    return RunEnding(outcome=outcome, failure=failure)


def _told(rollout: Rollout, error: CompartmentError) -> Iterator[Event]:
    if rollout.working_on is not None:
        target, stage = rollout.working_on
        yield StageFailed(at=rollout.now, target=target, stage=stage, failure=failure_of(error))


def _attention(error: CompartmentError) -> RunEnding:
    failure = Failure(code=error.code, message=error.message, hint=RESUME_HINT)
    return RunEnding(outcome=Outcome.NEEDS_ATTENTION, failure=failure)


def _left_draining() -> Failure:
    return Failure(
        code="needs_attention",
        message="the new version is live; the previous one still runs",
        hint=RESUME_HINT,
    )


def _abandon(rollout: Rollout) -> None:
    """Nobody listens any more: like the first Ctrl-C. What fails is left to `resume`."""
    if rollout.record.journal is None:
        return
    with suppress(Exception):
        if not rollout.committed:
            failure = failure_of(Cancelled("the one who asked for it went away"))
            for _ in _revert(rollout, failure, outcome=Outcome.CANCELLED):
                pass
        else:
            retire_previous(rollout.world, rollout.record)
            rollout.save(finished(rollout.record, rollout.run.actor, rollout.now))
