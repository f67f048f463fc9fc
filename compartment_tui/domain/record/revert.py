"""The change of a record when a run was undone: pure."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from compartment_tui.domain.deployment import (
    EnvironmentRecord,
    JournalEntry,
    Purpose,
    Stage,
    Status,
)
from compartment_tui.domain.record.held_candidates import held_again, not_held
from compartment_tui.domain.record.transitions import audited, verb_of, with_hosts


def reverted(
    record: EnvironmentRecord,
    *,
    actor: str,
    at: datetime,
    failures: Mapping[str, tuple[Stage, str]],
    reason: str,
    cancelled: bool,
) -> EnvironmentRecord:
    """The run was undone.

    `failures` has the stage and reason of the services that failed by themselves.
    """
    journal = record.journal
    if journal is None:
        return record
    for entry in journal.entries:
        if not entry.held and not entry.removes:
            record = _stood_down(record, entry, failures.get(entry.service), reason, at)
        if journal.purpose is Purpose.LIVE:
            record = _back_in_place(record, entry)
        record = held_again(not_held(record, entry.deployment), entry)
    record = replace(with_hosts(record, journal.before), public=journal.before.public)
    run = record.run(journal.run)
    if run is not None:
        status = Status.STOPPED if cancelled else Status.FAILED
        record = record.with_run(replace(run, status=status, completed=at, failure=reason))
    record = replace(record, journal=None)
    return audited(record, actor, at, f"{verb_of(journal)} reverted", reason)


def _stood_down(
    record: EnvironmentRecord,
    entry: JournalEntry,
    failure: tuple[Stage, str] | None,
    reason: str,
    at: datetime,
) -> EnvironmentRecord:
    deployment = record.deployments.get(entry.deployment)
    if deployment is not None and not entry.kept:
        stage, text = failure or (Stage.STOPPED, reason)
        status = Status.FAILED if failure else Status.STOPPED
        down = replace(deployment, status=status, stage=stage, completed=at, failure=text)
        record = record.with_deployment(down)
    elif deployment is not None:
        record = record.with_deployment(replace(deployment, stage=Stage.STOPPED))
    return record


def _back_in_place(record: EnvironmentRecord, entry: JournalEntry) -> EnvironmentRecord:
    """What was active before the run is again."""
    active = {name: id_ for name, id_ in record.active.items() if name != entry.service}
    previous = record.deployments.get(entry.previous or "")
    if previous is not None:
        active[entry.service] = previous.id
        back = (
            replace(previous, status=Status.STOPPED, stage=Stage.STOPPED)
            if entry.previous_rests
            else replace(previous, status=Status.SUCCEEDED, stage=Stage.ACTIVE)
        )
        record = record.with_deployment(back)
    return replace(record, active=active)
