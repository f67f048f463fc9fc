"""Refuse what another repository of the same name would do to an environment, unless it takes over.

A record without an owner, of an earlier version or rebuilt, is the next one's that changes it.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

from compartment_tui.domain.owner import Origin, Owner, refuse_other

if TYPE_CHECKING:
    from compartment_tui.domain.deployment import EnvironmentRecord
    from compartment_tui.ports import World


def refuse_others_environment(
    world: "World", record: "EnvironmentRecord | None", *, take_over: bool
) -> None:
    """Raises OwnedElsewhere, unless it is to be taken over."""
    if record is not None and record.owner is not None and not take_over:
        refuse_other(record.key, record.owner, world.source.origin())


def with_owner(
    world: "World", record: "EnvironmentRecord", *, take_over: bool
) -> "EnvironmentRecord":
    """The record as it is taken over: ours, if it was another's. Raises OwnedElsewhere."""
    refuse_others_environment(world, record, take_over=take_over)
    if not take_over:
        return record
    origin = world.source.origin()
    if taken_from(record, origin) is None:
        return record
    return replace(record, owner=Owner(origin=origin, actor=world.actor, at=world.clock.now()))


def taken_from(record: "EnvironmentRecord", ours: Origin) -> Owner | None:
    """Whose the environment is, when that is another repository."""
    owner = record.owner
    return None if owner is None or owner.origin.is_same(ours) else owner
