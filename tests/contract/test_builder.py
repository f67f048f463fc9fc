"""Images: the same content is the same image, and a failure says where."""

from collections.abc import Generator
from dataclasses import replace

import pytest

from compartment_tui.domain.deployment import Image
from compartment_tui.domain.errors import BuildFailed, ImageUnavailable
from compartment_tui.domain.planning.plan import Plan
from tests.contract.bench import IMAGE, NOWHERE, Bench


def finish(lines: Generator[str, None, Image]) -> tuple[list[str], Image]:
    said = []
    while True:
        try:
            said.append(next(lines))
        except StopIteration as end:
            return said, end.value


def build(bench: Bench, plan: Plan) -> Image:
    said, image = finish(bench.world.builder.build(plan, bench.world.cancel))
    assert said
    return image


def test_the_same_content_is_the_same_image(bench: Bench) -> None:
    first = build(bench, bench.plan("built"))
    other_commit = replace(
        bench.plan("built"), provenance=replace(bench.plan("built").provenance, commit="beef")
    )
    assert build(bench, other_commit) == first
    assert bench.world.engine.image(first.id) == first
    assert first.ports == (8080,)
    assert not first.checked


def test_other_content_is_another_image(bench: Bench) -> None:
    first = build(bench, bench.plan("built"))
    bench.write_file("built", "something else")
    second = build(bench, bench.plan("built"))
    assert second.id != first.id
    assert bench.world.engine.image(first.id) == first


def test_a_broken_build_says_what_failed(bench: Bench) -> None:
    with pytest.raises(BuildFailed, match="broken") as failed:
        build(bench, bench.plan("broken"))
    assert any("exit 9" in line for line in failed.value.tail)


def test_what_is_built_can_be_run(bench: Bench) -> None:
    plan = bench.plan("built")
    birth = replace(bench.birth("built"), plan=plan, image=build(bench, plan))
    made = bench.world.engine.create(birth)
    assert made.image == birth.image.id
    assert bench.started(made.deployment).running


def test_what_we_built_can_be_found_and_removed_and_nothing_else(bench: Bench) -> None:
    engine, project = bench.world.engine, bench.key.project
    foreign = bench.image().id
    assert engine.built_images(project) == frozenset()
    built = build(bench, bench.plan("built")).id
    assert engine.built_images(project) == {built}
    assert engine.disk_use() > 0
    for image in (foreign, built):
        engine.remove_image(image)
    assert engine.image(foreign) is not None
    assert engine.image(built) is None
    assert engine.built_images(project) == frozenset()


def test_without_a_registry_the_local_image_is_used_and_a_line_says_so(bench: Bench) -> None:
    plan = bench.plan("web")
    said, image = finish(bench.world.builder.pull(plan, bench.world.cancel))
    assert image == bench.image()
    assert any(IMAGE in line for line in said)


def test_what_is_neither_in_a_registry_nor_here(bench: Bench) -> None:
    plan = bench.plan("web")
    nowhere = replace(plan, spec=replace(plan.spec, image=NOWHERE))
    with pytest.raises(ImageUnavailable, match="invalid/name"):
        finish(bench.world.builder.pull(nowhere, bench.world.cancel))
