"""Images from one engine to another: the very image, only what is lacking, all of it or nothing."""

import secrets
from collections.abc import Generator
from contextlib import closing
from dataclasses import replace
from typing import TypeVar

import pytest

from compartment_tui.adapters.memory.clock import ManualCancel
from compartment_tui.domain.carriage import Carriage
from compartment_tui.domain.deployment import Image
from compartment_tui.domain.errors import Cancelled, ImageUnavailable
from compartment_tui.domain.planning.plan import Plan
from compartment_tui.ports import Engine
from tests.contract.bench import Bench
from tests.contract.test_builder import build

T = TypeVar("T")


def built_anew(bench: Bench, plan: Plan) -> Image:
    """An image that nobody has, whoever was here before."""
    bench.write_file("built", secrets.token_hex(4))
    return build(bench, plan)


def finish(carriages: Generator[Carriage, None, T]) -> tuple[list[Carriage], T]:
    seen = []
    while True:
        try:
            seen.append(next(carriages))
        except StopIteration as end:
            return seen, end.value


def carry(bench: Bench, target: Engine, plan: Plan, image: str) -> tuple[list[Carriage], Image]:
    _, archive = finish(bench.world.engine.save_image(image, bench.world.cancel))
    with closing(archive):
        return finish(target.load_image(archive, plan, bench.world.cancel))


def test_it_is_the_very_image_and_what_is_there_is_not_sent(bench: Bench) -> None:
    target, plan = bench.elsewhere(), bench.plan("built")
    image = built_anew(bench, plan)
    assert target.image(image.id) is None
    whole = bench.world.engine.image_size(image.id)
    assert whole
    sent, carried = carry(bench, target, plan, image.id)
    assert carried == image == target.image(image.id)
    assert sent[-1].done == sent[-1].total < whole  # not what it is built on
    again, same = carry(bench, target, plan, image.id)
    assert same == carried
    assert sum(one.total for one in again[-1:]) < sent[-1].total


def test_what_was_carried_is_kept_and_goes_like_what_was_built(bench: Bench) -> None:
    target, plan = bench.elsewhere(), bench.plan("built")
    image = built_anew(bench, plan)
    project = bench.key.project
    before = target.built_images(project)
    carry(bench, target, plan, image.id)
    assert target.built_images(project) - before == {image.id}
    target.remove_image(image.id)
    assert target.image(image.id) is None
    assert target.built_images(project) == before
    assert bench.world.engine.image(image.id) == image


def test_one_that_was_pulled_is_carried_and_known_by_our_name(bench: Bench) -> None:
    target, plan = bench.elsewhere(), bench.plan("web")
    foreign = bench.image()
    before = target.built_images(bench.key.project)
    carry(bench, target, plan, foreign.id)
    assert target.built_images(bench.key.project) - before == {foreign.id}


@pytest.mark.parametrize("at", ["reading", "sending"])
def test_a_carriage_that_is_ended_leaves_nothing(bench: Bench, at: str) -> None:
    target, plan, cancel = bench.elsewhere(), bench.plan("built"), ManualCancel()
    image = built_anew(bench, plan)
    saving = bench.world.engine.save_image(image.id, cancel)
    if at == "reading":
        next(saving)
        cancel.request()
        with pytest.raises(Cancelled):
            finish(saving)
    else:
        _, archive = finish(saving)
        cancel.request()
        with closing(archive), pytest.raises(Cancelled):
            finish(target.load_image(archive, plan, cancel))
    assert target.image(image.id) is None
    assert carry(bench, target, plan, image.id)[1] == image


def test_what_is_not_there_cannot_be_carried(bench: Bench) -> None:
    nothing = f"sha256:{'0' * 64}"
    assert bench.world.engine.image_size(nothing) is None
    with pytest.raises(ImageUnavailable, match="no longer on the engine"):
        finish(bench.world.engine.save_image(nothing, bench.world.cancel))
    plan = bench.plan("built")
    with pytest.raises(ImageUnavailable, match="no longer on the engine"):
        finish(bench.world.engine.push_image(nothing, plan, bench.registry(), bench.world.cancel))


def test_a_registry_hands_on_the_very_image(bench: Bench) -> None:
    source, target, plan = bench.world.engine, bench.elsewhere(), bench.plan("built")
    cancel = bench.world.cancel
    image = built_anew(bench, plan)
    _, reference = finish(source.push_image(image.id, plan, bench.registry(), cancel))
    assert reference.startswith(f"{bench.registry()}/built@sha256:")
    _, pulled = finish(target.pull_image(reference, plan, cancel))
    assert pulled == image == target.image(image.id)
    assert image.id in target.built_images(bench.key.project)
    target.remove_image(image.id)
    assert target.image(image.id) is None
    assert source.image(image.id) == image
    source.remove_image(image.id)  # what it was called for the registry is off it again
    assert source.image(image.id) is None


def test_a_registry_that_does_not_answer_is_named(bench: Bench) -> None:
    target, plan = bench.elsewhere(), bench.plan("built")
    nowhere = f"no.such.registry.invalid/built@sha256:{'0' * 64}"
    with pytest.raises(ImageUnavailable, match="built"):
        finish(target.pull_image(nowhere, plan, bench.world.cancel))
    assert target.image(nowhere) is None


def test_the_plans_image_is_the_one_that_is_there_afterwards(bench: Bench) -> None:
    target, plan = bench.elsewhere(), bench.plan("built")
    image = built_anew(bench, plan)
    named = replace(plan, image=image.id)
    assert carry(bench, target, named, image.id)[1].id == image.id
