"""Refuse what another repository of the same name would do to an environment, unless it takes over.

A record without an owner, of an earlier version or rebuilt, is the next one's that changes it.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

from compartment_tui.domain.owner import Origin, Owner, refuse_other

if TYPE_CHECKING:
    from compartment_tui.domain.deployment import EnvironmentState
    from compartment_tui.ports import World


def refuse_others_environment(
    world: "World", state: "EnvironmentState | None", *, take_over: bool
) -> None:
    """Raises OwnedElsewhere, unless it is to be taken over."""
    if state is not None and state.owner is not None and not take_over:
        refuse_other(state.key, state.owner, world.source.origin())


def with_owner(world: "World", state: "EnvironmentState", *, take_over: bool) -> "EnvironmentState":
    """The record as it is taken over: ours, if it was another's. Raises OwnedElsewhere."""
    refuse_others_environment(world, state, take_over=take_over)
    if not take_over:
        return state
    origin = world.source.origin()
    if taken_from(state, origin) is None:
        return state
    return replace(state, owner=Owner(origin=origin, actor=world.actor, at=world.clock.now()))


def taken_from(state: "EnvironmentState", ours: Origin) -> Owner | None:
    """Whose the environment is, when that is another repository."""
    owner = state.owner
    return None if owner is None or owner.origin.is_same(ours) else owner
