"""Faults while something is stopped, started or restarted: one more word always settles it."""

import functools
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from compartment_tui.adapters.memory.host import ROUTE_DELAY
from compartment_tui.adapters.memory.world import MemoryWorld
from compartment_tui.domain.deployment import Health
from compartment_tui.domain.errors import CompartmentError
from compartment_tui.domain.events import Event, RunFinished
from compartment_tui.domain.outcome import Outcome
from compartment_tui.domain.requests import Deploy, Restart, Resume, Scale, Start, Stop
from compartment_tui.operations import requests
from compartment_tui.operations.status import status
from compartment_tui.ports import World
from tests.faults import (
    Fault,
    FaultPlan,
    Killed,
    When,
    faulty,
    unreachable,
)
from tests.machine_snapshot import Snapshot
from tests.rollout.shop import API, WORKER, change_everything, deploy, open_shop, open_swarm, state
from tests.rollout.test_faults import breakable, snapshot_of

pytestmark = pytest.mark.long

Verb = Callable[[World], Iterator[Event]]
WHATS: dict[str, Callable[[], BaseException] | None] = {
    "engine unreachable": unreachable,
    "killed": Killed,
    "cancelled": None,
    "a surprise": RuntimeError,
}


def stop(world: World) -> Iterator[Event]:
    return requests.execute(world, Stop(environment="production"))


def start(world: World) -> Iterator[Event]:
    return requests.execute(world, Start(environment="production"))


def restart(world: World) -> Iterator[Event]:
    return requests.execute(world, Restart(environment="production"))


def scale_up(world: World) -> Iterator[Event]:
    wanted = (("api", 3), ("worker", 2))
    return requests.execute(world, Scale(environment="production", replicas=wanted))


def scale_down(world: World) -> Iterator[Event]:
    wanted = (("api", 1), ("worker", 1))
    return requests.execute(world, Scale(environment="production", replicas=wanted))


def release(world: World) -> Iterator[Event]:
    return requests.execute(
        world,
        Deploy(
            environment="production",
            services=(
                "api",
                "worker",
            ),
        ),
    )


@dataclass(frozen=True)
class Place:
    """Where the shop is."""

    open_on: Callable[..., MemoryWorld]

    def live(self) -> MemoryWorld:
        opened = self.open_on(API, WORKER)
        deploy(opened)
        return opened

    def crowded(self) -> MemoryWorld:
        opened = self.live()
        list(scale_up(opened.world))
        return opened

    def stopped(self) -> MemoryWorld:
        opened = self.live()
        list(stop(opened.world))
        change_everything(opened, "2")
        return opened


PLACES = {"one machine": Place(open_shop), "swarm": Place(open_swarm)}


def broken(prepare: Callable[[], MemoryWorld], verb: Verb, what: str) -> Iterator[MemoryWorld]:
    """The world after a fault at each call, before and after its effect; the process is gone."""
    return (left_behind.open() for left_behind in left_behind_by(prepare, verb, what))


@functools.cache
def left_behind_by(
    prepare: Callable[[], MemoryWorld], verb: Verb, what: str
) -> tuple[Snapshot, ...]:
    """The same worlds, for every test that goes on from them."""
    found = []
    for when in When:
        for at, _ in breakable(prepare, verb, when):
            opened = snapshot_of(prepare).open()
            plan = FaultPlan(Fault(at=at, when=when, what=WHATS[what]))
            try:
                for _ in verb(faulty(opened.world, plan)):
                    pass
            except (Killed, CompartmentError, RuntimeError):
                pass
            opened.host.kill(opened.process)
            found.append(Snapshot(opened))
    return tuple(found)


def good(opened: MemoryWorld, verb: Verb) -> None:
    """Another process does it, and then all is as it says."""
    last = list(verb(opened.another().world))[-1]
    assert isinstance(last, RunFinished)
    assert last.outcome in (Outcome.LIVE, Outcome.STOPPED, Outcome.UNCHANGED), last
    if last.outcome is Outcome.UNCHANGED:  # what was written is still on its way into the edge
        opened.clock.advance(ROUTE_DELAY)
    assert opened.host.problems() == []
    assert not opened.host.locks


def honest(opened: MemoryWorld) -> None:
    """Nothing is called healthy that its visitors do not get to."""
    for one in status(opened.another().world, environment="production").services:
        if one.health is Health.HEALTHY and one.active and one.active.host:
            assert opened.host.answer(one.active.host) == one.active.id


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
@pytest.mark.parametrize("what", WHATS)
@pytest.mark.parametrize("verb", [stop, restart, start])
def test_status_is_honest_whatever_happened(verb: Verb, what: str, place: Place) -> None:
    for opened in broken(place.stopped if verb is start else place.live, verb, what):
        opened.clock.advance(ROUTE_DELAY)
        honest(opened)


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
@pytest.mark.parametrize("what", WHATS)
@pytest.mark.parametrize("verb", [stop, restart, start])
def test_stop_stops_everything_whatever_happened(verb: Verb, what: str, place: Place) -> None:
    for opened in broken(place.stopped if verb is start else place.live, verb, what):
        good(opened, stop)
        assert not any(one.running for one in opened.host.containers.values())


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
@pytest.mark.parametrize("what", WHATS)
@pytest.mark.parametrize("verb", [stop, restart, start])
def test_start_brings_everything_back_whatever_happened(
    verb: Verb, what: str, place: Place
) -> None:
    for opened in broken(place.stopped if verb is start else place.live, verb, what):
        good(opened, start)
        assert opened.host.answer("api-shop.localhost") == state(opened).active["api"]
        assert {one.service for one in opened.host.containers.values() if one.running} == {
            "api",
            "worker",
        }


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
@pytest.mark.parametrize("what", WHATS)
@pytest.mark.parametrize("verb", [scale_up, scale_down])
@pytest.mark.parametrize("again", [scale_up, scale_down])
def test_a_scale_is_settled_by_another(verb: Verb, again: Verb, what: str, place: Place) -> None:
    for opened in broken(place.live if verb is scale_up else place.crowded, verb, what):
        opened.clock.advance(ROUTE_DELAY)
        honest(opened)
        answered = state(opened).active["api"]
        assert opened.host.answer("api-shop.localhost") == answered
        good(opened, again)
        assert opened.host.answer("api-shop.localhost") == answered
        wanted = {"api": 3, "worker": 2} if again is scale_up else {"api": 1, "worker": 1}
        counted = Counter(one.service for one in opened.host.containers.values() if one.running)
        assert counted == wanted


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
@pytest.mark.parametrize("what", WHATS)
def test_a_deploy_over_what_is_stopped_is_all_or_nothing(what: str, place: Place) -> None:
    for opened in broken(place.stopped, release, what):
        list(requests.execute(opened.another().world, Resume(environment="production")))
        assert opened.host.problems() == []
        actives = map(state(opened).active_deployment, ("api", "worker"))
        resting = [one.resting for one in actives if one]
        assert resting in ([True, True], [False, False])
        running = {one.service for one in opened.host.containers.values() if one.running}
        assert running == (set() if resting[0] else {"api", "worker"})
