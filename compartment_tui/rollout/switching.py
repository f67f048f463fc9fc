"""The commit point, and what it takes to stand by it. Also used to finish a run after a crash."""

from collections.abc import Iterator, Mapping
from datetime import timedelta

from compartment_tui.domain.deployment import EnvironmentState, Journal, Purpose, Stage
from compartment_tui.domain.errors import EdgeNotConfirmed, HostConflict
from compartment_tui.domain.events import Event
from compartment_tui.domain.holding import discarded, held
from compartment_tui.domain.names import EnvironmentKey, show
from compartment_tui.domain.plan import Plan
from compartment_tui.domain.routes import Route, RouteTable
from compartment_tui.domain.transitions import activated
from compartment_tui.ports import Hold, World
from compartment_tui.rollout.context import Rollout

CONFIRM_TIMEOUT = timedelta(seconds=10)
"""How long the edge may take to put a written table in force; it usually takes 0.1 to 0.3 s."""
CONFIRM_INTERVAL = timedelta(milliseconds=20)


def switch_routes(rollout: Rollout, plans: tuple[Plan, ...]) -> Iterator[Event]:
    """Move every route of the run by one rename and ask the edge; then names and record."""
    for plan in plans:
        rollout.on(plan, Stage.SWITCHING_ROUTE)
    yield from rollout.enter(Stage.SWITCHING_ROUTE, plans)
    yield from mend_documents(rollout)
    table = routes_after(rollout, plans)
    write_claimed(rollout, table)
    await_in_force(rollout.world, rollout.hold, table)
    rollout.committed = True
    rollout.gaps.end_all()
    rollout.save(stand_by(rollout.world, rollout.hold, rollout.state))
    for plan in plans:
        yield rollout.leave(Stage.SWITCHING_ROUTE, plan)


def routes_after(rollout: Rollout, plans: tuple[Plan, ...]) -> RouteTable:
    """The table of this run: its candidates' routes, and no previews of what is held no longer."""
    routes = []
    for plan in plans:
        port = rollout.state.deployments[plan.deployment].port
        if plan.routed_host is not None and port is not None:
            routes.append(
                Route(
                    host=plan.routed_host,
                    deployment=plan.deployment,
                    port=port,
                    fallback=bool(plan.spec.fallback),
                )
            )
    ended = {plan.discards.id for plan in plans if plan.discards}
    ended |= {plan.deployment for plan in plans if plan.held}
    return rollout.run.before.without(frozenset(ended)).moved(rollout.run.id, tuple(routes))


def mend_documents(rollout: Rollout) -> Iterator[Event]:
    """Move unreadable route documents aside: one of them blocks the changes of every project."""
    if rollout.hold.documents_readable():
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


def write_claimed(rollout: Rollout, table: RouteTable) -> None:
    """Write the table; new hosts are claimed under the engine's lock. Raises HostConflict."""
    world, run = rollout.world, rollout.run
    new = table.hosts - run.before.hosts
    if not new:
        rollout.hold.write_routes(table)
        return
    with world.locks.engine(actor=world.actor):
        refuse_taken_hosts(run.key, new, world.edge.tables())
        rollout.hold.write_routes(table)


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
                hint="rename the service or the project, or give one of them another base_domain",
            )


def await_in_force(world: World, hold: Hold, table: RouteTable) -> None:
    """Ask the edge until exactly this table is in force. Raises EdgeNotConfirmed."""
    deadline = world.clock.monotonic() + CONFIRM_TIMEOUT
    while not hold.in_force(table):
        if world.clock.monotonic() >= deadline:
            raise EdgeNotConfirmed(
                f"the edge did not take the routes within {CONFIRM_TIMEOUT.total_seconds():g} s",
                hint="`compartment-tui doctor` tells what is wrong with it",
            )
        world.clock.sleep(CONFIRM_INTERVAL)


def stand_by(world: World, hold: Hold, state: EnvironmentState) -> EnvironmentState:
    """After the commit point: names inside, restart policies, the record. Idempotent."""
    journal = state.journal
    if journal is None:
        return state
    hold.confirm()
    if journal.purpose is Purpose.HOLD:
        return held(state, world.clock.now())
    if journal.purpose is Purpose.DISCARD:
        return discarded(state)
    world.engine.name_active(state.key, {e.service: e.deployment for e in journal.entries})
    for entry in journal.entries:
        world.engine.keep_running(entry.deployment)
    return activated(state, world.clock.now())


def is_in_force(world: World, hold: Hold, journal: Journal) -> bool:
    """Which side of the commit point a broken run is on. The edge decides, never the journal.

    A table of the run that lies there unconfirmed gets its time; when the edge does not take it, it
    does not count. (Documents made again after their volume was lost have no marker, but the same
    routes.)
    """
    written = hold.routes()
    routed = [entry for entry in journal.entries if entry.host is not None]
    leads_there = bool(routed) and all(written.leads_to(e.deployment, e.host) for e in routed)
    if written.marker != journal.run and not leads_there:
        return False
    try:
        await_in_force(world, hold, written)
    except EdgeNotConfirmed:
        return False
    return True
