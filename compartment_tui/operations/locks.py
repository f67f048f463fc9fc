"""Who changes an environment, and taking the lock away."""

from compartment_tui.domain.engine import LockInfo
from compartment_tui.operations.engines import world_of
from compartment_tui.operations.environment_record import key_and_config
from compartment_tui.ports import World


def lock_holder(world: World, *, environment: str) -> LockInfo | None:
    """Who is changing the environment now."""
    world = world_of(world, environment)
    key, _ = key_and_config(world, environment)
    return world.locks.holder(key)


def break_lock(world: World, *, environment: str) -> bool:
    """Take the lock away from whoever has it; True if somebody had it.

    `resume` picks up what they left.
    """
    world = world_of(world, environment)
    key, _ = key_and_config(world, environment)
    return world.locks.break_lock(key)
