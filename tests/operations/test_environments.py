"""All environments of a project: in one look, whatever became of their records."""

from collections import Counter
from dataclasses import replace
from typing import cast

from compartment_tui.adapters.memory.world import MemoryWorld, memory_world
from compartment_tui.domain.deployment import Health
from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.domain.requests import Deploy
from compartment_tui.operations import completion, requests
from compartment_tui.operations.environments import declared_environments, environments
from compartment_tui.ports import Edge, Engine, Locks, Records, World
from tests.rollout.shop import PRODUCTION, WEB, open_shop, outcome, shop_config


class Counted:
    """A port that counts what it is asked."""

    def __init__(self, port: object, asked: Counter[str]) -> None:
        self._port, self._asked = port, asked

    def __getattr__(self, name: str) -> object:
        self._asked[name] += 1
        return getattr(self._port, name)


def counted(world: World) -> tuple[World, Counter[str]]:
    asked: Counter[str] = Counter()
    return replace(
        world,
        engine=cast(Engine, Counted(world.engine, asked)),
        edge=cast(Edge, Counted(world.edge, asked)),
        locks=cast(Locks, Counted(world.locks, asked)),
        records=cast(Records, Counted(world.records, asked)),
    ), asked


def with_environments(count: int) -> MemoryWorld:
    opened = open_shop(WEB)
    for number in range(count):
        assert (
            outcome(requests.execute(opened.world, Deploy(environment=f"e{number}", services=())))
            == "live"
        )
    return opened


def questions(count: int) -> Counter[str]:
    world, asked = counted(with_environments(count).world)
    assert len(environments(world)) == count + 1  # the file names production
    return asked


def test_many_environments_take_no_more_questions_than_few() -> None:
    assert questions(60) == questions(2)


def test_sixty_environments_are_all_well() -> None:
    opened = with_environments(60)
    views = environments(opened.world)
    assert {one.health for one in views if one.key != PRODUCTION} == {Health.HEALTHY}
    assert len(set(opened.host.networks.values())) == 60
    assert opened.host.problems() == []


def test_each_tells_its_own_health() -> None:
    opened = with_environments(3)
    broken = opened.host.records[EnvironmentKey("shop", "e1")].active["web"]
    opened.host.containers[broken].die(1)
    found = {one.key.environment: one.health for one in environments(opened.world)}
    assert found == {
        "production": Health.PENDING,
        "e0": Health.HEALTHY,
        "e1": Health.UNHEALTHY,
        "e2": Health.HEALTHY,
    }


def test_one_whose_record_was_lost_is_still_there() -> None:
    opened = with_environments(2)
    del opened.host.records[EnvironmentKey("shop", "e1")]
    found = {one.key.environment: one for one in environments(opened.world)}
    assert (found["e1"].active, found["e1"].health) == (1, Health.HEALTHY)


def test_one_whose_record_cannot_be_read_is_named() -> None:
    opened = with_environments(2)
    opened.host.invalid_records.add(EnvironmentKey("shop", "e1"))
    found = {one.key.environment: one for one in environments(opened.world)}
    assert found.keys() == {"production", "e0", "e1"}
    assert (found["e1"].active, found["e1"].health) == (1, Health.HEALTHY)
    assert found["e1"].unreadable is not None
    assert "e1" in found["e1"].unreadable.message
    assert "doctor" in found["e1"].unreadable.hint
    assert found["e0"].unreadable is None


def test_a_file_that_declares_none_is_about_production() -> None:
    opened = memory_world(replace(shop_config(WEB), environments=()))
    for look in (environments, declared_environments):
        (view,) = look(opened.world)
        assert (view.key, view.declared, view.active) == (PRODUCTION, False, 0)
    assert completion.environments(opened.world) == ("production",)
    assert outcome(requests.execute(opened.world, Deploy(environment="preview"))) == "live"
    names = [one.key.environment for one in environments(opened.world)]
    assert names == ["production", "preview"], "where a plain deploy goes stays the first"
