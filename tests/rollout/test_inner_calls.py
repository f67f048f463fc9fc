"""Calls of services to each other while runs move what they lead to."""

from dataclasses import replace

from compartment_tui.adapters.memory.host import ROUTE_DELAY
from compartment_tui.adapters.memory.world import MemoryWorld
from compartment_tui.domain.config import Internal, Kind
from compartment_tui.domain.events import Noted
from compartment_tui.domain.outcome import Outcome
from compartment_tui.domain.requests import Deploy
from compartment_tui.operations import requests
from tests.rollout.shop import (
    API,
    PRODUCTION,
    WEB,
    WORKER,
    deploy,
    lock,
    open_shop,
    promote,
    rollback,
    state,
)


def container(opened: MemoryWorld, service: str) -> str:
    return state(opened).active[service]


def answering(opened: MemoryWorld, caller: str, service: str) -> str | None:
    return opened.host.call(container(opened, caller), service)


def notes(opened: MemoryWorld, *services: str) -> list[str]:
    request = Deploy(environment="production", services=services, force=True)
    events = list(requests.execute(opened.world, request))
    return [one.message for one in events if isinstance(one, Noted)]


def test_a_container_finds_what_went_live_with_it() -> None:
    opened = open_shop()
    deploy(opened)
    for caller in ("web", "api", "worker"):
        assert state(opened).deployments[container(opened, caller)].inner == ("api", "web")
        assert answering(opened, caller, "web") == container(opened, "web")
    assert answering(opened, "web", "worker") == container(opened, "worker")


def test_callers_follow_a_deploy_and_a_rollback_without_being_replaced() -> None:
    opened = open_shop()
    deploy(opened)
    web, first = container(opened, "web"), container(opened, "api")
    opened.host.change("api", "2")
    deploy(opened, "api")
    assert container(opened, "api") != first
    assert opened.host.call(web, "api") == container(opened, "api")
    rollback(opened, "api")
    assert opened.host.call(web, "api") == first


def test_a_held_candidate_is_called_once_it_is_promoted() -> None:
    opened = open_shop()
    deploy(opened)
    live = container(opened, "api")
    opened.host.change("api", "2")
    assert lock(opened, "api") is Outcome.HELD
    assert answering(opened, "web", "api") == live
    promote(opened, "api")
    assert answering(opened, "web", "api") == container(opened, "api") != live


def test_a_new_service_is_found_by_what_was_made_before_it() -> None:
    opened = open_shop(WEB)
    deploy(opened)
    opened.project.current = replace(opened.project.current, services=(WEB, API))
    deploy(opened, "api")
    assert state(opened).deployments[container(opened, "web")].inner == ("web",)
    assert answering(opened, "web", "api") == container(opened, "api")
    opened.host.change("api", "2")
    deploy(opened, "api")
    assert answering(opened, "web", "api") == container(opened, "api")


def test_what_is_called_directly_is_found_by_its_name() -> None:
    opened = open_shop(WEB, replace(API, internal=Internal.DIRECT))
    deploy(opened)
    assert state(opened).deployments[container(opened, "web")].inner == ("web",)
    assert opened.host.documents[PRODUCTION].hosts
    assert answering(opened, "web", "api") == container(opened, "api")


def test_another_port_than_the_edge_has_is_told_and_called_directly() -> None:
    opened = open_shop(WEB, API)
    deploy(opened)
    opened.project.current = replace(
        opened.project.current, services=(WEB, replace(API, port=7000))
    )
    told = notes(opened, "api")
    assert any("the edge takes no inner calls at port 7000" in one for one in told)
    assert any("web looked for it at the edge" in one for one in told)
    notes(opened, "web")
    assert answering(opened, "web", "api") == container(opened, "api")


def test_an_edge_with_that_port_is_called() -> None:
    opened = open_shop(WEB, replace(API, port=7000))
    assert notes(opened) == []
    assert state(opened).deployments[container(opened, "web")].inner == ("api", "web")


def test_on_an_edge_of_an_earlier_version_all_is_as_it_was() -> None:
    opened = open_shop()
    opened.world.edge.ensure(opened.project.current.edge)
    assert opened.host.edge is not None
    opened.host.edge.lacks = ("takes no inner calls",)
    deploy(opened)
    assert state(opened).deployments[container(opened, "web")].inner == ()
    assert {one.inside for one in opened.host.documents[PRODUCTION].routes} == {""}
    assert answering(opened, "web", "api") == container(opened, "api")


def test_what_an_older_edge_served_is_called_through_the_new_one() -> None:
    opened = open_shop()
    opened.world.edge.ensure(opened.project.current.edge)
    assert opened.host.edge is not None
    opened.host.edge.lacks = ("takes no inner calls",)
    deploy(opened)
    opened.host.edge.lacks = ()
    opened.host.change("web", "2")
    deploy(opened, "web")
    assert answering(opened, "web", "api") == container(opened, "api")
    assert opened.host.problems() == []


def test_lost_routes_are_found_again_by_callers() -> None:
    opened = open_shop()
    deploy(opened)
    opened.host.empty_routes()
    opened.world.edge.ensure(opened.project.current.edge)
    opened.clock.sleep(ROUTE_DELAY)
    assert answering(opened, "worker", "web") == container(opened, "web")


def test_in_swarm_mode_single_writers_and_routed_services_go_on() -> None:
    store = replace(API, name="store", kind=Kind.API, volumes=(("data", "/data"),))
    opened = open_shop(WEB, store, WORKER)
    opened.host.in_swarm = True
    assert deploy(opened) is Outcome.LIVE
    assert notes(opened) == []
