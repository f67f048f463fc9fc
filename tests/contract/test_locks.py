"""One changing operation at a time, and none that goes on without its lock."""

from collections.abc import Callable

import pytest

from compartment_tui.domain.config import Readiness, ReadinessKind
from compartment_tui.domain.deployment import EnvironmentRecord
from compartment_tui.domain.errors import Locked, LockLost
from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.domain.routes import RouteTable
from compartment_tui.ports import EnvironmentLock
from tests.contract.bench import Bench


def test_a_lock_excludes_and_names_its_holder(bench: Bench) -> None:
    other = bench.another()
    before = bench.world.clock.now()
    with bench.lock("deploy"):
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
    with bench.lock(), pytest.raises(Locked):
        bench.lock()


def test_a_lock_can_be_taken_again_when_it_was_given_back(bench: Bench) -> None:
    for _ in range(2):
        with bench.lock() as lock:
            lock.confirm()
    assert bench.world.locks.holder(bench.key) is None


def test_a_lock_is_given_back_when_its_holder_fails(bench: Bench) -> None:
    with pytest.raises(ZeroDivisionError), bench.lock():
        raise ZeroDivisionError
    with bench.lock():
        pass


def test_a_lock_that_was_begun_ahead_is_handed_over_once(bench: Bench) -> None:
    locks = bench.world.locks
    with locks.ahead(bench.key, actor="bob@desk", purpose="deploy"):
        with locks.environment(bench.key, actor="bob@desk", purpose="deploy") as lock:
            lock.confirm()
            with pytest.raises(Locked):
                locks.environment(bench.key, actor="bob@desk", purpose="deploy")
        with bench.lock() as again:
            again.confirm()
    assert locks.holder(bench.key) is None


def test_a_lock_that_nobody_asked_for_is_given_back(bench: Bench) -> None:
    with (
        pytest.raises(ZeroDivisionError),
        bench.world.locks.ahead(bench.key, actor="bob@desk", purpose="deploy"),
    ):
        raise ZeroDivisionError
    with bench.lock() as lock:
        lock.confirm()


def test_who_asks_for_a_lock_that_was_not_to_be_had_is_told(bench: Bench) -> None:
    with (
        bench.lock("rollback"),
        bench.world.locks.ahead(bench.key, actor="bob@desk", purpose="deploy"),
        pytest.raises(Locked) as refused,
    ):
        bench.world.locks.environment(bench.key, actor="bob@desk", purpose="deploy")
    assert refused.value.holder == bench.world.actor


def test_other_environments_are_not_excluded(bench: Bench) -> None:
    other = EnvironmentKey(bench.key.project, "other")
    with bench.lock(), bench.world.locks.environment(other, actor="bob@desk", purpose="deploy"):
        assert bench.world.locks.holder(other) is not None
    assert bench.world.locks.holder(other) is None


def test_a_lock_is_gone_when_its_holder_dies(bench: Bench) -> None:
    kill = bench.hold_elsewhere(bench.key, "eve@ci")
    try:
        with pytest.raises(Locked) as refused:
            bench.lock()
        assert refused.value.holder == "eve@ci"
    finally:
        kill()
    assert bench.eventually(lambda: bench.world.locks.holder(bench.key) is None)
    with bench.lock() as lock:
        lock.confirm()


def test_a_lock_can_be_taken_away(bench: Bench) -> None:
    assert not bench.world.locks.break_lock(bench.key)
    with bench.lock():
        assert bench.world.locks.break_lock(bench.key)
        assert bench.world.locks.holder(bench.key) is None
        with bench.lock() as next_one:
            next_one.confirm()


def read_ahead(_: Bench, lock: EnvironmentLock) -> None:
    lock.read_ahead()
    lock.read_record()


EVERYTHING_A_HOLD_DOES: dict[str, Callable[[Bench, EnvironmentLock], object]] = {
    "confirm": lambda bench, lock: lock.confirm(),
    "record": lambda bench, lock: lock.read_record(),
    "read_ahead": read_ahead,
    "write_record": lambda bench, lock: lock.write_record(EnvironmentRecord(key=bench.key)),
    "routes": lambda bench, lock: lock.routes(),
    "write_routes": lambda bench, lock: lock.write_routes(RouteTable(marker="run_late")),
    "write_record_and_routes": lambda bench, lock: lock.write_record_and_routes(
        EnvironmentRecord(key=bench.key), RouteTable(marker="run_late")
    ),
    "in_force": lambda bench, lock: lock.in_force(RouteTable()),
    "ready": lambda bench, lock: lock.ready(
        bench.create("web"), Readiness(kind=ReadinessKind.TCP), 8080
    ),
}


@pytest.mark.parametrize("does", EVERYTHING_A_HOLD_DOES)
def test_who_lost_the_lock_can_do_nothing_more(bench: Bench, does: str) -> None:
    with bench.lock() as lock:
        bench.world.locks.break_lock(bench.key)
        with bench.lock():
            with pytest.raises(LockLost):
                EVERYTHING_A_HOLD_DOES[does](bench, lock)
            assert bench.world.records.read(bench.key) is None
            assert bench.key not in bench.world.edge.tables()


def test_who_gave_the_lock_back_can_do_nothing_more(bench: Bench) -> None:
    with bench.lock() as lock:
        pass
    with pytest.raises(LockLost):
        lock.write_record(EnvironmentRecord(key=bench.key))
    assert bench.world.records.read(bench.key) is None


def test_leaving_a_lost_lock_does_not_take_the_next_ones(bench: Bench) -> None:
    with bench.lock():
        bench.world.locks.break_lock(bench.key)
        successor = bench.lock()
    with successor:
        successor.confirm()


def test_a_single_machine_keeps_no_copy_and_says_nothing_of_it(bench: Bench) -> None:
    with bench.lock() as lock:
        lock.write_record(EnvironmentRecord(key=bench.key))
        assert lock.keep_copy() == ""
    bench.world.locks.break_lock(bench.key)
    assert lock.keep_copy() == ""


def test_the_engines_lock_is_given_back(bench: Bench) -> None:
    for world in (bench.world, bench.another()):
        with world.locks.engine(actor=world.actor):
            pass


def test_the_engines_lock_does_not_exclude_an_environments(bench: Bench) -> None:
    with bench.lock() as lock, bench.world.locks.engine(actor=bench.world.actor):
        lock.confirm()
