"""Time moves forward, and ids are made in order."""

from datetime import timedelta

from tests.contract.bench import Bench

PAUSE = timedelta(milliseconds=20)


def test_time_is_utc_and_passes_while_sleeping(bench: Bench) -> None:
    clock = bench.world.clock
    now, elapsed = clock.now(), clock.monotonic()
    clock.sleep(PAUSE)
    assert clock.now().utcoffset() == timedelta()
    assert clock.now() >= now + PAUSE
    assert clock.monotonic() >= elapsed + PAUSE


def test_sleeping_no_time_is_no_error(bench: Bench) -> None:
    bench.world.clock.sleep(timedelta())
    bench.world.clock.sleep(-PAUSE)


def test_ids_are_all_different_and_sort_by_age(bench: Bench) -> None:
    clock = bench.world.clock
    ids = []
    for _ in range(5):
        ids.append(clock.new_id("dep"))
        clock.sleep(timedelta(milliseconds=2))
    assert ids == sorted(set(ids))
    assert {(len(one), one[:4]) for one in ids} == {(30, "dep_")}


def test_nobody_has_asked_to_stop(bench: Bench) -> None:
    assert bench.world.cancel.requests == 0
