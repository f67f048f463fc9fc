"""The switch of the routes, which is the commit point of every run, also of a broken one."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta

from compartment_tui.domain.deployment import EnvironmentRecord, Journal, Purpose
from compartment_tui.domain.errors import EdgeNotConfirmed, HostConflict
from compartment_tui.domain.events import Event, RouteMoved
from compartment_tui.domain.inner_calls import name_inside, opened
from compartment_tui.domain.names import EnvironmentKey, is_preview, show
from compartment_tui.domain.planning.plan import Plan, Reroute
from compartment_tui.domain.planning.rollback_targets import spec_of
from compartment_tui.domain.record.held_candidates import discarded, held
from compartment_tui.domain.record.rebuild import route_to
from compartment_tui.domain.record.transitions import activated
from compartment_tui.domain.routes import RouteTable
from compartment_tui.domain.target import Target
from compartment_tui.ports import EnvironmentLock, World
from compartment_tui.rollout.connection_counts import begun_counts
from compartment_tui.rollout.context import Rollout
from compartment_tui.rollout.progress import Progress

CONFIRM_TIMEOUT = timedelta(seconds=10)
"""How long the edge may take to put a written table in force; it usually takes 0.1 to 0.3 s."""
CONFIRM_INTERVAL = timedelta(milliseconds=20)
RELEASED = "its release command has run: promote does not run it again, discard does not undo it"


def switch_routes(rollout: Rollout, plans: tuple[Plan, ...]) -> Iterator[Event]:
    """Move every route of the run by one rename and ask the edge; then names and record.

    A hold opens its previews so, and a discard closes them; neither makes anything live. The
    journal goes in one writing with the routes, unless something else comes between the two.
    """
    stage = rollout.run.purpose.switch_stage
    rollout.check_cancel()
    for plan in plans:
        rollout.work_on(stage, plan.target)
    table = routes_after(rollout, plans, rollout.entered_record(stage, plans))
    if table.hosts <= rollout.before.hosts:
        readable = rollout.save_with_routes(stage, plans, table)
        yield from (rollout.begin(stage, plan.target) for plan in plans)
        if not readable:
            yield from mend_documents(rollout)
    else:
        yield from rollout.enter(stage, plans)
        yield from mend_documents(rollout)
        write_claimed(rollout, rollout.run.key, rollout.before, table)
    if rollout.run.purpose is Purpose.LIVE:
        # It takes a while until they are counted, and nothing may come between the edge's word,
        # by which the lock is still ours, and the names.
        rollout.counts.update(begun_counts(rollout.world, rollout.record))
        rollout.world.engine.list_ahead(rollout.run.key)
    await_in_force(rollout.world, rollout.lock, table)
    rollout.committed = True
    rollout.downtime.end_all()
    rollout.after = table
    record = apply_commit(rollout.world, rollout.record, table)
    rollout.waiting.end_all()
    rollout.save(record)
    for plan in plans:
        yield rollout.end(stage, plan.target, note=plan.opened_preview or "")
    if rollout.run.purpose is Purpose.HOLD:
        yield from _released_notes(rollout, plans)
    for moved in _moved_routes(rollout):
        target = Target(rollout.run.key.environment, moved.service)
        yield RouteMoved(at=rollout.now, target=target, host=moved.host, old_host=moved.old_host)


def _released_notes(rollout: Rollout, plans: tuple[Plan, ...]) -> Iterator[Event]:
    for plan in plans:
        if plan.runs_release:
            yield rollout.note(RELEASED, plan.target)


def must_switch(rollout: Rollout) -> bool:
    """Whether routes have to move though every service is unchanged.

    They do where the file gives another host today, and where the edge does not lead as it should.
    """
    if rollout.pending or rollout.run.purpose is not Purpose.LIVE:
        return bool(rollout.pending)
    table = routes_after(rollout, (), rollout.record)
    before = rollout.before
    changed = (table.routes, table.public) != (before.routes, before.public)
    return changed or not rollout.lock.in_force(before)


def routes_after(
    rollout: Rollout, plans: tuple[Plan, ...], record: EnvironmentRecord
) -> RouteTable:
    """The table of this run, by the record that goes with it.

    Its candidates have their hosts, what is left alone has the host that the file gives it, and
    nothing leads to what is replaced, taken away, no longer held or unknown.
    """
    run = rollout.run
    routes = []
    for plan in plans:
        port = record.deployments[plan.deployment].port
        if plan.routed_host is not None and port is not None:
            routes.append(
                route_to(
                    plan.spec,
                    host=plan.routed_host,
                    deployment=plan.deployment,
                    port=port,
                    replicas=record.deployments[plan.deployment].replicas,
                    one_name=record.deployments[plan.deployment].one_name,
                    inside=name_inside(plan.spec, rollout.inner_ports)
                    if plan.purpose is Purpose.LIVE
                    else "",
                )
            )
    ended = {plan.superseded.id for plan in plans if plan.superseded}
    ended |= {plan.deployment for plan in plans if plan.from_hold or plan.removes}
    if run.purpose is Purpose.LIVE:
        ended |= {plan.previous.id for plan in plans if plan.previous}
    for moved in _moved_routes(rollout):
        ended.add(moved.deployment)
        resting = rollout.before.answered_for(moved.deployment)
        known = record.deployments[moved.deployment]
        spec = spec_of(known)
        routes.append(
            route_to(
                spec,
                host=moved.host,
                deployment=moved.deployment,
                port=moved.port,
                replicas=known.replicas,
                one_name=known.one_name,
                stopped=moved.service if resting else "",
                inside=name_inside(spec, rollout.inner_ports),
            )
        )
    stays = {*record.active.values(), *record.held.values(), *(plan.deployment for plan in plans)}
    kept = rollout.before.only(frozenset(stays)).without(frozenset(ended))
    return _with_public_side(rollout, kept.moved(run.id, tuple(routes)), record)


def _with_public_side(rollout: Rollout, table: RouteTable, record: EnvironmentRecord) -> RouteTable:
    """The table with the domains, rules and treatments that the file gives what it leads to."""
    wanted = rollout.run.public
    if wanted is None:
        return table
    hosts = hosts_of_services(record, table)
    side = wanted.side(hosts, rollout.before.public, unproven=rollout.unproven, plain=rollout.plain)
    return replace(table, public=side)


def hosts_of_services(record: EnvironmentRecord, table: RouteTable) -> dict[str, str]:
    """The host of each service's route, previews left out."""
    return {
        record.deployments[route.deployment].service: route.host
        for route in table.routes
        if route.deployment in record.deployments and not is_preview(route.host, route.deployment)
    }


def _moved_routes(rollout: Rollout) -> tuple[Reroute, ...]:
    """Services that keep their deployment and get another host by this switch."""
    if rollout.run.purpose is not Purpose.LIVE:
        return ()
    moved = list(rollout.run.reroutes)
    for plan in rollout.unchanged:
        active = plan.previous
        if active is None or plan.host is None or active.port is None:
            continue
        old = rollout.before.host_of(active.id)
        if old != plan.host:
            moved.append(
                Reroute(
                    service=plan.service,
                    deployment=active.id,
                    port=active.port,
                    old_host=old or "",
                    host=plan.host,
                )
            )
    return tuple(moved)


def mend_documents(rollout: Rollout) -> Iterator[Event]:
    """Move unreadable route documents aside: one of them blocks the changes of every project."""
    if rollout.lock.documents_readable():
        return
    edge = rollout.world.edge
    unreadable = edge.unreadable()
    if not unreadable:
        return
    with rollout.world.locks.engine(actor=rollout.world.actor):
        for document in unreadable:
            edge.set_aside(document)
    for document in unreadable:
        yield rollout.note(f"the route document {show(document)} was unreadable: moved aside")


def open_inner_calls(
    world: World, lock: EnvironmentLock, record: EnvironmentRecord, ports: tuple[int, ...]
) -> RouteTable:
    """The routes as a run finds them, where what is active is called through the edge.

    Whoever is made in the run will look for it there. Raises EdgeNotConfirmed.
    """
    before = lock.routes()
    table = opened(before, record, ports)
    if table != before:
        lock.write_routes(table)
        await_in_force(world, lock, table)
    return table


def write_claimed(
    progress: Progress, key: EnvironmentKey, before: RouteTable, table: RouteTable
) -> None:
    """Write the table; new hosts are claimed under the engine's lock. Raises HostConflict."""
    world = progress.world
    new = table.hosts - before.hosts
    if not new:
        progress.lock.write_routes(table)
        return
    with world.locks.engine(actor=world.actor):
        refuse_taken_hosts(key, new, world.edge.tables())
        progress.lock.write_routes(table)


def refuse_taken_hosts(
    ours: EnvironmentKey, hosts: frozenset[str], tables: Mapping[EnvironmentKey, RouteTable]
) -> None:
    """Raises HostConflict when another environment of this engine owns one of the hosts."""
    for key, table in tables.items():
        taken = sorted(table.hosts & hosts)
        if taken and key != ours:
            raise HostConflict(
                f"{taken[0]} is already routed to project {key.project},"
                f" environment {show(key.environment)}",
                hint="take the domain out of one of the files; or rename the service or the"
                " project, or give one of them another base_domain",
            )


def await_in_force(world: World, lock: EnvironmentLock, table: RouteTable) -> None:
    """Ask the edge until exactly this table is in force. Raises EdgeNotConfirmed."""
    deadline = world.clock.monotonic() + CONFIRM_TIMEOUT
    while not lock.in_force(table):
        if world.clock.monotonic() >= deadline:
            raise EdgeNotConfirmed(
                f"the edge did not take the routes within {CONFIRM_TIMEOUT.total_seconds():g} s",
                hint="`compartment-tui doctor` tells what is wrong with it",
            )
        world.clock.sleep(CONFIRM_INTERVAL)


def apply_commit(world: World, record: EnvironmentRecord, table: RouteTable) -> EnvironmentRecord:
    """After the commit point: names inside, restart policies, the record. Idempotent.

    `table` is in force. Right before, the lock has told that it is still ours: so does the look
    whether it is.
    """
    journal = record.journal
    if journal is None:
        return record
    if journal.purpose is Purpose.HOLD:
        return held(record, world.clock.now())
    if journal.purpose is Purpose.DISCARD:
        return discarded(record)
    waited_for = {entry.service: entry.deployment for entry in journal.waited_for}
    if waited_for:
        # First of all: what waits is answered from here on. The active name follows, much later.
        world.engine.name_awaited(record.key, waited_for)
    names = {e.service: None if e.removes else e.deployment for e in journal.entries if not e.wait}
    world.engine.name_active(record.key, names)
    for entry in journal.incoming:
        world.engine.keep_running(entry.deployment)
    return activated(record, world.clock.now(), table)


def is_in_force(world: World, lock: EnvironmentLock, journal: Journal) -> bool:
    """Which side of the commit point a broken run is on. The edge decides, never the journal.

    A table of the run that lies there unconfirmed gets its time; when the edge does not take it, it
    does not count. (Documents made again after their volume was lost have no marker, but the same
    routes.)
    """
    written = lock.routes()
    routed = [entry for entry in journal.incoming if entry.host is not None]
    leads_there = bool(routed) and all(written.leads_to(e.deployment, e.host) for e in routed)
    if written.marker != journal.run and not leads_there:
        return False
    try:
        await_in_force(world, lock, written)
    except EdgeNotConfirmed:
        return False
    return True
