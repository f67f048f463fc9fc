"""How a record changes as a run goes on: pure, from one truthful state to the next."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from compartment_tui.domain.deployment import (
    AuditLine,
    Deployment,
    EnvironmentState,
    Journal,
    JournalEntry,
    Purpose,
    RunRecord,
    Stage,
    Status,
    Trigger,
)
from compartment_tui.domain.planning.plan import RECIPES, Birth, Plan, Run
from compartment_tui.domain.planning.retention import removed_deployments
from compartment_tui.domain.record.held_candidates import let_go, not_held
from compartment_tui.domain.routes import RouteTable

FRESH = 20
"""Deployments per service that stay in the record; older ones are put on a shelf."""
AUDIT_LINES = 1000


def begun(state: EnvironmentState, run: Run) -> EnvironmentState:
    """The run, its journal and its new deployments are on the record before it begins."""
    if run.purpose is Purpose.DISCARD:
        return replace(state, journal=run.journal())
    made = tuple(plan for plan in run.plans if not plan.removes)
    for plan in made:
        if plan.deployment not in state.deployments:
            state = state.with_deployment(_new_deployment(plan, run))
    record = RunRecord(
        id=run.id,
        trigger=run.trigger,
        created=run.created,
        actor=run.actor,
        services=tuple(plan.service for plan in made),
        deployments={plan.service: plan.deployment for plan in made},
        removed={plan.service: plan.deployment for plan in run.plans if plan.removes},
        label=run.label,
    )
    return replace(state.with_run(record), journal=run.journal())


def _new_deployment(plan: Plan, run: Run) -> Deployment:
    building = RECIPES[run.trigger][0] is Stage.BUILDING
    return Deployment(
        id=plan.deployment,
        run=run.id,
        service=plan.service,
        created=run.created,
        trigger=run.trigger,
        spec=plan.spec.text(),
        image=plan.image or "",
        host=plan.host,
        provenance=plan.provenance,
        fingerprints=plan.fingerprints,
        sensitive=plan.sensitive,
        source=plan.copied_from,
        # Images are made side by side, so every one is begun with the run.
        status=Status.RUNNING if building else Status.QUEUED,
    )


def entered(state: EnvironmentState, stage: Stage, plans: Iterable[Plan]) -> EnvironmentState:
    """These services of the run are at `stage` now.

    A kept deployment keeps its old story until it is live. One about to be held is not held yet.
    """
    for plan in plans:
        deployment = state.deployments[plan.deployment]
        if not plan.kept and stage is not Stage.HELD:
            live = stage is Stage.DRAINING_PREVIOUS  # its route has been switched: it has succeeded
            status = Status.SUCCEEDED if live else Status.RUNNING
            moved = replace(deployment, status=status, stage=stage)
            state = state.with_deployment(moved)
    return replace(state, journal=state.journal and replace(state.journal, stage=stage))


def image_known(state: EnvironmentState, birth: Birth) -> EnvironmentState:
    """The candidate's image and port are known."""
    deployment = state.deployments[birth.plan.deployment]
    return state.with_deployment(replace(deployment, image=birth.image.id, port=birth.port))


def containers_known(state: EnvironmentState, containers: Mapping[str, str]) -> EnvironmentState:
    """Which containers deployments have, by id: from now on no other is taken for theirs."""
    for deployment, container in containers.items():
        known = state.deployments.get(deployment)
        if known is not None and known.container != container:
            state = state.with_deployment(replace(known, container=container))
    return state


def bases_known(state: EnvironmentState, bases: Mapping[str, str]) -> EnvironmentState:
    """Which exact image of others each deployment was made on."""
    for deployment, base in bases.items():
        known = state.deployments.get(deployment)
        if known is not None and known.made_on != base:
            state = state.with_deployment(replace(known, made_on=base))
    return state


def without_unchanged(state: EnvironmentState, plans: Iterable[Plan]) -> EnvironmentState:
    """Services that already are what the run would make: covered by it, not part of it."""
    journal, covered = state.journal, {plan.service: plan for plan in plans}
    if journal is None or not covered:
        return state
    mine = {plan.deployment for plan in covered.values()}
    run = state.run(journal.run)
    if run is not None:
        state = state.with_run(
            replace(
                run,
                services=tuple(name for name in run.services if name not in covered),
                covered=tuple(covered),
                deployments={
                    **run.deployments,
                    **{name: state.active[name] for name in covered},
                },
            )
        )
    return replace(
        state,
        deployments={id_: one for id_, one in state.deployments.items() if id_ not in mine},
        journal=replace(
            journal, entries=tuple(e for e in journal.entries if e.service not in covered)
        ),
    )


def nothing_done(state: EnvironmentState) -> EnvironmentState:
    """Every service was unchanged: there was no run."""
    run = state.journal.run if state.journal else ""
    runs = tuple(one for one in state.runs if one.id != run)
    new = owned(state).owner
    changed = new is not None and (
        state.owner is None or not state.owner.origin.is_same(new.origin)
    )
    return replace(state, journal=None, runs=runs, owner=new if changed else state.owner)


def owned(state: EnvironmentState) -> EnvironmentState:
    """The journal's run did what it was for: the environment is that repository's now."""
    owner = state.journal.owner if state.journal else None
    return state if owner is None else replace(state, owner=owner)


def activated(state: EnvironmentState, at: datetime, table: RouteTable) -> EnvironmentState:
    """The commit point is passed: the journal's deployments are active, the others stand back.

    Held candidates that they take the place of are discarded. `table` is what is in force now: it
    may have moved hosts of services that were left alone, too.
    """
    journal = state.journal
    if journal is None:
        return state
    left = Stage.ROLLED_BACK if journal.trigger is Trigger.ROLLBACK else Stage.STOPPED
    for entry in journal.entries:
        old = state.active_deployment(entry.service)
        if old is not None and (old.id != entry.deployment or entry.removes):
            state = state.with_deployment(replace(old, status=Status.SUCCEEDED, stage=left))
        if entry.removes:
            active = {name: id_ for name, id_ in state.active.items() if name != entry.service}
            state = replace(state, active=active)
            continue
        state = let_go(not_held(state, entry.deployment), entry.discards)
        state = state.with_deployment(_live(state, entry, journal, at))
        state = replace(state, active={**state.active, entry.service: entry.deployment})
    run = state.run(journal.run)
    if run is not None:
        state = state.with_run(replace(run, status=Status.SUCCEEDED, completed=at))
    state = with_hosts(owned(state), table)
    return replace(state, journal=replace(journal, stage=Stage.DRAINING_PREVIOUS))


def with_hosts(state: EnvironmentState, table: RouteTable) -> EnvironmentState:
    """The record with the hosts that lead to what is active, by the routes in force."""
    for id_ in state.active.values():
        deployment, host = state.deployments.get(id_), table.host_of(id_)
        if deployment is not None and host is not None and deployment.host != host:
            state = state.with_deployment(replace(deployment, host=host))
    return state


def _live(
    state: EnvironmentState, entry: JournalEntry, journal: Journal, at: datetime
) -> Deployment:
    deployment = state.deployments[entry.deployment]
    live = replace(deployment, status=Status.SUCCEEDED, stage=Stage.DRAINING_PREVIOUS)
    if deployment.activated is not None:
        return live
    # A deployment that a rollback made stands for its source, so the next rollback goes on from
    # there.
    source = state.deployments.get(deployment.source or "")
    stands_for = source if journal.trigger is Trigger.ROLLBACK else None
    previous = stands_for.previous if stands_for else entry.previous
    return replace(
        live,
        completed=deployment.completed or at,
        activated=at,
        activated_run=journal.run,
        previous=previous,
    )


def finished(state: EnvironmentState, actor: str, at: datetime) -> EnvironmentState:
    """The run is over and did what it was for: no journal, and an audit line."""
    journal = state.journal
    if journal is None:
        return state
    for entry in journal.incoming if journal.purpose is Purpose.LIVE else ():
        live = replace(state.deployments[entry.deployment], stage=Stage.ACTIVE)
        state = state.with_deployment(live)
    services = ", ".join(entry.service for entry in journal.entries)
    state = replace(owned(state), journal=None)
    return audited(state, actor, at, verb_of(journal), f"{services} ({journal.run})")


def verb_of(journal: Journal) -> str:
    """What the audit calls it."""
    if journal.entries and not journal.incoming:
        return Purpose.REMOVE.value
    return (journal.trigger if journal.purpose is Purpose.LIVE else journal.purpose).value


def audited(
    state: EnvironmentState, actor: str, at: datetime, verb: str, detail: str
) -> EnvironmentState:
    """One more line of who did what and when."""
    line = AuditLine(at=at, actor=actor, verb=verb, detail=detail)
    return replace(state, audit=(*state.audit, line)[-AUDIT_LINES:])


def shelved(
    state: EnvironmentState, *, keep: int
) -> tuple[EnvironmentState, EnvironmentState | None]:
    """The record without its old history, and that history; None while there is little of it.

    What stays: per service the newest 20 (or all that retention may have kept), the active ones
    and what a rollback from them leads to.
    """
    fresh = max(FRESH, keep + 1)
    services = {
        one.service: len(state.of_service(one.service)) for one in state.deployments.values()
    }
    if max(services.values(), default=0) <= 2 * fresh:
        return state, None
    stay = {one.id for name in services for one in state.of_service(name)[:fresh]}
    stay |= set(state.held.values()) | {one.id for one in removed_deployments(state)}
    for id_ in state.active.values():
        stay |= {id_, state.deployments[id_].previous or ""}
    here = {id_: one for id_, one in state.deployments.items() if id_ in stay}
    gone = {id_: one for id_, one in state.deployments.items() if id_ not in stay}
    old = {
        run.id
        for run in state.runs
        if not {*run.deployments.values(), *run.removed.values()} & here.keys()
    }
    live = replace(
        state, deployments=here, runs=tuple(run for run in state.runs if run.id not in old)
    )
    old_runs = tuple(run for run in state.runs if run.id in old)
    return live, EnvironmentState(key=state.key, deployments=gone, runs=old_runs)
