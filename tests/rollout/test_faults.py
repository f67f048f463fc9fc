"""The fault sweeps: whatever fails, is killed or cancelled, at any port call, visitors are served.

Each sweep lists the calls of a fault-free run, then repeats the run with a fault at every one of
them, each time on a copy of the situation. A fault before a call that changes nothing leaves what
the fault after it leaves, so it is that case and not run again.
"""

import errno
import functools
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from compartment_tui.adapters.memory.error_log import MemoryErrorLog
from compartment_tui.adapters.memory.host import Host
from compartment_tui.adapters.memory.world import Behaviour, MemoryWorld
from compartment_tui.domain.config import EngineSpec, EnvironmentConfig
from compartment_tui.domain.engine import NodeInfo
from compartment_tui.domain.errors import CompartmentError
from compartment_tui.domain.events import Event, RunFinished, RunPlanned
from compartment_tui.domain.outcome import Outcome
from compartment_tui.domain.public_side import Rule
from compartment_tui.domain.requests import (
    Deploy,
    Discard,
    Promote,
    PromoteFrom,
    Redeploy,
    Remove,
    Resume,
    Rollback,
)
from compartment_tui.operations import requests
from compartment_tui.ports import Cancel, World
from tests.faults import (
    Fault,
    FaultPlan,
    Killed,
    When,
    faulty,
    unreachable,
)
from tests.machine_snapshot import Fingerprint, Snapshot
from tests.rollout import test_domains as domains
from tests.rollout.shop import (
    API,
    PRODUCTION,
    WEB,
    WORKER,
    change_everything,
    deploy,
    lock,
    open_shop,
    open_swarm,
    state,
)

pytestmark = pytest.mark.long

Verb = Callable[[World], Iterator[Event]]


def first_deploy(world: World) -> Iterator[Event]:
    return requests.execute(world, Deploy(environment="production"))


def roll_back(world: World) -> Iterator[Event]:
    return requests.execute(world, Rollback(environment="production"))


def redeploy(world: World) -> Iterator[Event]:
    return requests.execute(world, Redeploy(environment="production"))


def empty_shop() -> MemoryWorld:
    return open_shop()


def running_shop() -> MemoryWorld:
    """Two versions have been live; a third lies in the repository."""
    opened = open_shop()
    deploy(opened)
    change_everything(opened, "2")
    deploy(opened)
    change_everything(opened, "3")
    return opened


def holding_shop() -> MemoryWorld:
    """Something is live, something newer is held, and a third version lies in the repository."""
    opened = open_shop(API, WORKER)
    deploy(opened)
    change_everything(opened, "2")
    lock(opened)
    change_everything(opened, "3")
    return opened


def holding_after_two() -> MemoryWorld:
    opened = open_shop(API, WORKER)
    for version in "12":
        change_everything(opened, version)
        deploy(opened)
    change_everything(opened, "3")
    lock(opened)
    return opened


def busy_shop() -> MemoryWorld:
    """The same, and staging has a version of its own."""
    opened = holding_shop()
    list(requests.execute(opened.world, Deploy(environment="staging")))
    return opened


def shop_on_two_engines() -> MemoryWorld:
    """Staging, on an engine of its own, is ahead of production."""
    opened = open_shop(API, WORKER)
    config = opened.project.config()
    staging = EnvironmentConfig(name="staging", engine="lab")
    opened.project.write(
        replace(
            config,
            engines=(EngineSpec(name="lab", context="lab"),),
            environments=(*config.environments, staging),
        )
    )
    deploy(opened)
    for service in ("api", "worker"):
        opened.host_of("lab").change(service, "2")
    list(requests.execute(opened.world, Deploy(environment="staging")))
    return opened


def hold_again(world: World) -> Iterator[Event]:
    return requests.execute(world, Deploy(environment="production", hold=True))


def promote(world: World) -> Iterator[Event]:
    return requests.execute(world, Promote(environment="production"))


def promote_across(world: World) -> Iterator[Event]:
    return requests.execute(world, PromoteFrom(origin="staging", environment="production"))


def discard(world: World) -> Iterator[Event]:
    return requests.execute(world, Discard(environment="production"))


def moved_shop() -> MemoryWorld:
    """Everything is as the file says, but for the hosts."""
    opened = open_shop(API, WORKER)
    deploy(opened)
    opened.project.current = replace(opened.project.current, base_domain="example.test")
    return opened


def shrunk_shop() -> MemoryWorld:
    """The file has lost a routed service and a worker, and what is left has changed."""
    opened = open_shop()
    deploy(opened)
    opened.project.current = replace(opened.project.current, services=(WEB,))
    opened.host.change("web", "2")
    return opened


def remove(world: World) -> Iterator[Event]:
    return requests.execute(world, Remove(environment="production"))


def deploy_and_remove(world: World) -> Iterator[Event]:
    return requests.execute(world, Deploy(environment="production", remove_undeclared=True))


def shop_on_new_edge() -> MemoryWorld:
    """What is live was made for an edge that took no inner calls; the one there now does."""
    opened = open_shop(API, WEB)
    opened.world.edge.ensure(opened.project.current.edge)
    edge = opened.host.edge
    assert edge is not None
    edge.lacks = ("takes no calls",)
    deploy(opened)
    edge.lacks = ()
    opened.host.change("web", "2")
    return opened


def deploy_web(world: World) -> Iterator[Event]:
    return requests.execute(world, Deploy(environment="production", services=("web",)))


def visited_shop() -> MemoryWorld:
    """Somebody stays connected to what is to be replaced, for longer than a drain is silent."""
    opened = open_shop(WEB)
    script = Behaviour(connections=2, callers=("10.9.9.9",), drain_takes=timedelta(seconds=1.5))
    opened.host.behave("web", script)
    deploy(opened)
    opened.host.change("web", "2")
    return opened


def public_shop() -> MemoryWorld:
    """Live at a domain; the file has another one, a certificate, a rule and a newer version."""
    opened = domains.shop(replace(domains.PUBLIC, domains=(domains.FIRST,)))
    deploy(opened)
    config = opened.project.config()
    environment = replace(config.environments[0], public={"web": domains.PUBLIC})
    rule = Rule(on="web", path="/api/*", to="api")
    opened.project.write(replace(config, environments=(environment,), rules=(rule,)))
    domains.with_own(opened, domains.own("*.localhost"))
    opened.host.domains[domains.SECOND] = opened.host.domains[domains.FIRST]
    opened.host.change("web", "2")
    return opened


def removed_shop() -> MemoryWorld:
    opened = shrunk_shop()
    list(remove(opened.world))
    return opened


def crowded_shop() -> MemoryWorld:
    """Two versions were live: the first alone, the second with three replicas; there is a third."""
    opened = open_shop(WEB, API)
    deploy(opened)
    change_everything(opened, "2")
    services = (replace(WEB, replicas=3), API)
    opened.project.current = replace(opened.project.current, services=services)
    deploy(opened)
    change_everything(opened, "3")
    return opened


def same_shop() -> MemoryWorld:
    """Everything is live as the repository has it."""
    opened = open_shop(WEB, API)
    deploy(opened)
    return opened


def empty_swarm() -> MemoryWorld:
    return open_swarm(*ON_A_SWARM)


def running_swarm() -> MemoryWorld:
    """Two versions have been live on three machines; a third lies in the repository."""
    opened = empty_swarm()
    deploy(opened)
    change_everything(opened, "2")
    deploy(opened)
    change_everything(opened, "3")
    return opened


def grown_swarm() -> MemoryWorld:
    """A machine has joined since that has no image of what is live."""
    opened = running_swarm()
    opened.swarm.join(NodeInfo(name="n4", address="10.0.0.4"))
    return opened


def holding_swarm() -> MemoryWorld:
    """Something is live on three machines, something newer is held, and there is a third."""
    opened = empty_swarm()
    deploy(opened)
    change_everything(opened, "2")
    lock(opened)
    change_everything(opened, "3")
    return opened


def swarm_with_data() -> MemoryWorld:
    """What keeps data is live on a Swarm, on its home; there is a newer version."""
    opened = open_swarm(replace(WEB, volumes=(("data", "/data"),)), API)
    deploy(opened)
    change_everything(opened, "2")
    return opened


ON_A_SWARM = (replace(WEB, replicas=2), API, WORKER)
SITUATIONS = {
    "first deploy": (empty_shop, first_deploy),
    "deploy": (running_shop, first_deploy),
    "rollback": (running_shop, roll_back),
    "redeploy": (running_shop, redeploy),
    "first hold": (empty_shop, hold_again),
    "hold again": (holding_shop, hold_again),
    "deploy over what is held": (holding_shop, first_deploy),
    "promote": (holding_shop, promote),
    "promote across": (busy_shop, promote_across),
    "promote across engines": (shop_on_two_engines, promote_across),
    "discard": (holding_shop, discard),
    "rollback beside what is held": (holding_after_two, roll_back),
    "other hosts": (moved_shop, first_deploy),
    "domains": (public_shop, first_deploy),
    "remove": (shrunk_shop, remove),
    "deploy and remove": (shrunk_shop, deploy_and_remove),
    "bring back what was removed": (removed_shop, roll_back),
    "inner calls for the first time": (shop_on_new_edge, deploy_web),
    "somebody stays connected": (visited_shop, deploy_web),
    "replicas": (crowded_shop, first_deploy),
    "back to what was alone": (crowded_shop, roll_back),
    "nothing to change": (same_shop, first_deploy),
    "swarm: first deploy": (empty_swarm, first_deploy),
    "swarm: deploy": (running_swarm, first_deploy),
    "swarm: rollback": (running_swarm, roll_back),
    "swarm: redeploy with a new machine": (grown_swarm, redeploy),
    "swarm: hold again": (holding_swarm, hold_again),
    "swarm: promote": (holding_swarm, promote),
    "swarm: discard": (holding_swarm, discard),
    "swarm: deploy of what keeps data": (swarm_with_data, first_deploy),
}
ALIKE = {
    "first hold": 3,
    "deploy over what is held": 2,
    "rollback beside what is held": 3,
    "bring back what was removed": 2,
    "back to what was alone": 2,
}
"""Mostly the calls of another situation: every second or third of them is broken."""
WITH_A_GAP = {"swarm: deploy of what keeps data": "shop.localhost"}
"""A host that nobody answers between two of what runs alone: names do not move in a Swarm."""
BROKEN_TWICE = {
    "deploy": 1,
    "rollback": 1,
    "hold again": 3,
    "promote": 2,
    "discard": 2,
    "swarm: deploy": 2,
    "swarm: promote": 3,
}
"""Those broken a second time while the first is undone or resumed, and how sparsely."""
STEP_BY_STEP = (
    "builder.",
    "engine.run_release",
    *(f"engine.{way}_image" for way in ("save", "load", "spread")),
)
"""Calls that go on between what they yield."""
WHATS: dict[str, Callable[[], BaseException] | None] = {
    "engine unreachable": unreachable,
    "killed": Killed,
    "cancelled": None,
}


@functools.cache
def snapshot_of(prepare: Callable[[], MemoryWorld]) -> Snapshot:
    return Snapshot(prepare())


@functools.cache
def calls_of(prepare: Callable[[], MemoryWorld], verb: Verb) -> tuple[str, ...]:
    plan = FaultPlan()
    list(verb(faulty(snapshot_of(prepare).open().world, plan)))
    return tuple(plan.calls)


class _Watched(FaultPlan):
    """Notes which calls changed something."""

    def __init__(self, opened: MemoryWorld) -> None:
        super().__init__()
        self._opened = opened
        self._before: Fingerprint | None = None
        self.changing: set[int] = set()

    def enter(self, name: str, cancel: Cancel) -> int:
        self._before = Fingerprint(self._opened)
        return super().enter(name, cancel)

    def happen(self, number: int, when: When, cancel: Cancel) -> None:
        # A builder looks at `cancel` itself, and what it does by steps is not seen on the machine.
        inward = self.calls[-1].startswith(STEP_BY_STEP)
        if when is When.AFTER and (inward or Fingerprint(self._opened) != self._before):
            self.changing.add(number)
        super().happen(number, when, cancel)


@functools.cache
def changing_calls(prepare: Callable[[], MemoryWorld], verb: Verb) -> frozenset[int]:
    """The numbers of those calls whose effect can be seen afterwards."""
    opened = snapshot_of(prepare).open()
    plan = _Watched(opened)
    list(verb(faulty(opened.world, plan)))
    assert tuple(plan.calls) == calls_of(prepare, verb)
    return frozenset(plan.changing)


def breakable(
    prepare: Callable[[], MemoryWorld], verb: Verb, when: When, *, every: int = 1
) -> list[tuple[int, str]]:
    """The calls to break before or after their effect, by number and name, or every so many."""
    calls = [*enumerate(calls_of(prepare, verb), start=1)][::every]
    changing = changing_calls(prepare, verb) if when is When.BEFORE else {at for at, _ in calls}
    return [(at, name) for at, name in calls if at in changing]


def visitors(opened: MemoryWorld) -> dict[str, str | None]:
    """Who answers at every host in force, previews included: they must answer while they exist."""
    hosts = [route.host for table in opened.host.in_force.values() for route in table.routes]
    return {host: opened.host.answer(host) for host in hosts}


def unanswered(opened: MemoryWorld) -> list[str]:
    """Who runs and calls a service by its name inside, and gets no answer though one is routed."""
    host, found = opened.host, []
    for key, table in host.in_force.items():
        served = (one for one in table.routes if not (one.stopped or one.waiting))
        names = {one.inside for one in served if one.inside}
        running = (one for one in host.containers.values() if one.key == key and one.running)
        found += [
            f"{one.deployment} gets nobody at {name}"
            for one in running
            for name in sorted(names)
            if host.call(one.deployment, name) is None
        ]
    return found


def public(answers: dict[str, str | None]) -> set[str]:
    """Hosts that may never go; previews come and go with their candidates."""
    return {host for host in answers if not host.startswith("c-")}


def carry_out(opened: MemoryWorld, verb: Verb, *faults: Fault) -> FaultPlan:
    """Run the verb with these faults, to the end of its process."""
    plan = FaultPlan(*faults)
    try:
        for _ in verb(faulty(opened.world, plan)):
            pass
    except (Killed, CompartmentError):
        pass
    opened.host.kill(opened.process)
    return plan


def settle(opened: MemoryWorld) -> None:
    """What the next person does: resume. After it all is well."""
    list(requests.execute(opened.another().world, Resume(environment="production")))


@functools.cache
def hosts_after(situation: str) -> frozenset[str]:
    """The public hosts when nothing goes wrong."""
    prepare, verb = SITUATIONS[situation]
    opened = snapshot_of(prepare).open()
    list(verb(opened.world))
    return frozenset(public(visitors(opened)))


def check(opened: MemoryWorld, before: dict[str, str | None], situation: str, what: str) -> None:
    """Every host as before, or every host as it is to be: never some of either."""
    wanted = hosts_after(situation)
    answers = visitors(opened)
    away = WITH_A_GAP.get(situation)
    nobody = {host for host, answer in answers.items() if answer is None} - {away}
    assert not nobody, f"{what}: a visitor gets nothing: {answers}"
    whole = public(before) <= answers.keys() or wanted <= answers.keys()
    assert whole, f"{what}: a route is gone: {before} {answers}"
    assert away or unanswered(opened) == [], what
    settle(opened)
    assert not opened.host.locks, f"{what}: a lock is held"
    assert opened.host.engine_lock is None, f"{what}: the engine's lock is held"
    assert opened.host.problems() == [], what
    record = opened.host.records.get(PRODUCTION)
    assert record is None or record.journal is None, f"{what}: the journal is still there"
    after = visitors(opened)
    assert all(after.values()), f"{what}: after resume a visitor gets nothing: {after}"
    assert unanswered(opened) == [], f"{what}: after resume"
    whole = public(before) <= after.keys() or wanted <= after.keys()
    assert whole, f"{what}: after resume a route is gone"


@pytest.mark.parametrize("lost", ["lab", ""])
@pytest.mark.parametrize("when", When)
def test_either_engine_is_lost_for_good_at_any_call(lost: str, when: When) -> None:
    situation = "promote across engines"
    prepare, verb = SITUATIONS[situation]
    for at, name in breakable(prepare, verb, when):
        opened = snapshot_of(prepare).open()
        before, host = visitors(opened), opened.host_of(lost)

        def lose(host: Host = host) -> BaseException:
            host.go_away()
            return unreachable()

        carry_out(opened, verb, Fault(at=at, when=when, what=lose))
        assert all(visitors(opened).values()), f"{lost} is lost {when} call {at} {name}"
        host.away = ""
        check(opened, before, situation, f"{lost} is lost {when} call {at} {name}")


def test_an_image_is_read_and_sent_in_one_of_them() -> None:
    calls = calls_of(shop_on_two_engines, promote_across)
    assert {"engine.save_image", "engine.load_image end"} <= set(calls)


def test_who_is_connected_is_asked_in_one_of_them() -> None:
    assert "engine.callers" in calls_of(visited_shop, deploy_web)


@pytest.mark.parametrize("situation", SITUATIONS)
@pytest.mark.parametrize("what", WHATS)
@pytest.mark.parametrize("when", When)
def test_a_fault_at_any_call(situation: str, what: str, when: When) -> None:
    prepare, verb = SITUATIONS[situation]
    for at, name in breakable(prepare, verb, when, every=ALIKE.get(situation, 1)):
        opened = snapshot_of(prepare).open()
        before = visitors(opened)
        carry_out(opened, verb, Fault(at=at, when=when, what=WHATS[what]))
        check(opened, before, situation, f"{what} {when} call {at} {name}")


@pytest.mark.parametrize("what", WHATS)
def test_a_fault_before_what_changes_nothing_is_the_fault_after_it(what: str) -> None:
    changing = changing_calls(running_shop, first_deploy)
    for at, name in breakable(running_shop, first_deploy, When.AFTER, every=5):
        left = []
        for when in When:
            opened = snapshot_of(running_shop).open()
            carry_out(opened, first_deploy, Fault(at=at, when=when, what=WHATS[what]))
            left.append((opened.world.engine.instances(), opened.host.records, opened.clock.now()))
        assert left[0] == left[1] or at in changing, f"{what}: call {at} {name}"


@pytest.mark.parametrize("situation", SITUATIONS)
def test_the_stream_is_closed_after_any_event(situation: str) -> None:
    prepare, verb = SITUATIONS[situation]
    for after in range(1, len(list(verb(snapshot_of(prepare).open().world))) + 1):
        opened = snapshot_of(prepare).open()
        before = visitors(opened)
        events = verb(opened.world)
        for _ in range(after):
            next(events)
        events.close()  # type: ignore[attr-defined]
        check(opened, before, situation, f"closed after event {after}")


PAIRS = (
    (unreachable, Killed),
    (unreachable, unreachable),
    (None, Killed),
    (None, unreachable),
    (None, None),
)


@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.parametrize("situation", BROKEN_TWICE)
def test_a_second_fault_while_the_first_is_being_undone(
    situation: str,
    pair: tuple[Callable[[], BaseException] | None, Callable[[], BaseException] | None],
) -> None:
    prepare, verb = SITUATIONS[situation]
    first, second = pair
    calls = calls_of(prepare, verb)
    for at in range(
        calls.index("locks.environment") + 1, len(calls) + 1, 3 * BROKEN_TWICE[situation]
    ):
        for later in (1, 4, 9):
            opened = snapshot_of(prepare).open()
            before = visitors(opened)
            faults = (
                Fault(at=at, when=When.AFTER, what=first),
                Fault(at=at + later, when=When.BEFORE, what=second),
            )
            carry_out(opened, verb, *faults)
            check(
                opened,
                before,
                situation,
                f"{situation} {pair}: call {at} {calls[at - 1]} and {later} later",
            )


@pytest.mark.parametrize("situation", BROKEN_TWICE)
def test_resume_is_killed_too(situation: str) -> None:
    prepare, verb = SITUATIONS[situation]
    calls = calls_of(prepare, verb)
    for at in range(
        calls.index("locks.environment") + 1, len(calls) + 1, 5 * BROKEN_TWICE[situation]
    ):
        broken = snapshot_of(prepare).open()
        before = visitors(broken)
        carry_out(broken, verb, Fault(at=at, when=When.AFTER, what=Killed))
        left_behind = Snapshot(broken)
        again, reached = -1, True
        while reached:
            again += 3
            opened = left_behind.open()
            plan = carry_out(
                opened.another(),
                lambda world: requests.execute(world, Resume(environment="production")),
                Fault(at=again, when=When.AFTER, what=Killed),
            )
            reached = plan.reached()
            check(
                opened,
                before,
                situation,
                f"killed at {at} {calls[at - 1]}, resume killed at {again}",
            )


class Surprise(RuntimeError):
    """What nobody foresaw."""


@pytest.mark.parametrize("situation", SITUATIONS)
@pytest.mark.parametrize("when", When)
def test_a_surprise_at_any_call_is_undone_and_told(situation: str, when: When) -> None:
    prepare, verb = SITUATIONS[situation]
    for at, name in breakable(prepare, verb, when, every=ALIKE.get(situation, 1)):
        opened = snapshot_of(prepare).open()
        before = visitors(opened)
        plan = FaultPlan(Fault(at=at, when=when, what=Surprise))
        events = []
        try:
            for event in verb(faulty(opened.world, plan)):
                events.append(event)  # noqa: PERF402 - those before an exception count
        except Surprise:
            begun = any(isinstance(event, RunPlanned) for event in events)
            ended = events and isinstance(events[-1], RunFinished)
            assert ended or not begun, f"{situation}: {name} {when}: the run was left open"
        opened.host.kill(opened.process)
        record = opened.host.records.get(PRODUCTION)
        last = events[-1] if events else None
        if isinstance(last, RunFinished) and last.outcome is not Outcome.NEEDS_ATTENTION:
            assert record is None or record.journal is None, f"{name} {when}: the journal is left"
        check(opened, before, situation, f"a surprise {when} call {at} {name}")


def test_a_surprise_is_named_and_its_details_are_kept() -> None:
    opened = running_shop()
    at = calls_of(running_shop, first_deploy).index("engine.start") + 1
    plan = FaultPlan(Fault(at=at, when=When.BEFORE, what=lambda: Surprise("boom")))
    last = list(first_deploy(faulty(opened.world, plan)))[-1]
    assert isinstance(last, RunFinished)
    assert last.outcome is Outcome.FAILED
    assert last.failure is not None
    assert last.failure.code == "unexpected"
    assert "Surprise: boom" in last.failure.message
    assert isinstance(opened.world.error_log, MemoryErrorLog)
    assert [str(error) for error in opened.world.error_log.errors] == ["boom"]
    assert state(opened).journal is None


def test_what_the_machine_refuses_is_no_bug() -> None:
    opened = running_shop()
    at = calls_of(running_shop, first_deploy).index("builder.build") + 1
    full = OSError(errno.ENOSPC, "No space left on device", "/tmp/x")
    plan = FaultPlan(Fault(at=at, when=When.BEFORE, what=lambda: full))
    last = list(first_deploy(faulty(opened.world, plan)))[-1]
    assert isinstance(last, RunFinished)
    assert last.failure is not None
    assert last.failure.code == "surroundings"
    assert "No space left on device (/tmp/x)" in last.failure.message
    assert "TMPDIR" in last.failure.hint
