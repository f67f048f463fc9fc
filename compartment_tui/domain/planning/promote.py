"""Plans of promote and discard: held candidates, and images of another environment."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from compartment_tui.domain.deployment import Deployment, EnvironmentRecord, Purpose, Trigger
from compartment_tui.domain.errors import NotFound, Refused, UsageProblem
from compartment_tui.domain.names import show
from compartment_tui.domain.planning.deploy import (
    file_order,
    known_services,
    refuse_nothing,
    stopped_by_hand,
)
from compartment_tui.domain.planning.plan import ImageSource, Plan, Run
from compartment_tui.domain.planning.planning_context import (
    PlanningContext,
    make_run,
    plan_as,
    plan_from_container,
)
from compartment_tui.domain.planning.rollback_targets import find_deployment, spec_of


def plan_promote(context: PlanningContext, *, services: Sequence[str] = (), label: str = "") -> Run:
    """Make what is held live: these services, or all that are held and were not stopped by hand.

    Raises NotFound (nothing is held), Refused (all was stopped by hand).
    """
    run = context.new_id("run")
    plans = _held(context, services, run=run, purpose=Purpose.LIVE)
    left = stopped_by_hand(context, [plan.service for plan in plans], asked=services)
    plans = [plan for plan in plans if plan.service not in left]
    refuse_nothing(context, plans, left)
    made = make_run(context, run, Trigger.PROMOTE, plans, label=label)
    return replace(made, left_stopped=left)


def plan_discard(context: PlanningContext, *, services: Sequence[str] = ()) -> Run:
    """Let go of what is held: these services, or all that are held.

    Raises NotFound (nothing is held).
    """
    run = context.new_id("run")
    plans = _held(context, services, run=run, purpose=Purpose.DISCARD)
    return make_run(context, run, Trigger.DEPLOY, plans, purpose=Purpose.DISCARD)


def plan_promote_across(
    context: PlanningContext,
    sources: Mapping[str, Deployment],
    *,
    origin: str,
    services: Sequence[str] = (),
    label: str = "",
) -> Run:
    """New deployments here from the very images of `sources`, which are of environment `origin`.

    They run as they were proven there, with this environment's values. What was stopped by hand
    here stays so unless `services` names it. Raises MissingVariables, SensitiveUnreadable, Refused
    (an image is gone, all was stopped by hand).
    """
    run = context.new_id("run")
    names = sorted(sources, key=file_order(context.config))
    left = stopped_by_hand(context, names, asked=services)
    plans = []
    for name in names:
        if name in left:
            continue
        deployment = sources[name]
        spec = spec_of(deployment)
        plan = plan_as(context, deployment, spec, run=run, trigger=Trigger.PROMOTE)
        plans.append(replace(plan, superseded=context.record.held_deployment(name)))
    refuse_nothing(context, plans, left)
    made = make_run(context, run, Trigger.PROMOTE, plans, label=label)
    return replace(made, origin=origin, left_stopped=left)


def promotion_sources(
    origin: EnvironmentRecord, *, services: Sequence[str] = (), deployment: str | None = None
) -> dict[str, Deployment]:
    """Whose images are promoted out of that environment (service to deployment).

    Those active there, or the one deployment named. Raises UsageProblem, NotFound, Refused.
    """
    where = show(origin.key.environment)
    if deployment is not None:
        if len(services) != 1:
            raise UsageProblem("--deployment needs exactly one --service")
        return {services[0]: _exact(origin, services[0], deployment)}
    active = {name: one for name in origin.active if (one := origin.active_deployment(name))}
    if not active and not services:
        raise NotFound(
            f"nothing is live in {where}, so there is nothing to promote from it",
            hint=f"`compartment-tui deploy -e {origin.key.environment}` comes first",
        )
    wanted = known_services(tuple(active), services, f"is not live in {where}")
    return {name: active[name] for name in wanted}


def _exact(origin: EnvironmentRecord, service: str, text: str) -> Deployment:
    exact = find_deployment(origin, text)
    if exact.service != service:
        raise UsageProblem(f"{exact.id} is a deployment of {exact.service}")
    if exact.activated is None and exact.id not in origin.held.values():
        raise Refused(
            f"{exact.id} was never proven in {show(origin.key.environment)}: it neither was live"
            " nor is it held",
            hint="choose one that was",
        )
    return exact


def _held(
    context: PlanningContext, services: Sequence[str], *, run: str, purpose: Purpose
) -> list[Plan]:
    record = context.record
    held = {name: one for name in record.held if (one := record.held_deployment(name))}
    where = show(record.key.environment)
    if not held:
        raise NotFound(
            f"nothing is held in {where}", hint="`compartment-tui deploy --hold` holds candidates"
        )
    wanted = known_services(tuple(held), services, f"has no held candidate in {where}")
    return [
        _as_held(context, held[name], run=run, purpose=purpose)
        for name in sorted(wanted, key=file_order(context.config))
    ]


def _as_held(context: PlanningContext, held: Deployment, *, run: str, purpose: Purpose) -> Plan:
    source = ImageSource.HELD_CANDIDATE
    trigger = Trigger.PROMOTE if purpose is Purpose.LIVE else Trigger.DEPLOY
    plan = plan_from_container(context, held, run=run, trigger=trigger, source=source)
    return replace(plan, purpose=purpose, preview=held.preview)
