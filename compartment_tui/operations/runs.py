"""The verbs that make a run: deploy, rollback, redeploy, resume; and the plan of each."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeAlias

from compartment_tui.domain.config import ProjectConfig
from compartment_tui.domain.deployment import EnvironmentState, Provenance
from compartment_tui.domain.events import Event, Noted
from compartment_tui.domain.history import rollback_targets
from compartment_tui.domain.plan import Run
from compartment_tui.domain.planning import Circumstances
from compartment_tui.domain.planning import plan_deploy as _deploy
from compartment_tui.domain.planning import plan_redeploy as _redeploy
from compartment_tui.domain.planning import plan_rollback as _rollback
from compartment_tui.operations.recovering import keep_copy, recovered
from compartment_tui.operations.scope import key_and_config, state_of
from compartment_tui.ports import World
from compartment_tui.rollout.ground import prepare_ground
from compartment_tui.rollout.recovery import recover
from compartment_tui.rollout.runner import execute
from compartment_tui.rollout.switching import refuse_taken_hosts

Planner: TypeAlias = Callable[[Circumstances], Run]


def plan_deploy(
    world: World,
    *,
    environment: str,
    services: Sequence[str] = (),
    force: bool = False,
    label: str = "",
) -> Run:
    """What `deploy` would do; nothing is touched. Raises what it refuses."""
    planner = partial(_deploy, services=services, force=force, label=label)
    return _planned(world, environment, planner)


def plan_rollback(
    world: World,
    *,
    environment: str,
    services: Sequence[str] = (),
    to: str | None = None,
    run: str | None = None,
) -> Run:
    """What `rollback` would do; nothing is touched. Raises what it refuses."""
    return _planned(world, environment, _rollback_planner(services, to, run))


def plan_redeploy(world: World, *, environment: str, services: Sequence[str] = ()) -> Run:
    """What `redeploy` would do; nothing is touched. Raises what it refuses."""
    return _planned(world, environment, partial(_redeploy, services=services))


def deploy(
    world: World,
    *,
    environment: str,
    services: Sequence[str] = (),
    force: bool = False,
    label: str = "",
) -> Iterator[Event]:
    """Build, prove, switch, drain. Failures are events; exceptions mean refused before starting."""
    planner = partial(_deploy, services=services, force=force, label=label)
    return _carry_out(world, environment, "deploy", planner)


def rollback(
    world: World,
    *,
    environment: str,
    services: Sequence[str] = (),
    to: str | None = None,
    run: str | None = None,
) -> Iterator[Event]:
    """Bring earlier deployments back, by `history.rollback_targets`."""
    return _carry_out(world, environment, "rollback", _rollback_planner(services, to, run))


def redeploy(world: World, *, environment: str, services: Sequence[str] = ()) -> Iterator[Event]:
    """The recorded images again, with today's values."""
    return _carry_out(world, environment, "redeploy", partial(_redeploy, services=services))


def resume(world: World, *, environment: str) -> Iterator[Event]:
    """Finish or revert what a crash, a second Ctrl-C or a lost engine left behind."""
    key, config = key_and_config(world, environment)
    prepare_ground(world, key, config)
    with world.locks.environment(key, actor=world.actor, purpose="resume") as hold:
        state = hold.record()
        if state.rebuilt:
            hold.write_record(state)
        if state.journal is None:
            yield Noted(at=world.clock.now(), target=None, message="there is nothing to resume")
        yield from recover(world, hold, state)
        keep_copy(world, hold)


def new_commits(world: World, run: Run) -> dict[str, tuple[str, ...]]:
    """By service, one line per commit between what is live and what the run would bring."""
    found = {}
    for plan in run.plans:
        older = plan.previous.provenance.commit if plan.previous else ""
        newer = plan.provenance.commit
        if older and newer and older != newer:
            found[plan.service] = world.source.commits_between(older, newer)
    return found


def _rollback_planner(services: Sequence[str], to: str | None, run: str | None) -> Planner:
    def planner(around: Circumstances) -> Run:
        targets = rollback_targets(around.state, services=services, to=to, run=run)
        return _rollback(around, targets)

    return planner


def _planned(world: World, environment: str, planner: Planner) -> Run:
    key, config = key_and_config(world, environment)
    provenance = world.source.provenance()
    around = _circumstances(world, config, state_of(world, key), provenance)
    return _refused_early(world, around, planner)


def _refused_early(world: World, around: Circumstances, planner: Planner) -> Run:
    run, state = planner(around), around.state
    # What is live here is claimed already, so a usual deploy need not ask what others have.
    live = {one.host for name in state.active if (one := state.active_deployment(name))}
    new = frozenset(p.host for p in run.plans if p.host is not None) - live
    if new:
        refuse_taken_hosts(state.key, new, world.edge.tables())
    return run


def _circumstances(
    world: World, config: ProjectConfig, state: EnvironmentState, provenance: Provenance
) -> Circumstances:
    engine = world.engine
    return Circumstances(
        config=config,
        state=state,
        now=world.clock.now(),
        actor=world.actor,
        new_id=world.clock.new_id,
        fingerprint_key=world.records.fingerprint_key(),
        provenance=provenance,
        has_container=lambda deployment: engine.instance(deployment) is not None,
        has_image=lambda image: engine.image(image) is not None,
        identity=world.secrets.identity,
    )


def _carry_out(world: World, environment: str, verb: str, planner: Planner) -> Iterator[Event]:
    key, config = key_and_config(world, environment)
    world.engine.warm_up()
    provenance = world.source.provenance()
    _refused_early(world, _circumstances(world, config, state_of(world, key), provenance), planner)
    if verb == "deploy":
        world.builder.warm_up()
    prepare_ground(world, key, config)
    with world.locks.environment(key, actor=world.actor, purpose=verb) as hold:
        try:
            state = yield from recovered(world, hold)
            if state.journal is None:
                run = planner(_circumstances(world, config, state, provenance))
                run = replace(run, before=hold.routes())
                yield from execute(world, hold, state, run)
        finally:
            keep_copy(world, hold)
