"""`environment delete`: exactly what goes, and nothing of another environment."""

from dataclasses import replace

import pytest

from compartment_tui.adapters.memory.world import MemoryWorld, memory_world
from compartment_tui.domain.config import EnvironmentConfig
from compartment_tui.domain.errors import NotFound
from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.domain.outcome import Outcome
from compartment_tui.domain.requests import DeleteEnvironment, Deploy, Stop
from compartment_tui.domain.variable import Secret, Variable
from compartment_tui.operations import requests
from tests.rollout.shop import PRODUCTION, WEB, WORKER, outcome, shop_config

STAGING = EnvironmentKey("shop", "staging")
STORE = replace(WEB, name="store", volumes=(("data", "/data"),))


def variable(key: str) -> dict[str, Variable]:
    return {key: Variable(key=key, value=Secret("x"))}


@pytest.fixture
def shop() -> MemoryWorld:
    known = (
        EnvironmentConfig(name="production", variables=variable("LEVEL")),
        EnvironmentConfig(
            name="staging", variables=variable("LEVEL"), services={"web": variable("OWN")}
        ),
        EnvironmentConfig(name="later", variables=variable("LEVEL")),
    )
    opened = memory_world(replace(shop_config(WEB, WORKER, STORE), environments=known))
    for environment in ("production", "staging"):
        assert (
            outcome(requests.execute(opened.world, Deploy(environment=environment))) is Outcome.LIVE
        )
    return opened


def names(shop: MemoryWorld) -> list[str]:
    return [one.name for one in shop.world.project.config().environments]


def test_what_a_plan_lists_is_exactly_what_goes(shop: MemoryWorld) -> None:
    said = requests.plan(shop.world, DeleteEnvironment(environment="staging"))
    mine = {one.name for one in shop.host.containers.values() if one.key == STAGING}
    assert set(said.containers) == mine
    assert set(said.hosts) == shop.host.documents[STAGING].hosts
    others = [one for one in shop.host.containers.values() if one.key != STAGING]
    assert requests.execute(shop.world, DeleteEnvironment(environment="staging")) == said
    assert list(shop.host.containers.values()) == others
    assert STAGING not in shop.host.documents
    assert STAGING not in shop.host.networks
    assert STAGING not in shop.host.records
    assert said.variables == ((None, "LEVEL"), ("web", "OWN"))


def test_another_environment_is_not_touched(shop: MemoryWorld) -> None:
    before = (shop.host.records[PRODUCTION], shop.host.documents[PRODUCTION])
    lives = [one.started for one in shop.host.containers.values() if one.key == PRODUCTION]
    requests.execute(
        shop.world, DeleteEnvironment(environment="staging", volumes=True, variables=True)
    )
    assert (shop.host.records[PRODUCTION], shop.host.documents[PRODUCTION]) == before
    after = [one.started for one in shop.host.containers.values() if one.key == PRODUCTION]
    assert after == lives
    assert all(one.running for one in shop.host.containers.values())
    assert set(shop.host.volumes.values()) == {PRODUCTION}
    assert shop.host.problems() == []


def test_variables_volumes_and_audit_lines_stay(shop: MemoryWorld) -> None:
    requests.execute(shop.world, DeleteEnvironment(environment="staging"))
    assert names(shop) == ["production", "staging", "later"]
    assert STAGING in shop.host.volumes.values()
    assert shop.host.kept_audit[STAGING][-1].verb == "environment delete"


def test_variables_go_when_asked_for(shop: MemoryWorld) -> None:
    requests.execute(shop.world, DeleteEnvironment(environment="staging", variables=True))
    assert names(shop) == ["production", "later"]


def test_one_that_only_the_file_knows_goes_with_its_variables(shop: MemoryWorld) -> None:
    with pytest.raises(NotFound):
        requests.plan(shop.world, DeleteEnvironment(environment="later"))
    before = dict(shop.host.networks)
    found = requests.execute(shop.world, DeleteEnvironment(environment="later", variables=True))
    assert not found.deployed
    assert names(shop) == ["production", "staging"]
    assert shop.host.networks == before


def test_one_that_was_stopped_can_be_deleted(shop: MemoryWorld) -> None:
    assert outcome(requests.execute(shop.world, Stop(environment="staging"))) is Outcome.STOPPED
    requests.execute(shop.world, DeleteEnvironment(environment="staging"))
    assert shop.host.problems() == []
