"""The run that a request makes of an environment, and what is worth knowing of a planned one."""

from dataclasses import replace
from functools import partial

from compartment_tui.domain.commits import CommitRange
from compartment_tui.domain.deployment import Image
from compartment_tui.domain.errors import UsageProblem
from compartment_tui.domain.names import EnvironmentKey, parse_environment_name, show
from compartment_tui.domain.planning.deploy import (
    plan_deploy,
    plan_redeploy,
    plan_removal,
    plan_rollback,
)
from compartment_tui.domain.planning.plan import ImageSource, Run
from compartment_tui.domain.planning.planning_context import PlanningContext
from compartment_tui.domain.planning.promote import (
    plan_discard,
    plan_promote,
    plan_promote_across,
    promotion_sources,
)
from compartment_tui.domain.planning.restoration import refuse_empty_return
from compartment_tui.domain.planning.rollback_targets import rollback_targets, stopped_in_between
from compartment_tui.domain.requests import (
    Deploy,
    Discard,
    Promote,
    PromoteFrom,
    Redeploy,
    Remove,
    Rollback,
    RunRequest,
)
from compartment_tui.operations.engines import world_of
from compartment_tui.operations.environment_record import record_of
from compartment_tui.operations.image_origin import image_at, origin_named, registry_of
from compartment_tui.ports import World
from compartment_tui.rollout.carriage import at_origin


def check_options(request: RunRequest) -> None:
    """Raises UsageProblem when options exclude each other."""
    if isinstance(request, Deploy):
        if not request.hold and not request.preview:
            raise UsageProblem("--no-preview goes with --hold only")
        if request.hold and request.remove_undeclared:
            raise UsageProblem(
                "--remove-undeclared does not go with --hold: nothing that is live changes then",
                hint="`compartment-tui remove` takes them away",
            )
    elif isinstance(request, PromoteFrom):
        origin = parse_environment_name(request.origin)
        if origin == parse_environment_name(request.environment):
            raise UsageProblem(
                f"{show(origin)} cannot be promoted to itself",
                hint="name another environment with --to",
            )


def run_of(world: World, request: RunRequest, context: PlanningContext) -> Run:
    """What is to be done of it now. Raises what the verb refuses."""
    services = request.services
    match request:
        case Deploy():
            return plan_deploy(
                context,
                services=services,
                force=request.force,
                label=request.label,
                hold=request.hold,
                preview=request.preview,
                remove_undeclared=request.remove_undeclared,
            )
        case Promote():
            return plan_promote(context, services=services, label=request.label)
        case PromoteFrom():
            return _promoted_from(world, request, context)
        case Discard():
            return plan_discard(context, services=services)
        case Rollback():
            return _rolled_back(request, context)
        case Redeploy():
            return plan_redeploy(context, services=services, label=request.label)
        case Remove():
            return plan_removal(context, services=services, label=request.label)


def _promoted_from(world: World, request: PromoteFrom, context: PlanningContext) -> Run:
    source = EnvironmentKey(context.config.name, parse_environment_name(request.origin))
    there = world_of(world, source.environment)
    with origin_named(there, source):
        record = record_of(there, source)
    sources = promotion_sources(record, services=request.services, deployment=request.deployment)
    if there.engine_name != world.engine_name:
        registry = registry_of(world, context.config)
        context = replace(context, image_elsewhere=partial(image_at, there, registry))
    return plan_promote_across(
        context,
        sources,
        origin=source.environment,
        services=request.services,
        label=request.label,
    )


def _rolled_back(request: Rollback, context: PlanningContext) -> Run:
    services = request.services
    targets = rollback_targets(context.record, services=services, to=request.to, run=request.run)
    run = plan_rollback(context, targets, label=request.label)
    refuse_empty_return(context.record, run)
    left = () if services else stopped_in_between(context.record, run=request.run)
    return replace(run, left_stopped=left)


def new_commits(world: World, run: Run) -> dict[str, CommitRange]:
    """By service, the commits between what is live and what the run would bring."""
    found = {}
    for plan in run.plans:
        older = plan.previous.provenance.commit if plan.previous else ""
        newer = plan.provenance.commit
        if older and newer and older != newer:
            found[plan.service] = world.source.commits_between(older, newer)
    return found


def known_images(world: World, run: Run) -> dict[str, Image]:
    """By service, the image it will run, or while that is still to be made, the one it runs."""
    world = world.at(run.engine)
    found: dict[str, Image] = {}
    for plan in run.plans:
        known = plan.image or (plan.previous.image if plan.previous else "")
        there = at_origin(world, plan) if plan.image else world
        image = there.engine.image(known) if known else None
        if image is not None:
            found[plan.service] = image
    return found


def uncommitted(world: World, run: Run) -> tuple[str, ...]:
    """Files of the working tree that differ from its commit, if the run builds from them."""
    from_tree = any(
        plan.source is ImageSource.BUILD and plan.root is None and plan.provenance.dirty
        for plan in run.plans
    )
    return world.source.dirty_files() if from_tree else ()
