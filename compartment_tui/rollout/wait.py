"""Requests that wait at the edge while a single writer is replaced, and their release.

A request that waits keeps asking for the name it began to wait for, whatever later routes say. So
they wait for a name that nobody has, and whoever is given that name answers them.
"""

from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import replace
from datetime import timedelta

from compartment_tui.domain.config import UNDECLARED
from compartment_tui.domain.deployment import EnvironmentRecord, JournalEntry
from compartment_tui.domain.errors import EdgeNotConfirmed, InstanceGone
from compartment_tui.domain.events import Event
from compartment_tui.domain.names import stepping_aside_name
from compartment_tui.domain.planning.plan import Plan
from compartment_tui.domain.planning.rollback_targets import spec_of
from compartment_tui.domain.routes import Route
from compartment_tui.domain.wait import Wait
from compartment_tui.ports import ConnectionCount, EnvironmentLock, World
from compartment_tui.rollout.caller_names import CallerNames
from compartment_tui.rollout.context import Rollout
from compartment_tui.rollout.errors import as_expected
from compartment_tui.rollout.switch import await_in_force, mend_documents

RELEASE_PATIENCE = timedelta(seconds=4)
"""How long whoever answers keeps the name that was waited for.

The edge tries again within 0.3 s, and a look-up that got lost takes it up to three.
"""
COUNT_INTERVAL = timedelta(milliseconds=50)
READY_INTERVAL = timedelta(milliseconds=50)


def begin_wait(
    rollout: Rollout, plan: Plan, entry: JournalEntry, port: int | None
) -> Iterator[Event]:
    """Let the requests to a service wait, until the one that serves is free of them.

    What waits asks at one port, whoever answers in the end. A candidate that listens on another
    than the one that serves is away like one whose requests do not wait; `port` is its.
    """
    world, lock, key = rollout.world, rollout.lock, rollout.run.key
    if plan.previous is None or plan.previous.port is None:
        return
    if port != plan.previous.port:
        rollout.downtime.begin(plan.service)
        words = f"its port changes from {plan.previous.port} to {port}: no request can wait"
        yield rollout.note(words, plan.target)
        return
    world.engine.end_stepping_aside(key, [plan.service])
    yield from mend_documents(rollout)
    before = lock.routes()
    table = before.made_wait(
        f"{rollout.run.id}.{plan.service}", plan.service, {plan.previous.id: entry.wait}
    )
    lock.write_routes(table)
    await_in_force(world, lock, table)
    rollout.waiting.begin(plan.service)
    try:
        count = world.engine.count_connections(plan.previous.id, plan.previous.port)
    except InstanceGone:
        return
    with closing(count):
        left = _drained(rollout, count, timedelta(seconds=entry.wait) / 2)
    if left:
        yield rollout.note(CallerNames(world, key).of(left).cut_words, plan.target)


def _drained(rollout: Rollout, count: ConnectionCount, limit: timedelta) -> tuple[str, ...]:
    """Wait until nobody is connected, or the limit; the addresses of those who still are.

    Nothing new can come from the edge, so one look at which there is nobody is enough.
    """
    clock = rollout.world.clock
    deadline = clock.monotonic() + limit
    while True:
        rollout.check_cancel()
        try:
            left = count.now()
        except InstanceGone:
            return ()
        if not left or clock.monotonic() >= deadline:
            return left
        clock.sleep(COUNT_INTERVAL)


def count_waits(rollout: Rollout) -> None:
    """Find out what came of the requests that waited in this run; the edge may not know."""
    measured = rollout.waiting.measured
    previous = {plan.service: plan.previous for plan in rollout.run.plans if plan.previous}
    hosts = {
        service: {
            host
            for route in rollout.before.routes
            if service in previous and route.deployment == previous[service].id
            for host in rollout.before.public.hosts_of(route.host)
        }
        for service in measured
    }
    try:
        counts = rollout.lock.waited(hosts) if measured else {}
    except Exception as raised:
        # The run is over: what is not known is not worth a word.
        as_expected(rollout.world, raised)
        counts = {}
    for service, longest in measured.items():
        rollout.waits[service] = Wait(longest=longest, count=counts.get(service))


def waiting_entries(
    world: World, lock: EnvironmentLock, record: EnvironmentRecord, *, switched: bool
) -> tuple[JournalEntry, ...]:
    """The entries whose requests may wait by now, as far as routes and names tell."""
    entries = record.journal.waited_for if record.journal else ()
    if not entries or switched or lock.routes().waits:
        return entries
    return entries if any(_is_awaited(world, record, entry) for entry in entries) else ()


def _is_awaited(world: World, record: EnvironmentRecord, entry: JournalEntry) -> bool:
    """Whether an undo that was broken off has released the requests to the previous one."""
    instance = world.engine.instance(entry.previous) if entry.previous else None
    return instance is not None and instance.name == stepping_aside_name(entry.service, record.key)


def wait_again(
    world: World,
    lock: EnvironmentLock,
    record: EnvironmentRecord,
    entries: Iterable[JournalEntry],
) -> None:
    """Let requests wait for the undo, too: those that the routes lead to what is to be stopped.

    An edge that does not take that does not keep the previous ones from coming back.
    """
    table = lock.routes()
    going = {entry.deployment: entry for entry in entries}
    routes = tuple(
        _to_previous(record, going[route.deployment], route) if route.deployment in going else route
        for route in table.routes
    )
    if routes == table.routes:
        return
    # Of another marker than the run's, and not to its candidates: recovery must not finish it.
    waiting = replace(table, marker=f"{table.marker}.undo", routes=tuple(sorted(routes)))
    lock.write_routes(waiting)
    with suppress(EdgeNotConfirmed):
        await_in_force(world, lock, waiting)


def _to_previous(record: EnvironmentRecord, entry: JournalEntry, route: Route) -> Route:
    previous = record.deployments.get(entry.previous or "")
    if previous is None or previous.port is None:
        return route
    return replace(
        route,
        deployment=previous.id,
        port=previous.port,
        waiting=entry.service,
        wait=entry.wait,
    )


def release_to_previous(
    world: World, lock: EnvironmentLock, record: EnvironmentRecord, entries: Iterable[JournalEntry]
) -> None:
    """What is live again answers the requests that wait, as soon as it is ready."""
    entries = tuple(entry for entry in entries if entry.previous)
    world.engine.name_awaited(record.key, {e.service: e.previous for e in entries if e.previous})
    for entry in entries:
        _until_ready(world, lock, record, entry)


def _until_ready(
    world: World, lock: EnvironmentLock, record: EnvironmentRecord, entry: JournalEntry
) -> None:
    previous = record.deployments.get(entry.previous or "")
    deadline = world.clock.monotonic() + timedelta(seconds=entry.wait)
    while previous is not None and world.clock.monotonic() < deadline:
        instance = world.engine.instance(previous.id)
        if instance is None or not instance.running or world.cancel.requests > 1:
            return
        readiness = spec_of(previous).readiness or UNDECLARED
        if lock.ready(instance, readiness, instance.port) is None:
            return
        world.clock.sleep(READY_INTERVAL)


def end_wait(world: World, record: EnvironmentRecord, active: dict[str, str]) -> None:
    """These take the active names, after those who waited were answered."""
    if active:
        world.clock.sleep(RELEASE_PATIENCE)
        world.engine.name_active(record.key, active)
