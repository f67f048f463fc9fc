"""Transitions of a record as a run goes on: pure, from one truthful state to the next."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from compartment_tui.domain.deployment import (
    AuditLine,
    Deployment,
    EnvironmentRecord,
    Instance,
    Journal,
    JournalEntry,
    Purpose,
    RunRecord,
    Stage,
    Status,
    Trigger,
)
from compartment_tui.domain.planning.plan import RECIPES, ContainerSpec, Plan, Run
from compartment_tui.domain.planning.retention import removed_deployments
from compartment_tui.domain.record.held_candidates import discard, not_held
from compartment_tui.domain.routes import RouteTable

FRESH = 20
"""Deployments per service that stay in the record; older ones are put on a shelf."""
AUDIT_LINES = 1000


def begun(record: EnvironmentRecord, run: Run, before: RouteTable) -> EnvironmentRecord:
    """The run, its journal and its new deployments are on the record before it begins.

    `before` are the routes that it finds.
    """
    journal = run.journal(before)
    if run.purpose is Purpose.DISCARD:
        return replace(record, journal=journal)
    made = tuple(plan for plan in run.plans if not plan.removes)
    # What was asked for by hand counts until the file says otherwise.
    over = {plan.service for plan in run.plans if plan.removes or not plan.by_hand}
    scales = {name: scale for name, scale in record.scales.items() if name not in over}
    record = replace(record, scales=scales)
    for plan in made:
        known = record.deployments.get(plan.deployment)
        if known is None:
            record = record.with_deployment(_new_deployment(plan, run))
        elif known.replicas != plan.replicas:
            record = record.with_deployment(replace(known, replicas=plan.replicas))
    run_record = RunRecord(
        id=run.id,
        trigger=run.trigger,
        created=run.created,
        actor=run.actor,
        services=tuple(plan.service for plan in made),
        deployments={plan.service: plan.deployment for plan in made},
        removed={plan.service: plan.deployment for plan in run.plans if plan.removes},
        label=run.label,
    )
    return replace(record.with_run(run_record), journal=journal)


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
        replicas=plan.replicas,
        # Images are made side by side, so every one is begun with the run.
        status=Status.RUNNING if building else Status.QUEUED,
    )


def entered(record: EnvironmentRecord, stage: Stage, plans: Iterable[Plan]) -> EnvironmentRecord:
    """These services of the run are at `stage` now.

    A kept deployment keeps its old story until it is live. One about to be held is not held yet.
    """
    moved = {}
    for plan in plans:
        if not plan.reuses_container and stage is not Stage.HELD:
            live = stage is Stage.DRAINING_PREVIOUS  # its route has been switched: it has succeeded
            status = Status.SUCCEEDED if live else Status.RUNNING
            deployment = record.deployments[plan.deployment]
            moved[plan.deployment] = replace(deployment, status=status, stage=stage)
    journal = record.journal and replace(record.journal, stage=stage)
    return replace(record, deployments={**record.deployments, **moved}, journal=journal)


def image_known(record: EnvironmentRecord, birth: ContainerSpec) -> EnvironmentRecord:
    """The candidate's image and port are known."""
    known = record.deployments[birth.plan.deployment]
    if (known.image, known.port) == (birth.image.id, birth.port):
        return record
    return record.with_deployment(replace(known, image=birth.image.id, port=birth.port))


def containers_known(record: EnvironmentRecord, instances: Iterable[Instance]) -> EnvironmentRecord:
    """Which containers deployments have, by id: from now on no other is taken for theirs."""
    for instance in instances:
        known = record.deployments.get(instance.deployment)
        if known is not None and known.containers != instance.containers:
            first, *others = instance.containers
            named = replace(known, container=first, others=tuple(others))
            record = record.with_deployment(replace(named, one_name=instance.one_name))
    return record


def inner_known(
    record: EnvironmentRecord, births: Mapping[str, tuple[str, ...]]
) -> EnvironmentRecord:
    """Which services each deployment's container reaches through the edge."""
    for deployment, inner in births.items():
        known = record.deployments.get(deployment)
        if known is not None and known.inner != inner:
            record = record.with_deployment(replace(known, inner=inner))
    return record


def bases_known(record: EnvironmentRecord, bases: Mapping[str, str]) -> EnvironmentRecord:
    """Which exact image of others each deployment was made on."""
    for deployment, base in bases.items():
        known = record.deployments.get(deployment)
        if known is not None and known.made_on != base:
            record = record.with_deployment(replace(known, made_on=base))
    return record


def without_unchanged(record: EnvironmentRecord, plans: Iterable[Plan]) -> EnvironmentRecord:
    """Services that already are what the run would make: covered by it, not part of it."""
    journal, covered = record.journal, {plan.service: plan for plan in plans}
    if journal is None or not covered:
        return record
    mine = {plan.deployment for plan in covered.values()}
    run = record.run(journal.run)
    if run is not None:
        record = record.with_run(
            replace(
                run,
                services=tuple(name for name in run.services if name not in covered),
                covered=tuple(covered),
                deployments={
                    **run.deployments,
                    **{name: record.active[name] for name in covered},
                },
            )
        )
    return replace(
        record,
        deployments={id_: one for id_, one in record.deployments.items() if id_ not in mine},
        journal=replace(
            journal, entries=tuple(e for e in journal.entries if e.service not in covered)
        ),
    )


def nothing_done(record: EnvironmentRecord) -> EnvironmentRecord:
    """Every service was unchanged: there was no run."""
    run = record.journal.run if record.journal else ""
    runs = tuple(one for one in record.runs if one.id != run)
    new = owned(record).owner
    changed = new is not None and (
        record.owner is None or not record.owner.origin.is_same(new.origin)
    )
    return replace(record, journal=None, runs=runs, owner=new if changed else record.owner)


def owned(record: EnvironmentRecord) -> EnvironmentRecord:
    """The journal's run did what it was for: the environment is that repository's now."""
    owner = record.journal.owner if record.journal else None
    return record if owner is None else replace(record, owner=owner)


def activated(record: EnvironmentRecord, at: datetime, table: RouteTable) -> EnvironmentRecord:
    """The commit point is passed: the journal's deployments are active, the others stand back.

    Held candidates that they take the place of are discarded. `table` is what is in force now: it
    may have moved hosts of services that were left alone, too.
    """
    journal = record.journal
    if journal is None:
        return record
    left = Stage.ROLLED_BACK if journal.trigger is Trigger.ROLLBACK else Stage.STOPPED
    for entry in journal.entries:
        old = record.active_deployment(entry.service)
        if old is not None and (old.id != entry.deployment or entry.removes):
            record = record.with_deployment(replace(old, status=Status.SUCCEEDED, stage=left))
        if entry.removes:
            active = {name: id_ for name, id_ in record.active.items() if name != entry.service}
            record = replace(record, active=active)
            continue
        record = discard(not_held(record, entry.deployment), entry.discards)
        record = record.with_deployment(_live(record, entry, journal, at))
        record = replace(record, active={**record.active, entry.service: entry.deployment})
    run = record.run(journal.run)
    if run is not None:
        record = record.with_run(replace(run, status=Status.SUCCEEDED, completed=at))
    record = replace(with_hosts(owned(record), table), public=table.public)
    return replace(record, journal=replace(journal, stage=Stage.DRAINING_PREVIOUS))


def with_hosts(record: EnvironmentRecord, table: RouteTable) -> EnvironmentRecord:
    """The record with the hosts that lead to what is active, by the routes in force."""
    for id_ in record.active.values():
        deployment, host = record.deployments.get(id_), table.host_of(id_)
        if deployment is not None and host is not None and deployment.host != host:
            record = record.with_deployment(replace(deployment, host=host))
    return record


def _live(
    record: EnvironmentRecord, entry: JournalEntry, journal: Journal, at: datetime
) -> Deployment:
    deployment = record.deployments[entry.deployment]
    live = replace(deployment, status=Status.SUCCEEDED, stage=Stage.DRAINING_PREVIOUS)
    if deployment.activated is not None:
        return live
    # A deployment that a rollback made stands for its source, so the next rollback goes on from
    # there.
    source = record.deployments.get(deployment.source or "")
    stands_for = source if journal.trigger is Trigger.ROLLBACK else None
    previous = stands_for.previous if stands_for else entry.previous
    return replace(
        live,
        completed=deployment.completed or at,
        activated=at,
        activated_run=journal.run,
        previous=previous,
    )


def finished(record: EnvironmentRecord, actor: str, at: datetime) -> EnvironmentRecord:
    """The run is over and did what it was for: no journal, and an audit line."""
    journal = record.journal
    if journal is None:
        return record
    if journal.purpose is Purpose.LIVE:
        for entry in journal.incoming:
            live = replace(record.deployments[entry.deployment], stage=Stage.ACTIVE)
            record = record.with_deployment(live)
    services = ", ".join(entry.service for entry in journal.entries)
    record = replace(owned(record), journal=None)
    return audited(record, actor, at, verb_of(journal), f"{services} ({journal.run})")


def verb_of(journal: Journal) -> str:
    """What the audit calls it."""
    if journal.entries and not journal.incoming:
        return Purpose.REMOVE.value
    if journal.purpose is Purpose.LIVE:
        return journal.trigger.value
    return journal.purpose.value


def audited(
    record: EnvironmentRecord, actor: str, at: datetime, verb: str, detail: str
) -> EnvironmentRecord:
    """One more line of who did what and when."""
    line = AuditLine(at=at, actor=actor, verb=verb, detail=detail)
    return replace(record, audit=(*record.audit, line)[-AUDIT_LINES:])


def split_archive(
    record: EnvironmentRecord, *, keep: int
) -> tuple[EnvironmentRecord, EnvironmentRecord | None]:
    """The record without its old history, and that history; None while there is little of it.

    What stays: per service the newest 20 (or all that retention may have kept), the active ones
    and what a rollback from them leads to.
    """
    fresh = max(FRESH, keep + 1)
    services = {
        one.service: len(record.of_service(one.service)) for one in record.deployments.values()
    }
    if max(services.values(), default=0) <= 2 * fresh:
        return record, None
    stay = {one.id for name in services for one in record.of_service(name)[:fresh]}
    stay |= set(record.held.values()) | {one.id for one in removed_deployments(record)}
    for id_ in record.active.values():
        stay |= {id_, record.deployments[id_].previous or ""}
    here = {id_: one for id_, one in record.deployments.items() if id_ in stay}
    gone = {id_: one for id_, one in record.deployments.items() if id_ not in stay}
    old = {
        run.id
        for run in record.runs
        if not {*run.deployments.values(), *run.removed.values()} & here.keys()
    }
    live = replace(
        record, deployments=here, runs=tuple(run for run in record.runs if run.id not in old)
    )
    old_runs = tuple(run for run in record.runs if run.id in old)
    return live, EnvironmentRecord(key=record.key, deployments=gone, runs=old_runs)
