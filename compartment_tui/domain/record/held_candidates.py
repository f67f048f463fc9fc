"""Held candidates on the record: how they come, how they go, and how a failed run leaves them."""

from dataclasses import replace
from datetime import datetime

from compartment_tui.domain.deployment import (
    Deployment,
    EnvironmentState,
    JournalEntry,
    Stage,
    Status,
)


def held(state: EnvironmentState, at: datetime) -> EnvironmentState:
    """The journal's candidates are proven and wait; those held before them are discarded."""
    journal = state.journal
    for entry in journal.entries if journal else ():
        state = let_go(state, entry.discards)
        waiting = replace(
            state.deployments[entry.deployment],
            status=Status.SUCCEEDED,
            stage=Stage.HELD,
            completed=at,
            preview=entry.host,
        )
        state = state.with_deployment(waiting)
        state = replace(state, held={**state.held, entry.service: entry.deployment})
    run = state.run(journal.run) if journal else None
    if run is None:
        return state
    return state.with_run(replace(run, status=Status.SUCCEEDED, completed=at))


def discarded(state: EnvironmentState) -> EnvironmentState:
    """The journal's candidates are not held any more."""
    for entry in state.journal.entries if state.journal else ():
        state = let_go(state, entry.deployment)
    return state


def let_go(state: EnvironmentState, deployment: str | None) -> EnvironmentState:
    """Nothing waits for that deployment any more: it never was live and will not be."""
    known = state.deployments.get(deployment or "")
    if known is None:
        return state
    state = not_held(state, known.id)
    return state.with_deployment(replace(known, status=Status.STOPPED, stage=Stage.STOPPED))


def not_held(state: EnvironmentState, deployment: str) -> EnvironmentState:
    """The deployment is no candidate any more, whatever it is now."""
    left = {service: id_ for service, id_ in state.held.items() if id_ != deployment}
    return replace(state, held=left)


def held_again(state: EnvironmentState, entry: JournalEntry) -> EnvironmentState:
    """The run that promoted, discarded or replaced a held candidate was undone: it waits again."""
    back = entry.deployment if entry.held else entry.discards
    known = state.deployments.get(back or "")
    if known is None:
        return state
    state = state.with_deployment(_waiting(known))
    return replace(state, held={**state.held, entry.service: known.id})


def _waiting(deployment: Deployment) -> Deployment:
    return replace(
        deployment,
        status=Status.SUCCEEDED,
        stage=Stage.HELD,
        activated=None,
        activated_run="",
        previous=None,
    )
