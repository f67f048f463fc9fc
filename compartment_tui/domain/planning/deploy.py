"""Plans of deploy, remove, redeploy and rollback: pure, refused before anything is touched."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from compartment_tui.domain.config import ProjectConfig, ServiceSpec
from compartment_tui.domain.deployment import Purpose, Trigger
from compartment_tui.domain.errors import NotFound, Refused, UsageProblem
from compartment_tui.domain.names import preview_host, show
from compartment_tui.domain.planning.plan import ImageSource, Plan, Run
from compartment_tui.domain.planning.planning_context import (
    PlanningContext,
    make_run,
    plan_from_container,
    plan_from_image,
    plan_new,
    taken_away,
)


def plan_deploy(
    context: PlanningContext,
    *,
    services: Sequence[str] = (),
    force: bool = False,
    label: str = "",
    hold: bool = False,
    preview: bool = True,
    remove_undeclared: bool = False,
) -> Run:
    """Build (or pull) and replace the selected services; all of the file's when none is named.

    What was stopped by hand stays so unless it is named. With `hold` the candidates are proven and
    then wait, each at its preview's host if `preview`. With `remove_undeclared` what the file no
    longer has is taken away by the same switch. Raises NotFound, MissingVariables,
    SensitiveUnreadable, HostConflict, Refused (all was stopped by hand), UsageProblem (the label).
    """
    run = context.new_id("run")
    chosen = selected(context.config, services)
    left = stopped_by_hand(context, [spec.name for spec in chosen], asked=services)
    plans = [
        plan_new(
            context,
            spec,
            run=run,
            trigger=Trigger.DEPLOY,
            source=ImageSource.PULL if spec.image else ImageSource.BUILD,
            force=force,
        )
        for spec in chosen
        if spec.name not in left
    ]
    plans = [_taking_its_place(context, plan) for plan in plans]
    if hold:
        plans = [_to_be_held(plan, preview=preview) for plan in plans]
    gone = undeclared(context) if remove_undeclared else ()
    plans += [taken_away(context, name, run=run) for name in gone]
    refuse_nothing(context, plans, left)
    purpose = Purpose.HOLD if hold else Purpose.LIVE
    made = make_run(context, run, Trigger.DEPLOY, plans, label=label, purpose=purpose)
    return replace(
        made,
        ref=context.ref,
        undeclared=() if services or remove_undeclared else undeclared(context),
        left_stopped=left,
    )


def plan_removal(context: PlanningContext, *, services: Sequence[str] = (), label: str = "") -> Run:
    """Take services away: those named, or all that are live and no longer in the file.

    Raises NotFound (one is not live; the file has all that are live).
    """
    gone = undeclared(context)
    if not services and not gone:
        raise NotFound(
            f"compartment.toml has every service that is live in {show(context.key.environment)}",
            hint="-s names one that is to go all the same",
        )
    live = sorted(context.record.active, key=file_order(context.config))
    where = show(context.key.environment)
    names = known_services(live, services, f"is not live in {where}") if services else gone
    run = context.new_id("run")
    plans = [taken_away(context, name, run=run) for name in names]
    return make_run(context, run, Trigger.DEPLOY, plans, label=label)


def undeclared(context: PlanningContext) -> tuple[str, ...]:
    """Services that are live here and no longer in the file."""
    record, config = context.record, context.config
    names = (name for name in record.active if config.service(name) is None)
    return tuple(sorted(name for name in names if record.active_deployment(name)))


def plan_redeploy(
    context: PlanningContext, *, services: Sequence[str] = (), label: str = ""
) -> Run:
    """The recorded image of the active deployments with today's values; always replaces.

    What the file no longer has, and what was stopped by hand, is left alone unless it is named.
    Raises NotFound (nothing is active), Refused (its image is gone, all was stopped by hand).
    """
    active = [name for name in context.record.active if context.record.active_deployment(name)]
    wanted = known_services(
        active,
        services if active else (),
        "is not deployed here, so there is nothing to redeploy",
    )
    extra = () if services else undeclared(context)
    left = stopped_by_hand(context, [name for name in wanted if name not in extra], asked=services)
    run = context.new_id("run")
    plans = []
    for name in wanted:
        if name in extra or name in left:
            continue
        deployment = context.record.deployments[context.record.active[name]]
        plans.append(plan_from_image(context, deployment, run=run, trigger=Trigger.REDEPLOY))
    if extra and not plans and not left:
        raise NotFound(
            f"compartment.toml has none of the services that are live here: {', '.join(extra)}",
            hint="`compartment-tui remove` takes them away; -s redeploys one all the same",
        )
    refuse_nothing(context, plans, left)
    made = make_run(context, run, Trigger.REDEPLOY, plans, label=label)
    return replace(made, undeclared=extra, left_stopped=left)


def plan_rollback(context: PlanningContext, targets: Mapping[str, str], *, label: str = "") -> Run:
    """Go back to these deployments (service to id).

    A kept container is started again as it was; when only its image is left it becomes a new
    deployment with today's values. Raises Refused when neither is left.
    """
    run = context.new_id("run")
    plans = []
    for name in sorted(targets, key=file_order(context.config)):
        deployment = context.record.deployments[targets[name]]
        if context.can_start(deployment.id):
            plans.append(plan_from_container(context, deployment, run=run))
        else:
            plans.append(plan_from_image(context, deployment, run=run, trigger=Trigger.ROLLBACK))
    return make_run(context, run, Trigger.ROLLBACK, plans, label=label)


def stopped_by_hand(
    context: PlanningContext, names: Sequence[str], *, asked: Sequence[str]
) -> tuple[str, ...]:
    """Of these services, those that were stopped by hand and not asked for by name.

    Whoever stopped one did not mean it to come back with all the others.
    """
    actives = (
        (name, context.record.active_deployment(name)) for name in names if name not in asked
    )
    return tuple(name for name, active in actives if active is not None and active.resting)


def refuse_nothing(context: PlanningContext, plans: Sequence[Plan], left: Sequence[str]) -> None:
    """Raises Refused when everything that was asked for was stopped by hand."""
    if left and not plans:
        raise Refused(
            f"{', '.join(left)} of {show(context.key.environment)}: stopped by hand, and left so",
            hint="`compartment-tui start` brings back what was stopped; -s deploys it by name",
        )


def _taking_its_place(context: PlanningContext, plan: Plan) -> Plan:
    """Whatever brings something new to a service makes an end to the candidate held for it."""
    return replace(plan, superseded=context.record.held_deployment(plan.service))


def _to_be_held(plan: Plan, *, preview: bool) -> Plan:
    # A stop-first candidate does not run while it is held, so there is nothing to look at.
    shown = preview and plan.host is not None and not plan.spec.stop_first
    host = preview_host(plan.deployment, plan.host or "") if shown else None
    return replace(plan, purpose=Purpose.HOLD, preview=host)


def selected(config: ProjectConfig, services: Sequence[str]) -> tuple[ServiceSpec, ...]:
    """The named services in file order, or all. Raises NotFound, UsageProblem (there are none)."""
    if not config.services:
        raise UsageProblem(
            f"project {config.name} has no services",
            hint="add a [services.<name>] table to compartment.toml",
        )
    names = known_services(
        [spec.name for spec in config.services], services, "is not in compartment.toml"
    )
    return tuple(spec for spec in config.services if spec.name in names)


def known_services(known: Sequence[str], asked: Sequence[str], complaint: str) -> list[str]:
    """The services asked for, or all, in the order they are known. Raises NotFound."""
    for name in asked:
        if name not in known:
            have = ", ".join(known) or "none"
            raise NotFound(f"the service {show(name)} {complaint}", hint=f"there are: {have}")
    if not asked and not known:
        raise NotFound("nothing is deployed here", hint="`compartment-tui deploy` does it")
    return [name for name in known if not asked or name in asked]


def file_order(config: ProjectConfig) -> Callable[[str], tuple[int, str]]:
    """A sort key: as in the file, then by name."""
    order = {spec.name: position for position, spec in enumerate(config.services)}
    return lambda name: (order.get(name, len(order)), name)
