"""Stop, start, restart and scale under the environment's lock, told in the events of a run.

While a service is away its route stays, and the edge answers for it: visitors are told which
service rests, and not that a name cannot be resolved. So the route is marked before a container is
stopped, and leads to it again only when it has been proven.

This is no recipe of the runner: nothing is made, so no journal is written and no run is on the
record. What was interrupted is settled by saying the verb once more, and of several services one
that fails keeps none of the others away.
"""

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import TypeAlias

from compartment_tui.domain.deployment import EnvironmentRecord, Stage
from compartment_tui.domain.errors import Cancelled, CompartmentError
from compartment_tui.domain.events import (
    Event,
    RunFinished,
    ServiceUnchanged,
    StageReverted,
)
from compartment_tui.domain.outcome import Failure, Outcome
from compartment_tui.domain.planning.lifecycle import (
    LifecyclePlan,
    LifecycleStep,
    LifecycleVerb,
    mark_started,
    mark_stopped,
)
from compartment_tui.domain.record.transitions import audited
from compartment_tui.ports import EnvironmentLock, World
from compartment_tui.rollout.errors import as_expected, failure_of
from compartment_tui.rollout.lifecycle_progress import (
    LifecycleProgress,
    Steps,
    prove_steps,
    start_containers,
)
from compartment_tui.rollout.record_copy import copy_record
from compartment_tui.rollout.retirement import killed_notes, retire
from compartment_tui.rollout.runner import RunEnding
from compartment_tui.rollout.scale import scale, unscale


def handle(
    world: World, lock: EnvironmentLock, record: EnvironmentRecord, plan: LifecyclePlan
) -> Iterator[Event]:
    """Carry out a verb under its environment's lock. The last event is `RunFinished`.

    A request to stop, and a stream that is closed, leave what was live before as it was.
    """
    began = world.clock.monotonic()
    progress = LifecycleProgress(world=world, lock=lock, record=record, plan=plan, before=record)
    for step in plan.services:
        if not step.acts:
            if plan.verb is LifecycleVerb.START:
                # A restart that was killed may have left it to end with the engine.
                world.engine.keep_running(step.active.id)
            target = progress.target(step.service)
            yield ServiceUnchanged(at=progress.now, target=target, deployment=step.active.id)
            if step.stranded:
                yield progress.note(step.why, target)
    ending = RunEnding(outcome=_NOTHING[plan.verb])
    if plan.acting:
        ending = yield from _safely(progress, plan.acting)
        _audit(progress)
    yield from copy_record(world, lock)
    yield RunFinished(
        at=progress.now,
        run="",
        outcome=ending.outcome,
        took=world.clock.monotonic() - began,
        failure=ending.failure,
        gaps=dict(progress.downtime.measured),
        handling=plan,
    )


def _safely(progress: LifecycleProgress, steps: Steps) -> Generator[Event, None, RunEnding]:
    """What fails, and what nobody listens to any more, leaves the services as they were."""
    try:
        return (yield from _VERBS[progress.plan.verb](progress, steps))
    except GeneratorExit:
        _back(progress, steps)
        raise
    except Exception as raised:
        error = as_expected(progress.world, raised)
        return (yield from _reverted(progress, error, steps))


def _stop(progress: LifecycleProgress, steps: Steps) -> Generator[Event, None, RunEnding]:
    """The edge answers first, then each is stopped; asked to stop, those that were run again."""
    names = [step.service for step in steps]
    for name in names:
        yield progress.begin(Stage.STOPPED, progress.target(name))
    progress.mark(names, stopped=True)
    progress.check_cancel()
    killed = retire(progress.world, (step.active for step in steps))
    progress.save(mark_stopped(progress.record, names))
    progress.done += names
    for name in names:
        yield progress.end(Stage.STOPPED, progress.target(name))
    yield from killed_notes(progress.plan.key, killed, progress.now)
    return RunEnding(outcome=Outcome.STOPPED)


def _start(progress: LifecycleProgress, steps: Steps) -> Generator[Event, None, RunEnding]:
    """All are started, each is proven, and only then their routes lead to them again."""
    started = yield from start_containers(progress, steps)
    proven = yield from prove_steps(progress, started)
    yield from _lead_back(progress, proven)
    _as_before(progress, [step for step in steps if step.service not in progress.done])
    if progress.failures:
        return RunEnding(outcome=Outcome.FAILED, failure=progress.failures[0])
    return RunEnding(outcome=Outcome.LIVE)


def _restart(progress: LifecycleProgress, steps: Steps) -> Generator[Event, None, RunEnding]:
    """The edge answers while each is stopped and started; whatever happens, they run in the end."""
    names = [step.service for step in steps]
    interrupted = [step for step in steps if step.running]
    if interrupted:
        yield progress.note(f"this interrupts {', '.join(step.service for step in interrupted)}")
    # Visitors miss it from the moment the edge answers in its place.
    progress.downtime.begin(*(step.service for step in interrupted if step.active.host))
    progress.mark(names, stopped=True)
    progress.check_cancel()
    for name in names:
        yield progress.begin(Stage.STOPPED, progress.target(name))
    progress.downtime.begin(*(step.service for step in interrupted))
    killed = retire(progress.world, (step.active for step in steps))
    for name in names:
        yield progress.end(Stage.STOPPED, progress.target(name))
    yield from killed_notes(progress.plan.key, killed, progress.now)
    # One that is not ready is given back to its visitors, too: nothing else can serve them.
    return (yield from _start(progress, steps))


def _lead_back(progress: LifecycleProgress, steps: Iterable[LifecycleStep]) -> Iterator[Event]:
    steps = tuple(steps)
    names = [step.service for step in steps]
    for step in steps:
        progress.world.engine.keep_running(step.active.id)
    routed = [progress.target(step.service) for step in steps if step.active.host]
    for target in routed:
        yield progress.begin(Stage.SWITCHING_ROUTE, target)
    progress.mark(names, stopped=False)
    progress.save(mark_started(progress.record, names))
    progress.downtime.end(*names)
    progress.done += names
    for target in routed:
        yield progress.end(Stage.SWITCHING_ROUTE, target)


def _back(progress: LifecycleProgress, steps: Steps) -> None:
    if progress.plan.verb is LifecycleVerb.SCALE:
        unscale(progress, [step for step in steps if step.service not in progress.done])
    else:
        _as_before(progress, steps)


def _as_before(progress: LifecycleProgress, steps: Iterable[LifecycleStep]) -> None:
    """What ran runs, what did not does not, and the routes tell it."""
    steps = tuple(steps)
    engine = progress.world.engine
    retire(progress.world, (step.active for step in steps if not step.running))
    running, awaited = [step.active.id for step in steps if step.running], []
    for deployment in running:
        # One that cannot be started again has to be told by the status: the others go on.
        with suppress(Exception):
            if not engine.start(deployment):
                awaited.append(deployment)
        with suppress(Exception):
            engine.keep_running(deployment)
    for deployment in awaited:
        with suppress(Exception):
            engine.await_running(deployment)
    resting = [step.service for step in steps if step.active.resting]
    others = [step.service for step in steps if not step.active.resting]
    progress.mark(resting, stopped=True)
    progress.mark(others, stopped=False)
    progress.save(mark_started(mark_stopped(progress.record, resting), others))
    progress.downtime.end(*others)


def _reverted(
    progress: LifecycleProgress, error: CompartmentError, steps: Steps
) -> Generator[Event, None, RunEnding]:
    verb = progress.plan.verb
    try:
        _back(progress, steps)
    except Exception as raised:
        worse = as_expected(progress.world, raised)
        yield progress.note(f"reverting stopped: {worse.message}")
        hint = f"`compartment-tui {verb}` again"
        failure = Failure(code=error.code, message=error.message, hint=hint)
        return RunEnding(outcome=Outcome.NEEDS_ATTENTION, failure=failure)
    stage = Stage.STOPPED if verb in (LifecycleVerb.STOP, LifecycleVerb.RESTART) else Stage.STARTING
    for step in steps:
        target = progress.target(step.service)
        yield StageReverted(at=progress.now, target=target, stage=stage)
    outcome = Outcome.CANCELLED if isinstance(error, Cancelled) else Outcome.FAILED
    return RunEnding(outcome=outcome, failure=failure_of(error))


def _audit(progress: LifecycleProgress) -> None:
    names = progress.done
    if not names:
        return
    verb = progress.plan.verb.value
    numbers = {step.service: step.replicas for step in progress.plan.services if step.replicas}
    done = ", ".join(f"{name}={numbers[name]}" if name in numbers else name for name in names)
    record = audited(progress.record, progress.world.actor, progress.now, verb, done)
    with suppress(Exception):
        progress.save(record)


_Verb: TypeAlias = Callable[[LifecycleProgress, Steps], Generator[Event, None, RunEnding]]
_VERBS: Mapping[LifecycleVerb, _Verb] = MappingProxyType(
    {
        LifecycleVerb.STOP: _stop,
        LifecycleVerb.START: _start,
        LifecycleVerb.RESTART: _restart,
        LifecycleVerb.SCALE: scale,
    }
)
_NOTHING: Mapping[LifecycleVerb, Outcome] = MappingProxyType(
    {
        LifecycleVerb.STOP: Outcome.STOPPED,
        LifecycleVerb.START: Outcome.UNCHANGED,
        LifecycleVerb.RESTART: Outcome.UNCHANGED,
        LifecycleVerb.SCALE: Outcome.UNCHANGED,
    }
)
