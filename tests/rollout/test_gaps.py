"""Stop-first services are away for a while: the plan says so, and the result for how long."""

from dataclasses import replace
from datetime import timedelta

import pytest

from compartment_tui.adapters.memory.world import Behaviour, MemoryWorld
from compartment_tui.domain.config import ServiceSpec
from compartment_tui.domain.outcome import Outcome
from compartment_tui.domain.requests import Deploy, Stop
from compartment_tui.operations import requests
from tests.rollout.shop import WEB, WORKER, change_everything, deploy, finish, open_shop

STORE = replace(WEB, name="store", volumes=(("data", "/data"),), hold=timedelta())
STOPS = timedelta(seconds=3)
READY = timedelta(seconds=4)


def shop_of(*services: ServiceSpec) -> MemoryWorld:
    opened = open_shop(*services)
    for spec in services:
        opened.host.behave(spec.name, Behaviour(stop_takes=STOPS, ready_after=READY))
        opened.host.change(spec.name, "1")
    assert deploy(opened) is Outcome.LIVE
    for spec in services:
        opened.host.change(spec.name, "2")
    return opened


def gaps(opened: MemoryWorld, *services: str) -> dict[str, timedelta]:
    deployed = requests.execute(opened.world, Deploy(environment="production", services=services))
    return dict(finish(deployed).gaps)


def test_a_first_deployment_and_one_beside_the_other_have_no_gap() -> None:
    opened = open_shop(WEB, WORKER, STORE)
    assert gaps(opened) == {}
    opened.host.change("web", "2")
    assert gaps(opened) == {}


def test_a_worker_is_away_from_its_stop_until_it_is_proven() -> None:
    opened = shop_of(WORKER)
    assert STOPS < gaps(opened)["worker"] < STOPS + timedelta(seconds=4)


def test_a_service_with_volumes_is_away_until_its_route_leads_to_it() -> None:
    opened = shop_of(STORE)
    assert STOPS + READY < gaps(opened)["store"] < STOPS + READY + timedelta(seconds=4)


def test_the_gap_of_a_run_that_failed_lasts_until_the_previous_one_runs_again() -> None:
    opened = shop_of(STORE)
    opened.host.behave("store", Behaviour(exits_after=timedelta(seconds=2), ready_after=None))
    last = finish(requests.execute(opened.world, Deploy(environment="production")))
    assert last.outcome is Outcome.FAILED
    assert last.gaps["store"] >= STOPS + timedelta(seconds=2)
    assert opened.host.problems() == []


def test_gaps_of_several_do_not_add_up() -> None:
    opened = shop_of(WORKER, STORE)
    found = gaps(opened)
    assert set(found) == {"worker", "store"}
    assert found["worker"] < STOPS + timedelta(seconds=4)


@pytest.mark.parametrize("spec", [WORKER, STORE])
def test_the_plan_says_which_services_will_be_away(spec: ServiceSpec) -> None:
    opened = open_shop(WEB, spec)
    plan = requests.plan(opened.world, Deploy(environment="production"))
    assert [one.service for one in plan.plans if one.has_downtime] == []
    deploy(opened)
    change_everything(opened, "2")
    plan = requests.plan(opened.world, Deploy(environment="production"))
    assert [one.service for one in plan.plans if one.has_downtime] == [spec.name]


def test_one_that_was_stopped_by_hand_has_no_gap() -> None:
    opened = shop_of(STORE)
    for _ in requests.execute(opened.world, Stop(environment="production")):
        pass
    named = (STORE.name,)
    (plan,) = requests.plan(opened.world, Deploy(environment="production", services=named)).plans
    assert not plan.has_downtime
    assert gaps(opened, *named) == {}
