"""Retention: containers and images kept for a rollback, and those that may go."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from compartment_tui.domain.claims import own_instances
from compartment_tui.domain.deployment import (
    Deployment,
    EnvironmentRecord,
    Instance,
    Status,
)
from compartment_tui.domain.names import EnvironmentKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaving:
    """A container that goes, or went."""

    key: EnvironmentKey
    service: str
    deployment: str
    container: str
    """Its name."""
    why: str
    was_live: bool = False
    """It could be rolled back to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruning:
    """Exactly what a prune takes away, or took.

    `before` is given when it is about values that leaked: then containers go, and images stay, so
    that a rollback can still make new ones with today's values.
    """

    project: str
    before: datetime | None = None
    containers: tuple[Leaving, ...] = ()
    images: tuple[str, ...] = ()
    remaining: tuple[Leaving, ...] = ()
    """Containers from before that moment that have to be replaced: active and held ones."""
    skipped: Mapping[EnvironmentKey, str] = field(default_factory=dict)
    """Environments that were left alone, and why."""
    bytes_before: int = 0
    """What all images and containers on the engine take."""
    bytes_after: int | None = None
    """None before anything was done."""

    @property
    def empty(self) -> bool:
        return not self.containers and not self.images


def beyond_retention(
    record: EnvironmentRecord, instances: Iterable[Instance], *, keep: int
) -> tuple[Leaving, ...]:
    """Containers that retention lets go: all but `keep` stopped ones, and the newest failure."""
    here = own_instances(record, instances)
    gone = []
    for id_ in prunable(record, here.values(), keep=keep):
        reusable = record.deployments[id_].status is Status.SUCCEEDED
        why = f"beyond the {keep} kept" if reusable else "an older failure"
        gone.append(_leaving(record, here[id_], why))
    return tuple(gone)


def born_before(
    record: EnvironmentRecord, instances: Iterable[Instance], moment: datetime
) -> tuple[tuple[Leaving, ...], tuple[Leaving, ...]]:
    """Containers that were given their values before that moment: those that may go, and the rest.

    The rest has to be replaced first: what is active or held, and what an unfinished run needs.
    """
    old = [one for one in own_instances(record, instances).values() if one.created < moment]
    busy = {*record.active.values(), *record.held.values()}
    for entry in record.journal_entries:
        busy |= {entry.deployment, entry.previous or ""}
    gone = [_leaving(record, one, "has old values") for one in old if one.deployment not in busy]
    rest = [_leaving(record, one, _needed(record, one)) for one in old if one.deployment in busy]
    return tuple(gone), tuple(rest)


def images_needed(record: EnvironmentRecord, *, keep: int) -> frozenset[str]:
    """Images that a kept deployment of this environment still needs, container or not.

    Kept are the active and held ones, what a rollback from the active ones leads to, what an
    unfinished run names, and per service the `keep` newest that were live.
    """
    needed = set(record.held.values())
    for service in {one.service for one in record.deployments.values()}:
        active = record.active_deployment(service)
        if active is not None:
            needed |= {active.id, active.previous or ""}
        removed = record.removed_deployment(service)
        if removed is not None:
            needed.add(removed.id)
        reusable = [one for one in record.of_service(service) if _reusable(record, one)]
        needed |= {one.id for one in reusable[:keep]}
    for entry in record.journal_entries:
        needed |= {entry.deployment, entry.previous or ""}
    deployments = (record.deployments.get(id_) for id_ in needed)
    return frozenset(one.image for one in deployments if one is not None and one.image)


def _reusable(record: EnvironmentRecord, deployment: Deployment) -> bool:
    return deployment.status is Status.SUCCEEDED and not record.is_active(deployment.id)


def _leaving(record: EnvironmentRecord, instance: Instance, why: str) -> Leaving:
    deployment = record.deployments.get(instance.deployment)
    return Leaving(
        key=instance.key,
        service=instance.service,
        deployment=instance.deployment,
        container=instance.name,
        why=why,
        was_live=deployment is not None and deployment.activated is not None,
    )


def _needed(record: EnvironmentRecord, instance: Instance) -> str:
    if record.is_active(instance.deployment):
        return "active: redeploy it"
    if instance.deployment in record.held.values():
        return "held: discard it"
    return "an unfinished run needs it: resume"


def prunable(
    record: EnvironmentRecord, instances: Iterable[Instance], *, keep: int
) -> tuple[str, ...]:
    """Deployments whose containers may go: all but `keep` stopped ones and the newest failure.

    The active ones, what a rollback from them leads to, held candidates, and whatever the journal
    names always stay.
    """
    here = sorted({one.deployment for one in instances}, reverse=True)
    active = [one for name in record.active if (one := record.active_deployment(name))]
    safe = {one.id for one in active} | {one.previous for one in active}
    safe |= {one.id for one in removed_deployments(record)}
    if record.journal is not None:
        safe |= {e.deployment for e in record.journal.entries}
        safe |= {e.previous for e in record.journal.entries}
    seen: dict[tuple[str, Status], int] = {}
    gone = []
    for id_ in here:
        deployment = record.deployments.get(id_)
        if deployment is None or id_ in {*record.active.values(), *record.held.values()}:
            continue
        reusable = deployment.status is Status.SUCCEEDED
        count = seen.get((deployment.service, deployment.status), 0)
        seen[deployment.service, deployment.status] = count + 1
        if id_ not in safe and count >= (keep if reusable else 1):
            gone.append(id_)
    return tuple(gone)


def removed_deployments(record: EnvironmentRecord) -> tuple[Deployment, ...]:
    """What was live of each service that a run has taken away: a rollback leads to it."""
    services = dict.fromkeys(name for run in record.runs for name in run.removed)
    return tuple(one for name in services if (one := record.removed_deployment(name)))
