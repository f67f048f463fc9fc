"""The images of a run and its release commands, before any candidate runs."""

from collections.abc import Generator, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace

from compartment_tui.domain.config import Kind
from compartment_tui.domain.deployment import Image, Stage
from compartment_tui.domain.errors import ImageUnavailable, ReleaseFailed
from compartment_tui.domain.events import Event, ServiceUnchanged
from compartment_tui.domain.image_notes import release_suspect
from compartment_tui.domain.inner_calls import known_at_birth
from compartment_tui.domain.planning.plan import ContainerSpec, ImageSource, Plan, Run
from compartment_tui.ports import World
from compartment_tui.rollout.active_check import active_serves
from compartment_tui.rollout.carriage import at_origin, carried_image
from compartment_tui.rollout.context import Rollout


def build_images(rollout: Rollout, plans: tuple[Plan, ...]) -> Iterator[Event]:
    """Build, pull or carry every image, in file order, and set aside what is unchanged."""
    unchanged: list[Plan] = []
    plans = tuple(plan for plan in plans if plan.makes_image)
    with builds_ahead(rollout.world, rollout.run.builds):
        yield from rollout.enter(Stage.BUILDING, plans)
        for index, plan in enumerate(plans):
            rollout.work_on(Stage.BUILDING, plan.target)
            image = yield from _make(rollout, plan)
            same = plan.same_as_active(image)
            if same and not unchanged:
                # Most of the others will be, too.
                following = (one.previous.id for one in plans[index:] if one.previous)
                rollout.world.engine.look_ahead(following)
            if same and (yield from active_serves(rollout, plan)):
                unchanged.append(plan)
                continue
            if plan.image_origin is not None:
                image = yield from carried_image(rollout, plan, image.id)
                for line in rollout.world.engine.spread_image(image.id, plan, rollout.world.cancel):
                    yield rollout.output(plan, Stage.BUILDING, line)
            know_image(rollout, plan, image)
            _note_base(rollout, plan)
            yield rollout.end(Stage.BUILDING, plan.target, note=image.id)
    yield from _set_aside(rollout, unchanged)


def spread_kept_images(rollout: Rollout, plans: tuple[Plan, ...]) -> Iterator[Event]:
    """Have the machines of a Swarm have the images that are kept; a stage only where that is work.

    Before any candidate is made: what is stopped first is not away any longer for that.
    """
    for plan in plans:
        if not _is_kept_here(plan):
            continue
        rollout.work_on(Stage.BUILDING, plan.target)
        image, begun = plan.image or "", False
        for line in rollout.world.engine.spread_image(image, plan, rollout.world.cancel):
            if not begun:
                begun = True
                yield from rollout.enter(Stage.BUILDING, [plan])
            yield rollout.output(plan, Stage.BUILDING, line)
        if begun:
            yield rollout.end(Stage.BUILDING, plan.target, note=image)


def has_kept_images(run: Run) -> bool:
    """Whether it makes something of an image that is on its engine, and builds or carries none."""
    return any(map(_is_kept_here, run.plans))


def _is_kept_here(plan: Plan) -> bool:
    return plan.source is ImageSource.KEPT_IMAGE and not plan.makes_image


def set_aside_equals(rollout: Rollout, plans: tuple[Plan, ...]) -> Iterator[Event]:
    """Leave services alone that already run what a kept image would make of them."""
    unchanged = []
    for plan in plans:
        image = rollout.world.engine.image(plan.image or "")
        same = image is not None and plan.same_as_active(image)
        if same and (yield from active_serves(rollout, plan)):
            unchanged.append(plan)
    yield from _set_aside(rollout, unchanged)


def _set_aside(rollout: Rollout, unchanged: list[Plan]) -> Iterator[Event]:
    if not unchanged:
        return
    rollout.forget_unchanged(plan.service for plan in unchanged)
    for plan in unchanged:
        active = rollout.record.active[plan.service]
        yield ServiceUnchanged(at=rollout.now, target=plan.target, deployment=active)
        if plan.superseded is not None:
            still = f"it is unchanged, so its held candidate {plan.superseded.id} stays"
            yield rollout.note(still, plan.target)


def builds_ahead(world: World, plans: tuple[Plan, ...]) -> AbstractContextManager[None]:
    """Begin these builds, wherever images for the run's engine are built."""
    builder = at_origin(world, plans[0]).builder if plans else world.builder
    return builder.ahead(plans, world.cancel)


def _make(rollout: Rollout, plan: Plan) -> Generator[Event, None, Image]:
    if plan.source is ImageSource.KEPT_IMAGE:
        return Image(id=plan.image or "")  # what it declares is asked where it will run
    builder, cancel = at_origin(rollout.world, plan).builder, rollout.world.cancel
    make = builder.pull if plan.source is ImageSource.PULL else builder.build
    lines = make(plan, cancel)
    while True:
        try:
            line = next(lines)
        except StopIteration as end:
            image: Image = end.value
            return image
        yield rollout.output(plan, Stage.BUILDING, line)


def know_image(rollout: Rollout, plan: Plan, image: Image) -> ContainerSpec:
    """The plan's image is known, and with it what its container will be made from."""
    birth = ContainerSpec(plan=plan, image=image, created=rollout.now)
    rollout.births[plan.service] = birth
    return birth


def _note_base(rollout: Rollout, plan: Plan) -> None:
    """Keep which image the tag of somebody else led to: it may lead to another one tomorrow."""
    if plan.source is ImageSource.KEPT_IMAGE:
        return
    static = plan.spec.kind is Kind.STATIC and plan.source is ImageSource.BUILD
    reference = rollout.world.project.config().static_image if static else plan.spec.image
    exact = at_origin(rollout.world, plan).engine.digests(reference) if reference else ()
    if exact:
        rollout.bases[plan.deployment] = f"{reference}@{exact[0]}"


def birth_of(rollout: Rollout, plan: Plan) -> ContainerSpec:
    """What the plan's container is made from: built in this run, or an image that was kept."""
    birth = rollout.birth(plan)
    if birth is None:
        birth = know_image(rollout, plan, _kept_image(rollout, plan))
    return replace(birth, inner=_inner(rollout))


def _inner(rollout: Rollout) -> tuple[str, ...]:
    known = {name: birth.port for name, birth in rollout.births.items()}
    return known_at_birth(rollout.run, rollout.record, known, rollout.inner_ports)


def _kept_image(rollout: Rollout, plan: Plan) -> Image:
    image = rollout.world.engine.image(plan.image or "")
    if image is None:
        raise ImageUnavailable(
            f"the image {plan.image} of {plan.service} is no longer on the engine",
            hint="deploy again to build a new one",
        )
    return image


def run_releases(rollout: Rollout, plans: tuple[Plan, ...]) -> Iterator[Event]:
    """Run each declared release command once, in file order. What it does is not undone."""
    for plan in plans:
        if not plan.runs_release:
            continue
        rollout.work_on(Stage.RELEASE, plan.target)
        yield from rollout.enter(Stage.RELEASE, [plan])
        birth = birth_of(rollout, plan)
        try:
            for line in rollout.world.engine.run_release(birth, rollout.world.cancel):
                yield rollout.output(plan, Stage.RELEASE, line)
        except ReleaseFailed as error:
            suspect = release_suspect(plan, birth.image)
            error.hint = "; ".join(part for part in (suspect, error.hint) if part)
            raise
        yield rollout.end(Stage.RELEASE, plan.target)
