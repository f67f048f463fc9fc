"""What a run does, in which order, and what the record says of it."""

from dataclasses import replace
from datetime import timedelta

from compartment_tui.adapters.memory.world import Behaviour
from compartment_tui.domain.deployment import Stage, Status, Trigger
from compartment_tui.domain.events import (
    DrainWaits,
    Event,
    Noted,
    Probed,
    ServiceUnchanged,
    StageFailed,
    StageFinished,
    StageReverted,
    StageStarted,
)
from compartment_tui.domain.outcome import Outcome
from compartment_tui.domain.requests import Deploy, Resume
from compartment_tui.operations import requests
from tests.rollout.shop import (
    API,
    PRODUCTION,
    WEB,
    WORKER,
    change_everything,
    deploy,
    finish,
    open_shop,
    rollback,
    shop_config,
    state,
)

SECOND = timedelta(seconds=1)


def started(events: list[Event]) -> list[tuple[Stage, str]]:
    return [(one.stage, one.target.service) for one in events if isinstance(one, StageStarted)]


def test_all_are_built_before_one_starts_and_all_are_proven_before_a_route_moves() -> None:
    opened = open_shop()
    order = started(list(requests.execute(opened.world, Deploy(environment="production"))))
    assert order == [
        (Stage.BUILDING, "web"),
        (Stage.BUILDING, "api"),
        (Stage.BUILDING, "worker"),
        (Stage.RELEASE, "api"),
        (Stage.STARTING_CANDIDATE, "web"),
        (Stage.STARTING_CANDIDATE, "api"),
        (Stage.CHECKING_READINESS, "web"),
        (Stage.CHECKING_READINESS, "api"),
        (Stage.STARTING_CANDIDATE, "worker"),
        (Stage.CHECKING_READINESS, "worker"),
        (Stage.SWITCHING_ROUTE, "web"),
        (Stage.SWITCHING_ROUTE, "api"),
        (Stage.SWITCHING_ROUTE, "worker"),
        (Stage.DRAINING_PREVIOUS, "web"),
        (Stage.DRAINING_PREVIOUS, "api"),
        (Stage.DRAINING_PREVIOUS, "worker"),
    ]


def test_a_stage_that_started_finishes() -> None:
    opened = open_shop()
    events = list(requests.execute(opened.world, Deploy(environment="production")))
    finished = [(one.stage, one.target.service) for one in events if isinstance(one, StageFinished)]
    assert sorted(finished) == sorted(started(events))


def test_what_is_unchanged_is_left_alone_and_counted_as_covered() -> None:
    opened = open_shop()
    deploy(opened)
    before = state(opened).active
    opened.host.change("web", "2")
    events = list(requests.execute(opened.world, Deploy(environment="production")))
    assert finish(events).outcome is Outcome.LIVE
    left_alone = [one.target.service for one in events if isinstance(one, ServiceUnchanged)]
    assert left_alone == ["api", "worker"]
    after = state(opened)
    assert after.active["api"] == before["api"]
    assert after.active["web"] != before["web"]
    assert after.runs[-1].services == ("web",)
    assert after.runs[-1].covered == ("api", "worker")
    assert dict(after.runs[-1].deployments) == dict(after.active)


def test_when_all_is_unchanged_there_is_no_run() -> None:
    opened = open_shop()
    deploy(opened)
    before = state(opened)
    assert deploy(opened) is Outcome.UNCHANGED
    assert state(opened) == before
    assert deploy(opened, force=True) is Outcome.LIVE
    assert state(opened).active.keys() == before.active.keys()
    assert not set(state(opened).active.values()) & set(before.active.values())


def test_an_equal_that_does_not_run_any_more_is_replaced() -> None:
    opened = open_shop(WEB)
    deploy(opened)
    container = opened.host.containers[state(opened).active["web"]]
    container.always = False
    container.die(1)
    assert deploy(opened) is Outcome.LIVE
    assert opened.host.answer("shop.localhost") == state(opened).active["web"]


def test_a_changed_variable_replaces_a_service() -> None:
    opened = open_shop()
    deploy(opened)
    opened.project.current = shop_config(greeting="good morning")
    assert deploy(opened) is Outcome.LIVE


def test_settle_asks_again_and_a_candidate_that_falls_back_waits_on() -> None:
    opened = open_shop(replace(WEB, settle=timedelta(seconds=2)))
    opened.host.behave("web", Behaviour(ready_for=timedelta(seconds=1)))
    events = list(requests.execute(opened.world, Deploy(environment="production")))
    assert finish(events).outcome is Outcome.FAILED
    answers = [one.attempt.ready for one in events if isinstance(one, Probed)]
    assert answers[0] is True
    assert not any(answers[1:])


def test_a_candidate_that_is_never_ready_fails_with_every_attempt_and_is_kept_stopped() -> None:
    opened = open_shop(WEB)
    deploy(opened)
    serving = state(opened).active["web"]
    opened.host.change("web", "2")
    opened.host.behave("web", Behaviour(ready_after=None, refusal="503", says=("starting up",)))
    events = list(requests.execute(opened.world, Deploy(environment="production")))
    [failed] = [one for one in events if isinstance(one, StageFailed)]
    attempts = sum(isinstance(one, Probed) for one in events)
    assert failed.stage is Stage.CHECKING_READINESS
    assert failed.failure.code == "never_ready"
    assert (
        f"attempts 1 to {attempts}: localhost/healthz on port 8080 answered 503"
        in failed.failure.tail
    )
    assert "starting up" in failed.failure.tail
    assert finish(events).outcome is Outcome.FAILED
    record = state(opened)
    latest = record.of_service("web")[0]
    assert (latest.status, latest.stage) == (Status.FAILED, Stage.CHECKING_READINESS)
    assert record.active["web"] == serving == opened.host.answer("shop.localhost")
    assert latest.id in opened.host.containers
    assert not opened.host.containers[latest.id].running


def test_only_the_newest_failed_candidate_is_kept() -> None:
    opened = open_shop(WEB)
    opened.host.behave("web", Behaviour(exits_after=timedelta(seconds=0.1), exit_code=3))
    deploy(opened)
    first = state(opened).of_service("web")[0]
    deploy(opened)
    second = state(opened).of_service("web")[0]
    assert first.id not in opened.host.containers
    assert second.id in opened.host.containers
    assert "exited with code 3" in second.failure


def test_one_failure_reverts_all_and_the_worker_was_never_stopped() -> None:
    opened = open_shop()
    deploy(opened)
    worker = opened.host.containers[state(opened).active["worker"]]
    began = worker.started
    change_everything(opened, "2")
    opened.host.behave("api", Behaviour(ready_after=None))
    assert deploy(opened) is Outcome.FAILED
    assert worker.running
    assert worker.started == began
    web = state(opened).of_service("web")[0]
    assert (web.status, web.stage) == (Status.STOPPED, Stage.STOPPED)
    assert web.id not in opened.host.containers


def test_a_stop_first_service_that_fails_runs_again_before_the_run_ends() -> None:
    opened = open_shop()
    deploy(opened)
    before = state(opened).active["worker"]
    opened.host.change("worker", "2")
    opened.host.behave("worker", Behaviour(exits_after=timedelta(seconds=1)))
    assert deploy(opened) is Outcome.FAILED
    assert opened.host.containers[before].running
    assert state(opened).active["worker"] == before
    assert opened.host.problems() == []


def test_a_candidate_that_dies_while_the_previous_drains_sends_the_routes_back() -> None:
    opened = open_shop(WEB)
    opened.host.behave("web", Behaviour(connections=3, drain_takes=timedelta(seconds=20)))
    deploy(opened)
    before = state(opened).active["web"]
    opened.host.change("web", "2")
    opened.host.behave("web", Behaviour(exits_in_service_after=timedelta(seconds=2), exit_code=9))
    events = list(requests.execute(opened.world, Deploy(environment="production")))
    assert finish(events).outcome is Outcome.FAILED
    assert [one.stage for one in events if isinstance(one, StageFailed)] == [
        Stage.DRAINING_PREVIOUS
    ]
    assert any(isinstance(one, StageReverted) for one in events)
    assert opened.host.answer("shop.localhost") == before == state(opened).active["web"]
    assert opened.host.problems() == []


def test_the_drain_waits_for_connections_and_says_how_many_were_cut() -> None:
    opened = open_shop(replace(WEB, drain_timeout=timedelta(seconds=5)))
    opened.host.behave("web", Behaviour(connections=2, drain_takes=timedelta(seconds=60)))
    deploy(opened)
    opened.host.change("web", "2")
    began = opened.clock.monotonic()
    events = list(requests.execute(opened.world, Deploy(environment="production")))
    assert opened.clock.monotonic() - began >= timedelta(seconds=5)
    notes = [one.message for one in events if isinstance(one, Noted)]
    assert "2 connections were still open, and cut off: 2 through the edge" in notes


def test_a_drain_that_waits_names_who_is_connected_and_repeats_nothing() -> None:
    opened = open_shop(WEB, WORKER)
    script = Behaviour(connections=3, callers=("worker", "10.9.9.9"), drain_takes=8 * SECOND)
    opened.host.behave("web", script)
    deploy(opened)
    opened.host.change("web", "2")
    events = list(requests.execute(opened.world, Deploy(environment="production")))
    (waits,) = (one for one in events if isinstance(one, DrainWaits))
    assert waits.target.service == "web"
    assert waits.connections.words == "1 through the edge, 1 from worker, 1 from 10.9.9.9"
    assert waits.cut_off_after == WEB.drain_timeout


def test_a_drain_tells_again_when_who_is_connected_changes() -> None:
    opened = open_shop(WEB)
    opened.host.behave("web", Behaviour(connections=2, drain_takes=10 * SECOND))
    deploy(opened)
    (old,) = opened.host.containers.values()
    opened.host.change("web", "2")
    told = []
    for event in requests.execute(opened.world, Deploy(environment="production")):
        if isinstance(event, DrainWaits):
            told.append((event.at, event.connections.total))
            old.behaviour = replace(old.behaviour, connections=1)
    (first, two), (second, one) = told
    assert (two, one) == (2, 1)
    assert second - first >= 3 * SECOND


def test_a_drain_as_short_as_usual_names_nobody() -> None:
    opened = open_shop(WEB)
    opened.host.behave("web", Behaviour(connections=2, drain_takes=timedelta(milliseconds=500)))
    deploy(opened)
    opened.host.change("web", "2")
    events = list(requests.execute(opened.world, Deploy(environment="production")))
    assert not [one for one in events if isinstance(one, DrainWaits)]


def test_the_drain_and_the_stop_have_times_of_their_own() -> None:
    opened = open_shop(WEB)
    script = Behaviour(connections=1, drain_takes=5 * SECOND, stop_takes=2 * SECOND)
    opened.host.behave("web", script)
    deploy(opened)
    opened.host.change("web", "2")
    events = list(requests.execute(opened.world, Deploy(environment="production")))
    took = {one.stage: one.took for one in events if isinstance(one, StageFinished)}
    assert 5 * SECOND <= took[Stage.DRAINING_PREVIOUS] < 7 * SECOND
    assert 2 * SECOND <= took[Stage.STOPPING_PREVIOUS] < 3 * SECOND
    stages = {one.stage for one in state(opened).deployments.values()}
    assert Stage.STOPPING_PREVIOUS not in stages


def test_a_service_whose_drain_is_over_does_not_wait_for_another_to_be_told() -> None:
    opened = open_shop(WEB, API)
    opened.host.behave("web", Behaviour(connections=1, drain_takes=9 * SECOND))
    deploy(opened)
    change_everything(opened, "2")
    events = list(requests.execute(opened.world, Deploy(environment="production")))
    took = {
        one.target.service: one.took
        for one in events
        if isinstance(one, StageFinished) and one.stage is Stage.DRAINING_PREVIOUS
    }
    assert took["api"] < 2 * SECOND < 9 * SECOND <= took["web"]


def test_the_first_request_to_stop_reverts_before_the_commit_point() -> None:
    opened = open_shop(WEB)
    deploy(opened)
    opened.host.change("web", "2")
    opened.host.behave("web", Behaviour(ready_after=timedelta(seconds=5)))
    opened.clock.call_in(timedelta(seconds=1), opened.cancel.request)
    events = list(requests.execute(opened.world, Deploy(environment="production")))
    assert finish(events).outcome is Outcome.CANCELLED
    latest = state(opened).of_service("web")[0]
    assert (latest.status, latest.stage) == (Status.STOPPED, Stage.STOPPED)
    assert latest.id not in opened.host.containers


def test_a_request_to_stop_while_draining_ends_the_waiting_and_the_new_version_is_live() -> None:
    opened = open_shop(WEB)
    opened.host.behave("web", Behaviour(connections=1, drain_takes=timedelta(minutes=10)))
    deploy(opened)
    opened.host.change("web", "2")
    opened.clock.call_in(timedelta(seconds=5), opened.cancel.request)
    began = opened.clock.monotonic()
    assert deploy(opened) is Outcome.LIVE
    assert opened.clock.monotonic() - began < timedelta(seconds=15)
    assert state(opened).journal is None


def test_a_run_killed_after_the_commit_point_is_finished_not_reverted() -> None:
    opened = open_shop(WEB)
    deploy(opened)
    opened.host.change("web", "2")
    events = requests.execute(opened.world, Deploy(environment="production"))
    for event in events:
        if isinstance(event, StageStarted) and event.stage is Stage.DRAINING_PREVIOUS:
            break
    opened.host.kill(opened.process)
    del event
    record = opened.host.records[PRODUCTION]
    assert record.journal is not None
    newest = record.of_service("web")[0].id
    last = finish(requests.execute(opened.another().world, Resume(environment="production")))
    assert last.outcome is Outcome.LIVE
    assert state(opened).active["web"] == newest == opened.host.answer("shop.localhost")


def test_the_statuses_of_a_deployments_life() -> None:
    opened = open_shop(WEB)
    deploy(opened)
    first = state(opened).active["web"]
    assert state(opened).deployments[first].stage is Stage.ACTIVE
    opened.host.change("web", "2")
    deploy(opened)
    second = state(opened).active["web"]
    replaced = state(opened).deployments[first]
    assert (replaced.status, replaced.stage) == (Status.SUCCEEDED, Stage.STOPPED)
    rollback(opened)
    left = state(opened).deployments[second]
    assert (left.status, left.stage) == (Status.SUCCEEDED, Stage.ROLLED_BACK)
    assert state(opened).deployments[first].stage is Stage.ACTIVE
    assert state(opened).runs[-1].trigger is Trigger.ROLLBACK
    assert [line.verb for line in state(opened).audit] == ["deploy", "deploy", "rollback"]


def test_retention_keeps_the_rollback_target_and_forgets_the_rest() -> None:
    opened = open_shop(WEB, keep=1)
    for version in "123456":
        opened.host.change("web", version)
        deploy(opened)
    newest_first = [one.id for one in state(opened).of_service("web")]
    assert list(opened.host.containers) == [newest_first[1], newest_first[0]]
    rollback(opened)
    opened.host.change("web", "7")
    deploy(opened)
    active = state(opened).active_deployment("web")
    assert active is not None
    assert active.previous in opened.host.containers
