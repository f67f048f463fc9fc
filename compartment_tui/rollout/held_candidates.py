"""The commit points of a hold and of a discard: like a switch, without anything that goes live."""

from collections.abc import Iterator

from compartment_tui.domain.deployment import Purpose, Stage
from compartment_tui.domain.events import Event
from compartment_tui.domain.planning.plan import Plan
from compartment_tui.rollout.context import Rollout
from compartment_tui.rollout.switch import (
    apply_commit,
    await_in_force,
    mend_documents,
    routes_after,
    write_claimed,
)

RELEASED = "its release command has run: promote does not run it again, discard does not undo it"


def hold_candidates(rollout: Rollout, plans: tuple[Plan, ...]) -> Iterator[Event]:
    """Open the previews, and close those of the candidates held before, by one rename."""
    yield from _reroute(rollout, plans, Stage.HELD)
    for plan in plans:
        if plan.releases:
            yield rollout.note(RELEASED, plan.target)


def discard_candidates(rollout: Rollout, plans: tuple[Plan, ...]) -> Iterator[Event]:
    """Close the previews by one rename; the containers go after that."""
    yield from _reroute(rollout, plans, Stage.STOPPED)


def _reroute(rollout: Rollout, plans: tuple[Plan, ...], stage: Stage) -> Iterator[Event]:
    for plan in plans:
        rollout.on(plan, stage)
    yield from rollout.enter(stage, plans)
    yield from mend_documents(rollout)
    table = routes_after(rollout, plans)
    write_claimed(rollout, table)
    await_in_force(rollout.world, rollout.lock, table)
    rollout.committed = True
    rollout.save(apply_commit(rollout.world, rollout.lock, rollout.record))
    for plan in plans:
        note = plan.preview or "" if plan.purpose is Purpose.HOLD else ""
        yield rollout.leave(stage, plan, note=note)
