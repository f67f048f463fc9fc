"""From what a person asks to a `Run`: pure, and refusing before anything is touched."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from compartment_tui.domain.config import ProjectConfig, ServiceSpec
from compartment_tui.domain.deployment import Purpose, Trigger
from compartment_tui.domain.drafts import Circumstances, again, fresh, kept, make_run
from compartment_tui.domain.errors import NotFound, UsageProblem
from compartment_tui.domain.names import preview_host, show
from compartment_tui.domain.plan import ImageSource, Plan, Run


def plan_deploy(
    around: Circumstances,
    *,
    services: Sequence[str] = (),
    force: bool = False,
    label: str = "",
    hold: bool = False,
    preview: bool = True,
) -> Run:
    """Build (or pull) and replace the selected services; all of the file's when none is named.

    With `hold` the candidates are proven and then wait, each at its preview's host if `preview`.
    Raises NotFound, MissingVariables, SensitiveUnreadable, HostConflict, UsageProblem (the label).
    """
    run = around.new_id("run")
    plans = [
        fresh(
            around,
            spec,
            run=run,
            trigger=Trigger.DEPLOY,
            source=ImageSource.PULL if spec.image else ImageSource.BUILD,
            force=force,
        )
        for spec in selected(around.config, services)
    ]
    plans = [_taking_its_place(around, plan) for plan in plans]
    if hold:
        plans = [_to_be_held(plan, preview=preview) for plan in plans]
    purpose = Purpose.HOLD if hold else Purpose.LIVE
    made = make_run(around, run, Trigger.DEPLOY, plans, label=label, purpose=purpose)
    return replace(made, ref=around.ref)


def plan_redeploy(around: Circumstances, *, services: Sequence[str] = (), label: str = "") -> Run:
    """The recorded image of the active deployments with today's values; always replaces.

    Raises NotFound (nothing is active), Refused (its image is gone).
    """
    active = [name for name in around.state.active if around.state.active_deployment(name)]
    wanted = known_services(
        active,
        services if active else (),
        "is not deployed here, so there is nothing to redeploy",
    )
    run = around.new_id("run")
    plans = []
    for name in wanted:
        deployment = around.state.deployments[around.state.active[name]]
        plans.append(again(around, deployment, run=run, trigger=Trigger.REDEPLOY))
    return make_run(around, run, Trigger.REDEPLOY, plans, label=label)


def plan_rollback(around: Circumstances, targets: Mapping[str, str], *, label: str = "") -> Run:
    """Go back to these deployments (service to id).

    A kept container is started again as it was; when only its image is left it becomes a new
    deployment with today's values. Raises Refused when neither is left.
    """
    run = around.new_id("run")
    plans = []
    for name in sorted(targets, key=file_order(around.config)):
        deployment = around.state.deployments[targets[name]]
        if around.has_container(deployment.id):
            plans.append(kept(around, deployment, run=run))
        else:
            plans.append(again(around, deployment, run=run, trigger=Trigger.ROLLBACK))
    return make_run(around, run, Trigger.ROLLBACK, plans, label=label)


def _taking_its_place(around: Circumstances, plan: Plan) -> Plan:
    """Whatever brings something new to a service makes an end to the candidate held for it."""
    return replace(plan, discards=around.state.held_deployment(plan.service))


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
    order = {spec.name: place for place, spec in enumerate(config.services)}
    return lambda name: (order.get(name, len(order)), name)
