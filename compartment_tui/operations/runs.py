"""The verbs that make a run, and the plan of each; and `discard` and `resume`, which end some.

A plan touches nothing, and raises what would be refused. A verb tells its run as events: expected
failures are among them, and exceptions mean that it was refused before it began.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

from compartment_tui.domain.commits import CommitRange
from compartment_tui.domain.deployment import Image
from compartment_tui.domain.errors import UsageProblem
from compartment_tui.domain.events import Event, Noted
from compartment_tui.domain.names import parse_environment_name, show
from compartment_tui.domain.planning.deploy import plan_deploy as _deploy
from compartment_tui.domain.planning.deploy import plan_redeploy as _redeploy
from compartment_tui.domain.planning.deploy import plan_removal as _remove
from compartment_tui.domain.planning.deploy import plan_rollback as _rollback
from compartment_tui.domain.planning.plan import ImageSource, Run
from compartment_tui.domain.planning.planning_context import PlanningContext
from compartment_tui.domain.planning.promote import plan_discard as _discard
from compartment_tui.domain.planning.promote import plan_promote as _promote
from compartment_tui.domain.planning.promote import plan_promote_across as _across
from compartment_tui.domain.planning.promote import promotion_sources
from compartment_tui.domain.planning.restoration import refuse_empty_return
from compartment_tui.domain.planning.rollback_targets import rollback_targets, stopped_in_between
from compartment_tui.operations.environment_record import key_and_config, record_of
from compartment_tui.operations.owner import refuse_others_environment, with_owner
from compartment_tui.operations.recovery import keep_copy
from compartment_tui.operations.run_operation import Planner, Request, carried_out, planned
from compartment_tui.ports import World
from compartment_tui.rollout.infrastructure import ensure_infrastructure
from compartment_tui.rollout.recovery import recover


def plan_deploy(  # noqa: PLR0913 - one an option
    world: World,
    *,
    environment: str,
    services: Sequence[str] = (),
    force: bool = False,
    label: str = "",
    hold: bool = False,
    preview: bool = True,
    remove_undeclared: bool = False,
    ref: str | None = None,
    take_over: bool = False,
) -> Run:
    """What `deploy` would do."""
    planner = _deploy_planner(services, force, label, hold, preview, remove_undeclared)
    request = _deploying(environment, planner, hold=hold, ref=ref, take_over=take_over)
    return planned(world, request)


def deploy(  # noqa: PLR0913 - one an option
    world: World,
    *,
    environment: str,
    services: Sequence[str] = (),
    force: bool = False,
    label: str = "",
    hold: bool = False,
    preview: bool = True,
    remove_undeclared: bool = False,
    ref: str | None = None,
    take_over: bool = False,
) -> Iterator[Event]:
    """Build, prove, switch, drain. With `hold`: build, prove, and wait to be promoted.

    With `remove_undeclared`, what the file no longer has is taken away by the same switch. With
    `ref`, services and build contexts come from that commit.
    """
    planner = _deploy_planner(services, force, label, hold, preview, remove_undeclared)
    request = _deploying(environment, planner, hold=hold, ref=ref, take_over=take_over)
    return carried_out(world, request)


def plan_removal(
    world: World,
    *,
    environment: str,
    services: Sequence[str] = (),
    label: str = "",
    take_over: bool = False,
) -> Run:
    """What `remove` would do."""
    return planned(world, _removing(environment, services, label, take_over=take_over))


def remove(
    world: World,
    *,
    environment: str,
    services: Sequence[str] = (),
    label: str = "",
    take_over: bool = False,
) -> Iterator[Event]:
    """Take services away: routes first, then drained, stopped and kept for a rollback.

    Those named, or all that are live and no longer in the file.
    """
    return carried_out(world, _removing(environment, services, label, take_over=take_over))


def plan_promote(
    world: World,
    *,
    environment: str,
    services: Sequence[str] = (),
    label: str = "",
    take_over: bool = False,
) -> Run:
    """What `promote` would do."""
    return planned(world, _promoting(environment, services, label, take_over=take_over))


def promote(
    world: World,
    *,
    environment: str,
    services: Sequence[str] = (),
    label: str = "",
    take_over: bool = False,
) -> Iterator[Event]:
    """Prove what is held once more, then make it live. All that is held, or these services."""
    return carried_out(world, _promoting(environment, services, label, take_over=take_over))


def plan_promote_across(
    world: World,
    *,
    origin: str,
    environment: str,
    services: Sequence[str] = (),
    deployment: str | None = None,
    label: str = "",
    take_over: bool = False,
) -> Run:
    """What `promote --from` would do."""
    return planned(
        world,
        _promoting_across(
            world, origin, environment, services, deployment, label, take_over=take_over
        ),
    )


def promote_across(
    world: World,
    *,
    origin: str,
    environment: str,
    services: Sequence[str] = (),
    deployment: str | None = None,
    label: str = "",
    take_over: bool = False,
) -> Iterator[Event]:
    """The images that are live in `origin`, or that of one `deployment` there, live here.

    They get this environment's values, and their release commands run here.
    """
    return carried_out(
        world,
        _promoting_across(
            world, origin, environment, services, deployment, label, take_over=take_over
        ),
    )


def plan_discard(
    world: World, *, environment: str, services: Sequence[str] = (), take_over: bool = False
) -> Run:
    """What `discard` would do."""
    return planned(world, _discarding(environment, services, take_over=take_over))


def discard(
    world: World, *, environment: str, services: Sequence[str] = (), take_over: bool = False
) -> Iterator[Event]:
    """Let go of what is held: previews first, then containers. All of it, or these services."""
    return carried_out(world, _discarding(environment, services, take_over=take_over))


def plan_rollback(
    world: World,
    *,
    environment: str,
    services: Sequence[str] = (),
    to: str | None = None,
    run: str | None = None,
    label: str = "",
    take_over: bool = False,
) -> Run:
    """What `rollback` would do."""
    return planned(world, _rolling_back(environment, services, to, run, label, take_over=take_over))


def rollback(
    world: World,
    *,
    environment: str,
    services: Sequence[str] = (),
    to: str | None = None,
    run: str | None = None,
    label: str = "",
    take_over: bool = False,
) -> Iterator[Event]:
    """Bring earlier deployments back, by `history.rollback_targets`."""
    return carried_out(
        world, _rolling_back(environment, services, to, run, label, take_over=take_over)
    )


def plan_redeploy(
    world: World,
    *,
    environment: str,
    services: Sequence[str] = (),
    label: str = "",
    take_over: bool = False,
) -> Run:
    """What `redeploy` would do."""
    return planned(world, _redeploying(environment, services, label, take_over=take_over))


def redeploy(
    world: World,
    *,
    environment: str,
    services: Sequence[str] = (),
    label: str = "",
    take_over: bool = False,
) -> Iterator[Event]:
    """The recorded images again, with today's values."""
    return carried_out(world, _redeploying(environment, services, label, take_over=take_over))


def plan_resume(world: World, *, environment: str, take_over: bool = False) -> None:
    """Whether `resume` may begin; what it does, only doing it tells. Raises OwnedElsewhere."""
    key, _ = key_and_config(world, environment)
    refuse_others_environment(world, record_of(world, key), take_over=take_over)


def resume(world: World, *, environment: str, take_over: bool = False) -> Iterator[Event]:
    """Finish or revert what a crash, a second Ctrl-C or a lost engine left behind."""
    plan_resume(world, environment=environment, take_over=take_over)
    key, config = key_and_config(world, environment)
    nothing = Noted(at=world.clock.now(), target=None, message="there is nothing to resume")
    if world.records.read(key) is None and not world.engine.instances(key):
        yield nothing  # nothing was ever deployed: no edge is made for that
        return
    ensure_infrastructure(world, key, config)
    with world.locks.environment(key, actor=world.actor, purpose="resume") as hold:
        on_record = hold.read_record()
        record = with_owner(world, on_record, take_over=take_over)
        if record.rebuilt or record != on_record:
            hold.write_record(record)
        if record.journal is None:
            yield nothing
        yield from recover(world, hold, record)
        keep_copy(world, hold)


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
    found: dict[str, Image] = {}
    for plan in run.plans:
        known = plan.image or (plan.previous.image if plan.previous else "")
        image = world.engine.image(known) if known else None
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


def _deploy_planner(
    services: Sequence[str],
    force: bool,
    label: str,
    hold: bool,
    preview: bool,
    remove_undeclared: bool,
) -> Planner:
    """Raises UsageProblem when options exclude each other."""
    if not hold and not preview:
        raise UsageProblem("--no-preview goes with --hold only")
    if hold and remove_undeclared:
        raise UsageProblem(
            "--remove-undeclared does not go with --hold: nothing that is live changes then",
            hint="`compartment-tui remove` takes them away",
        )
    return partial(
        _deploy,
        services=services,
        force=force,
        label=label,
        hold=hold,
        preview=preview,
        remove_undeclared=remove_undeclared,
    )


def _deploying(
    environment: str, planner: Planner, *, hold: bool, ref: str | None, take_over: bool
) -> Request:
    verb = "deploy --hold" if hold else "deploy"
    return Request(
        verb=verb,
        environment=environment,
        planner=planner,
        ref=ref,
        builds=True,
        take_over=take_over,
    )


def _removing(environment: str, services: Sequence[str], label: str, *, take_over: bool) -> Request:
    planner = partial(_remove, services=services, label=label)
    return Request(verb="remove", environment=environment, planner=planner, take_over=take_over)


def _promoting(
    environment: str, services: Sequence[str], label: str, *, take_over: bool
) -> Request:
    planner = partial(_promote, services=services, label=label)
    return Request(verb="promote", environment=environment, planner=planner, take_over=take_over)


def _promoting_across(
    world: World,
    origin: str,
    environment: str,
    services: Sequence[str],
    deployment: str | None,
    label: str,
    *,
    take_over: bool,
) -> Request:
    source, _ = key_and_config(world, origin)
    if source.environment == parse_environment_name(environment):
        raise UsageProblem(
            f"{show(source.environment)} cannot be promoted to itself",
            hint="name another environment with --to",
        )

    def planner(context: PlanningContext) -> Run:
        sources = promotion_sources(
            record_of(world, source), services=services, deployment=deployment
        )
        return _across(context, sources, origin=source.environment, services=services, label=label)

    return Request(verb="promote", environment=environment, planner=planner, take_over=take_over)


def _discarding(environment: str, services: Sequence[str], *, take_over: bool) -> Request:
    planner = partial(_discard, services=services)
    return Request(verb="discard", environment=environment, planner=planner, take_over=take_over)


def _rolling_back(
    environment: str,
    services: Sequence[str],
    to: str | None,
    run: str | None,
    label: str,
    *,
    take_over: bool,
) -> Request:
    def planner(context: PlanningContext) -> Run:
        targets = rollback_targets(context.record, services=services, to=to, run=run)
        made = _rollback(context, targets, label=label)
        refuse_empty_return(context.record, made)
        left = () if services else stopped_in_between(context.record, run=run)
        return replace(made, left_stopped=left)

    return Request(verb="rollback", environment=environment, planner=planner, take_over=take_over)


def _redeploying(
    environment: str, services: Sequence[str], label: str, *, take_over: bool
) -> Request:
    planner = partial(_redeploy, services=services, label=label)
    return Request(verb="redeploy", environment=environment, planner=planner, take_over=take_over)
