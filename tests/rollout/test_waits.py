"""Requests to a single writer wait while it is replaced: none is lost, none comes too early."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from compartment_tui.adapters.memory.world import Behaviour, MemoryWorld
from compartment_tui.domain.events import Event, Noted, RunFinished
from compartment_tui.domain.names import active_name
from compartment_tui.domain.outcome import Outcome
from compartment_tui.domain.requests import Deploy, Resume, Rollback
from compartment_tui.operations import requests
from compartment_tui.ports import World
from compartment_tui.rollout import wait
from tests.faults import Fault, FaultPlan, Killed, When, faulty, unreachable
from tests.machine_snapshot import Snapshot
from tests.rollout.shop import PRODUCTION, WEB, deploy, finish, open_shop, state
from tests.rollout.test_faults import WHATS, Verb, breakable, calls_of, carry_out, snapshot_of

SECOND = timedelta(seconds=1)
STORE = replace(WEB, name="store", volumes=(("data", "/data"),))
HOST = "store-shop.localhost"
QUIET = Behaviour(stop_takes=timedelta(milliseconds=300), ready_after=timedelta(milliseconds=400))
BROKEN = Behaviour(ready_after=None, exits_after=SECOND)
EVERY = timedelta(milliseconds=30)


def replace_it(world: World) -> Iterator[Event]:
    return requests.execute(world, Deploy(environment="production"))


def roll_back(world: World) -> Iterator[Event]:
    return requests.execute(world, Rollback(environment="production"))


def store(hold: timedelta = 30 * SECOND) -> MemoryWorld:
    """A single writer that was deployed twice, beside a service that was not changed."""
    opened = open_shop(WEB, replace(STORE, hold=hold))
    opened.host.behave("store", QUIET)
    for version in "12":
        opened.host.change("store", version)
        assert deploy(opened) is Outcome.LIVE
    opened.host.change("store", "3")
    return opened


def broken_store() -> MemoryWorld:
    opened = store()
    opened.host.behave("store", BROKEN)
    return opened


@pytest.fixture
def opened() -> MemoryWorld:
    return store()


def keep_coming(opened: MemoryWorld) -> None:
    """Visitors ask whenever a little time has passed, and now and then another service does."""
    keep_visiting(opened)
    keep_calling(opened, state(opened).active["web"])


def keep_visiting(opened: MemoryWorld) -> None:
    opened.host.arrive(HOST)
    opened.clock.call_in(EVERY, partial(keep_visiting, opened))


def keep_calling(opened: MemoryWorld, caller: str) -> None:
    opened.host.arrive_inside(caller, "store")
    opened.clock.call_in(5 * EVERY, partial(keep_calling, opened, caller))


def answered_by(opened: MemoryWorld) -> list[str]:
    """Everybody who came was answered, and by whom; neighbours once."""
    said: list[str] = []
    for visitor in opened.host.visitors:
        assert visitor.answered_by is not None, visitor
        if visitor.answered_by not in said[-1:]:
            said.append(visitor.answered_by)
    return said


def test_nobody_is_lost_and_the_result_tells_how_long_they_waited(opened: MemoryWorld) -> None:
    old = state(opened).active["store"]
    keep_coming(opened)
    last = finish(replace_it(opened.world))
    new = state(opened).active["store"]
    assert answered_by(opened) == [old, new]
    wait = last.waits["store"]
    assert wait.count is not None
    assert wait.count.failed == 0
    waited = [one for one in opened.host.visitors if one.waited]
    assert wait.count.requests == len(waited) > 10
    assert any(one.inside for one in waited)
    assert timedelta(milliseconds=700) < wait.longest < 3 * SECOND
    assert last.gaps == {}


def test_no_request_waits_when_it_is_not_to(opened: MemoryWorld) -> None:
    opened = store(hold=timedelta())
    keep_coming(opened)
    last = finish(replace_it(opened.world))
    assert last.waits == {}
    assert last.gaps["store"] > timedelta(milliseconds=700)
    assert not any(one.waited for one in opened.host.visitors)


def test_an_edge_of_an_earlier_version_lets_nobody_wait(opened: MemoryWorld) -> None:
    assert opened.host.edge is not None
    opened.host.edge.lacks = ("lets no request wait",)
    (plan,) = requests.plan(
        opened.world, Deploy(environment="production", services=("store",))
    ).plans
    assert plan.wait == 0
    last = finish(replace_it(opened.world))
    assert (last.waits, list(last.gaps)) == ({}, ["store"])


def test_the_plan_says_how_long(opened: MemoryWorld) -> None:
    waits = {
        one.service: one.wait
        for one in requests.plan(opened.world, Deploy(environment="production")).plans
    }
    assert waits == {"web": 0, "store": 30}


def test_those_who_waited_for_what_failed_are_answered_by_what_was_live() -> None:
    opened = broken_store()
    old = state(opened).active["store"]
    keep_coming(opened)
    last = finish(replace_it(opened.world))
    assert last.outcome is Outcome.FAILED
    assert answered_by(opened) == [old]
    assert last.waits["store"].count is not None
    assert last.waits["store"].count.failed == 0
    assert opened.host.problems() == []


def test_the_last_connections_are_cut_after_half_of_the_time() -> None:
    opened = store(hold=4 * SECOND)
    opened.host.behave("store", replace(QUIET, connections=2, drain_takes=60 * SECOND))
    deploy(opened)
    opened.host.change("store", "4")
    events = list(replace_it(opened.world))
    told = [one.message for one in events if isinstance(one, Noted)]
    assert "2 connections were still open, and cut off: 2 through the edge" in told
    last = events[-1]
    assert isinstance(last, RunFinished)
    assert last.waits["store"].longest > 2 * SECOND


def test_one_that_takes_longer_than_they_wait_loses_them_and_says_so() -> None:
    opened = store(hold=SECOND)
    opened.host.behave("store", replace(QUIET, ready_after=3 * SECOND))
    keep_coming(opened)
    last = finish(replace_it(opened.world))
    count = last.waits["store"].count
    assert count is not None
    assert count.failed == sum(one.answered_by is None for one in opened.host.visitors) > 10


def test_one_at_another_port_is_replaced_as_before_and_it_is_said(opened: MemoryWorld) -> None:
    opened.project.current = replace(
        opened.project.current, services=(WEB, replace(STORE, port=9090))
    )
    events = list(replace_it(opened.world))
    last = events[-1]
    assert isinstance(last, RunFinished)
    assert (last.outcome, last.waits, list(last.gaps)) == (Outcome.LIVE, {}, ["store"])
    told = [one.message for one in events if isinstance(one, Noted)]
    assert "its port changes from 8080 to 9090: no request can wait" in told
    assert opened.host.problems() == []


def test_figures_that_cannot_be_had_are_left_away(opened: MemoryWorld) -> None:
    at = 1 + calls_of(store, replace_it).index("hold.waited")
    plan = FaultPlan(Fault(at=at, when=When.BEFORE, what=unreachable))
    last = finish(replace_it(faulty(opened.world, plan)))
    assert last.outcome is Outcome.LIVE
    assert last.waits["store"].count is None


def test_both_names_lead_to_the_new_one_in_the_end(opened: MemoryWorld) -> None:
    finish(replace_it(opened.world))
    new = state(opened).active["store"]
    assert opened.host.containers[new].name == active_name("store", PRODUCTION)


# --- sweeps ---------------------------------------------------------------------------------------

SITUATIONS: dict[str, tuple[Callable[[], MemoryWorld], Verb]] = {
    "deploy": (store, replace_it),
    "deploy what fails": (broken_store, replace_it),
    "rollback": (store, roll_back),
}


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names that are waited for are kept as long as the pretended edge needs, and no longer.

    Nothing is done meanwhile, but hundreds of visitors come: they were most of a sweep.
    """
    monkeypatch.setattr(wait, "RELEASE_PATIENCE", SECOND / 4)


def resume(world: World) -> Iterator[Event]:
    return requests.execute(world, Resume(environment="production"))


def check(opened: MemoryWorld, what: str) -> None:
    """After the next person's `resume` everybody was answered, and nobody waits."""
    list(resume(opened.another().world))
    opened.clock.advance(SECOND)
    lost = [one for one in opened.host.visitors if one.answered_by is None]
    assert not lost, f"{what}: {lost[0]}"
    assert opened.host.problems() == [], what
    live = state(opened).active["store"]
    assert opened.host.visitors[-1].answered_by == live, what
    early = [one for one in opened.host.visitors if one.early]
    assert not early, f"{what}: {early[0]}"


@pytest.mark.long
@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("situation", SITUATIONS)
@pytest.mark.parametrize("what", WHATS)
@pytest.mark.parametrize("when", When)
def test_a_fault_at_any_call_loses_nobody(situation: str, what: str, when: When) -> None:
    prepare, verb = SITUATIONS[situation]
    for at, name in breakable(prepare, verb, when):
        opened = snapshot_of(prepare).open()
        keep_coming(opened)
        carry_out(opened, verb, Fault(at=at, when=when, what=WHATS[what]))
        check(opened, f"{what} {when} call {at} {name}")


@pytest.mark.long
@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("situation", SITUATIONS)
def test_a_resume_that_is_killed_loses_nobody(situation: str) -> None:
    prepare, verb = SITUATIONS[situation]
    calls = calls_of(prepare, verb)
    for at in range(calls.index("hold.write_routes"), len(calls) + 1, 2):
        broken = snapshot_of(prepare).open()
        keep_coming(broken)
        carry_out(broken, verb, Fault(at=at, when=When.AFTER, what=Killed))
        left_behind = Snapshot(broken)
        for later in range(1, 40, 3):
            opened = left_behind.open()
            again = Fault(at=later, when=When.AFTER, what=Killed)
            plan = carry_out(opened.another(), resume, again)
            check(opened, f"killed at {at} {calls[at - 1]}, resume killed at {later}")
            if not plan.reached():
                break  # it has fewer calls: whatever comes later is this case again


@pytest.mark.long
@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("second", [Killed, unreachable])
@pytest.mark.parametrize("situation", ["deploy", "deploy what fails"])
def test_an_undo_that_is_broken_loses_nobody(
    situation: str, second: Callable[[], BaseException]
) -> None:
    prepare, verb = SITUATIONS[situation]
    calls = calls_of(prepare, verb)
    for at in range(calls.index("hold.write_routes"), len(calls) + 1, 3):
        for later in range(1, 24, 2):
            opened = snapshot_of(prepare).open()
            keep_coming(opened)
            first = Fault(at=at, when=When.AFTER, what=unreachable)
            again = Fault(at=at + later, when=When.AFTER, what=second)
            plan = carry_out(opened, verb, first, again)
            check(opened, f"call {at} {calls[at - 1]} and {later} later")
            if not plan.reached():
                break  # as above


@pytest.mark.long
@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("situation", SITUATIONS)
def test_a_stream_that_is_closed_loses_nobody(situation: str) -> None:
    prepare, verb = SITUATIONS[situation]
    for after in range(1, len(list(verb(snapshot_of(prepare).open().world))) + 1):
        opened = snapshot_of(prepare).open()
        keep_coming(opened)
        events = verb(opened.world)
        for _ in range(after):
            next(events)
        events.close()  # type: ignore[attr-defined]
        check(opened, f"closed after event {after}")
