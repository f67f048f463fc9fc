"""Held candidates on the record: held, discarded, or held again after a failed run."""

from dataclasses import replace
from datetime import datetime

from compartment_tui.domain.deployment import (
    Deployment,
    EnvironmentRecord,
    JournalEntry,
    Stage,
    Status,
)


def held(record: EnvironmentRecord, at: datetime) -> EnvironmentRecord:
    """The journal's candidates are proven and wait; those held before them are discarded."""
    journal = record.journal
    for entry in record.journal_entries:
        record = discard(record, entry.discards)
        waiting = replace(
            record.deployments[entry.deployment],
            status=Status.SUCCEEDED,
            stage=Stage.HELD,
            completed=at,
            preview=entry.host,
        )
        record = record.with_deployment(waiting)
        record = replace(record, held={**record.held, entry.service: entry.deployment})
    run = record.run(journal.run) if journal else None
    if run is None:
        return record
    return record.with_run(replace(run, status=Status.SUCCEEDED, completed=at))


def discarded(record: EnvironmentRecord) -> EnvironmentRecord:
    """The journal's candidates are not held any more."""
    for entry in record.journal_entries:
        record = discard(record, entry.deployment)
    return record


def discard(record: EnvironmentRecord, deployment: str | None) -> EnvironmentRecord:
    """Nothing waits for that deployment any more: it never was live and will not be."""
    known = record.deployments.get(deployment or "")
    if known is None:
        return record
    record = not_held(record, known.id)
    return record.with_deployment(replace(known, status=Status.STOPPED, stage=Stage.STOPPED))


def not_held(record: EnvironmentRecord, deployment: str) -> EnvironmentRecord:
    """The deployment is no candidate any more, whatever it is now."""
    left = {service: id_ for service, id_ in record.held.items() if id_ != deployment}
    return replace(record, held=left)


def held_again(record: EnvironmentRecord, entry: JournalEntry) -> EnvironmentRecord:
    """The run that promoted, discarded or replaced a held candidate was undone: it waits again."""
    back = entry.deployment if entry.held else entry.discards
    known = record.deployments.get(back or "")
    if known is None:
        return record
    record = record.with_deployment(_waiting(known))
    return replace(record, held={**record.held, entry.service: known.id})


def _waiting(deployment: Deployment) -> Deployment:
    return replace(
        deployment,
        status=Status.SUCCEEDED,
        stage=Stage.HELD,
        activated=None,
        activated_run="",
        previous=None,
    )
