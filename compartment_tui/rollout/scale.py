"""More or fewer replicas of what is live, without a new deployment.

The record says first how many are wanted. New ones are proven before the routes lead to them, and
the routes leave those that go before they are drained. So whatever breaks off, what the routes lead
to serves, and the same verb once more settles the rest.
"""

from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

from compartment_tui.domain.deployment import EnvironmentRecord, Instance, Stage
from compartment_tui.domain.errors import InstanceGone
from compartment_tui.domain.events import Event
from compartment_tui.domain.outcome import Outcome
from compartment_tui.domain.planning.lifecycle import LifecycleStep
from compartment_tui.domain.planning.rollback_targets import spec_of
from compartment_tui.domain.planning.scale import scaled
from compartment_tui.domain.record.rebuild import edge_check
from compartment_tui.domain.record.transitions import containers_known
from compartment_tui.rollout.caller_names import CallerNames
from compartment_tui.rollout.drain import DRAIN_INTERVAL, QUIET
from compartment_tui.rollout.lifecycle_progress import (
    LifecycleProgress,
    Steps,
    prove_steps,
    start_containers,
)
from compartment_tui.rollout.runner import RunEnding


def scale(progress: LifecycleProgress, steps: Steps) -> Generator[Event, None, RunEnding]:
    """Have as many replicas of each as its step says."""
    progress.save(scaled(progress.record, steps))
    at_rest = _make(progress, steps)
    started = yield from start_containers(progress, at_rest)
    proven = [step for step in steps if step not in at_rest]
    proven += yield from prove_steps(progress, started)
    progress.check_cancel()
    yield from _share(progress, proven)
    unscale(progress, [step for step in steps if step not in proven])
    progress.done += [step.service for step in proven]
    for step in proven:
        yield from _let_go(progress, step)
    if progress.failures:
        return RunEnding(outcome=Outcome.FAILED, failure=progress.failures[0])
    return RunEnding(outcome=Outcome.LIVE)


def unscale(progress: LifecycleProgress, steps: Iterable[LifecycleStep]) -> None:
    """These have as many replicas as before, in the routes first, and on the record."""
    steps = tuple(steps)
    _route(progress, {step.active.id: step.before for step in steps})
    for step in steps:
        made = progress.world.engine.set_replicas(step.active.id, step.before)
        _know(progress, made)
    scales = {**progress.record.scales}
    before = progress.before.scales
    for step in steps:
        scales.pop(step.service, None)
        if step.service in before:
            scales[step.service] = before[step.service]
    progress.save(replace(_with_counts(progress.record, steps), scales=scales))


def _with_counts(record: EnvironmentRecord, steps: Steps) -> EnvironmentRecord:
    for step in steps:
        known = record.deployments[step.active.id]
        record = record.with_deployment(replace(known, replicas=step.before))
    return record


def _make(progress: LifecycleProgress, steps: Steps) -> Steps:
    """Make those that are missing; the steps of which something does not run.

    Those that are too many serve on until the routes have left them.
    """
    at_rest = []
    for step in steps:
        instance = progress.world.engine.instance(step.active.id)
        there = len(instance.replicas) if instance is not None else 0
        made = progress.world.engine.set_replicas(step.active.id, max(step.replicas, there))
        _know(progress, made)
        if not made.all_running:
            at_rest.append(step)
    return tuple(at_rest)


def _know(progress: LifecycleProgress, instance: Instance) -> None:
    progress.save(containers_known(progress.record, (instance,)))


def _share(progress: LifecycleProgress, steps: Iterable[LifecycleStep]) -> Iterator[Event]:
    """The routes lead to all that are wanted, and to no other."""
    steps = tuple(steps)
    for step in steps:
        progress.world.engine.keep_running(step.active.id)
    routed = [progress.target(step.service) for step in steps if step.active.host]
    for target in routed:
        yield progress.begin(Stage.SWITCHING_ROUTE, target)
    _route(progress, {step.active.id: step.replicas for step in steps})
    for target in routed:
        yield progress.end(Stage.SWITCHING_ROUTE, target)


def _route(progress: LifecycleProgress, replicas: dict[str, int]) -> None:
    before = progress.lock.routes()
    deployments = progress.record.deployments
    routes = (
        replace(
            route,
            replicas=replicas[route.deployment],
            check=None
            if replicas[route.deployment] == 1 or route.one_name
            else edge_check(spec_of(deployments[route.deployment])),
        )
        if route.deployment in replicas
        else route
        for route in before.routes
    )
    marker = progress.world.clock.new_id("run")
    table = replace(before, marker=marker, routes=tuple(sorted(routes)))
    if any(before.leads_to(id_) for id_ in replicas):
        progress.put_in_force(before, table)


def _let_go(progress: LifecycleProgress, step: LifecycleStep) -> Iterator[Event]:
    """Drain and remove the replicas that are too many. A request to stop ends the waiting."""
    engine, spec = progress.world.engine, spec_of(step.active)
    instance = engine.instance(step.active.id)
    if instance is None or instance.replicas[-1].number <= step.replicas:
        return
    target = progress.target(step.service)
    yield progress.begin(Stage.DRAINING_PREVIOUS, target)
    left = _drained(progress, step, spec.drain_timeout) if instance.port is not None else ()
    if left:
        words = CallerNames(progress.world, progress.plan.key).of(left).cut_words
        yield progress.note(words, target)
    engine.retire_replicas(step.active.id, step.replicas, spec.stop_grace)
    remaining = engine.instance(step.active.id)
    if remaining is not None:
        _know(progress, remaining)
    yield progress.end(Stage.DRAINING_PREVIOUS, target)


def _drained(progress: LifecycleProgress, step: LifecycleStep, limit: timedelta) -> tuple[str, ...]:
    """Wait until nobody is connected to those that go, or the limit; who still is."""
    world, clock = progress.world, progress.world.clock
    deadline = clock.monotonic() + limit
    quiet_since: timedelta | None = None
    left: tuple[str, ...] = ()
    try:
        count = world.engine.count_connections(
            step.active.id, step.active.port or 0, above=step.replicas
        )
        with closing(count):
            while clock.monotonic() < deadline and not world.cancel.requests:
                left = count.now()
                if left:
                    quiet_since = None
                elif quiet_since is None:
                    quiet_since = clock.monotonic()
                elif clock.monotonic() - quiet_since >= QUIET:
                    break
                clock.sleep(DRAIN_INTERVAL)
    except InstanceGone:
        return ()
    return left
