"""Stop, start and restart: what rests, what the edge says meanwhile, and what never changes."""

from collections.abc import Iterator
from datetime import timedelta
from typing import TypedDict

import pytest

from compartment_tui.adapters.memory.world import Behaviour, MemoryWorld
from compartment_tui.domain.deployment import Health, Stage, Status
from compartment_tui.domain.errors import NotFound
from compartment_tui.domain.events import Event, Noted, RunFinished, ServiceUnchanged, StageFailed
from compartment_tui.domain.outcome import Outcome
from compartment_tui.domain.record.rebuild import rebuild, routed
from compartment_tui.domain.requests import Deploy, Restart, Start, Stop
from compartment_tui.operations import requests
from compartment_tui.operations.status import status
from tests.rollout.shop import (
    API,
    PRODUCTION,
    WEB,
    WORKER,
    deploy,
    finish,
    open_shop,
    outcome,
    rollback,
    state,
)


class Where(TypedDict):
    environment: str


WHERE = Where(environment="production")


@pytest.fixture
def shop() -> Iterator[MemoryWorld]:
    opened = open_shop(WEB, API, WORKER)
    assert deploy(opened) is Outcome.LIVE
    yield opened
    assert opened.host.problems() == []
    assert not opened.host.locks


def stop(shop: MemoryWorld, *services: str) -> Outcome:
    return outcome(requests.execute(shop.world, Stop(**WHERE, services=services)))


def start(shop: MemoryWorld, *services: str) -> Outcome:
    return outcome(requests.execute(shop.world, Start(**WHERE, services=services)))


def restart(shop: MemoryWorld, *services: str) -> RunFinished:
    return finish(requests.execute(shop.world, Restart(**WHERE, services=services)))


def running(shop: MemoryWorld) -> set[str]:
    return {one.service for one in shop.host.containers.values() if one.running}


def said(shop: MemoryWorld, service: str) -> tuple[Health, str]:
    (found,) = status(shop.world, **WHERE, services=(service,)).services
    return found.health, found.reason


def visit(shop: MemoryWorld, host: str = "shop.localhost") -> int | None:
    return shop.world.edge.visit(host).status


def test_a_stopped_service_keeps_its_route_and_the_edge_answers_503_for_it(
    shop: MemoryWorld,
) -> None:
    before = state(shop).active
    assert stop(shop, "web") is Outcome.STOPPED
    assert running(shop) == {"api", "worker"}
    assert visit(shop) == 503
    assert visit(shop, "api-shop.localhost") == 200
    assert state(shop).active == before
    (route,) = (one for one in shop.host.documents[PRODUCTION].routes if one.stopped)
    assert (route.host, route.stopped) == ("shop.localhost", "web")


def test_a_stopped_service_is_stopped_in_status_and_stage(shop: MemoryWorld) -> None:
    stop(shop)
    for service in ("web", "api", "worker"):
        active = state(shop).active_deployment(service)
        assert active is not None
        assert (active.status, active.stage) == (Status.STOPPED, Stage.STOPPED)
        assert said(shop, service) == (Health.PENDING, "stopped by hand")
    assert [line.verb for line in state(shop).audit][-1] == "stop"


def test_a_stopped_service_has_the_restart_policy_no(shop: MemoryWorld) -> None:
    stop(shop, "web")
    assert [one.always for one in shop.host.containers.values() if one.service == "web"] == [False]


def test_the_edge_answers_before_the_container_is_stopped(shop: MemoryWorld) -> None:
    shop.host.behave("web", Behaviour(stop_takes=timedelta(seconds=5)))
    deploy(shop, "web", force=True)
    stream = requests.execute(shop.world, Stop(**WHERE, services=("web",)))
    assert [visit(shop) for _ in stream] == [200, 503, 503]


def test_start_proves_readiness_before_visitors_get_to_it(shop: MemoryWorld) -> None:
    shop.host.behave("web", Behaviour(ready_after=timedelta(seconds=3)))
    deploy(shop, "web", force=True)
    stop(shop, "web")
    stream = requests.execute(shop.world, Start(**WHERE, services=("web",)))
    answers = [visit(shop) for _ in stream]
    assert answers[-1] == 200
    assert set(answers) == {200, 503}
    assert said(shop, "web") == (Health.HEALTHY, "running")
    assert all(one.always for one in shop.host.containers.values() if one.running)


def test_a_service_that_does_not_get_ready_stays_stopped_and_keeps_no_other_away(
    shop: MemoryWorld,
) -> None:
    stop(shop)
    web = next(one for one in shop.host.containers.values() if one.service == "web")
    web.behaviour = Behaviour(ready_after=None, refusal="500")
    events = list(requests.execute(shop.world, Start(**WHERE)))
    last = events[-1]
    assert isinstance(last, RunFinished)
    assert last.outcome is Outcome.FAILED
    (failed,) = (one for one in events if isinstance(one, StageFailed))
    assert failed.target.service == "web"
    assert "500" in failed.failure.message
    assert running(shop) == {"api", "worker"}
    assert visit(shop) == 503
    assert said(shop, "web") == (Health.PENDING, "stopped by hand")


def test_stop_and_start_leave_alone_what_is_so_already(shop: MemoryWorld) -> None:
    stop(shop, "web")
    events = list(requests.execute(shop.world, Stop(**WHERE, services=("web",))))
    assert [type(one) for one in events] == [ServiceUnchanged, RunFinished]
    assert start(shop, "api") is Outcome.UNCHANGED
    assert start(shop) is Outcome.LIVE


def test_start_brings_back_what_ended_behind_our_back(shop: MemoryWorld) -> None:
    api = next(one for one in shop.host.containers.values() if one.service == "api")
    api.always = False
    api.die(0)
    assert start(shop) is Outcome.LIVE
    assert running(shop) == {"web", "api", "worker"}


def test_restart_says_that_it_interrupts_and_for_how_long(shop: MemoryWorld) -> None:
    shop.host.behave(
        "web", Behaviour(stop_takes=timedelta(seconds=2), ready_after=timedelta(seconds=3))
    )
    deploy(shop, "web", force=True)
    events = list(requests.execute(shop.world, Restart(**WHERE, services=("web",))))
    assert any(isinstance(one, Noted) and "interrupts web" in one.message for one in events)
    last = finish(events)
    assert last.outcome is Outcome.LIVE
    assert set(last.gaps) == {"web"}
    assert timedelta(seconds=5) <= last.gaps["web"] < timedelta(seconds=8)


def test_restart_keeps_the_very_container(shop: MemoryWorld) -> None:
    before = {one.id: one.started for one in shop.host.containers.values()}
    shop.clock.advance(timedelta(minutes=1))
    assert restart(shop).outcome is Outcome.LIVE
    after = {one.id: one.started for one in shop.host.containers.values()}
    assert before.keys() == after.keys()
    assert not set(before.values()) & set(after.values())


def test_restart_of_everything_leaves_stopped_what_was_stopped_by_hand(shop: MemoryWorld) -> None:
    stop(shop, "worker")
    restart(shop)
    assert running(shop) == {"web", "api"}
    restart(shop, "worker")
    assert running(shop) == {"web", "api", "worker"}


def test_one_that_is_not_ready_after_a_restart_is_left_running(shop: MemoryWorld) -> None:
    web = next(one for one in shop.host.containers.values() if one.service == "web")
    web.behaviour = Behaviour(ready_after=timedelta(seconds=30))
    assert restart(shop, "web").outcome is Outcome.FAILED
    shop.clock.advance(timedelta(seconds=30))
    assert visit(shop) == 200
    assert web.always


@pytest.mark.parametrize("request_", [Stop(**WHERE), Restart(**WHERE)])
def test_a_request_to_stop_leaves_everything_running(
    shop: MemoryWorld, request_: Stop | Restart
) -> None:
    events: list[Event] = []
    for event in requests.execute(shop.world, request_):
        events.append(event)
        shop.cancel.requests = 1
    assert finish(events).outcome is Outcome.CANCELLED
    assert running(shop) == {"web", "api", "worker"}
    assert visit(shop) == 200
    assert said(shop, "web") == (Health.HEALTHY, "running")


def test_a_request_to_stop_leaves_stopped_what_was_to_be_started(shop: MemoryWorld) -> None:
    stop(shop)
    events: list[Event] = []
    for event in requests.execute(shop.world, Start(**WHERE)):
        events.append(event)
        shop.cancel.requests = 1
    assert finish(events).outcome is Outcome.CANCELLED
    assert running(shop) == set()
    assert said(shop, "web") == (Health.PENDING, "stopped by hand")


def test_whoever_stops_listening_leaves_everything_running(shop: MemoryWorld) -> None:
    for place in range(6):
        stream = requests.execute(shop.world, Stop(**WHERE))
        for _ in range(place):
            next(stream, None)
        stream.close()  # type: ignore[attr-defined]
        assert shop.host.problems() == []


def test_deploy_replaces_a_stopped_service_even_by_its_equal(shop: MemoryWorld) -> None:
    stopped = state(shop).active["web"]
    stop(shop, "web")
    assert deploy(shop, "web") is Outcome.LIVE
    assert visit(shop) == 200
    assert state(shop).active["web"] != stopped
    assert rollback(shop, "web") is Outcome.LIVE
    assert state(shop).active["web"] == stopped


def test_a_deploy_that_fails_leaves_a_stopped_service_stopped(shop: MemoryWorld) -> None:
    stop(shop)
    for service in ("web", "worker"):
        shop.host.change(service, "2")
        shop.host.behave(service, Behaviour(exits_after=timedelta()))
    assert deploy(shop, "web", "worker") is Outcome.FAILED
    assert running(shop) == set()
    assert visit(shop) == 503
    assert said(shop, "web") == (Health.PENDING, "stopped by hand")
    assert start(shop) is Outcome.LIVE


def test_a_record_made_again_knows_what_was_stopped_by_hand(shop: MemoryWorld) -> None:
    stop(shop, "web", "worker")
    instances = shop.world.engine.instances(PRODUCTION)
    table = shop.host.documents[PRODUCTION]
    again = rebuild(PRODUCTION, instances, table, shop.clock.now())
    assert again.active == state(shop).active
    for service in ("web", "worker"):
        found = again.active_deployment(service)
        assert found is not None
        assert found.resting
    assert routed(again).routes == table.routes


def test_a_running_container_with_a_stopped_route_is_no_healthy_service(shop: MemoryWorld) -> None:
    table = shop.host.documents[PRODUCTION]
    shop.host.put_in_force(PRODUCTION, table.marked("run_x", {state(shop).active["web"]: "web"}))
    health, reason = said(shop, "web")
    assert health is Health.UNHEALTHY
    assert "stopped" in reason
    assert start(shop, "web") is Outcome.LIVE
    assert visit(shop) == 200


def test_a_plan_tells_what_would_be_done_and_does_nothing(shop: MemoryWorld) -> None:
    stop(shop, "web")
    before = state(shop)
    plan = requests.plan(shop.world, Restart(**WHERE))
    assert [(one.service, one.acts) for one in plan.services] == [
        ("web", False),
        ("api", True),
        ("worker", True),
    ]
    assert state(shop) == before


def test_what_is_not_live_can_neither_be_stopped_nor_started(shop: MemoryWorld) -> None:
    with pytest.raises(NotFound, match="is not live in"):
        requests.plan(shop.world, Stop(**WHERE, services=("nobody",)))
    with pytest.raises(NotFound, match="nothing is live in"):
        requests.plan(shop.world, Stop(environment="staging"))


def test_an_unfinished_run_is_settled_first(shop: MemoryWorld) -> None:
    shop.host.change("web", "2")
    stream = requests.execute(shop.world, Deploy(**WHERE, services=("web",)))
    for _ in range(6):
        next(stream)
    shop.host.kill(shop.process)
    again = shop.another()
    assert outcome(requests.execute(again.world, Stop(**WHERE))) is Outcome.STOPPED
    assert running(shop) == set()
    assert state(shop).journal is None
