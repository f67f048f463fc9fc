"""What a Swarm does meanwhile: at any call of a run a machine, its leader or its room is lost.

Which of the faults of a Swarm are tried where:

    fault                                               where
    --------------------------------------------------  --------------------------------------------
    the process fails, is killed, is asked to stop      test_faults, test_handling_faults ("swarm")
    an environment is deleted, and that breaks off      here
    a machine is lost, comes back, is drained           here, at any call
    a task is moved between proof and switch            here
    no leader, for some seconds and for longer          here; adapters/docker/swarm/test_home
    the home is no manager any more                     here
    another manager, two at once                        here; adapters/docker/swarm/test_home
    no machine has room, or the image                   here; contract/test_memory_swarm
    a machine without the image comes up later          here; contract/test_memory_swarm
    a task is rejected, fails, stays pending            contract/test_memory_swarm
    it runs, and the edge does not find it yet          here; …/swarm/test_name_questions
    the name server asks elsewhere, and hangs           adapters/docker/swarm/test_managers
    the edge is started anew, its address is taken      here; adapters/docker/test_inner_calls
    scaled to nothing, and killed while tasks end       adapters/docker/swarm/test_managers
    answered 500 and done, "update out of sequence"     adapters/docker/swarm/test_managers
    its overlay is in use when it is to be removed      adapters/docker/swarm/test_managers
    a machine is cut off or killed, under visitors      e2e/test_swarm
    the leader is, and the process, under visitors      e2e/test_swarm_faults
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from compartment_tui.adapters.memory.swarm import BEGIN_TAKES, NOTICED_AFTER, PATIENCE, Machine
from compartment_tui.adapters.memory.world import Behaviour, MemoryWorld
from compartment_tui.domain.deployment import Instance
from compartment_tui.domain.engine import NodeInfo
from compartment_tui.domain.errors import CompartmentError, NotFound, Refused
from compartment_tui.domain.events import Noted, WentLive
from compartment_tui.domain.outcome import Outcome
from compartment_tui.domain.requests import DeleteEnvironment, Deploy
from compartment_tui.operations import requests
from compartment_tui.ports import World
from tests.faults import Fault, FaultPlan, Killed, When, faulty, unreachable
from tests.machine_snapshot import Snapshot
from tests.rollout import test_handling_faults as handling
from tests.rollout.shop import API, PRODUCTION, WEB, deploy, finish, open_shop, open_swarm, state
from tests.rollout.test_faults import (
    SITUATIONS,
    WITH_A_GAP,
    breakable,
    calls_of,
    carry_out,
    check,
    settle,
    snapshot_of,
    visitors,
)

pytestmark = pytest.mark.long

OFTEN = timedelta(milliseconds=250)
SWARM = handling.PLACES["swarm"]
CALM = NOTICED_AFTER + BEGIN_TAKES + timedelta(seconds=1)
"""How long after a loss everything runs again that another machine takes."""
SHOP = "shop.localhost"
"""Who comes here is answered by one of two replicas."""


class Visits:
    """Somebody who comes to every host again and again."""

    def __init__(self, opened: MemoryWorld) -> None:
        self._opened = opened
        self._hosts = [host for host in visitors(opened) if not host.startswith("c-")]
        self.unanswered: list[tuple[timedelta, str]] = []
        self._come()

    def _come(self) -> None:
        clock = self._opened.clock
        for host in self._hosts:
            if self._opened.host.answer(host) is None:
                self.unanswered.append((clock.monotonic(), host))
        clock.call_in(OFTEN, self._come)

    def at(self, host: str) -> list[timedelta]:
        return [moment for moment, found in self.unanswered if found == host]


def lose(opened: MemoryWorld) -> None:
    opened.swarm.lose("n2")


def lose_for_a_moment(opened: MemoryWorld) -> None:
    opened.swarm.lose("n2")
    opened.clock.call_in(timedelta(seconds=5), partial(opened.swarm.bring_back, "n2"))


def lose_for_a_while(opened: MemoryWorld) -> None:
    opened.swarm.lose("n2")
    opened.clock.call_in(timedelta(seconds=20), partial(opened.swarm.bring_back, "n2"))


def drain(opened: MemoryWorld) -> None:
    opened.swarm.set_availability("n2", "drain")


def move_candidates(opened: MemoryWorld) -> None:
    """The Swarm puts everything elsewhere that no route has led to yet."""
    for container in tuple(opened.host.containers.values()):
        if container.running and container.deployment not in opened.host.led_to:
            opened.swarm.move(container)


def lose_leader(opened: MemoryWorld) -> None:
    opened.swarm.lose_leader(timedelta(seconds=10))


def lose_leader_for_long(opened: MemoryWorld) -> None:
    opened.swarm.lose_leader(PATIENCE + timedelta(seconds=10))


def demote(opened: MemoryWorld) -> None:
    opened.swarm.demote_home()


def fill(opened: MemoryWorld) -> None:
    for machine in opened.swarm.machines.values():
        machine.full = True


def prune(opened: MemoryWorld) -> None:
    """Somebody takes all images away on a machine, whose labels go on naming them."""
    machine = opened.swarm.machines["n2"]
    machine.pruned |= opened.host.images.keys()


def cut_engine_off(opened: MemoryWorld) -> None:
    opened.swarm.machines["n2"].reached = False


def exchange(opened: MemoryWorld) -> None:
    """A machine is lost, and another one comes in its place that has none of the images."""
    opened.swarm.lose("n2")
    opened.swarm.machines["n4"] = Machine(info=NodeInfo(name="n4", address="10.0.0.4"))


def restart_edge(opened: MemoryWorld) -> None:
    edge = opened.host.edge
    if edge is not None:
        opened.host.kill_edge()
        opened.host.start_edge(edge.settings)


def take_pinned_address(opened: MemoryWorld) -> None:
    """The edge is away for a moment, and somebody else gets its address."""
    restart_edge(opened)
    if opened.host.edge is not None:
        opened.host.edge.unpinned.add(PRODUCTION)


def list_late(opened: MemoryWorld) -> None:
    opened.swarm.lists_after = timedelta(seconds=4)


PAIR_GOES_ON = {
    "a machine is lost": lose,
    "a machine is lost for a moment": lose_for_a_moment,
    "a machine is lost for a while": lose_for_a_while,
    "a machine is drained": drain,
    "a machine without an image comes up": exchange,
    "no leader for some seconds": lose_leader,
    "no leader for long": lose_leader_for_long,
    "the home is demoted": demote,
    "no machine has room": fill,
    "images are taken away": prune,
    "an engine is not reached": cut_engine_off,
    "the edge finds tasks late": list_late,
}
"""What a service with two replicas goes through without an unanswered visitor."""
HAPPENINGS: dict[str, Callable[[MemoryWorld], None]] = {
    **PAIR_GOES_ON,
    "candidates are moved": move_candidates,
    "the edge is started anew": restart_edge,
}
ON_A_SWARM = [one for one in SITUATIONS if one.startswith("swarm: ")]


def mend(opened: MemoryWorld) -> None:
    """A person puts right what does not come right by itself."""
    opened.swarm.promote_home()
    for machine in opened.swarm.machines.values():
        machine.full, machine.reached = False, True
        machine.pruned.clear()
    opened.swarm.place_waiting()
    opened.clock.advance(PATIENCE + CALM)


@pytest.mark.parametrize("what", HAPPENINGS)
@pytest.mark.parametrize("situation", ON_A_SWARM)
def test_whatever_happens_to_the_swarm_at_any_call(situation: str, what: str) -> None:
    prepare, verb = SITUATIONS[situation]
    # Every fifth call, each time beginning with another: together they are all of them.
    first = [*HAPPENINGS].index(what)
    for at, name in breakable(prepare, verb, When.AFTER)[first % 5 :: 5]:
        opened = snapshot_of(prepare).open()
        before, told = visitors(opened), f"{what} after call {at} {name}"
        visits = Visits(opened)
        happen = partial(HAPPENINGS[what], opened)
        carry_out(opened, verb, Fault(at=at, when=When.AFTER, what=happen))
        mend(opened)
        if what in PAIR_GOES_ON and situation not in WITH_A_GAP:
            assert visits.at(SHOP) == [], told
        check(opened, before, situation, told)


@pytest.mark.parametrize("situation", ON_A_SWARM)
def test_a_machine_is_lost_and_then_we_are_killed(situation: str) -> None:
    prepare, verb = SITUATIONS[situation]
    calls = len(calls_of(prepare, verb))
    for at in range(1, calls + 1, 4):
        for later in (1, 5):
            opened = snapshot_of(prepare).open()
            before, visits = visitors(opened), Visits(opened)
            faults = (
                Fault(at=at, when=When.AFTER, what=partial(lose, opened)),
                Fault(at=at + later, when=When.AFTER, what=Killed),
            )
            carry_out(opened, verb, *faults)
            mend(opened)
            assert situation in WITH_A_GAP or not visits.at(SHOP), f"lost at {at}, {later} later"
            check(opened, before, situation, f"lost at {at}, killed {later} later")


def test_a_lost_machine_costs_who_was_alone_there_the_time_until_it_is_noticed() -> None:
    prepare, verb = SITUATIONS["swarm: deploy"]
    for at, name in breakable(prepare, verb, When.AFTER, every=2):
        opened = snapshot_of(prepare).open()
        visits = Visits(opened)
        carry_out(opened, verb, Fault(at=at, when=When.AFTER, what=partial(lose, opened)))
        mend(opened)
        for moments in (visits.at("api-shop.localhost"), visits.at(SHOP)):
            assert len(moments) * OFTEN <= CALM, f"lost after call {at} {name}"


def test_who_is_moved_before_the_switch_is_proven_again_and_costs_nobody_anything() -> None:
    prepare, verb = SITUATIONS["swarm: deploy"]
    calls, proven_again = calls_of(prepare, verb), 0
    proofs = [at for at, name in enumerate(calls, start=1) if name == "hold.ready"]
    for at in range(proofs[0], proofs[-1] + 1):
        opened = snapshot_of(prepare).open()
        visits, told = Visits(opened), f"moved after call {at} {calls[at - 1]}"
        plan = FaultPlan(Fault(at=at, when=When.AFTER, what=partial(move_candidates, opened)))
        events = list(verb(faulty(opened.world, plan)))
        assert finish(events).outcome is Outcome.LIVE, told
        assert visits.unanswered == [], told
        notes = [one.message for one in events if isinstance(one, Noted)]
        proven_again += any("proven again" in note for note in notes)
    assert proven_again


def test_the_switch_follows_right_upon_the_last_look() -> None:
    calls = calls_of(*SITUATIONS["swarm: deploy"])
    switch = calls.index("hold.write_record_and_routes")
    looks = [at for at, name in enumerate(calls[:switch]) if name == "engine.instance"]
    assert set(calls[looks[-1] + 1 : switch]) <= {"hold.documents_readable"}


def test_what_is_moved_again_and_again_does_not_go_live() -> None:
    prepare, verb = SITUATIONS["swarm: deploy"]
    opened = snapshot_of(prepare).open()
    before = state(opened).active

    def shake() -> None:
        move_candidates(opened)
        opened.clock.call_in(BEGIN_TAKES + OFTEN, shake)

    proofs = calls_of(prepare, verb).index("hold.ready") + 1
    plan = FaultPlan(Fault(at=proofs, when=When.BEFORE, what=shake))
    ended = finish(verb(faulty(opened.world, plan)))
    assert ended.outcome is Outcome.FAILED
    assert state(opened).active == before


def settled(seconds: int) -> MemoryWorld:
    """Something is live that has to stay ready for a while; there is a newer version."""
    opened = open_swarm(replace(WEB, settle=timedelta(seconds=seconds)))
    deploy(opened)
    opened.host.change("web", "2")
    return opened


def test_who_is_moved_while_it_settles_begins_to_settle_anew() -> None:
    opened = settled(4)
    opened.clock.call_in(timedelta(seconds=4), partial(move_candidates, opened))
    moved = opened.clock.now() + timedelta(seconds=4)
    assert deploy(opened) is Outcome.LIVE
    instance = task_of(opened, "web")
    assert instance.started is not None
    assert instance.started > moved
    switched = state(opened).deployments[instance.deployment].activated
    assert switched is not None
    assert switched - instance.started >= timedelta(seconds=4)


def test_who_is_taken_off_its_machine_in_the_drain_is_not_called_dead() -> None:
    opened = open_swarm(WEB)
    busy = Behaviour(connections=1, callers=("10.9.9.9",), drain_takes=timedelta(seconds=20))
    opened.host.behave("web", busy)
    deploy(opened)
    before = state(opened).active["web"]
    opened.host.change("web", "2")
    events = requests.execute(opened.world, Deploy(environment="production"))
    for event in events:
        if isinstance(event, WentLive):
            opened.swarm.lose(task_of(opened, event.services[0]).node)
    ended = finish([event])
    assert ended.failure is not None
    assert "was taken off its machine by the Swarm right after" in ended.failure.message
    assert opened.host.answer(SHOP) == before


def task_of(opened: MemoryWorld, service: str) -> Instance:
    found = opened.world.engine.instance(state(opened).active[service])
    assert found is not None
    return found


def test_the_edges_address_is_taken_and_visitors_are_served_all_the_same() -> None:
    prepare, verb = SITUATIONS["swarm: deploy"]
    for at, name in breakable(prepare, verb, When.AFTER, every=2):
        opened = snapshot_of(prepare).open()
        happen = partial(take_pinned_address, opened)
        carry_out(opened, verb, Fault(at=at, when=When.AFTER, what=happen))
        mend(opened)
        assert all(visitors(opened).values()), f"taken after call {at} {name}"
        settle(opened)
        assert all(visitors(opened).values()), f"taken after call {at} {name}"
        assert state(opened).journal is None, f"taken after call {at} {name}"


def test_another_manager_changes_nothing_while_the_home_does() -> None:
    prepare, verb = SITUATIONS["swarm: deploy"]
    calls = calls_of(prepare, verb)
    for at in range(1, len(calls) + 1, 5):
        opened = snapshot_of(prepare).open()
        told = f"at call {at} {calls[at - 1]}"

        def elsewhere(opened: MemoryWorld = opened, told: str = told) -> None:
            # Its engine has names of its own: it would get every lock.
            there = opened.at_manager("n2")
            before = {**opened.host.containers}
            with pytest.raises(Refused, match="are on n1"):
                list(requests.execute(there.world, Deploy(environment="production")))
            assert opened.host.containers == before, told
            assert there.host.edge is None, told
            assert there.host.locks == {}, told
            assert there.host.records == {}, told

        plan = FaultPlan(Fault(at=at, when=When.AFTER, what=elsewhere))
        assert finish(verb(faulty(opened.world, plan))).outcome is Outcome.LIVE, told
        assert opened.host.problems() == [], told


BY_HAND = {
    "stop": (SWARM.live, handling.stop),
    "start": (SWARM.stopped, handling.start),
    "restart": (SWARM.live, handling.restart),
    "scale up": (SWARM.live, handling.scale_up),
    "scale down": (SWARM.crowded, handling.scale_down),
}


@pytest.mark.parametrize("what", HAPPENINGS)
@pytest.mark.parametrize("verb", BY_HAND)
def test_what_is_done_by_hand_is_settled_by_doing_it_again(verb: str, what: str) -> None:
    prepare, carried_out = BY_HAND[verb]
    for at, name in breakable(prepare, carried_out, When.AFTER, every=3):
        opened = snapshot_of(prepare).open()
        happen = partial(HAPPENINGS[what], opened)
        carry_out(opened, carried_out, Fault(at=at, when=When.AFTER, what=happen))
        mend(opened)
        handling.honest(opened)
        handling.good(opened, carried_out)
        resting = verb == "stop"
        assert (opened.host.answer("api-shop.localhost") is None) is resting, f"{what} after {name}"


def delete(world: World) -> None:
    requests.execute(world, DeleteEnvironment(environment="production", volumes=True))


def shop_to_delete(open_on: Callable[..., MemoryWorld]) -> MemoryWorld:
    opened = open_on(replace(WEB, replicas=2), replace(API, volumes=(("data", "/data"),)))
    deploy(opened)
    list(requests.execute(opened.world, Deploy(environment="staging")))
    return opened


@pytest.mark.parametrize("what", [Killed, unreachable, RuntimeError])
@pytest.mark.parametrize("when", When)
@pytest.mark.parametrize("open_on", [open_shop, open_swarm])
def test_what_a_broken_deletion_leaves_goes_with_the_next(
    open_on: Callable[..., MemoryWorld], when: When, what: Callable[[], BaseException]
) -> None:
    prepared = Snapshot(shop_to_delete(open_on))
    watched = FaultPlan()
    delete(faulty(prepared.open().world, watched))
    for at, name in enumerate(watched.calls, start=1):
        opened = prepared.open()
        with suppress(Killed, CompartmentError, RuntimeError):
            delete(faulty(opened.world, FaultPlan(Fault(at=at, when=when, what=what))))
        opened.host.kill(opened.process)
        opened.clock.advance(CALM)
        assert all(visitors(opened).values()), f"{when} {name}: a route leads to nobody"
        with suppress(NotFound):
            delete(opened.another().world)
        assert nothing_left(opened), f"{when} {name}"
        assert all(visitors(opened).values()), f"{when} {name}"
        assert len(visitors(opened)) == 2, f"{when} {name}: staging is not as it was"


@pytest.mark.parametrize("happen", [lose, lose_leader, lose_leader_for_long, demote])
def test_a_deletion_goes_through_whatever_happens(happen: Callable[[MemoryWorld], None]) -> None:
    prepared = Snapshot(shop_to_delete(open_swarm))
    watched = FaultPlan()
    delete(faulty(prepared.open().world, watched))
    for at, name in enumerate(watched.calls, start=1):
        opened = prepared.open()
        fault = Fault(at=at, when=When.AFTER, what=partial(happen, opened))
        with suppress(CompartmentError):
            delete(faulty(opened.world, FaultPlan(fault)))
        mend(opened)
        with suppress(NotFound):
            delete(opened.another().world)
        assert nothing_left(opened), name
        assert all(visitors(opened).values()), name


def nothing_left(opened: MemoryWorld) -> bool:
    """Whether nothing of production is there, but for what it had of audit lines."""
    host = opened.host
    assert not host.locks
    here = (one for one in host.containers.values() if one.key == PRODUCTION)
    return not any(here) and not any(
        PRODUCTION in places
        for places in (host.networks, host.documents, host.records, host.volumes.values())
    )
