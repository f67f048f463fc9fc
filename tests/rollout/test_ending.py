"""What is said of the end of a run: when it was live, and what still ended after that."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from compartment_tui.adapters.memory.world import Behaviour, MemoryWorld
from compartment_tui.domain.events import Event, Noted, RunFinished, StageStarted, WentLive
from compartment_tui.domain.outcome import Outcome
from compartment_tui.domain.requests import Deploy, Restart, Start, Stop
from compartment_tui.operations import requests
from tests.faults import Fault, FaultPlan, When, faulty, unreachable
from tests.rollout.shop import API, WEB, WORKER, change_everything, deploy, open_shop, shop_config

SECOND = timedelta(seconds=1)
DEAF = Behaviour(deaf_as_first=True)


def deaf_shop() -> MemoryWorld:
    """Two routed services that do not end at SIGTERM, and a worker that does not either."""
    opened = open_shop(WEB, API, WORKER)
    for name in ("web", "api", "worker"):
        opened.host.behave(name, DEAF)
    deploy(opened)
    change_everything(opened, "2")
    for name in ("web", "api", "worker"):
        opened.host.behave(name, DEAF)
    return opened


def notes(events: list[Event]) -> list[str]:
    return [
        f"{event.target.service if event.target else ''}: {event.message}"
        for event in events
        if isinstance(event, Noted)
    ]


def test_live_is_told_at_the_switch_with_its_own_time() -> None:
    opened = open_shop(WEB)
    opened.host.behave("web", Behaviour(stop_takes=12 * SECOND))
    opened.project.current = shop_config(WEB)
    deploy(opened)
    opened.host.change("web", "2")
    events, at = [], {}
    began = opened.clock.monotonic()
    for event in requests.execute(opened.world, Deploy(environment="production")):
        events.append(event)
        at[type(event)] = opened.clock.monotonic() - began
    live = next(event for event in events if isinstance(event, WentLive))
    last = events[-1]
    assert isinstance(last, RunFinished)
    assert live.services == ("web",)
    assert live.ending == {"web": next(iter(opened.host.containers))}
    assert at[WentLive] < 3 * SECOND
    assert last.live_after == live.after < 3 * SECOND
    assert last.took > 10 * SECOND


def calls_of_a_second_deploy(*faults: Fault) -> list[str]:
    opened = open_shop(WEB)
    deploy(opened)
    opened.host.change("web", "2")
    plan = FaultPlan(*faults)
    list(requests.execute(faulty(opened.world, plan), Deploy(environment="production")))
    return plan.calls


def test_the_count_of_connections_is_begun_before_the_name_moves_and_ended_after_all() -> None:
    """It takes a while until it counts: over a long way as long as the names take."""
    calls = calls_of_a_second_deploy()
    moved = calls.index("engine.name_active")
    assert calls.index("engine.count_connections") < moved < calls.index("connections.now")
    assert calls.count("engine.count_connections") == calls.count("connections.close") == 1
    broken = calls_of_a_second_deploy(Fault(at=moved + 1, when=When.BEFORE, what=unreachable))
    assert broken[moved] == "engine.name_active"
    assert "connections.now" not in broken
    assert broken.count("connections.close") == 1


def test_a_new_one_that_died_is_noticed_where_nothing_can_be_counted() -> None:
    counted = calls_of_a_second_deploy().index("connections.now")
    opened = open_shop(WEB)
    deploy(opened)
    opened.host.change("web", "2")
    opened.host.behave("web", Behaviour(exits_in_service_after=timedelta(), exit_code=9))
    plan = FaultPlan(Fault(at=counted + 1, when=When.BEFORE, what=unreachable))
    events = list(requests.execute(faulty(opened.world, plan), Deploy(environment="production")))
    assert plan.calls[counted] == "connections.now"
    last = events[-1]
    assert isinstance(last, RunFinished)
    assert last.failure is not None
    assert "died right after it went live" in last.failure.message


def test_after_the_switch_nothing_of_it_is_read_again() -> None:
    calls = calls_of_a_second_deploy()
    switched = calls.index("hold.write_record_and_routes")
    assert "hold.routes" not in calls[switched:]
    assert "hold.confirm" not in calls[switched:]


def test_previous_ones_that_do_not_end_are_waited_for_once() -> None:
    opened = deaf_shop()
    events = list(
        requests.execute(opened.world, Deploy(environment="production", services=("web", "api")))
    )
    last = events[-1]
    assert isinstance(last, RunFinished)
    assert last.outcome is Outcome.LIVE
    assert last.live_after is not None
    assert last.took - last.live_after < 12 * SECOND, "10 s each, side by side"


def test_whoever_took_the_whole_grace_is_named_with_the_way_on() -> None:
    opened = deaf_shop()
    said = notes(list(requests.execute(opened.world, Deploy(environment="production"))))
    for name in ("web", "api", "worker"):
        (one,) = (note for note in said if note.startswith(f"{name}: "))
        assert "stop_grace of 10 s" in one
        assert f"`init = true` in [services.{name}]" in one


def test_nobody_is_named_who_ended_in_time() -> None:
    opened = open_shop(WEB)
    opened.host.behave("web", Behaviour(stop_takes=9 * SECOND))
    deploy(opened)
    opened.host.change("web", "2")
    assert notes(list(requests.execute(opened.world, Deploy(environment="production")))) == []


@pytest.mark.parametrize("verb", [Stop, Restart])
def test_stop_and_restart_stop_side_by_side_and_name_the_killed(verb: type[Stop | Restart]) -> None:
    opened = deaf_shop()
    began = opened.clock.monotonic()
    events: list[Event] = list(requests.execute(opened.world, verb(environment="production")))
    assert opened.clock.monotonic() - began < 16 * SECOND
    assert sum("was killed" in note for note in notes(events)) == 3


def test_a_revert_stops_candidates_side_by_side() -> None:
    opened = deaf_shop()
    opened.host.change("api", "3")
    opened.host.behave("api", Behaviour(deaf_as_first=True, ready_after=None))
    began = opened.clock.monotonic()
    last = list(requests.execute(opened.world, Deploy(environment="production")))[-1]
    assert isinstance(last, RunFinished)
    assert (last.outcome, last.live_after) == (Outcome.FAILED, None)
    assert opened.clock.monotonic() - began < 25 * SECOND


def stages(events: Iterator[Event]) -> set[str]:
    return {event.stage.value for event in events if isinstance(event, StageStarted)}


def test_starting_by_hand_starts_no_candidate() -> None:
    opened = open_shop(WEB, WORKER)
    deploy(opened)
    list(requests.execute(opened.world, Stop(environment="production")))
    expected = {"starting", "checking_readiness", "switching_route"}
    assert stages(requests.execute(opened.world, Start(environment="production"))) == expected
    assert stages(requests.execute(opened.world, Restart(environment="production"))) == {
        *expected,
        "stopped",
    }


def test_a_restart_counts_the_time_in_which_the_edge_answers() -> None:
    opened = open_shop(WEB)
    opened.host.behave("web", Behaviour(ready_after=3 * SECOND))
    deploy(opened)
    away = timedelta()
    last = opened.clock.monotonic()
    finish = None
    for finish in requests.execute(opened.world, Restart(environment="production")):  # noqa: B007
        now = opened.clock.monotonic()
        if opened.host.answer("shop.localhost") is None:
            away += now - last
        last = now
    assert isinstance(finish, RunFinished)
    assert finish.gaps["web"] >= away
