"""The rollout as data: every stage, what it does, and what its failure means.

    stage               run                       if it fails
    ------------------  ------------------------  -----------------------------------------
    building            build_images              revert (nothing to undo)
    release             run_releases              revert (its effects are not undone)
    starting_candidate  start_candidates          revert: candidates go, stop-first come back
    checking_readiness  prove_candidates          revert
    switching_route     switch_routes             revert: the commit point
    draining_previous   drain (in the runner)     warn: the new version is live

Where images are kept, the machines of a Swarm that lack one get it first: that is told as a part of
the building, and its failure means the same.

The switch is called `held` in a hold, which ends with it, and `stopped` in a discard, which has
nothing else.

Undo is not part of the table: `undo.undo` reads the journal, so that it works after a crash too.
"""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import TypeAlias

from compartment_tui.domain.deployment import Purpose, Stage
from compartment_tui.domain.events import Event
from compartment_tui.domain.planning.plan import ImageSource, Plan, Run
from compartment_tui.rollout.build import (
    build_images,
    has_kept_images,
    run_releases,
    set_aside_equals,
    spread_kept_images,
)
from compartment_tui.rollout.context import Rollout
from compartment_tui.rollout.readiness import make_candidates, prove_candidates, start_candidates
from compartment_tui.rollout.switch import switch_routes

Step: TypeAlias = Callable[[Rollout, tuple[Plan, ...]], Iterator[Event]]

STEPS: Mapping[Stage, Step] = MappingProxyType(
    {
        Stage.BUILDING: build_images,
        Stage.RELEASE: run_releases,
        Stage.STARTING_CANDIDATE: start_candidates,
        Stage.CHECKING_READINESS: prove_candidates,
        Stage.SWITCHING_ROUTE: switch_routes,
        Stage.HELD: switch_routes,
        Stage.STOPPED: switch_routes,
    }
)


def schedule(run: Run) -> list[tuple[Step, frozenset[str]]]:
    """The steps of a run in order, each with the services it is for.

    Every image is made before the first candidate starts, and every candidate is proven before the
    first route moves. Stop-first services come last, one by one: nothing else can fail after their
    gap began; a hold only makes them. A held candidate that runs is proven again, not started.
    """
    everyone = frozenset(plan.service for plan in run.plans)
    staying = frozenset(plan.service for plan in run.plans if not plan.removes)
    starting = frozenset(plan.service for plan in run.plans if plan.starts_candidate)
    stop_first = [plan.service for plan in run.plans if plan.spec.stop_first and not plan.removes]
    beside = staying.difference(stop_first)
    rows: list[tuple[Step, frozenset[str]]] = []
    if any(plan.source is ImageSource.KEPT_IMAGE and not plan.force for plan in run.plans):
        rows.append((set_aside_equals, everyone))
    if has_kept_images(run):
        rows.append((spread_kept_images, staying))
    for stage in run.recipe:
        if stage is Stage.STARTING_CANDIDATE:
            rows.append((start_candidates, starting & beside))
            if run.purpose is Purpose.HOLD:
                rows.append((make_candidates, frozenset(stop_first)))
        elif stage is Stage.CHECKING_READINESS:
            rows.append((prove_candidates, beside))
            if run.purpose is Purpose.LIVE:
                for service in stop_first:
                    rows.append((start_candidates, frozenset({service})))
                    rows.append((prove_candidates, frozenset({service})))
        elif stage is run.purpose.switch_stage:
            rows.append((STEPS[stage], everyone))
        elif stage in STEPS:
            rows.append((STEPS[stage], staying))
    return rows
