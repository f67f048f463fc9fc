"""One changing operation at a time, and none that goes on without its lock."""

from collections.abc import Callable

import pytest

from compartment_tui.domain.config import Readiness, ReadinessKind
from compartment_tui.domain.deployment import EnvironmentState
from compartment_tui.domain.errors import Locked, LockLost
from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.domain.routes import RouteTable
from compartment_tui.ports import Hold
from tests.contract.bench import Bench


def test_a_lock_excludes_and_names_its_holder(bench: Bench) -> None:
    other = bench.another()
    before = bench.world.clock.now()
    with bench.hold("deploy"):
        with pytest.raises(Locked) as refused:
            other.locks.environment(bench.key, actor="bob@desk", purpose="rollback")
        assert refused.value.holder == bench.world.actor
        assert refused.value.since >= before.replace(microsecond=0)
        holder = other.locks.holder(bench.key)
        assert holder is not None
        assert (holder.key, holder.holder, holder.purpose, holder.since) == (
            bench.key,
            bench.world.actor,
            "deploy",
            refused.value.since,
        )


def test_a_process_excludes_itself(bench: Bench) -> None:
    with bench.hold(), pytest.raises(Locked):
        bench.hold()


def test_a_lock_can_be_taken_again_when_it_was_given_back(bench: Bench) -> None:
    for _ in range(2):
        with bench.hold() as hold:
            hold.confirm()
    assert bench.world.locks.holder(bench.key) is None


def test_a_lock_is_given_back_when_its_holder_fails(bench: Bench) -> None:
    with pytest.raises(ZeroDivisionError), bench.hold():
        raise ZeroDivisionError
    with bench.hold():
        pass


def test_other_environments_are_not_excluded(bench: Bench) -> None:
    other = EnvironmentKey(bench.key.project, "other")
    with bench.hold(), bench.world.locks.environment(other, actor="bob@desk", purpose="deploy"):
        assert bench.world.locks.holder(other) is not None
    assert bench.world.locks.holder(other) is None


def test_a_lock_is_gone_when_its_holder_dies(bench: Bench) -> None:
    kill = bench.hold_elsewhere(bench.key, "eve@ci")
    try:
        with pytest.raises(Locked) as refused:
            bench.hold()
        assert refused.value.holder == "eve@ci"
    finally:
        kill()
    assert bench.eventually(lambda: bench.world.locks.holder(bench.key) is None)
    with bench.hold() as hold:
        hold.confirm()


def test_a_lock_can_be_taken_away(bench: Bench) -> None:
    assert not bench.world.locks.release(bench.key)
    with bench.hold():
        assert bench.world.locks.release(bench.key)
        assert bench.world.locks.holder(bench.key) is None
        with bench.hold() as next_one:
            next_one.confirm()


EVERYTHING_A_HOLD_DOES: dict[str, Callable[[Bench, Hold], object]] = {
    "confirm": lambda bench, hold: hold.confirm(),
    "record": lambda bench, hold: hold.record(),
    "write_record": lambda bench, hold: hold.write_record(EnvironmentState(key=bench.key)),
    "routes": lambda bench, hold: hold.routes(),
    "write_routes": lambda bench, hold: hold.write_routes(RouteTable(marker="run_late")),
    "in_force": lambda bench, hold: hold.in_force(RouteTable()),
    "ready": lambda bench, hold: hold.ready(
        bench.create("web"), Readiness(kind=ReadinessKind.TCP), 8080
    ),
}


@pytest.mark.parametrize("does", EVERYTHING_A_HOLD_DOES)
def test_who_lost_the_lock_can_do_nothing_more(bench: Bench, does: str) -> None:
    with bench.hold() as hold:
        bench.world.locks.release(bench.key)
        with bench.hold():
            with pytest.raises(LockLost):
                EVERYTHING_A_HOLD_DOES[does](bench, hold)
            assert bench.world.records.read(bench.key) is None
            assert bench.key not in bench.world.edge.tables()


def test_who_gave_the_lock_back_can_do_nothing_more(bench: Bench) -> None:
    with bench.hold() as hold:
        pass
    with pytest.raises(LockLost):
        hold.write_record(EnvironmentState(key=bench.key))
    assert bench.world.records.read(bench.key) is None


def test_leaving_a_lost_lock_does_not_take_the_next_ones(bench: Bench) -> None:
    with bench.hold():
        bench.world.locks.release(bench.key)
        successor = bench.hold()
    with successor:
        successor.confirm()


def test_the_engines_lock_is_given_back(bench: Bench) -> None:
    for world in (bench.world, bench.another()):
        with world.locks.engine(actor=world.actor):
            pass


def test_the_engines_lock_does_not_exclude_an_environments(bench: Bench) -> None:
    with bench.hold() as hold, bench.world.locks.engine(actor=bench.world.actor):
        hold.confirm()
