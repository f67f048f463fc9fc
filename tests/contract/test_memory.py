"""What only the memory world can do: scripts, crashes, and telling what is wrong."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from compartment_tui.adapters.memory.behaviour import Behaviour, Remark
from compartment_tui.adapters.memory.container import KEPT_LINES
from compartment_tui.adapters.memory.world import MemoryWorld, memory_world
from compartment_tui.domain.config import EdgeSettings
from compartment_tui.domain.deployment import (
    Deployment,
    EnvironmentRecord,
    Health,
    InstanceState,
    Stage,
    Trigger,
)
from compartment_tui.domain.errors import DiskFull, EngineUnreachable, Locked, PortTaken
from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.domain.routes import Route, RouteTable
from compartment_tui.ports import World
from tests.contract.bench import SECOND, contract_config
from tests.contract.memory_bench import MemoryBench
from tests.faults import (
    Fault,
    FaultPlan,
    Killed,
    When,
    faulty,
    unreachable,
)

KEY = EnvironmentKey("shop", "production")
HOST = "shop.localhost"


@pytest.fixture
def opened() -> MemoryWorld:
    ours = memory_world(contract_config("shop", EdgeSettings()))
    ours.world.engine.make_network(KEY, ours.project.current.networks)
    ours.world.edge.ensure(ours.project.current.edge)
    return ours


def start(opened: MemoryWorld, behaviour: Behaviour) -> str:
    """A deployment of `web` that behaves like this; its id."""
    opened.host.behave("web", behaviour)
    bench = MemoryBench(opened, KEY)
    lines = opened.world.builder.pull(bench.plan("web"), opened.cancel)
    while True:
        try:
            next(lines)
        except StopIteration:
            return bench.start("web").deployment


def make_live(opened: MemoryWorld, deployment: str) -> None:
    """Routed, named and on the record, as after a run."""
    route = Route(host=HOST, deployment=deployment, port=8080)
    one = Deployment(
        id=deployment,
        run="run_1",
        service="web",
        created=opened.clock.now(),
        trigger=Trigger.DEPLOY,
        spec="",
        host=HOST,
        stage=Stage.ACTIVE,
    )
    with opened.world.locks.environment(KEY, actor="ada", purpose="deploy") as lock:
        lock.write_routes(RouteTable(marker="run_1", routes=(route,)))
        lock.write_record(
            EnvironmentRecord(key=KEY, active={"web": deployment}, deployments={deployment: one})
        )
    opened.world.engine.name_active(KEY, {"web": deployment})
    opened.clock.sleep(SECOND)


def test_time_makes_ready(opened: MemoryWorld) -> None:
    deployment = start(opened, Behaviour(ready_after=5 * SECOND, ready_for=SECOND))
    container = opened.host.containers[deployment]
    answers = []
    for _ in range(8):
        answers.append(container.refuses() is None)
        opened.clock.sleep(SECOND)
    assert answers == [False] * 5 + [True] + [False] * 2


def test_probes_make_ready(opened: MemoryWorld) -> None:
    container = opened.host.containers[start(opened, Behaviour(refused_probes=2))]
    assert [container.probe() is None for _ in range(4)] == [False, False, True, True]


def test_a_healthcheck_is_pending_first(opened: MemoryWorld) -> None:
    behaviour = Behaviour(ready_after=SECOND, check=Health.UNHEALTHY, check_output="no")
    deployment = start(opened, behaviour)
    seen = []
    for _ in range(2):
        instance = opened.world.engine.instance(deployment)
        assert instance is not None
        seen.append(instance.checked)
        opened.clock.sleep(SECOND)
    assert seen == [Health.PENDING, Health.UNHEALTHY]


def test_death_in_service_counts_from_the_switch(opened: MemoryWorld) -> None:
    deployment = start(opened, Behaviour(exits_in_service_after=3 * SECOND, exit_code=9))
    opened.clock.sleep(10 * SECOND)
    container = opened.host.containers[deployment]
    assert container.running
    make_live(opened, deployment)
    opened.clock.sleep(SECOND)
    assert container.running
    opened.clock.sleep(2 * SECOND)
    assert container.state is InstanceState.EXITED
    assert container.exit_code == 9
    assert opened.host.answer(HOST) is None


def test_connections_drain_after_the_switch(opened: MemoryWorld) -> None:
    old = start(opened, Behaviour(connections=3, drain_takes=5 * SECOND))
    make_live(opened, old)
    count = opened.world.engine.count_connections(old, 8080)
    assert len(count.now()) == 3
    make_live(opened, start(opened, Behaviour()))
    seen = []
    for _ in range(6):
        seen.append(len(count.now()))
        opened.clock.sleep(SECOND)
    assert seen == [3, 3, 3, 3, 3, 0]


@pytest.mark.parametrize(("takes", "code"), [(2, 0), (20, 137)])
def test_stopping_takes_its_time_or_the_grace(opened: MemoryWorld, takes: int, code: int) -> None:
    deployment = start(opened, Behaviour(stop_takes=takes * SECOND))
    before = opened.clock.monotonic()
    opened.world.engine.retire(deployment, 10 * SECOND)
    assert opened.clock.monotonic() - before == min(takes, 10) * SECOND
    assert opened.host.containers[deployment].exit_code == code


def test_whoever_closed_a_feed_is_not_told_any_more(opened: MemoryWorld) -> None:
    deployment = start(opened, Behaviour())
    container, engine = opened.host.containers[deployment], opened.world.engine
    lines = engine.logs(deployment, follow=True, tail=0, since=None)
    for feed in (lines, engine.stats(deployment), engine.events(KEY.project)):
        feed.close()
        feed.close()
    container.write("nobody reads this")
    assert (container.followers, container.watchers, opened.host.listeners) == ([], [], [])
    assert list(lines) == []


def test_a_long_log_is_cut_at_its_beginning(opened: MemoryWorld) -> None:
    container = opened.host.containers[start(opened, Behaviour())]
    for number in range(2 * KEPT_LINES):
        container.write(str(number))
    assert len(container.log) <= KEPT_LINES
    assert container.log[-1].message == str(2 * KEPT_LINES - 1)


def test_a_container_talks_while_it_runs(opened: MemoryWorld) -> None:
    def talk(key: EnvironmentKey, deployment: str, said: int) -> Remark:
        return Remark(after=SECOND, line=f"{key.environment} {said}")

    deployment = start(opened, Behaviour(says=(), chatter=talk))
    opened.clock.sleep(2 * SECOND)
    opened.world.engine.retire(deployment, SECOND)
    opened.clock.sleep(5 * SECOND)
    assert opened.world.engine.tail(deployment, 10) == ("production 0", "production 1")
    opened.world.engine.start(deployment)
    opened.clock.sleep(SECOND)
    assert opened.world.engine.tail(deployment, 1) == ("production 0",)


def test_a_full_disk(opened: MemoryWorld) -> None:
    opened.host.disk_full = True
    with (
        opened.world.locks.environment(KEY, actor="ada", purpose="deploy") as lock,
        pytest.raises(DiskFull),
    ):
        lock.write_record(EnvironmentRecord(key=KEY))
    assert opened.host.records == {}


def test_a_port_in_use(opened: MemoryWorld) -> None:
    opened.world.edge.remove()
    opened.host.taken_ports[8080] = "nginx"
    with pytest.raises(PortTaken, match="nginx"):
        opened.world.edge.ensure(EdgeSettings())
    assert opened.world.edge.info() is None


def test_the_engines_lock_is_waited_for_and_then_refused(opened: MemoryWorld) -> None:
    before = opened.clock.monotonic()
    with opened.world.locks.engine(actor="ada@laptop"), pytest.raises(Locked) as refused:
        opened.another().world.locks.engine(actor="bob@desk")
    assert refused.value.holder == "ada@laptop"
    assert opened.clock.monotonic() - before >= timedelta(seconds=60)


def test_the_engines_lock_dies_with_its_holder(opened: MemoryWorld) -> None:
    opened.world.locks.engine(actor="ada@laptop")
    opened.clock.call_in(SECOND, lambda: opened.host.kill(opened.process))
    with opened.another().world.locks.engine(actor="bob@desk"):
        assert opened.host.engine_lock is not None


def test_an_unreadable_document_blocks_everybody(opened: MemoryWorld) -> None:
    opened.host.unreadable.append("spoiled.toml")
    make_live(opened, start(opened, Behaviour()))
    assert opened.host.answer(HOST) is None
    opened.world.edge.set_aside("spoiled.toml")
    opened.clock.sleep(SECOND)
    assert opened.host.answer(HOST) is not None


# --- telling what is wrong ------------------------------------------------------------------------


def test_nothing_is_wrong_with_a_live_service(opened: MemoryWorld) -> None:
    make_live(opened, start(opened, Behaviour()))
    assert opened.host.problems() == []


def only_problem(opened: MemoryWorld) -> str:
    (problem,) = opened.host.problems()
    return problem


def test_a_route_to_what_does_not_run(opened: MemoryWorld) -> None:
    deployment = start(opened, Behaviour())
    make_live(opened, deployment)
    opened.world.engine.retire(deployment, SECOND)
    assert any("does not run" in one for one in opened.host.problems())
    opened.world.engine.remove(deployment)
    assert any("is gone" in one for one in opened.host.problems())


def test_a_container_nobody_explains(opened: MemoryWorld) -> None:
    make_live(opened, start(opened, Behaviour()))
    stray = start(opened, Behaviour())
    assert stray in only_problem(opened)
    opened.world.engine.retire(stray, SECOND)
    assert opened.host.problems() == []


def test_two_bearers_of_a_name(opened: MemoryWorld) -> None:
    live, stray = (start(opened, Behaviour()) for _ in range(2))
    make_live(opened, live)
    opened.world.engine.retire(stray, SECOND)
    opened.host.containers[stray].name = opened.host.containers[live].name
    assert "web.a.production.shop is the name of" in only_problem(opened)


def test_a_record_that_the_edge_contradicts(opened: MemoryWorld) -> None:
    make_live(opened, start(opened, Behaviour()))
    opened.world.edge.forget(KEY)
    opened.clock.sleep(SECOND)
    assert "has no route in force" in only_problem(opened)


# --- faults ---------------------------------------------------------------------------------------


def verb(world: World) -> Iterator[str]:
    """A little of everything that a run does."""
    staging = EnvironmentKey("shop", "staging")
    world.engine.make_network(staging, world.project.config().networks)
    with world.locks.environment(KEY, actor="ada", purpose="deploy") as lock:
        lock.write_record(EnvironmentRecord(key=KEY))
        yield "written"


CALLS = [
    "project.config",
    "engine.make_network",
    "locks.environment",
    "hold.write_record",
    "hold.release",
]


def test_every_call_is_named(opened: MemoryWorld) -> None:
    plan = FaultPlan()
    assert list(verb(faulty(opened.world, plan))) == ["written"]
    assert plan.calls == CALLS
    assert opened.host.locks == {}


@pytest.mark.parametrize(("when", "written"), [(When.BEFORE, False), (When.AFTER, True)])
def test_a_fault_comes_before_or_after_the_effect(
    opened: MemoryWorld, when: When, written: bool
) -> None:
    plan = FaultPlan(Fault(at=4, when=when, what=unreachable))
    with pytest.raises(EngineUnreachable):
        list(verb(faulty(opened.world, plan)))
    assert (KEY in opened.host.records) is written
    assert plan.reached()
    assert opened.host.locks == {}


def test_a_dead_process_does_nothing_more(opened: MemoryWorld) -> None:
    plan = FaultPlan(Fault(at=4, when=When.AFTER, what=Killed))
    with pytest.raises(Killed):
        list(verb(faulty(opened.world, plan)))
    assert plan.calls == CALLS[:4]
    assert KEY in opened.host.locks
    opened.host.kill(opened.process)
    assert opened.host.locks == {}


def test_a_lock_that_was_taken_by_a_failing_call_is_not_kept(opened: MemoryWorld) -> None:
    plan = FaultPlan(Fault(at=3, when=When.AFTER, what=unreachable))
    with pytest.raises(EngineUnreachable):
        list(verb(faulty(opened.world, plan)))
    assert opened.host.locks == {}


def test_a_person_asks_to_stop_at_a_call(opened: MemoryWorld) -> None:
    plan = FaultPlan(Fault(at=2, when=When.BEFORE, what=None))
    assert list(verb(faulty(opened.world, plan))) == ["written"]
    assert opened.cancel.requests == 1


@pytest.mark.parametrize(
    ("at", "when", "seen"),
    [
        (1, When.BEFORE, []),
        (1, When.AFTER, []),
        (2, When.BEFORE, ["reading the build context", "image is ready"]),
    ],
)
def test_lines_can_fail_at_their_first_step_and_at_their_end(
    opened: MemoryWorld, at: int, when: When, seen: list[str]
) -> None:
    plan = FaultPlan(Fault(at=at, when=when))
    lines = faulty(opened.world, plan).builder.build(
        MemoryBench(opened, KEY).plan("built"), opened.cancel
    )
    said: list[str] = []
    with pytest.raises(EngineUnreachable):
        said.extend(lines)
    assert said == seen
    assert plan.calls == ["builder.build", "builder.build end"][:at]
