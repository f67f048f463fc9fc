"""What is held: how it comes, what it leaves alone, and how it goes live or away."""

from dataclasses import replace
from datetime import timedelta

import pytest

from compartment_tui.adapters.memory.world import Behaviour, MemoryWorld
from compartment_tui.domain.deployment import Health, Stage, Status, Trigger
from compartment_tui.domain.errors import HostConflict, NotFound, UsageProblem
from compartment_tui.domain.events import (
    Noted,
    Probed,
    StageFailed,
    StageStarted,
)
from compartment_tui.domain.names import preview_host
from compartment_tui.domain.outcome import Outcome
from compartment_tui.domain.planning.lifecycle import LifecycleVerb
from compartment_tui.domain.requests import Deploy, Promote, Redeploy, Resume, Stop
from compartment_tui.domain.routes import Route, RouteTable
from compartment_tui.operations import requests, status
from tests.rollout.shop import (
    API,
    PRODUCTION,
    WEB,
    WORKER,
    change_everything,
    deploy,
    discard,
    finish,
    lock,
    open_shop,
    outcome,
    promote,
    rollback,
    shop_config,
    state,
)


def held_shop(*services: str) -> MemoryWorld:
    """The first version is live, the second is held."""
    opened = open_shop()
    deploy(opened)
    change_everything(opened, "2")
    assert lock(opened, *services) is Outcome.HELD
    return opened


def preview_of(opened: MemoryWorld, service: str) -> str:
    found = state(opened).held_deployment(service)
    assert found is not None
    assert found.preview is not None
    return found.preview


def test_hold_ends_after_readiness_and_what_was_live_still_is() -> None:
    opened = open_shop()
    deploy(opened)
    live = dict(state(opened).active)
    change_everything(opened, "2")
    events = list(requests.execute(opened.world, Deploy(environment="production", hold=True)))
    assert finish(events).outcome is Outcome.HELD
    stages = {one.stage for one in events if isinstance(one, StageStarted)}
    assert Stage.CHECKING_READINESS in stages
    assert not {Stage.SWITCHING_ROUTE, Stage.DRAINING_PREVIOUS} & stages
    record = state(opened)
    assert dict(record.active) == live
    assert opened.host.answer("shop.localhost") == live["web"]
    for service in ("web", "api", "worker"):
        held = record.held_deployment(service)
        assert held is not None
        assert (held.status, held.stage, held.activated) == (Status.SUCCEEDED, Stage.HELD, None)
    assert (record.runs[-1].status, record.journal) == (Status.SUCCEEDED, None)
    assert record.audit[-1].verb == "hold"
    assert opened.host.problems() == []


def test_the_candidate_is_reachable_at_its_preview_and_nowhere_else() -> None:
    opened = held_shop()
    held = state(opened).held["web"]
    assert preview_of(opened, "web") == f"c-{held[-10:].lower()}-shop.localhost"
    assert opened.host.answer(preview_of(opened, "web")) == held
    hosts = [route.host for route in opened.host.in_force[PRODUCTION].routes]
    assert [host for host in hosts if opened.host.answer(host) == held] == [
        preview_of(opened, "web")
    ]


def test_no_preview_omits_the_address() -> None:
    opened = open_shop(WEB)
    assert lock(opened, preview=False) is Outcome.HELD
    held = state(opened).held_deployment("web")
    assert held is not None
    assert held.preview is None
    assert opened.host.containers[held.id].running
    assert opened.host.in_force[PRODUCTION].routes == ()
    with pytest.raises(UsageProblem, match="--hold"):
        requests.plan(opened.world, Deploy(environment="production", preview=False))


def test_a_previews_label_has_at_most_63_characters_and_differs_for_different_hosts() -> None:
    deployment = "dep_01KDWCJ2M0000000000000000A"
    hosts = ["a" * 63 + ".localhost", "a" * 62 + "b.localhost", "shop.localhost"]
    previews = [preview_host(deployment, host) for host in hosts]
    assert len(set(previews)) == len(hosts)
    assert all(len(one.partition(".")[0]) <= 63 for one in previews)
    assert previews[-1] == "c-000000000a-shop.localhost"


def test_a_previews_host_is_claimed_engine_wide() -> None:
    opened = open_shop(WEB)
    plan = requests.plan(opened.world, Deploy(environment="production", hold=True)).plans[0]
    assert plan.preview in plan.hosts
    other = replace(PRODUCTION, project="other")
    opened.host.documents[other] = RouteTable(
        routes=(Route(host="shop.localhost", deployment=plan.deployment, port=1),)
    )
    with pytest.raises(HostConflict):
        lock(opened)
    assert PRODUCTION not in opened.host.documents


def test_hold_builds_stop_first_services_and_leaves_the_running_ones() -> None:
    opened = held_shop("worker")
    live, held = state(opened).active["worker"], state(opened).held["worker"]
    assert opened.host.running(PRODUCTION, "worker") == (live,)
    assert opened.host.containers[held].started is None
    assert state(opened).deployments[held].image != state(opened).deployments[live].image
    row = status.status(opened.world, environment="production", services=["worker"]).services[0]
    assert row.held is not None
    assert (row.health, row.held.health, row.held.url) == (Health.HEALTHY, Health.PENDING, None)


def test_promote_replaces_held_stop_first_services() -> None:
    opened = held_shop("worker")
    live, held = state(opened).active["worker"], state(opened).held["worker"]
    plan = requests.plan(opened.world, Promote(environment="production")).plans[0]
    assert plan.has_downtime
    assert promote(opened) is Outcome.LIVE
    assert state(opened).active["worker"] == held
    assert opened.host.running(PRODUCTION, "worker") == (held,)
    assert state(opened).deployments[held].previous == live


def test_a_held_stop_first_candidate_that_fails_leaves_the_previous_running_and_is_still_held() -> (
    None
):
    opened = held_shop("worker")
    live, held = state(opened).active["worker"], state(opened).held["worker"]
    opened.host.containers[held].behaviour = Behaviour(exits_after=timedelta(seconds=1))
    assert promote(opened) is Outcome.FAILED
    assert opened.host.running(PRODUCTION, "worker") == (live,)
    assert (state(opened).active["worker"], state(opened).held["worker"]) == (live, held)
    assert opened.host.problems() == []


def test_promote_proves_readiness_again_and_switches() -> None:
    opened = held_shop("web")
    held, preview = state(opened).held["web"], preview_of(opened, "web")
    began = opened.host.containers[held].started
    events = list(requests.execute(opened.world, Promote(environment="production")))
    assert finish(events).outcome is Outcome.LIVE
    assert any(isinstance(one, Probed) for one in events)
    assert opened.host.answer("shop.localhost") == held == state(opened).active["web"]
    assert opened.host.containers[held].started == began
    assert opened.host.containers[held].always
    assert preview not in opened.host.in_force[PRODUCTION].hosts
    assert state(opened).held == {}
    assert state(opened).runs[-1].trigger is Trigger.PROMOTE
    assert state(opened).deployments[held].stage is Stage.ACTIVE
    assert opened.host.problems() == []


def test_promote_narrows_to_services_and_the_others_stay_held() -> None:
    opened = held_shop()
    held = dict(state(opened).held)
    assert promote(opened, "web") is Outcome.LIVE
    assert state(opened).active["web"] == held.pop("web")
    assert dict(state(opened).held) == held
    assert opened.host.answer(preview_of(opened, "api")) == held["api"]
    with pytest.raises(NotFound, match="no held candidate"):
        promote(opened, "web")


def test_a_held_candidate_that_died_makes_promote_fail_and_status_shows_it() -> None:
    opened = held_shop("web")
    live, held = state(opened).active["web"], state(opened).held["web"]
    opened.host.containers[held].die(3)
    row = status.status(opened.world, environment="production", services=["web"]).services[0]
    assert row.held is not None
    assert (row.held.health, row.held.reason) == (Health.UNHEALTHY, "held, but exited with code 3")
    assert row.health is Health.HEALTHY
    events = list(requests.execute(opened.world, Promote(environment="production")))
    [failed] = [one for one in events if isinstance(one, StageFailed)]
    assert failed.failure.message == "web exited with code 3 while it was held"
    assert "discard -s web" in failed.failure.hint
    assert finish(events).outcome is Outcome.FAILED
    assert opened.host.answer("shop.localhost") == live == state(opened).active["web"]
    assert state(opened).held["web"] == held
    assert discard(opened) is Outcome.DISCARDED


def test_a_held_candidate_whose_container_was_removed_makes_promote_fail() -> None:
    opened = held_shop("web")
    del opened.host.containers[state(opened).held["web"]]
    assert promote(opened) is Outcome.FAILED
    assert discard(opened) is Outcome.DISCARDED
    assert opened.host.problems() == []


def test_a_held_candidate_that_is_not_ready_any_more_stays_held_and_runs() -> None:
    opened = held_shop("web")
    held = state(opened).held["web"]
    opened.host.containers[held].behaviour = Behaviour(ready_after=None, refusal="503")
    assert promote(opened) is Outcome.FAILED
    assert opened.host.containers[held].running
    assert opened.host.answer(preview_of(opened, "web")) is None
    opened.host.containers[held].behaviour = Behaviour()
    assert promote(opened) is Outcome.LIVE


def test_a_promoted_candidate_that_dies_while_the_previous_drains_is_held_again() -> None:
    opened = open_shop(WEB)
    opened.host.behave("web", Behaviour(connections=3, drain_takes=timedelta(seconds=20)))
    deploy(opened)
    live = state(opened).active["web"]
    opened.host.change("web", "2")
    lock(opened)
    held = state(opened).held["web"]
    opened.host.containers[held].behaviour = Behaviour(
        exits_in_service_after=timedelta(seconds=2), exit_code=9
    )
    # The preview counts as service on the pretended machine: begin its life anew.
    opened.host.containers[held].serve(False)
    assert promote(opened) is Outcome.FAILED
    assert opened.host.answer("shop.localhost") == live == state(opened).active["web"]
    record = state(opened)
    assert record.held["web"] == held
    again = record.deployments[held]
    assert (again.stage, again.activated, again.previous) == (Stage.HELD, None, None)
    assert not opened.host.containers[held].running
    with pytest.raises(NotFound, match="nothing before"):
        rollback(opened)


def test_discard_drops_it() -> None:
    opened = held_shop("web")
    live, held, preview = (
        state(opened).active["web"],
        state(opened).held["web"],
        preview_of(opened, "web"),
    )
    image = state(opened).deployments[held].image
    before = [run.id for run in state(opened).runs]
    assert discard(opened) is Outcome.DISCARDED
    gone = state(opened).deployments[held]
    assert (gone.status, gone.stage) == (Status.STOPPED, Stage.STOPPED)
    assert state(opened).held == {}
    assert held not in opened.host.containers
    assert image not in opened.host.images
    assert preview not in opened.host.in_force[PRODUCTION].hosts
    assert opened.host.answer("shop.localhost") == live
    assert [run.id for run in state(opened).runs] == before
    assert state(opened).audit[-1].verb == "discard"
    with pytest.raises(NotFound, match="nothing is held"):
        discard(opened)


def test_at_most_one_is_held_for_a_service() -> None:
    opened = held_shop("web")
    first, preview = state(opened).held["web"], preview_of(opened, "web")
    opened.host.change("web", "3")
    plan = requests.plan(
        opened.world, Deploy(environment="production", services=("web",), hold=True)
    )
    assert plan.plans[0].superseded is not None
    assert plan.plans[0].superseded.id == first
    assert lock(opened, "web") is Outcome.HELD
    assert state(opened).held["web"] != first
    assert first not in opened.host.containers
    assert preview not in opened.host.in_force[PRODUCTION].hosts
    assert state(opened).deployments[first].stage is Stage.STOPPED


def test_a_later_deploy_discards_what_is_held_and_the_plan_says_so() -> None:
    opened = held_shop()
    held = dict(state(opened).held)
    opened.host.change("web", "3")
    plan = requests.plan(opened.world, Deploy(environment="production", services=("web",))).plans[0]
    assert plan.superseded is not None
    assert plan.superseded.id == held["web"]
    assert deploy(opened, "web") is Outcome.LIVE
    assert held["web"] not in opened.host.containers
    assert dict(state(opened).held) == {name: held[name] for name in ("api", "worker")}
    assert opened.host.problems() == []


def test_a_deploy_that_fails_leaves_what_is_held() -> None:
    opened = held_shop("web")
    held = state(opened).held["web"]
    opened.host.change("web", "3")
    opened.host.behave("web", Behaviour(ready_after=None))
    assert deploy(opened, "web") is Outcome.FAILED
    assert state(opened).held["web"] == held
    assert opened.host.answer(preview_of(opened, "web")) == held


def test_an_unchanged_service_keeps_its_held_candidate() -> None:
    opened = held_shop("web")
    held = state(opened).held["web"]
    opened.host.change("web", "1")
    opened.host.change("api", "3")
    events = list(requests.execute(opened.world, Deploy(environment="production")))
    notes = [one.message for one in events if isinstance(one, Noted)]
    assert any(held in one and "stays" in one for one in notes)
    assert state(opened).held["web"] == held
    assert opened.host.problems() == []


def test_rollback_and_redeploy_leave_what_is_held() -> None:
    opened = open_shop(WEB)
    deploy(opened)
    opened.host.change("web", "2")
    deploy(opened)
    opened.host.change("web", "3")
    lock(opened)
    held, preview = state(opened).held["web"], preview_of(opened, "web")
    assert rollback(opened) is Outcome.LIVE
    assert (
        outcome(requests.execute(opened.world, Redeploy(environment="production"))) is Outcome.LIVE
    )
    assert state(opened).held["web"] == held == opened.host.answer(preview)
    assert opened.host.problems() == []


def test_retention_never_prunes_what_is_held() -> None:
    opened = open_shop(WEB, keep=1)
    deploy(opened)
    opened.host.change("web", "held")
    lock(opened)
    held = state(opened).held["web"]
    for number in range(4):
        opened.project.current = shop_config(WEB, greeting=f"hello {number}", keep=1)
        outcome(requests.execute(opened.world, Redeploy(environment="production")))
    assert held in opened.host.containers
    assert promote(opened) is Outcome.LIVE
    assert state(opened).active["web"] == held


def test_release_runs_at_hold_time_and_never_in_promote_of_a_held_candidate() -> None:
    opened = open_shop(API)
    events = list(requests.execute(opened.world, Deploy(environment="production", hold=True)))
    held = state(opened).held["api"]
    assert opened.host.releases == [held]
    notes = [one.message for one in events if isinstance(one, Noted)]
    assert notes == [
        "its release command has run: promote does not run it again, discard does not undo it"
    ]
    promoted = list(requests.execute(opened.world, Promote(environment="production")))
    assert opened.host.releases == [held]
    assert Stage.RELEASE not in {one.stage for one in promoted if isinstance(one, StageStarted)}


def test_what_is_held_for_a_new_service_is_its_first_deployment_when_promoted() -> None:
    opened = open_shop(WEB)
    assert lock(opened) is Outcome.HELD
    held = state(opened).held["web"]
    assert state(opened).active == {}
    assert opened.host.answer("shop.localhost") is None
    assert promote(opened) is Outcome.LIVE
    assert opened.host.answer("shop.localhost") == held
    assert state(opened).deployments[held].previous is None


def test_the_rollback_chain_goes_through_promoted_candidates() -> None:
    opened = open_shop(WEB)

    def next_version(version: str, *, held: bool) -> str:
        opened.host.change("web", version)
        if held:
            assert lock(opened) is Outcome.HELD
            assert promote(opened) is Outcome.LIVE
        else:
            assert deploy(opened) is Outcome.LIVE
        return state(opened).active["web"]

    d1 = next_version("1", held=False)
    d2 = next_version("2", held=True)
    next_version("3", held=True)
    rollback(opened)
    assert state(opened).active["web"] == d2
    next_version("4", held=True)
    rollback(opened)
    assert state(opened).active["web"] == d2
    rollback(opened)
    assert state(opened).active["web"] == d1


def test_rollback_undoes_exactly_what_the_newest_promote_switched() -> None:
    opened = held_shop()
    first, held = dict(state(opened).active), dict(state(opened).held)
    promote(opened, "web")
    promote(opened, "api")
    rollback(opened)
    assert state(opened).active["api"] == first["api"]
    assert state(opened).active["web"] == held["web"]
    rollback(opened)
    assert state(opened).active["web"] == first["web"]


def test_a_hold_that_fails_leaves_a_service_stopped_by_hand_stopped() -> None:
    opened = open_shop(WORKER)
    deploy(opened)
    list(requests.execute(opened.world, Stop(environment="production")))
    assert state(opened).deployments[state(opened).active["worker"]].resting
    opened.host.change("worker", "2")
    opened.host.route_delay = None
    assert lock(opened, "worker") is not Outcome.HELD
    opened.host.route_delay = timedelta(milliseconds=50)
    list(requests.execute(opened.another().world, Resume(environment="production")))
    assert opened.host.running(PRODUCTION, "worker") == ()
    assert state(opened).deployments[state(opened).active["worker"]].resting
    assert LifecycleVerb.STOP.value in [line.verb for line in state(opened).audit]


@pytest.mark.parametrize("preview", [True, False])
def test_a_rebuilt_record_knows_what_is_held(preview: bool) -> None:
    opened = open_shop()
    deploy(opened)
    change_everything(opened, "2")
    lock(opened, preview=preview)
    held = dict(state(opened).held)
    opened.host.records.clear()
    now = status.status(opened.world, environment="production")
    assert {row.service: row.held.deployment.id for row in now.services if row.held} == held
    assert promote(opened) is Outcome.LIVE
    assert {name: state(opened).active[name] for name in held} == held
    assert opened.host.problems() == []


def test_lost_routes_come_back_with_their_previews() -> None:
    opened = held_shop("web")
    opened.host.empty_routes()
    opened.host.kill_edge()
    list(requests.execute(opened.world, Resume(environment="production")))
    opened.clock.advance(timedelta(seconds=1))
    assert opened.host.answer(preview_of(opened, "web")) == state(opened).held["web"]
    assert opened.host.answer("shop.localhost") == state(opened).active["web"]
