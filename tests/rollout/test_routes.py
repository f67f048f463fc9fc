"""Routes follow the file, whatever is replaced; what the file no longer has is told, and goes."""

from collections.abc import Iterable
from dataclasses import replace

import pytest

from compartment_tui.adapters.memory.world import Behaviour, MemoryWorld
from compartment_tui.domain.config import Kind, ServiceSpec
from compartment_tui.domain.deployment import Stage, Status
from compartment_tui.domain.errors import NotFound, Refused, UsageProblem
from compartment_tui.domain.events import Noted, RouteMoved, RunPlanned, ServiceUnchanged
from compartment_tui.domain.outcome import Outcome
from compartment_tui.domain.requests import Deploy, Redeploy, Remove, Rollback, Stop
from compartment_tui.operations import requests
from compartment_tui.operations.status import status
from compartment_tui.ports import World
from tests.rollout.shop import (
    API,
    PRODUCTION,
    WEB,
    WORKER,
    change_everything,
    deploy,
    finish,
    lock,
    open_shop,
    outcome,
    promote,
    rollback,
    state,
)

SITE = replace(WEB, name="site", path="site")


def rename_domain(opened: MemoryWorld, domain: str) -> None:
    opened.project.current = replace(opened.project.current, base_domain=domain)


def declare(opened: MemoryWorld, *services: ServiceSpec) -> None:
    opened.project.current = replace(opened.project.current, services=services)


def redeploy(opened: MemoryWorld, *services: str) -> Outcome:
    return outcome(
        requests.execute(opened.world, Redeploy(environment="production", services=services))
    )


def remove(opened: MemoryWorld, *services: str) -> Outcome:
    return outcome(
        requests.execute(opened.world, Remove(environment="production", services=services))
    )


def stop(opened: MemoryWorld, *services: str) -> None:
    list(requests.execute(opened.world, Stop(environment="production", services=services)))


def hosts(opened: MemoryWorld) -> dict[str, str | None]:
    """Every host in force, and which service answers there."""
    found = {}
    for route in opened.host.in_force[PRODUCTION].routes:
        answers = opened.host.answer(route.host)
        found[route.host] = opened.host.containers[answers].birth.plan.service if answers else None
    return found


def reported(opened: MemoryWorld) -> dict[str, str | None]:
    """Where the status says that each service answers."""
    rows = status(opened.world, environment="production").services
    return {row.service: row.active.host if row.active else None for row in rows}


def test_unchanged_services_get_the_hosts_of_today_in_one_switch() -> None:
    opened = open_shop()
    deploy(opened)
    before = state(opened).active
    rename_domain(opened, "example.test")
    events = list(requests.execute(opened.world, Deploy(environment="production")))
    assert finish(events).outcome is Outcome.LIVE
    assert state(opened).active == before
    assert sum(isinstance(event, ServiceUnchanged) for event in events) == 3
    moved = {one.target.service: (one.old_host, one.host) for one in _of(events, RouteMoved)}
    assert moved == {
        "web": ("shop.localhost", "shop.example.test"),
        "api": ("api-shop.localhost", "api-shop.example.test"),
    }
    assert hosts(opened) == {"shop.example.test": "web", "api-shop.example.test": "api"}
    assert reported(opened) == {
        "web": "shop.example.test",
        "api": "api-shop.example.test",
        "worker": None,
    }
    assert not opened.host.problems()


def test_a_plan_shows_both_hosts() -> None:
    opened = open_shop()
    deploy(opened)
    rename_domain(opened, "example.test")
    run = requests.plan(opened.world, Deploy(environment="production"))
    assert [(plan.old_host, plan.host) for plan in run.plans] == [
        ("shop.localhost", "shop.example.test"),
        ("api-shop.localhost", "api-shop.example.test"),
        (None, None),
    ]


@pytest.mark.parametrize("changed", [False, True], ids=["unchanged", "changed"])
@pytest.mark.parametrize("act", [deploy, redeploy], ids=["deploy", "redeploy"])
def test_no_old_host_stays_behind(act: object, changed: bool) -> None:
    opened = open_shop()
    deploy(opened)
    rename_domain(opened, "example.test")
    if changed:
        change_everything(opened, "2")
    assert callable(act)
    assert act(opened) is Outcome.LIVE
    assert set(hosts(opened)) == {"shop.example.test", "api-shop.example.test"}
    assert all(hosts(opened).values())


def test_a_second_deploy_after_the_move_has_nothing_to_do() -> None:
    opened = open_shop()
    deploy(opened)
    rename_domain(opened, "example.test")
    deploy(opened)
    assert deploy(opened) is Outcome.UNCHANGED


def test_routes_that_an_earlier_version_left_behind_go() -> None:
    opened = open_shop()
    deploy(opened)
    stale = replace(opened.host.documents[PRODUCTION].routes[0], host="old.localhost")
    gone = replace(stale, deployment="dep_01ARZ3NDEKTSV4RRFFQ69G5FAV")
    table = opened.host.documents[PRODUCTION]
    opened.host.put_in_force(PRODUCTION, replace(table, routes=(*table.routes, gone)))
    assert deploy(opened) is Outcome.LIVE
    assert set(hosts(opened)) == {"shop.localhost", "api-shop.localhost"}


def test_a_route_that_somebody_took_away_comes_back_though_nothing_changed() -> None:
    opened = open_shop()
    deploy(opened)
    opened.host.put_in_force(PRODUCTION, replace(opened.host.documents[PRODUCTION], routes=()))
    assert deploy(opened) is Outcome.LIVE
    assert set(hosts(opened)) == {"shop.localhost", "api-shop.localhost"}
    assert deploy(opened) is Outcome.UNCHANGED


def test_a_selected_service_moves_alone() -> None:
    opened = open_shop()
    deploy(opened)
    rename_domain(opened, "example.test")
    assert deploy(opened, "api") is Outcome.LIVE
    assert hosts(opened) == {"shop.localhost": "web", "api-shop.example.test": "api"}


def test_a_service_whose_host_another_takes_gets_its_own() -> None:
    opened = open_shop(SITE, API)
    deploy(opened)
    assert hosts(opened)["shop.localhost"] == "site"
    declare(opened, WEB, SITE, API)
    run = requests.plan(opened.world, Deploy(environment="production", services=("web",)))
    assert [(one.service, one.old_host, one.host) for one in run.reroutes] == [
        ("site", "shop.localhost", "site-shop.localhost")
    ]
    assert deploy(opened, "web") is Outcome.LIVE
    assert hosts(opened) == {
        "shop.localhost": "web",
        "site-shop.localhost": "site",
        "api-shop.localhost": "api",
    }
    assert reported(opened)["site"] == "site-shop.localhost"


def test_a_renamed_service_takes_the_host_and_the_old_one_keeps_an_address() -> None:
    opened = open_shop(SITE, API)
    deploy(opened)
    declare(opened, WEB, API)
    run = requests.plan(opened.world, Deploy(environment="production"))
    assert run.undeclared == ("site",)
    deploy(opened)
    assert hosts(opened)["shop.localhost"] == "web"
    assert hosts(opened)["site-shop.localhost"] == "site"


def test_a_service_that_becomes_a_worker_leaves_no_route_behind() -> None:
    opened = open_shop()
    deploy(opened)
    declare(opened, WEB, replace(API, kind=Kind.WORKER, readiness=None), WORKER)
    assert deploy(opened) is Outcome.LIVE
    assert set(hosts(opened)) == {"shop.localhost"}


def test_a_page_for_every_path_moves_along() -> None:
    docs = ServiceSpec(name="docs", kind=Kind.STATIC, path="docs", fallback="index.html")
    opened = open_shop(docs)
    deploy(opened)
    rename_domain(opened, "example.test")
    deploy(opened)
    assert [route.fallback for route in opened.host.documents[PRODUCTION].routes] == [True]


def test_a_rollback_takes_no_address_away() -> None:
    opened = open_shop()
    deploy(opened)
    change_everything(opened, "2")
    deploy(opened)
    rename_domain(opened, "example.test")
    deploy(opened)
    assert rollback(opened) is Outcome.LIVE
    assert set(hosts(opened)) == {"shop.example.test", "api-shop.example.test"}
    assert not opened.host.problems()


def test_what_is_held_keeps_its_preview_while_hosts_move() -> None:
    opened = open_shop(WEB, API)
    deploy(opened)
    change_everything(opened, "2")
    lock(opened, "web")
    change_everything(opened, "1")
    rename_domain(opened, "example.test")
    deploy(opened, "api")
    assert any(host.startswith("c-") for host in hosts(opened))
    assert promote(opened) is Outcome.LIVE
    assert set(hosts(opened)) == {"shop.example.test", "api-shop.example.test"}


def test_a_switch_of_hosts_that_fails_leaves_the_old_ones() -> None:
    opened = open_shop()
    deploy(opened)
    rename_domain(opened, "example.test")
    opened.host.unreadable.append("other.toml")  # blocks the edge until it is moved aside
    events = requests.execute(opened.world, Deploy(environment="production"))
    assert finish(events).outcome is Outcome.LIVE
    rename_domain(opened, "localhost")
    stream = requests.execute(opened.world, Deploy(environment="production"))
    for event in stream:
        if isinstance(event, ServiceUnchanged):
            opened.cancel.request()
    assert set(hosts(opened)) == {"shop.example.test", "api-shop.example.test"}
    assert reported(opened)["web"] == "shop.example.test"


def test_one_that_does_not_answer_is_not_called_unchanged() -> None:
    opened = open_shop()
    deploy(opened)
    before = state(opened).active["web"]
    opened.host.containers[before].behaviour = Behaviour(ready_after=None)
    events = list(requests.execute(opened.world, Deploy(environment="production")))
    assert finish(events).outcome is Outcome.LIVE
    assert state(opened).active["web"] != before
    said = [one.message for one in _of(events, Noted)]
    assert any("does not serve" in message and "replaced" in message for message in said)


# --- what the file no longer has -----------------------------------------------------------------


def without_worker() -> MemoryWorld:
    """Web, api and worker are live; the file has no worker any more, and no api."""
    opened = open_shop()
    deploy(opened)
    declare(opened, WEB)
    return opened


def test_a_deploy_names_what_the_file_no_longer_has_and_leaves_it() -> None:
    opened = without_worker()
    events = list(requests.execute(opened.world, Deploy(environment="production")))
    assert finish(events).outcome is Outcome.UNCHANGED
    assert requests.plan(opened.world, Deploy(environment="production")).undeclared == (
        "api",
        "worker",
    )
    assert "worker" in state(opened).active


def test_remove_undeclared_takes_it_away_in_the_same_switch_and_keeps_it() -> None:
    opened = without_worker()
    opened.host.change("web", "2")
    gone = dict(state(opened).active)
    events = requests.execute(
        opened.world, Deploy(environment="production", remove_undeclared=True)
    )
    assert outcome(events) is Outcome.LIVE
    assert set(state(opened).active) == {"web"}
    assert hosts(opened) == {"shop.localhost": "web"}
    for service in ("api", "worker"):
        kept = state(opened).deployments[gone[service]]
        assert (kept.status, kept.stage) == (Status.SUCCEEDED, Stage.STOPPED)
        assert not opened.host.containers[kept.id].running
    assert not opened.host.problems()


def test_remove_is_a_verb_of_its_own() -> None:
    opened = without_worker()
    assert remove(opened) is Outcome.LIVE
    assert set(state(opened).active) == {"web"}
    with pytest.raises(NotFound, match="has every service"):
        remove(opened)


def test_remove_takes_a_service_by_name_whatever_the_file_says() -> None:
    opened = open_shop()
    deploy(opened)
    assert remove(opened, "api") is Outcome.LIVE
    assert set(state(opened).active) == {"web", "worker"}
    with pytest.raises(NotFound, match="not live"):
        remove(opened, "api")


@pytest.mark.parametrize("named", [(), ("api", "worker")], ids=["newest run", "by name"])
def test_a_rollback_brings_back_what_was_taken_away(named: tuple[str, ...]) -> None:
    opened = without_worker()
    before = dict(state(opened).active)
    remove(opened)
    assert rollback(opened, *named) is Outcome.LIVE
    assert state(opened).active == before
    assert set(hosts(opened)) == {"shop.localhost", "api-shop.localhost"}
    assert not opened.host.problems()


def test_undoing_a_deploy_that_also_took_away_undoes_both() -> None:
    opened = without_worker()
    before = dict(state(opened).active)
    opened.host.change("web", "2")
    list(requests.execute(opened.world, Deploy(environment="production", remove_undeclared=True)))
    assert rollback(opened) is Outcome.LIVE
    assert state(opened).active == before


def test_what_was_taken_away_stays_through_later_deploys_for_a_rollback() -> None:
    opened = without_worker()
    before = dict(state(opened).active)
    remove(opened)
    for version in "2345678":
        opened.host.change("web", version)
        deploy(opened)
    assert before["worker"] in opened.host.containers
    assert rollback(opened, "worker") is Outcome.LIVE


def test_a_record_made_again_does_not_bring_back_what_was_taken_away() -> None:
    opened = without_worker()
    remove(opened)
    del opened.host.records[PRODUCTION]
    rows = status(opened.world, environment="production").services
    assert {row.service for row in rows if row.active} == {"web"}


def test_redeploy_leaves_out_what_the_file_no_longer_has() -> None:
    opened = without_worker()
    before = dict(state(opened).active)
    assert redeploy(opened) is Outcome.LIVE
    assert state(opened).active["worker"] == before["worker"]
    assert state(opened).active["web"] != before["web"]
    assert redeploy(opened, "worker") is Outcome.LIVE


def test_removal_does_not_go_with_a_hold() -> None:
    opened = without_worker()
    with pytest.raises(UsageProblem, match="--hold"):
        requests.plan(
            opened.world, Deploy(environment="production", hold=True, remove_undeclared=True)
        )


# --- what was stopped by hand --------------------------------------------------------------------


def everything(opened: MemoryWorld) -> World:
    change_everything(opened, "2")
    return opened.world


@pytest.mark.parametrize(
    "act",
    [
        lambda world: requests.execute(world, Deploy(environment="production")),
        lambda world: requests.execute(world, Deploy(environment="production", force=True)),
        lambda world: requests.execute(world, Redeploy(environment="production")),
    ],
    ids=["deploy", "deploy --force", "redeploy"],
)
def test_nothing_starts_what_was_stopped_by_hand(act: object) -> None:
    opened = open_shop()
    deploy(opened)
    stop(opened, "api")
    stopped = state(opened).active["api"]
    change_everything(opened, "2")
    assert callable(act)
    events = list(act(opened.world))
    assert finish(events).outcome is Outcome.LIVE
    assert next(iter(_of(events, RunPlanned))).run.left_stopped == ("api",)
    assert state(opened).active["api"] == stopped
    assert not opened.host.containers[stopped].running
    assert not opened.host.problems()


def test_a_rollback_leaves_what_was_stopped_by_hand_since() -> None:
    opened = open_shop()
    deploy(opened)
    change_everything(opened, "2")
    deploy(opened)
    stop(opened, "api")
    stopped = state(opened).active["api"]
    plan = requests.plan(opened.world, Rollback(environment="production"))
    assert plan.left_stopped == ("api",)
    assert rollback(opened) is Outcome.LIVE
    assert state(opened).active["api"] == stopped
    assert not opened.host.containers[stopped].running


def test_a_whole_run_and_a_promotion_leave_it_stopped_too() -> None:
    opened = open_shop()
    deploy(opened)
    first = state(opened).runs[-1].id
    change_everything(opened, "2")
    deploy(opened)
    change_everything(opened, "3")
    lock(opened)
    stop(opened, "api")
    stopped = state(opened).active["api"]
    assert promote(opened) is Outcome.LIVE
    assert state(opened).active["api"] == stopped
    assert "api" in state(opened).held
    whole = requests.execute(opened.world, Rollback(environment="production", run=first))
    assert outcome(whole) is Outcome.LIVE
    assert state(opened).active["api"] == stopped
    assert not opened.host.containers[stopped].running
    assert promote(opened, "api") is Outcome.LIVE
    assert not opened.host.problems()


def test_whoever_names_it_gets_it() -> None:
    opened = open_shop()
    deploy(opened)
    stop(opened, "api")
    change_everything(opened, "2")
    assert deploy(opened, "api") is Outcome.LIVE
    assert opened.host.containers[state(opened).active["api"]].running


def test_where_everything_was_stopped_by_hand_it_says_so() -> None:
    opened = open_shop()
    deploy(opened)
    stop(opened)
    for act in (deploy, redeploy, rollback):
        with pytest.raises(Refused, match="stopped by hand"):
            act(opened)


def test_a_run_that_cannot_be_undone_whole_names_what_can_go_back() -> None:
    opened = open_shop()
    declare(opened, WEB, WORKER)
    deploy(opened)
    declare(opened, WEB, API)
    change_everything(opened, "2")
    events = requests.execute(
        opened.world, Deploy(environment="production", remove_undeclared=True)
    )
    assert outcome(events) is Outcome.LIVE
    with pytest.raises(NotFound, match="api has nothing before") as refused:
        rollback(opened)
    assert refused.value.hint is not None
    assert "rollback -s web -s worker`" in refused.value.hint
    assert rollback(opened, "web", "worker") is Outcome.LIVE


def _of(events: Iterable[object], kind: type) -> list:  # type: ignore[type-arg]
    return [event for event in events if isinstance(event, kind)]
