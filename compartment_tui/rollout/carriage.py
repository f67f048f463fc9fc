"""An image that is carried to the engine of a run, by a registry where one is named."""

from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from typing import TypeVar

from compartment_tui.domain.carriage import Carriage, amount, engine_words
from compartment_tui.domain.deployment import Image, Stage
from compartment_tui.domain.errors import DiskFull, EngineUnreachable, ImageUnavailable
from compartment_tui.domain.events import Event
from compartment_tui.domain.names import show
from compartment_tui.domain.planning.plan import Plan
from compartment_tui.ports import World
from compartment_tui.rollout.context import Rollout

T = TypeVar("T")
WHOLE = 100
TELL_EVERY = timedelta(milliseconds=500)


def at_origin(world: World, plan: Plan) -> World:
    """The world at the engine where the plan's image is made or lies."""
    return world if plan.image_origin is None else world.at(plan.image_origin.engine)


def carried_image(rollout: Rollout, plan: Plan, image: str) -> Generator[Event, None, Image]:
    """The image as it is on the run's engine afterwards; nothing is done where it is there.

    Raises ImageUnavailable (also when another one has arrived), EngineUnreachable, DiskFull,
    Cancelled: then nothing of it is there.
    """
    target = rollout.world.engine
    there = target.image(image)
    if there is not None:
        return there
    registry = plan.image_origin.registry if plan.image_origin else ""
    if registry:
        made = yield from _by_registry(rollout, plan, image, registry)
    else:
        made = yield from _streamed(rollout, plan, image)
    if plan.image is not None and made.id != plan.image:
        target.remove_image(made.id)
        raise ImageUnavailable(
            f"the image of {plan.service} has arrived as {made.id}, and should be {plan.image}:"
            " the two engines keep images in different ways",
            hint="`docker info` shows how; `compartment-tui deploy` builds it there",
        )
    return made


def _streamed(rollout: Rollout, plan: Plan, image: str) -> Generator[Event, None, Image]:
    cancel = rollout.world.cancel
    source, name, target = _ends(rollout, plan)
    with _named(plan, f"read from {name}"):
        archive = yield from _followed(
            rollout, plan, f"reading it from {name}", source.engine.save_image(image, cancel)
        )
    with closing(archive), _named(plan, f"carried to {target}"):
        loading = rollout.world.engine.load_image(archive, plan, cancel)
        return (yield from _followed(rollout, plan, "carrying {} to " + target, loading))


def _by_registry(
    rollout: Rollout, plan: Plan, image: str, registry: str
) -> Generator[Event, None, Image]:
    cancel = rollout.world.cancel
    source, name, target = _ends(rollout, plan)
    with _named(plan, f"pushed from {name}"):
        pushing = source.engine.push_image(image, plan, registry, cancel)
        words = f"pushing it from {name} to {registry}"
        reference = yield from _followed(rollout, plan, words, pushing)
    with _named(plan, f"pulled by {target}"):
        pulling = rollout.world.engine.pull_image(reference, plan, cancel)
        return (yield from _followed(rollout, plan, f"pulling it to {target}", pulling))


def _ends(rollout: Rollout, plan: Plan) -> tuple[World, str, str]:
    """Where it comes from, and what both engines are called."""
    source = at_origin(rollout.world, plan)
    return source, engine_words(source.engine_name), engine_words(rollout.world.engine_name)


def _followed(
    rollout: Rollout, plan: Plan, words: str, going: Generator[Carriage, None, T]
) -> Generator[Event, None, T]:
    """Tell how far it is, now and then, at most once for each part in a hundred.

    A registry tells of one layer after the other: the total grows meanwhile.
    """
    clock = rollout.world.clock
    told, told_at, total = -1, clock.monotonic() - TELL_EVERY, 0
    with closing(going):
        while True:
            try:
                now = next(going)
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]
            told, total = (told if now.total == total else -1), now.total
            part = WHOLE * now.done // now.total if now.total else WHOLE
            due = clock.monotonic() - told_at >= TELL_EVERY
            if part > told and (due or part == WHOLE):
                told, told_at = part, clock.monotonic()
                yield rollout.output(plan, Stage.BUILDING, _line(words, now, rollout.world))


def _line(words: str, now: Carriage, target: World) -> str:
    if not now.total:
        return f"{engine_words(target.engine_name)} has all of its layers: nothing has to be sent"
    return f"{words.format(amount(now.total))}: {now.words}"


@contextmanager
def _named(plan: Plan, what: str) -> Iterator[None]:
    """Say what of the carriage failed where an engine, or a disk, is to blame."""
    try:
        yield
    except (EngineUnreachable, DiskFull) as error:
        raise type(error)(
            f"the image of {show(plan.service)} could not be {what}: {error.message}",
            hint=error.hint,
        ) from error
