"""Several services of one run start side by side on a Swarm, and each is told by itself."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from compartment_tui.adapters.memory.swarm import BEGIN_TAKES
from compartment_tui.adapters.memory.world import Behaviour, MemoryWorld
from compartment_tui.domain.deployment import Stage
from compartment_tui.domain.events import Event, StageFailed, StageFinished
from compartment_tui.domain.outcome import Outcome
from compartment_tui.domain.requests import Deploy, Restart, Resume, Start, Stop
from compartment_tui.operations import requests
from compartment_tui.ports import World
from tests.faults import Fault, FaultPlan, Killed, When, faulty
from tests.rollout.shop import API, WEB, deploy, finish, open_shop, open_swarm, state
from tests.rollout.test_faults import Verb, carry_out

LIVE = replace(WEB, name="live")
THREE = (WEB, replace(API, release=None), LIVE)
STORES = tuple(replace(one, volumes=(("data", "/data"),)) for one in THREE[:2])


def deploy_all(world: World) -> Iterator[Event]:
    return requests.execute(world, Deploy(environment="production", force=True))


def restart(world: World) -> Iterator[Event]:
    return requests.execute(world, Restart(environment="production"))


def start(world: World) -> Iterator[Event]:
    return requests.execute(world, Start(environment="production"))


def stop(world: World) -> Iterator[Event]:
    return requests.execute(world, Stop(environment="production"))


def resume(world: World) -> Iterator[Event]:
    return requests.execute(world, Resume(environment="production"))


def live() -> MemoryWorld:
    opened = open_swarm(*THREE)
    deploy(opened)
    return opened


def stopped() -> MemoryWorld:
    opened = live()
    list(stop(opened.world))
    return opened


def starts(events: Iterable[Event]) -> list[StageFinished]:
    stages = (Stage.STARTING_CANDIDATE, Stage.STARTING)
    return [one for one in events if isinstance(one, StageFinished) and one.stage in stages]


def calls_of(opened: MemoryWorld, verb: Verb) -> list[str]:
    watched = FaultPlan()
    list(verb(faulty(opened.world, watched)))
    return watched.calls


def starts_in(calls: list[str]) -> list[str]:
    return [one for one in calls if one in ("engine.start", "engine.await_running")]


@pytest.mark.parametrize(
    ("prepare", "verb"), [(live, deploy_all), (live, restart), (stopped, start)]
)
def test_three_start_in_the_time_of_one(prepare: Callable[[], MemoryWorld], verb: Verb) -> None:
    done = starts(verb(prepare().world))
    assert [one.target.service for one in done] == ["web", "api", "live"]
    assert all(BEGIN_TAKES <= one.took < 2 * BEGIN_TAKES for one in done)
    assert done[-1].at - done[0].at < BEGIN_TAKES


@pytest.mark.parametrize("name", ["web", "api", "live"])
def test_of_three_candidates_the_one_that_does_not_run_is_named(name: str) -> None:
    opened = live()
    before = state(opened).active
    opened.host.behave(name, Behaviour(exits_after=timedelta(), exit_code=3))
    opened.host.change(name, "2")
    events = list(deploy_all(opened.world))
    failed = [one for one in events if isinstance(one, StageFailed)]
    assert [(one.target.service, one.stage) for one in failed] == [(name, Stage.STARTING_CANDIDATE)]
    assert f"{name} exited with code 3" in failed[0].failure.message
    assert finish(events).outcome is Outcome.FAILED
    assert state(opened).active == before
    running = {one.deployment for one in opened.host.containers.values() if one.running}
    assert running == set(before.values())


@pytest.mark.parametrize("name", ["web", "api", "live"])
def test_of_three_that_are_started_again_one_that_does_not_run_keeps_no_other_away(
    name: str,
) -> None:
    opened = stopped()
    container = opened.host.containers[state(opened).active[name]]
    container.behaviour = replace(container.behaviour, cannot_start="no such device")
    events = list(start(opened.world))
    failed = [one for one in events if isinstance(one, StageFailed)]
    assert [(one.target.service, one.stage) for one in failed] == [(name, Stage.STARTING)]
    others = {"web", "api", "live"} - {name}
    assert {one.target.service for one in starts(events)} == others
    active = state(opened).active
    assert all(opened.host.containers[active[one]].running for one in others)
    assert not opened.host.containers[active[name]].running


@pytest.mark.parametrize("verb", [deploy_all, restart])
def test_who_asks_to_stop_before_the_first_runs_finds_all_as_it_was(verb: Verb) -> None:
    calls = calls_of(live(), verb)
    last = len(calls) - calls[::-1].index("engine.start")
    assert calls[last] == "engine.await_running"
    opened = live()
    before = state(opened).active
    plan = FaultPlan(Fault(at=last, when=When.AFTER, what=None))
    ended = finish(verb(faulty(opened.world, plan)))
    assert ended.outcome is Outcome.CANCELLED
    running = {one.deployment for one in opened.host.containers.values() if one.running}
    assert running == set(before.values()) == set(state(opened).active.values())
    assert opened.host.problems() == []


def test_who_is_killed_before_the_first_runs_leaves_what_resume_takes_away() -> None:
    calls = calls_of(live(), deploy_all)
    last = len(calls) - calls[::-1].index("engine.start")
    opened = live()
    before = state(opened).active
    carry_out(opened, deploy_all, Fault(at=last, when=When.AFTER, what=Killed))
    assert finish(resume(opened.another().world)).outcome is Outcome.REVERTED
    assert {one.deployment for one in opened.host.containers.values()} == set(before.values())


def test_what_a_killed_start_has_asked_for_is_stopped_by_stop() -> None:
    last = len(THREE) + calls_of(stopped(), start).index("engine.start")
    opened = stopped()
    carry_out(opened, start, Fault(at=last, when=When.AFTER, what=Killed))
    assert not any(one.running for one in opened.host.containers.values())
    assert finish(stop(opened.another().world)).outcome is Outcome.STOPPED
    opened.clock.advance(2 * BEGIN_TAKES)
    assert not any(one.running for one in opened.host.containers.values())
    assert opened.host.problems() == []


def killed_after(call: str) -> tuple[MemoryWorld, dict[str, str]]:
    """A deploy that was killed when it had made that call; what was active before it."""
    at = calls_of(live(), deploy_all).index(call) + 1
    opened = live()
    before = dict(state(opened).active)
    carry_out(opened, deploy_all, Fault(at=at, when=When.AFTER, what=Killed))
    return opened, before


def test_previous_ones_come_back_side_by_side() -> None:
    opened, before = killed_after("engine.retire_all")
    for one in tuple(opened.host.containers.values()):
        if one.deployment not in before.values():
            opened.world.engine.remove(one.deployment)
    asked = starts_in(calls_of(opened.another(), resume))
    gone, *asked = asked
    assert gone == "engine.start", "there is nothing that could be finished"
    assert asked == ["engine.start"] * 3 + ["engine.await_running"] * 3
    assert state(opened).active == before
    assert all(opened.host.containers[one].running for one in before.values())


def test_what_had_switched_is_started_side_by_side_and_finished() -> None:
    opened, before = killed_after("hold.write_record_and_routes")
    asked = starts_in(calls_of(opened.another(), resume))
    assert asked == ["engine.start"] * 3 + ["engine.await_running"] * 3
    assert set(state(opened).active.values()).isdisjoint(before.values())


def test_single_writers_start_one_by_one() -> None:
    opened = open_swarm(*STORES)
    deploy(opened)
    calls = calls_of(opened, deploy_all)
    wanted = ("engine.retire_all", "engine.start", "engine.await_running")
    before_the_switch = calls[: calls.index("hold.write_record_and_routes")]
    assert [one for one in before_the_switch if one in wanted] == [*wanted] * 2


def test_one_machine_starts_each_when_it_is_made() -> None:
    opened = open_shop(*THREE)
    deploy(opened)
    calls = [*calls_of(opened, deploy_all), *calls_of(opened, restart)]
    wanted = ("engine.create", "engine.start", "engine.await_running")
    made = ["engine.create", "engine.start"]
    assert [one for one in calls if one in wanted] == made * 3 + ["engine.start"] * 3
