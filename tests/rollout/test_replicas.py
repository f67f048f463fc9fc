"""Replicas in a run, and `scale`: what lasts, what is refused, and what a lost one costs."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

import pytest

from compartment_tui.adapters.memory.behaviour import Behaviour
from compartment_tui.adapters.memory.container import replica_key
from compartment_tui.adapters.memory.world import MemoryWorld
from compartment_tui.domain.config import Internal, ServiceSpec
from compartment_tui.domain.deployment import Instance, ScaledByHand
from compartment_tui.domain.errors import NotFound, Refused, UsageProblem
from compartment_tui.domain.events import Event, Noted, RunFinished
from compartment_tui.domain.outcome import Outcome
from compartment_tui.domain.planning.lifecycle import LifecyclePlan
from compartment_tui.domain.requests import Deploy, Scale, Stop
from compartment_tui.operations import requests
from tests.rollout.shop import (
    API,
    PRODUCTION,
    WEB,
    WORKER,
    deploy,
    finish,
    lock,
    open_shop,
    promote,
    rollback,
    state,
)

HOST = "shop.localhost"
THREE = replace(WEB, replicas=3)


def scale(opened: MemoryWorld, **wanted: int) -> RunFinished:
    return finish(told(opened, **wanted))


def told(opened: MemoryWorld, **wanted: int) -> list[Event]:
    request = Scale(environment="production", replicas=tuple(wanted.items()))
    return list(requests.execute(opened.world, request))


def planned(opened: MemoryWorld, **wanted: int) -> LifecyclePlan:
    request = Scale(environment="production", replicas=tuple(wanted.items()))
    return requests.plan(opened.world, request)


def write(opened: MemoryWorld, *services: ServiceSpec) -> None:
    opened.project.current = replace(opened.project.current, services=services)


def live(opened: MemoryWorld, service: str = "web") -> Instance:
    found = opened.world.engine.instance(state(opened).active[service])
    assert found is not None
    return found


def running(opened: MemoryWorld, service: str = "web") -> int:
    return sum(one.running for one in live(opened, service).replicas)


def shared_by(opened: MemoryWorld) -> int:
    (route,) = (one for one in opened.host.in_force[PRODUCTION].routes if one.host == HOST)
    return route.replicas


def notes(events: Iterable[Event]) -> list[str]:
    return [event.message for event in events if isinstance(event, Noted)]


def test_every_replica_is_proven_and_then_routed() -> None:
    opened = open_shop(THREE)
    assert deploy(opened) is Outcome.LIVE
    assert running(opened) == shared_by(opened) == 3
    deployment = state(opened).deployments[state(opened).active["web"]]
    assert deployment.replicas == 3
    assert deployment.containers == live(opened).containers
    assert opened.host.in_force[PRODUCTION].routes[0].check is not None
    assert opened.host.problems() == []


def test_one_replica_that_is_not_ready_keeps_all_from_going_live() -> None:
    opened = open_shop(THREE)
    opened.host.behave("web", Behaviour(exits_after=timedelta(milliseconds=10), exit_code=3))
    ended = finish(requests.execute(opened.world, Deploy(environment="production")))
    assert ended.outcome is Outcome.FAILED
    assert ended.failure is not None
    assert "of web exited with code 3 before it was ready" in ended.failure.message
    assert opened.host.answer(HOST) is None
    assert not any(one.running for one in opened.host.containers.values())


def test_who_refuses_is_named() -> None:
    opened = open_shop(THREE)
    opened.host.behave("web", Behaviour(ready_after=None))
    ended = finish(requests.execute(opened.world, Deploy(environment="production")))
    assert ended.failure is not None
    assert "replica 1: " in ended.failure.message


def test_a_replica_that_dies_costs_nothing_while_another_serves() -> None:
    opened = open_shop(THREE)
    deploy(opened)
    first = live(opened)
    opened.host.containers[replica_key(first.deployment, 2)].die(137)
    assert opened.host.answer(HOST) == first.deployment


def test_another_number_in_the_file_is_a_new_deployment() -> None:
    opened = open_shop(WEB)
    deploy(opened)
    before = state(opened).active["web"]
    assert deploy(opened) is Outcome.UNCHANGED
    write(opened, THREE)
    assert deploy(opened) is Outcome.LIVE
    assert state(opened).active["web"] != before
    assert running(opened) == shared_by(opened) == 3
    assert deploy(opened) is Outcome.UNCHANGED


def test_an_environment_may_have_a_number_of_its_own() -> None:
    opened = open_shop(THREE)
    config = opened.project.current
    (environment,) = config.environments
    own = replace(environment, replicas={"web": 2})
    opened.project.current = replace(config, environments=(own,))
    deploy(opened)
    assert running(opened) == 2


def test_a_scale_makes_no_deployment_and_lasts_until_the_file_says_otherwise() -> None:
    opened = open_shop(WEB, API)
    deploy(opened)
    before = state(opened).active
    assert scale(opened, web=3).outcome is Outcome.LIVE
    assert state(opened).active == before
    assert running(opened) == shared_by(opened) == 3
    assert state(opened).scales == {"web": ScaledByHand(replicas=3, file=1)}
    assert deploy(opened) is Outcome.UNCHANGED
    opened.host.change("web", "2")
    plan = requests.plan(opened.world, Deploy(environment="production")).plans[0]
    assert (plan.replicas, plan.by_hand) == (3, 1)
    deploy(opened)
    assert running(opened) == 3
    write(opened, replace(WEB, replicas=2), API)
    plan = requests.plan(opened.world, Deploy(environment="production")).plans[0]
    assert (plan.replicas, plan.by_hand) == (2, 0)
    deploy(opened)
    assert running(opened) == shared_by(opened) == 2
    assert state(opened).scales == {}
    assert opened.host.problems() == []


def test_to_scale_to_what_the_file_says_is_to_have_asked_for_nothing() -> None:
    opened = open_shop(WEB)
    deploy(opened)
    scale(opened, web=3)
    assert scale(opened, web=1).outcome is Outcome.LIVE
    assert state(opened).scales == {}
    assert running(opened) == shared_by(opened) == 1
    (step,) = planned(opened, web=1).services
    assert (step.acts, step.why) == (False, "1 replica already")
    assert scale(opened, web=1).outcome is Outcome.UNCHANGED


def test_new_replicas_that_are_not_ready_are_removed_again() -> None:
    opened = open_shop(WEB)
    deploy(opened)
    opened.host.behave(live(opened).image, Behaviour(ready_after=None))
    ended = scale(opened, web=3)
    assert ended.outcome is Outcome.FAILED
    assert ended.failure is not None
    assert "replica 2: " in ended.failure.message
    assert running(opened) == shared_by(opened) == 1
    assert state(opened).scales == {}
    assert opened.host.problems() == []


def test_those_that_go_are_drained_before_they_are_stopped() -> None:
    opened = open_shop(THREE)
    deploy(opened)
    slow = Behaviour(connections=1, drain_takes=timedelta(seconds=5))
    for one in opened.host.containers.values():
        one.behaviour = slow
    began = opened.clock.monotonic()
    scale(opened, web=1)
    assert opened.clock.monotonic() - began >= timedelta(seconds=5)
    assert running(opened) == 1


def test_who_stays_connected_too_long_is_told() -> None:
    opened = open_shop(replace(THREE, drain_timeout=timedelta(seconds=3)))
    deploy(opened)
    for one in opened.host.containers.values():
        one.behaviour = Behaviour(connections=2, drain_takes=timedelta(hours=1))
    assert any("cut" in note for note in notes(told(opened, web=2)))
    assert running(opened) == 2


@pytest.mark.parametrize(
    ("service", "words"),
    [
        (replace(WEB, volumes=(("data", "/data"),)), "it keeps data in a volume"),
        (replace(WEB, internal=Internal.DIRECT), "its name leads to one container"),
    ],
)
def test_what_has_to_be_alone_stays_alone(service: ServiceSpec, words: str) -> None:
    opened = open_shop(service)
    deploy(opened)
    with pytest.raises(Refused, match=words):
        planned(opened, web=2)


@pytest.mark.parametrize(
    ("wanted", "error", "words"),
    [
        ({"web": 0}, UsageProblem, "cannot have 0 replicas"),
        ({"web": 51}, UsageProblem, "cannot have 51 replicas"),
        ({"nothing": 2}, NotFound, "is not live"),
    ],
)
def test_what_cannot_be_scaled(wanted: dict[str, int], error: type, words: str) -> None:
    opened = open_shop(WEB)
    deploy(opened)
    with pytest.raises(error, match=words):
        planned(opened, **wanted)


def test_what_was_stopped_by_hand_is_started_first() -> None:
    opened = open_shop(WEB)
    deploy(opened)
    list(requests.execute(opened.world, Stop(environment="production")))
    with pytest.raises(Refused, match="stopped by hand"):
        planned(opened, web=2)


def test_workers_have_replicas_too() -> None:
    opened = open_shop(replace(WORKER, replicas=2))
    deploy(opened)
    assert running(opened, "worker") == 2
    scale(opened, worker=3)
    assert running(opened, "worker") == 3
    opened.host.change("worker", "2")
    deploy(opened)
    assert running(opened, "worker") == 3
    assert opened.host.problems() == []


def test_a_rollback_brings_as_many_back_as_there_are_today() -> None:
    opened = open_shop(WEB)
    deploy(opened)
    first = state(opened).active["web"]
    opened.host.change("web", "2")
    deploy(opened)
    scale(opened, web=4)
    assert rollback(opened) is Outcome.LIVE
    assert state(opened).active["web"] == first
    assert running(opened) == shared_by(opened) == 4
    assert opened.host.problems() == []


def test_what_is_held_goes_live_with_as_many_as_it_was_held_with() -> None:
    opened = open_shop(THREE)
    deploy(opened)
    opened.host.change("web", "2")
    lock(opened)
    assert promote(opened) is Outcome.LIVE
    assert running(opened) == shared_by(opened) == 3
    assert opened.host.problems() == []


def test_a_lost_record_is_made_again_with_all_replicas() -> None:
    opened = open_shop(THREE)
    deploy(opened)
    before = state(opened).deployments[state(opened).active["web"]]
    del opened.host.records[PRODUCTION]
    opened.host.change("web", "2")
    deploy(opened)
    rebuilt = state(opened).deployments[before.id]
    assert (rebuilt.replicas, rebuilt.containers) == (3, before.containers)
