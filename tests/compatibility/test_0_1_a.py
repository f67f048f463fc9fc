"""An engine deployed to by the version before is picked up without a word.

`0.1-a/` is what that version left of a shop with two environments: records, index, audit, route
documents, the key of fingerprints, and what `docker inspect` said of its containers.
"""

import json
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from compartment_tui.adapters.docker.api.convert import instance_of_inspect
from compartment_tui.adapters.docker.edge import traefik
from compartment_tui.adapters.docker.edge.route_documents import all_ours
from compartment_tui.adapters.docker.records import KEY_BYTES
from compartment_tui.adapters.memory.behaviour import FAULTLESS
from compartment_tui.adapters.memory.container import Container
from compartment_tui.adapters.memory.records import MemoryRecords
from compartment_tui.adapters.memory.world import MemoryWorld, memory_world
from compartment_tui.adapters.project_file.parse import parse_config
from compartment_tui.adapters.record_file import record_file
from compartment_tui.domain.config import ServiceSpec
from compartment_tui.domain.deployment import EnvironmentRecord, Image, Instance
from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.domain.planning.plan import ContainerSpec, ImageSource, Plan
from compartment_tui.domain.record.rebuild import rebuild, routed
from compartment_tui.domain.requests import Deploy
from compartment_tui.domain.routes import RouteTable
from compartment_tui.domain.variable import NameChanges, fingerprints, resolve, values
from compartment_tui.domain.views import EnvironmentStatus
from compartment_tui.operations import requests
from compartment_tui.operations.environments import environments
from compartment_tui.operations.status import status

LEFT = Path(__file__).parent / "0.1-a"
NAMES = ("production.shop.toml", "staging.shop.toml")
API_HELD = "dep_01M8HZ93C4FJ03VV9D7PYAKMX8"
CONFIG = parse_config((LEFT / "compartment.toml").read_text(), root=LEFT)
FINGERPRINT_KEY = (LEFT / "fingerprint.key").read_bytes()


def record(name: str) -> EnvironmentRecord:
    return record_file.loads((LEFT / "records" / name).read_text(), to_write=True)


def table(name: str) -> RouteTable:
    return traefik.parse((LEFT / "routes" / name).read_text())


def instances() -> list[Instance]:
    found = [instance_of_inspect(one) for one in json.loads((LEFT / "containers.json").read_text())]
    return [one for one in found if one is not None]


def answers(name: str) -> tuple[str, str]:
    """What the edge's API says once it has taken that document."""
    document = tomllib.loads((LEFT / "routes" / name).read_text())["http"]
    routers, services = (
        [
            {**one, "name": f"{name}@file", "status": "enabled"}
            for name, one in document[kind].items()
        ]
        for kind in ("routers", "services")
    )
    return json.dumps(routers), json.dumps(services)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("directory", ["records", "audit"])
def test_records_come_back_whole(directory: str, name: str) -> None:
    text = (LEFT / directory / name).read_text()
    again = record_file.dumps(record_file.loads(text, to_write=True))
    assert tomllib.loads(again) == tomllib.loads(text)


@pytest.mark.parametrize("name", NAMES)
def test_the_index_comes_back_to_the_byte(name: str) -> None:
    text = (LEFT / "index" / name).read_text()
    assert record_file.loads_key(text) == record(name).key
    assert record_file.dumps_key(record_file.loads_key(text)) == text


@pytest.mark.parametrize("name", NAMES)
def test_specs_on_record_are_read(name: str) -> None:
    for one in record(name).deployments.values():
        spec = ServiceSpec.of_text(one.spec)
        declared = CONFIG.service(one.service)
        assert declared is not None
        assert (spec.name, spec.kind) == (one.service, declared.kind)
        assert (spec.port, spec.readiness) == (declared.port, declared.readiness)
        assert spec.settle == declared.settle


def test_the_key_makes_the_fingerprints_on_record() -> None:
    assert len(FINGERPRINT_KEY) == KEY_BYTES
    for name in NAMES:
        state = record(name)
        environment = CONFIG.environment(state.key.environment)
        for one in state.deployments.values():
            given = values(resolve(environment.layers(one.service)))
            assert one.fingerprints == fingerprints(given, FINGERPRINT_KEY)


@pytest.mark.parametrize("name", NAMES)
def test_route_documents_are_ours_and_what_the_record_names(name: str) -> None:
    text = (LEFT / "routes" / name).read_text()
    key, found = traefik.read(text)
    assert traefik.file_name(key) == name
    assert found.routes == routed(record(name)).routes
    assert found.marker in {run.id for run in record(name).runs}
    assert all_ours(f"{len(text.encode())} {name}\n\n{text}".encode())


@pytest.mark.parametrize("name", NAMES)
def test_they_count_as_in_force_when_the_edge_answers_them(name: str) -> None:
    key = record(name).key
    assert traefik.in_force(key, table(name), *answers(name))
    assert not traefik.in_force(key, RouteTable(marker="another"), *answers(name))
    assert not traefik.in_force(
        key, RouteTable(marker=table(name).marker, routes=table(name).routes[1:]), *answers(name)
    )


def test_labels_are_the_deployments_on_record() -> None:
    on_record = {id_: one for name in NAMES for id_, one in record(name).deployments.items()}
    found = {one.deployment: one for one in instances()}
    assert found.keys() == on_record.keys()
    for id_, one in found.items():
        known = on_record[id_]
        assert (one.service, one.run, one.spec) == (known.service, known.run, known.spec)
        assert (one.image, one.fingerprints) == (known.image, known.fingerprints)
        assert one.provenance == known.provenance


@pytest.mark.parametrize("name", NAMES)
def test_a_lost_record_is_made_again_as_it_was(name: str) -> None:
    before = record(name)
    mine = [one for one in instances() if one.key == before.key]
    again = rebuild(before.key, mine, table(name), before.audit[-1].at)
    assert (again.active, again.held) == (before.active, before.held)
    for id_ in before.active.values():
        was, now = before.deployments[id_], again.deployments[id_]
        assert (now.host, now.port, now.status, now.stage) == (
            was.host,
            was.port,
            was.status,
            was.stage,
        )
    for id_ in before.held.values():
        assert again.deployments[id_].preview == before.deployments[id_].preview


class KeyedRecords(MemoryRecords):
    """The records of an engine with that version's key."""

    def fingerprint_key(self) -> bytes:
        return FINGERPRINT_KEY


def container(opened: MemoryWorld, one: Instance) -> Container:
    """A pretended container that stands as that one stood."""
    plan = Plan(
        key=one.key,
        run=one.run,
        trigger=record(f"{one.key.text}.toml").deployments[one.deployment].trigger,
        spec=ServiceSpec.of_text(one.spec),
        deployment=one.deployment,
        source=ImageSource.BUILD,
        provenance=one.provenance,
        fingerprints=one.fingerprints,
        port=one.port,
    )
    made = Container(
        birth=ContainerSpec(plan=plan, image=Image(id=one.image), created=one.created),
        name=one.name,
        address=one.address or "",
        behaviour=FAULTLESS,
        clock=opened.clock,
        tell=lambda _container, _action: None,
    )
    made.id, made.state, made.started = one.container, one.state, one.started
    made.exit_code, made.finished = one.exit_code, one.finished
    return made


@pytest.fixture
def opened() -> MemoryWorld:
    opened = memory_world(CONFIG)
    opened = replace(opened, world=replace(opened.world, records=KeyedRecords(opened.host)))
    for number, name in enumerate(NAMES):
        state = record(name)
        opened.host.records[state.key] = state
        opened.host.networks[state.key] = f"10.0.{number}.0/24"
        opened.host.documents[state.key] = table(name)
    for one in instances():
        opened.host.images[one.image] = Image(id=one.image)
        opened.host.containers[one.deployment] = container(opened, one)
    opened.host.start_edge(CONFIG.edge)
    for name in NAMES:
        opened.host.put_in_force(record(name).key, table(name))
    return opened


def shown(opened: MemoryWorld, environment: str) -> EnvironmentStatus:
    found = status(opened.world, environment=environment)
    assert (found.rebuilt, found.unreadable, found.journal) == (False, None, None)
    assert all(one.drift == NameChanges() for one in found.services)
    return found


def test_status_shows_active_held_and_stopped_as_they_were(opened: MemoryWorld) -> None:
    production = {one.service: one for one in shown(opened, "production").services}
    assert {name for name, one in production.items() if one.health == "healthy"} == {
        "web",
        "api",
        "worker",
        "docs",
    }
    held = {name: one.held.deployment.id for name, one in production.items() if one.held}
    assert held == {"api": API_HELD}
    staging = {one.service: one for one in shown(opened, "staging").services}
    assert {name for name, one in staging.items() if one.active} == {"web", "worker"}
    assert {name for name, one in staging.items() if one.rests} == {"worker"}
    assert {one.key: one.active for one in environments(opened.world)} == {
        EnvironmentKey("shop", "production"): 4,
        EnvironmentKey("shop", "staging"): 2,
    }


def test_a_deploy_is_planned_on_top_of_what_is_live(opened: MemoryWorld) -> None:
    run = requests.plan(opened.world, Deploy(environment="production"))
    live = record(NAMES[0]).active
    assert {plan.service: plan.previous and plan.previous.id for plan in run.plans} == live
