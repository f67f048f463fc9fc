import os
import re
import signal
import threading
import time
from datetime import UTC, timedelta
from types import SimpleNamespace

import pytest

from compartment_tui.adapters.system import STOP_SIGNALS, SignalCancel, SystemClock, actor


@pytest.mark.parametrize("number", STOP_SIGNALS)
def test_every_way_to_ask_is_counted_and_put_back(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with SignalCancel() as cancel:
        assert cancel.requests == 0
        os.kill(os.getpid(), number)
        os.kill(os.getpid(), number)
        assert cancel.requests == 2
    assert signal.getsignal(number) is before


def test_an_ignored_signal_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with SignalCancel() as cancel:
            os.kill(os.getpid(), signal.SIGHUP)
            assert cancel.requests == 0
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_request_ends_the_sleep_it_falls_into() -> None:
    with SignalCancel() as cancel:
        timer = threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT))
        timer.start()
        began = time.monotonic()
        SystemClock(cancel).sleep(timedelta(seconds=10))
        assert time.monotonic() - began < 9
        assert cancel.requests == 1
        timer.join()


def test_an_earlier_request_does_not_shorten_a_sleep() -> None:
    began = time.monotonic()
    SystemClock(SimpleNamespace(requests=1)).sleep(timedelta(milliseconds=120))
    assert time.monotonic() - began >= 0.12


def test_time_is_aware_and_ids_are_new() -> None:
    clock = SystemClock(SignalCancel())
    assert clock.now().tzinfo is UTC
    first, second = clock.new_id("dep"), clock.new_id("dep")
    assert re.fullmatch(r"dep_[0-9A-HJKMNP-TV-Z]{26}", first)
    assert first != second
    earlier = clock.monotonic()
    assert clock.monotonic() >= earlier


def test_who_acts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "ada")
    monkeypatch.setattr("socket.gethostname", lambda: "laptop")
    assert actor() == "ada@laptop"

    def nameless() -> str:
        raise KeyError("getpwuid(): uid not found: 4711")

    monkeypatch.setattr("getpass.getuser", nameless)
    assert actor() == f"{os.getuid()}@laptop"


def test_a_user_without_a_name_acts_by_number(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> str:
        raise KeyError("getpwuid(): uid not found: 12345")

    monkeypatch.setattr("getpass.getuser", nobody)
    assert actor().startswith(f"{os.getuid()}@")
