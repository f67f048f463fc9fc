"""A pretended clock that goes by itself."""

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from compartment_tui.adapters.demo.live_clock import LiveClock

START = datetime(2026, 1, 1, tzinfo=UTC)
SOON = timedelta(milliseconds=30)
PATIENCE = 60.0


@pytest.fixture
def clock() -> Iterator[LiveClock]:
    ours = LiveClock(START)
    yield ours
    ours.stop()


def test_it_stands_still_until_it_follows(clock: LiveClock) -> None:
    clock.sleep(timedelta(hours=1))
    assert clock.now() == START + timedelta(hours=1)
    time.sleep(0.02)
    assert clock.now() == START + timedelta(hours=1)


def test_then_it_goes_as_fast_as_the_real_one(clock: LiveClock) -> None:
    clock.advance(timedelta(hours=1))
    clock.follow()
    began, before = time.monotonic(), clock.now()
    time.sleep(0.05)
    passed = clock.now() - before
    assert timedelta(seconds=0.05) <= passed <= timedelta(seconds=time.monotonic() - began)
    assert before >= START + timedelta(hours=1)


def test_what_is_due_happens_without_anybody_sleeping(clock: LiveClock) -> None:
    happened = threading.Event()
    clock.follow()
    clock.call_in(timedelta(hours=1), lambda: None)  # an earlier one still wakes it
    clock.call_in(SOON, happened.set)
    assert happened.wait(PATIENCE)


def test_what_was_due_before_it_followed_happens_too(clock: LiveClock) -> None:
    happened = threading.Event()
    clock.call_in(SOON, happened.set)
    assert not happened.wait(0.1)
    clock.follow()
    assert happened.wait(PATIENCE)


def test_two_who_sleep_do_not_make_it_run_faster(clock: LiveClock) -> None:
    clock.follow()
    began, before = time.monotonic(), clock.monotonic()
    pause = timedelta(milliseconds=80)
    sleepers = [threading.Thread(target=clock.sleep, args=(pause,)) for _ in range(4)]
    for one in sleepers:
        one.start()
    for one in sleepers:
        one.join(PATIENCE)
    passed = clock.monotonic() - before
    assert passed >= pause
    assert passed <= timedelta(seconds=time.monotonic() - began)


def test_stopped_it_does_nothing_more(clock: LiveClock) -> None:
    happened = threading.Event()
    clock.follow()
    clock.stop()
    clock.call_in(SOON, happened.set)
    assert not happened.wait(0.1)
