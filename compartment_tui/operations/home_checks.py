"""What `doctor` looks at on a Swarm: whether the loss of its home would be borne."""

from collections.abc import Iterator

from compartment_tui.domain.config import ProjectConfig
from compartment_tui.domain.detail_views import Check, Grade
from compartment_tui.domain.home import (
    ENOUGH_MANAGERS,
    RecordCopy,
    SwarmHome,
    former_home_words,
)
from compartment_tui.domain.names import show
from compartment_tui.ports import World


def home_checks(world: World, config: ProjectConfig) -> Iterator[Check]:
    """Managers enough, a copy of each record, and no edge of an earlier home."""
    home = world.engine.home()
    if home is None or not home.here:
        return
    troubles = [*_managers(home), *_former(home), *_copies(world, config, home)]
    yield from troubles
    if not troubles:
        message = f"{home.name}; if it is lost, `edge adopt` has what it takes"
        yield Check(name="home", grade=Grade.GOOD, message=message)


def _managers(home: SwarmHome) -> Iterator[Check]:
    if home.managers >= ENOUGH_MANAGERS:
        return
    there = "1 manager" if home.managers == 1 else f"{home.managers} managers"
    yield Check(
        name="home",
        grade=Grade.WARN,
        message=f"the Swarm has {there}: when {home.name} is lost, the others cannot be asked",
        hint=f"`docker node promote NAME` until there are {ENOUGH_MANAGERS}",
    )


def _former(home: SwarmHome) -> Iterator[Check]:
    for name in home.former:
        message, hint = former_home_words(name, home.name)
        yield Check(name="home", grade=Grade.WARN, message=message, hint=hint)


def _copies(world: World, config: ProjectConfig, home: SwarmHome) -> Iterator[Check]:
    for key, record in sorted(world.records.read_all(config.name).items()):
        copy = home.copies.get(key)
        if isinstance(copy, RecordCopy) and copy.record == record:
            continue
        yield Check(
            name="home",
            grade=Grade.WARN,
            message=f"{_there_is(copy)} of the record of {show(key.environment)}",
            hint="every change makes one; so does `compartment-tui resume`",
        )


def _there_is(copy: object) -> str:
    return "the Swarm has no copy" if copy is None else "the Swarm has an old copy"
