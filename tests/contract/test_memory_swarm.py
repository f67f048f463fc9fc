"""The pretended Swarm is one: what its machines and managers do to what runs."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from compartment_tui.adapters.memory.swarm import BEGIN_TAKES, NOTICED_AFTER, PATIENCE
from compartment_tui.adapters.memory.world import Behaviour, MemoryWorld
from compartment_tui.domain.config import Internal
from compartment_tui.domain.deployment import Instance
from compartment_tui.domain.errors import EngineProblem, Refused
from compartment_tui.domain.home import RecordCopy
from compartment_tui.domain.outcome import Outcome
from compartment_tui.domain.requests import Deploy
from compartment_tui.operations import requests
from tests.contract.swarm_differences import DIFFERS, DIFFERS_ON_MACHINES
from tests.rollout.shop import API, PRODUCTION, WEB, deploy, finish, open_swarm, shop_config, state

HOST = "shop.localhost"
THREE = replace(WEB, replicas=3)


def live(opened: MemoryWorld, service: str = "web") -> Instance:
    found = opened.world.engine.instance(state(opened).active[service])
    assert found is not None
    return found


def places(opened: MemoryWorld) -> list[str]:
    return [one.node for one in live(opened).replicas]


def why_not(opened: MemoryWorld) -> str:
    ended = finish(requests.execute(opened.world, Deploy(environment="production")))
    assert ended.failure is not None
    return ended.failure.message


def test_replicas_are_spread_and_have_one_name() -> None:
    opened = open_swarm(THREE)
    assert deploy(opened) is Outcome.LIVE
    assert sorted(places(opened)) == ["n1", "n2", "n3"]
    assert all(one.one_name for one in live(opened).replicas)
    (route,) = opened.host.in_force[PRODUCTION].routes
    assert (route.one_name, route.replicas, route.check) == (True, 3, None)
    assert not opened.world.engine.moves_names()
    assert [one.name for one in opened.world.engine.nodes()] == ["n1", "n2", "n3"]
    assert opened.host.problems() == []


def test_tasks_of_a_lost_machine_come_back_on_another() -> None:
    opened = open_swarm(WEB)
    deploy(opened)
    before = live(opened)
    opened.swarm.lose(before.node)
    assert live(opened).running, "the managers have not noticed"
    assert opened.host.answer(HOST) is None
    opened.clock.sleep(NOTICED_AFTER)
    lost = next(one for one in opened.world.engine.nodes() if one.name == before.node)
    assert lost.state == "down"
    assert not live(opened).running
    opened.clock.sleep(BEGIN_TAKES)
    after = live(opened)
    assert (after.running, after.restarts) == (True, 0)
    assert after.node not in ("", before.node)
    assert after.address != before.address
    assert opened.host.answer(HOST) == after.deployment
    opened.swarm.bring_back(before.node)
    assert live(opened).node == after.node
    assert all(one.ready for one in opened.world.engine.nodes())


def test_who_comes_back_at_once_has_its_tasks_still() -> None:
    opened = open_swarm(WEB)
    deploy(opened)
    before = live(opened)
    opened.swarm.lose(before.node)
    opened.clock.sleep(NOTICED_AFTER / 2)
    opened.swarm.bring_back(before.node)
    assert opened.host.answer(HOST) == before.deployment
    opened.clock.sleep(NOTICED_AFTER)
    assert live(opened) == before


def test_of_three_replicas_one_lost_costs_nothing() -> None:
    opened = open_swarm(THREE)
    deploy(opened)
    opened.swarm.lose("n3")
    for _ in range(20):
        assert opened.host.answer(HOST) == live(opened).deployment
        opened.clock.sleep(timedelta(seconds=1))
    assert Counter(places(opened))["n3"] == 0
    assert live(opened).all_running


def test_what_keeps_data_stays_on_the_home_and_has_its_name_from_birth() -> None:
    store = replace(API, name="store", volumes=(("data", "/data"),), internal=Internal.DIRECT)
    opened = open_swarm(WEB, store)
    for version in "12":
        opened.host.change("store", version)
        assert deploy(opened) is Outcome.LIVE
    instance = live(opened, "store")
    assert instance.node == "n1"
    assert opened.host.call(live(opened).deployment, "store") == instance.deployment
    assert opened.host.problems() == []


def test_a_machine_that_is_not_reached_gets_no_image_and_no_task() -> None:
    opened = open_swarm(THREE)
    opened.swarm.machines["n2"].reached = False
    deploy(opened)
    assert Counter(places(opened)) == {"n1": 2, "n3": 1}


def test_a_machine_that_comes_up_later_gets_tasks_once_it_was_brought_the_image() -> None:
    opened = open_swarm(replace(WEB, replicas=2))
    opened.swarm.lose("n3")
    opened.clock.sleep(NOTICED_AFTER)
    deploy(opened)
    opened.swarm.bring_back("n3")
    opened.swarm.lose("n2")
    opened.clock.sleep(NOTICED_AFTER + BEGIN_TAKES)
    assert places(opened) == ["n1", "n1"]
    assert live(opened).all_running
    opened.project.current = shop_config(replace(WEB, replicas=2), greeting="again")
    assert deploy(opened) is Outcome.LIVE
    assert sorted(places(opened)) == ["n1", "n3"]


def test_a_machine_whose_image_was_taken_away_by_hand_says_so() -> None:
    opened = open_swarm(THREE)
    deploy(opened)
    opened.swarm.machines["n2"].pruned.add(live(opened).image)
    opened.project.current = shop_config(THREE, greeting="changed")
    assert "cannot be started: No such image: sha256:" in why_not(opened)
    assert opened.host.answer(HOST) == live(opened).deployment


def test_no_machine_with_room_is_told_after_a_while() -> None:
    opened = open_swarm(WEB)
    for machine in opened.swarm.machines.values():
        machine.full = True
    told = why_not(opened)
    assert "no machine of the Swarm takes web" in told
    assert "insufficient resources on 3 nodes" in told


def test_who_ends_by_itself_is_brought_back_and_told_as_one_that_exited() -> None:
    opened = open_swarm(WEB)
    opened.host.behave("web", Behaviour(exits_after=timedelta(), exit_code=3))
    assert "web exited with code 3 before it was ready" in why_not(opened)
    assert not any(one.running for one in opened.host.containers.values())


def test_a_task_that_the_edge_does_not_find_yet_is_not_ready() -> None:
    opened = open_swarm(WEB)
    opened.swarm.lists_after = timedelta(seconds=4)
    assert deploy(opened) is Outcome.LIVE
    assert opened.host.answer(HOST) == live(opened).deployment


def test_a_leader_that_is_lost_is_waited_for() -> None:
    opened = open_swarm(WEB)
    deploy(opened)
    opened.swarm.lose_leader(PATIENCE / 2)
    began = opened.clock.monotonic()
    assert live(opened).running
    assert opened.clock.monotonic() - began >= PATIENCE / 2
    opened.swarm.lose_leader(None)
    with pytest.raises(EngineProblem, match="does not have a leader"):
        live(opened)
    assert opened.host.answer(HOST) is not None


def test_a_home_that_is_no_manager_says_so() -> None:
    opened = open_swarm(WEB)
    deploy(opened)
    opened.swarm.demote_home()
    with pytest.raises(EngineProblem, match="not a swarm manager"):
        live(opened)
    opened.swarm.promote_home()
    assert live(opened).running


def test_another_manager_is_refused() -> None:
    opened = open_swarm(WEB)
    deploy(opened)
    opened.swarm.addressed = "n2"
    with pytest.raises(Refused, match="are on n1"):
        live(opened)


def test_a_drained_machine_gives_its_tasks_away() -> None:
    opened = open_swarm(THREE)
    deploy(opened)
    opened.swarm.set_availability("n2", "drain")
    opened.clock.sleep(BEGIN_TAKES)
    assert "n2" not in places(opened)
    assert live(opened).all_running


def test_whatever_a_swarm_does_otherwise_is_a_promise_of_the_suite() -> None:
    texts = [one.read_text(encoding="utf-8") for one in Path(__file__).parent.glob("test_*.py")]
    for test in (*DIFFERS, *DIFFERS_ON_MACHINES):
        assert any(f"def {test}(bench: Bench)" in text for text in texts), test


def test_its_managers_know_the_home_and_a_copy_of_what_it_has_on_record() -> None:
    opened = open_swarm(WEB)
    deploy(opened)
    there = opened.at_manager("n2").world.engine.home()
    assert there is not None
    assert (there.name, there.addressed, there.here) == ("n1", "n2", False)
    copy = there.copies[PRODUCTION]
    assert isinstance(copy, RecordCopy)
    assert copy.record == state(opened)
    assert [one.deployment for one in there.instances] == [live(opened).deployment]
