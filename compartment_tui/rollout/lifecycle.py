"""Stop, start and restart under the environment's lock, told in the events of a run.

While a service is away its route stays, and the edge answers for it: visitors are told which
service rests, and not that a name cannot be resolved. So the route is marked before a container is
stopped, and leads to it again only when it has been proven.
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
    StageFinished,
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
from compartment_tui.rollout.errors import as_expected
from compartment_tui.rollout.lifecycle_context import LifecycleContext, rollout_of
from compartment_tui.rollout.readiness import prove_candidates
from compartment_tui.rollout.retirement import retire
from compartment_tui.rollout.runner import RunEnding, failure_of


def handle(
    world: World, lock: EnvironmentLock, record: EnvironmentRecord, handling: LifecyclePlan
) -> Iterator[Event]:
    """Carry out a verb under its environment's lock. The last event is `RunFinished`.

    A request to stop, and a stream that is closed, leave what was live before as it was.
    """
    began = world.clock.monotonic()
    handler = LifecycleContext(handling=handling, rollout=rollout_of(world, lock, record, handling))
    for one in handling.services:
        if not one.acts:
            if handling.verb is LifecycleVerb.START:
                # A restart that was killed may have left it to end with the engine.
                world.engine.keep_running(one.active.id)
            target = handler.target(one.service)
            yield ServiceUnchanged(at=world.clock.now(), target=target, deployment=one.active.id)
    ending = RunEnding(outcome=_NOTHING[handling.verb])
    if handling.acting:
        ending = yield from _safely(handler, handling.acting)
        _audit(handler)
    yield RunFinished(
        at=world.clock.now(),
        run="",
        outcome=ending.outcome,
        took=world.clock.monotonic() - began,
        failure=ending.failure,
        gaps=dict(handler.rollout.gaps.measured),
        handling=handling,
    )


def _safely(
    handler: LifecycleContext, services: tuple[LifecycleStep, ...]
) -> Generator[Event, None, RunEnding]:
    """What fails, and what nobody listens to any more, leaves the services as they were."""
    try:
        return (yield from _VERBS[handler.handling.verb](handler, services))
    except GeneratorExit:
        _as_before(handler, services)
        raise
    except Exception as raised:
        error = as_expected(handler.world, raised)
        return (yield from _reverted(handler, error, services))


def _stop(
    handler: LifecycleContext, services: tuple[LifecycleStep, ...]
) -> Generator[Event, None, RunEnding]:
    """The edge answers first, then each is stopped; asked to stop, those that were run again."""
    names = [one.service for one in services]
    for name in names:
        yield handler.begin(Stage.STOPPED, name)
    handler.mark(names, stopped=True)
    handler.rollout.check_cancel()
    killed = retire(handler.world, (one.active for one in services))
    handler.rollout.save(mark_stopped(handler.rollout.record, names))
    handler.done += names
    for name in names:
        yield handler.end(Stage.STOPPED, name)
    yield from handler.killed(killed)
    return RunEnding(outcome=Outcome.STOPPED)


def _start(
    handler: LifecycleContext, services: tuple[LifecycleStep, ...]
) -> Generator[Event, None, RunEnding]:
    """All are started, each is proven, and only then their routes lead to them again."""
    started = yield from _begin(handler, services)
    proven = yield from _prove(handler, started)
    yield from _lead_back(handler, proven)
    _as_before(handler, [one for one in services if one.service not in handler.done])
    return _ending(handler)


def _restart(
    handler: LifecycleContext, services: tuple[LifecycleStep, ...]
) -> Generator[Event, None, RunEnding]:
    """The edge answers while each is stopped and started; whatever happens, they run in the end."""
    names = [one.service for one in services]
    interrupted = [one for one in services if one.running]
    if interrupted:
        yield handler.note(f"this interrupts {', '.join(one.service for one in interrupted)}")
    # Visitors miss it from the moment the edge answers in its place.
    handler.rollout.gaps.begin(*(one.service for one in interrupted if one.active.host))
    handler.mark(names, stopped=True)
    handler.rollout.check_cancel()
    for name in names:
        yield handler.begin(Stage.STOPPED, name)
    handler.rollout.gaps.begin(*(one.service for one in interrupted))
    killed = retire(handler.world, (one.active for one in services))
    for name in names:
        yield handler.end(Stage.STOPPED, name)
    yield from handler.killed(killed)
    started = yield from _begin(handler, services)
    proven = yield from _prove(handler, started)
    yield from _lead_back(handler, proven)
    # One that is not ready is given back to its visitors, too: nothing else can serve them.
    _as_before(handler, [one for one in services if one.service not in handler.done])
    return _ending(handler)


def _begin(
    handler: LifecycleContext, services: Iterable[LifecycleStep]
) -> Generator[Event, None, tuple[LifecycleStep, ...]]:
    started = []
    for one in services:
        handler.rollout.check_cancel()
        yield handler.begin(Stage.STARTING, one.service)
        try:
            handler.world.engine.start(one.active.id)
        except Exception as raised:
            error = as_expected(handler.world, raised)
            yield handler.fail(Stage.STARTING, one.service, error, _hint(handler, one))
            continue
        started.append(one)
        yield handler.end(Stage.STARTING, one.service)
    return tuple(started)


def _prove(
    handler: LifecycleContext, services: Iterable[LifecycleStep]
) -> Generator[Event, None, tuple[LifecycleStep, ...]]:
    """Ask them in turn; one that does not get ready keeps none of the others away."""
    rollout, proven = handler.rollout, set[str]()
    asked = {one.service: one for one in services}
    while asked:
        plans = tuple(plan for plan in rollout.run.plans if plan.service in asked)
        try:
            for event in prove_candidates(rollout, plans):
                if isinstance(event, StageFinished):
                    proven.add(event.target.service)
                    del asked[event.target.service]
                yield event
        except Cancelled:
            raise
        except Exception as raised:
            error = as_expected(handler.world, raised)
            name = rollout.working_on[0].service if rollout.working_on else next(iter(asked))
            one = asked.pop(name)
            yield handler.fail(Stage.CHECKING_READINESS, name, error, _hint(handler, one))
    return tuple(one for one in handler.handling.services if one.service in proven)


def _lead_back(handler: LifecycleContext, services: tuple[LifecycleStep, ...]) -> Iterator[Event]:
    names = [one.service for one in services]
    for one in services:
        handler.world.engine.keep_running(one.active.id)
    routed = [one.service for one in services if one.active.host]
    for name in routed:
        yield handler.begin(Stage.SWITCHING_ROUTE, name)
    handler.mark(names, stopped=False)
    handler.rollout.save(mark_started(handler.rollout.record, names))
    handler.rollout.gaps.end(*names)
    handler.done += names
    for name in routed:
        yield handler.end(Stage.SWITCHING_ROUTE, name)


def _as_before(handler: LifecycleContext, services: Iterable[LifecycleStep]) -> None:
    """What ran runs, what did not does not, and the routes tell it."""
    services = tuple(services)
    retire(handler.world, (one.active for one in services if not one.running))
    for one in services:
        if not one.running:
            continue
        # One that cannot be started again has to be told by the status: the others go on.
        with suppress(Exception):
            handler.world.engine.start(one.active.id)
        with suppress(Exception):
            handler.world.engine.keep_running(one.active.id)
    resting = [one.service for one in services if one.active.resting]
    others = [one.service for one in services if not one.active.resting]
    handler.mark(resting, stopped=True)
    handler.mark(others, stopped=False)
    handler.rollout.save(mark_started(mark_stopped(handler.rollout.record, resting), others))
    handler.rollout.gaps.end(*others)


def _reverted(
    handler: LifecycleContext,
    error: CompartmentError,
    services: tuple[LifecycleStep, ...],
) -> Generator[Event, None, RunEnding]:
    try:
        _as_before(handler, services)
    except Exception as raised:
        worse = as_expected(handler.world, raised)
        yield handler.note(f"reverting stopped: {worse.message}")
        hint = f"`compartment-tui {handler.handling.verb}` again"
        failure = Failure(code=error.code, message=error.message, hint=hint)
        return RunEnding(outcome=Outcome.NEEDS_ATTENTION, failure=failure)
    starting = handler.handling.verb is LifecycleVerb.START
    stage = Stage.STARTING if starting else Stage.STOPPED
    for one in services:
        now, target = handler.world.clock.now(), handler.target(one.service)
        yield StageReverted(at=now, target=target, stage=stage)
    outcome = Outcome.CANCELLED if isinstance(error, Cancelled) else Outcome.FAILED
    return RunEnding(outcome=outcome, failure=failure_of(error))


def _ending(handler: LifecycleContext) -> RunEnding:
    if handler.failures:
        return RunEnding(outcome=Outcome.FAILED, failure=handler.failures[0])
    return RunEnding(outcome=Outcome.LIVE)


def _hint(handler: LifecycleContext, one: LifecycleStep) -> str:
    left = (
        "it was left running"
        if handler.handling.verb is LifecycleVerb.RESTART
        else "it was stopped"
    )
    short = one.active.id[-10:].lower()
    environment = handler.handling.key.environment
    return f"{left}: `compartment-tui deployment logs {short} -e {environment}` has its output"


def _audit(handler: LifecycleContext) -> None:
    names = handler.done
    if not names:
        return
    world, verb = handler.world, handler.handling.verb.value
    now = world.clock.now()
    record = audited(handler.rollout.record, world.actor, now, verb, ", ".join(names))
    with suppress(Exception):
        handler.rollout.save(record)


_Step: TypeAlias = Callable[
    [LifecycleContext, tuple[LifecycleStep, ...]], Generator[Event, None, RunEnding]
]
_VERBS: Mapping[LifecycleVerb, _Step] = MappingProxyType(
    {LifecycleVerb.STOP: _stop, LifecycleVerb.START: _start, LifecycleVerb.RESTART: _restart}
)
_NOTHING: Mapping[LifecycleVerb, Outcome] = MappingProxyType(
    {
        LifecycleVerb.STOP: Outcome.STOPPED,
        LifecycleVerb.START: Outcome.UNCHANGED,
        LifecycleVerb.RESTART: Outcome.UNCHANGED,
    }
)
