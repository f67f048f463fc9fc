"""The images of a run and its release commands, before any candidate runs."""

from collections.abc import Generator, Iterator
from dataclasses import replace

from compartment_tui.domain.config import Kind
from compartment_tui.domain.deployment import Image, Stage
from compartment_tui.domain.errors import ImageUnavailable, ReleaseFailed
from compartment_tui.domain.events import Event, ServiceUnchanged
from compartment_tui.domain.image_notes import release_suspect
from compartment_tui.domain.inner_calls import known_at_birth
from compartment_tui.domain.planning.plan import ContainerSpec, ImageSource, Plan
from compartment_tui.domain.record.transitions import without_unchanged
from compartment_tui.rollout.active_check import active_serves
from compartment_tui.rollout.context import Rollout


def build_images(rollout: Rollout, plans: tuple[Plan, ...]) -> Iterator[Event]:
    """Build or pull every image, in file order, and set aside the services that are unchanged."""
    unchanged: list[Plan] = []
    built = rollout.run.builds
    with rollout.world.builder.ahead(built, rollout.world.cancel):
        yield from rollout.enter(Stage.BUILDING, plans)
        for plan in plans:
            rollout.work_on(Stage.BUILDING, plan.target)
            image = yield from _make(rollout, plan)
            if plan.same_as_active(image) and (yield from active_serves(rollout, plan)):
                unchanged.append(plan)
                continue
            know_image(rollout, plan, image)
            _note_base(rollout, plan)
            yield rollout.end(Stage.BUILDING, plan.target, note=image.id)
    yield from _set_aside(rollout, unchanged)


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
    rollout.save(without_unchanged(rollout.record, unchanged))
    rollout.forget_unchanged(plan.service for plan in unchanged)
    for plan in unchanged:
        active = rollout.record.active[plan.service]
        yield ServiceUnchanged(at=rollout.now, target=plan.target, deployment=active)
        if plan.superseded is not None:
            still = f"it is unchanged, so its held candidate {plan.superseded.id} stays"
            yield rollout.note(still, plan.target)


def _make(rollout: Rollout, plan: Plan) -> Generator[Event, None, Image]:
    builder, cancel = rollout.world.builder, rollout.world.cancel
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
    static = plan.spec.kind is Kind.STATIC and plan.source is ImageSource.BUILD
    reference = rollout.world.project.config().static_image if static else plan.spec.image
    exact = rollout.world.engine.digests(reference) if reference else ()
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
