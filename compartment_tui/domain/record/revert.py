"""How a record changes when a run was undone: pure."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from compartment_tui.domain.deployment import (
    EnvironmentState,
    JournalEntry,
    Purpose,
    Stage,
    Status,
)
from compartment_tui.domain.record.held_candidates import held_again, not_held
from compartment_tui.domain.record.transitions import audited, verb_of, with_hosts


def reverted(
    state: EnvironmentState,
    *,
    actor: str,
    at: datetime,
    failures: Mapping[str, tuple[Stage, str]],
    reason: str,
    cancelled: bool,
) -> EnvironmentState:
    """The run was undone.

    `failures` has the stage and reason of the services that failed by themselves.
    """
    journal = state.journal
    if journal is None:
        return state
    for entry in journal.entries:
        if not entry.held and not entry.removes:
            state = _stood_down(state, entry, failures.get(entry.service), reason, at)
        if journal.purpose is Purpose.LIVE:
            state = _back_in_place(state, entry)
        state = held_again(not_held(state, entry.deployment), entry)
    state = with_hosts(state, journal.before)
    run = state.run(journal.run)
    if run is not None:
        status = Status.STOPPED if cancelled else Status.FAILED
        state = state.with_run(replace(run, status=status, completed=at, failure=reason))
    state = replace(state, journal=None)
    return audited(state, actor, at, f"{verb_of(journal)} reverted", reason)


def _stood_down(
    state: EnvironmentState,
    entry: JournalEntry,
    failure: tuple[Stage, str] | None,
    reason: str,
    at: datetime,
) -> EnvironmentState:
    deployment = state.deployments.get(entry.deployment)
    if deployment is not None and not entry.kept:
        stage, text = failure or (Stage.STOPPED, reason)
        status = Status.FAILED if failure else Status.STOPPED
        down = replace(deployment, status=status, stage=stage, completed=at, failure=text)
        state = state.with_deployment(down)
    elif deployment is not None:
        state = state.with_deployment(replace(deployment, stage=Stage.STOPPED))
    return state


def _back_in_place(state: EnvironmentState, entry: JournalEntry) -> EnvironmentState:
    """What was active before the run is again."""
    active = {name: id_ for name, id_ in state.active.items() if name != entry.service}
    previous = state.deployments.get(entry.previous or "")
    if previous is not None:
        active[entry.service] = previous.id
        back = (
            replace(previous, status=Status.STOPPED, stage=Stage.STOPPED)
            if entry.previous_rests
            else replace(previous, status=Status.SUCCEEDED, stage=Stage.ACTIVE)
        )
        state = state.with_deployment(back)
    return replace(state, active=active)
