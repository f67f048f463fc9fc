"""Which operation an act is: its plan, and its doing."""

from collections.abc import Iterator
from typing import TypedDict

from compartment_tui.domain.events import Event
from compartment_tui.domain.planning.lifecycle import LifecycleVerb
from compartment_tui.domain.planning.retention import Pruning
from compartment_tui.operations import lifecycle, prune, runs, upkeep
from compartment_tui.ports import World
from compartment_tui.tui.runs.plan_model import Proposed
from compartment_tui.tui.state.action import Act, Verb


def planned(world: World, act: Act) -> Proposed:  # noqa: PLR0911 - one a verb
    """What the act would do; nothing is touched. Raises CompartmentError."""
    environment, where = act.environment, _where(act)
    match act.verb:
        case Verb.DEPLOY:
            return runs.plan_deploy(
                world, **where, force=act.force, remove_undeclared=act.remove_undeclared
            )
        case Verb.HOLD:
            return runs.plan_deploy(world, **where, force=act.force, hold=True, preview=act.preview)
        case Verb.PROMOTE:
            return runs.plan_promote(world, **where)
        case Verb.ACROSS:
            return runs.plan_promote_across(world, **where, origin=act.origin or "")
        case Verb.DISCARD:
            return runs.plan_discard(world, **where)
        case Verb.ROLLBACK:
            return runs.plan_rollback(world, **where, to=act.to, run=act.run)
        case Verb.REDEPLOY:
            return runs.plan_redeploy(world, **where)
        case Verb.REMOVE:
            return runs.plan_removal(world, **where)
        case Verb.STOP | Verb.START | Verb.RESTART:
            return lifecycle.plan(world, LifecycleVerb(act.verb.value), **where)
        case Verb.PRUNE:
            return prune.plan_prune(world, environments=(environment,), take_over=act.take_over)
        case Verb.DELETE:
            return upkeep.plan_deletion(world, environment=environment, take_over=act.take_over)
        case Verb.RESUME:
            runs.plan_resume(world, environment=environment, take_over=act.take_over)
            return None


def done(world: World, act: Act) -> Iterator[Event] | Pruning:  # noqa: PLR0911, PLR0912 - one a verb
    """Do it, as it is told; or what it came to. Raises CompartmentError when it is refused."""
    environment, where = act.environment, _where(act)
    match act.verb:
        case Verb.DEPLOY:
            return runs.deploy(
                world, **where, force=act.force, remove_undeclared=act.remove_undeclared
            )
        case Verb.HOLD:
            return runs.deploy(world, **where, force=act.force, hold=True, preview=act.preview)
        case Verb.PROMOTE:
            return runs.promote(world, **where)
        case Verb.ACROSS:
            return runs.promote_across(world, **where, origin=act.origin or "")
        case Verb.DISCARD:
            return runs.discard(world, **where)
        case Verb.ROLLBACK:
            return runs.rollback(world, **where, to=act.to, run=act.run)
        case Verb.REDEPLOY:
            return runs.redeploy(world, **where)
        case Verb.REMOVE:
            return runs.remove(world, **where)
        case Verb.STOP:
            return lifecycle.stop(world, **where)
        case Verb.START:
            return lifecycle.start(world, **where)
        case Verb.RESTART:
            return lifecycle.restart(world, **where)
        case Verb.RESUME:
            return runs.resume(world, environment=environment, take_over=act.take_over)
        case Verb.PRUNE:
            return prune.prune(world, environments=(environment,), take_over=act.take_over)
        case Verb.DELETE:
            upkeep.delete_environment(
                world, environment=environment, volumes=act.volumes, take_over=act.take_over
            )
            return iter(())


class _Where(TypedDict):
    environment: str
    services: tuple[str, ...]
    take_over: bool


def _where(act: Act) -> _Where:
    return {
        "environment": act.environment,
        "services": act.services,
        "take_over": act.take_over,
    }
