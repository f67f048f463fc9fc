"""Containers of a neighbour under our names, and with our labels, on a real engine."""

import contextlib
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from compartment_tui.adapters.docker.api import labels
from compartment_tui.adapters.docker.api.resource_names import ResourceNames
from compartment_tui.domain.config import EdgeSettings
from compartment_tui.domain.errors import NameTaken
from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.ports import World
from tests.contract.bench import IMAGE, Bench, contract_config, unique_project
from tests.contract.docker_bench import Machine, docker, docker_bench, docker_machine

pytestmark = pytest.mark.docker


@pytest.fixture
def machine() -> Iterator[Machine]:
    """One where nothing has been made, so that a neighbour can have any name."""
    with docker_machine() as made:
        yield made


@pytest.fixture
def world(machine: Machine, tmp_path: Path) -> World:
    return machine.open_world(tmp_path)


@pytest.fixture(scope="module")
def shared() -> Iterator[Machine]:
    with docker_machine() as made:
        yield made


@pytest.fixture
def bench(shared: Machine, tmp_path: Path) -> Iterator[Bench]:
    """An environment beside an edge that runs."""
    with docker_bench(shared, tmp_path) as made:
        yield made


@contextlib.contextmanager
def neighbour(name: str, *options: str) -> Iterator[str]:
    made = docker("create", "--name", name, *options, IMAGE, "sleep", "600")
    try:
        yield made
    finally:
        docker("rm", "-f", made)


def test_a_container_by_the_edges_name_is_no_edge(machine: Machine, world: World) -> None:
    name = machine.layout.edge
    with neighbour(name, "-l", f"{labels.ROLE}=edge", "-l", "compartment.edge.http_port=ninety"):
        assert world.edge.info() is None
        assert world.edge.visit("shop.localhost").status is None
        with pytest.raises(NameTaken, match=f"the name {name} is taken"):
            world.edge.ensure(machine.settings)
        with pytest.raises(NameTaken):
            world.edge.remove()
        assert docker("ps", "-aq", "--filter", f"name=^{name}$")
        found = world.engine.misfits("shop")
        assert name in [one.name for one in found]


@pytest.mark.parametrize("role", ["", "state"])
def test_a_container_by_the_readers_name_is_not_read(
    machine: Machine, world: World, role: str
) -> None:
    name = machine.layout.state_volume
    with neighbour(name, "-l", f"{labels.ROLE}={role}"):
        with pytest.raises(NameTaken, match=f"the name {name} is taken"):
            world.records.environments("shop")
        assert name in [one.name for one in world.engine.misfits("shop")]


def test_a_network_by_an_environments_name_is_not_joined(world: World, machine: Machine) -> None:
    key = EnvironmentKey(unique_project(), "production")
    name = machine.layout.network(key)
    docker("network", "create", name)
    try:
        with pytest.raises(NameTaken, match="a network that is not ours"):
            world.engine.make_network(key, contract_config("x", EdgeSettings()).networks)
        assert name in [one.name for one in world.engine.misfits("shop")]
    finally:
        docker("network", "rm", name)


def test_a_container_by_the_locks_name_locks_nobody_and_is_named(
    shared: Machine, bench: Bench
) -> None:
    name = shared.layout.lock(bench.key)
    with neighbour(name):
        assert bench.world.locks.holder(bench.key) is None
        with pytest.raises(NameTaken, match=f"the name {name} is taken"):
            bench.lock()
        with pytest.raises(NameTaken):
            bench.world.locks.break_lock(bench.key)
    bench.lock().__exit__(None, None, None)


def test_labels_without_sense_hide_nobody(bench: Bench) -> None:
    made = bench.create("web")
    marks = {
        **labels.of_environment(labels.Role.SERVICE, bench.key),
        labels.SERVICE: "web",
        labels.DEPLOYMENT: "dep_01M864E906D08D6PPX2ZDC33Y6",
        labels.CREATED: "9999-12-31T23:59:59-14:00",
        labels.PORT: "9" * 5000,
        labels.FINGERPRINTS: "[" * 5000,
    }
    options = [part for key, value in marks.items() for part in ("-l", f"{key}={value}")]
    name = f"neighbour-{secrets.token_hex(4)}"
    with neighbour(name, *options):
        assert [one.name for one in bench.world.engine.instances(bench.key)] == [made.name]
        assert [one.name for one in bench.world.engine.instances(project=bench.key.project)]
        (found,) = [
            one for one in bench.world.engine.misfits(bench.key.project) if one.name == name
        ]
        assert labels.CREATED in found.why  # the other two cost only themselves


def test_the_edge_notes_which_image_it_was_made_of(bench: Bench) -> None:
    info = bench.world.edge.info()
    assert info is not None
    reference, _, noted = info.made_on.rpartition("@")
    assert noted in bench.world.engine.digests(reference)
    assert bench.world.engine.digests("no.such.registry.invalid/name:1") == ()


def test_an_image_made_of_a_container_is_not_pruned(bench: Bench) -> None:
    made = bench.create("web")
    committed = docker("commit", made.container)
    assert committed not in bench.world.engine.built_images(bench.key.project)
    bench.world.engine.remove_image(committed)
    assert docker("images", "-q", "--no-trunc", "--filter", f"label={labels.DEPLOYMENT}")
    found = bench.world.engine.misfits(bench.key.project)
    assert committed in [one.name for one in found if one.kind == "image"]


def test_the_layout_names_what_is_checked() -> None:
    layout = ResourceNames(namespace="n")
    assert {layout.edge, layout.engine_lock, *layout.volumes} == {
        "n-edge",
        "n-lock-engine",
        "n-state",
        "n-routes",
    }
