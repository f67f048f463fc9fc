"""The copy of a record where the loss of its machine does not take it, at the end of every run."""

from collections.abc import Iterator

from compartment_tui.domain.events import Event, Noted
from compartment_tui.ports import EnvironmentLock, World
from compartment_tui.rollout.errors import as_expected


def copy_record(world: World, lock: EnvironmentLock) -> Iterator[Event]:
    """Have it made; that it could not be changes nothing, and is told."""
    try:
        problem = lock.keep_copy()
    except Exception as raised:
        problem = as_expected(world, raised).message
    if problem:
        message = f"the Swarm has no copy of the record as it is now: {problem}"
        yield Noted(at=world.clock.now(), target=None, message=message)
