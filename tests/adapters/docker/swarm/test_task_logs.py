"""Lines of a task that are followed: they end with it."""

import threading
from datetime import UTC, datetime

import pytest

from compartment_tui.adapters.docker.api.log_lines import LoggedLine
from compartment_tui.adapters.docker.swarm import task_logs
from compartment_tui.adapters.docker.swarm.task_logs import EndingFeed
from compartment_tui.adapters.memory.feeds import MemoryFeed
from compartment_tui.domain.errors import EngineProblem

LINE = LoggedLine(datetime(2026, 11, 1, tzinfo=UTC), "stdout", "last")


def test_a_feed_ends_some_time_after_its_task(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(task_logs, "POLL_SECONDS", 0.0)
    read = threading.Event()
    feed = EndingFeed(MemoryFeed([LINE]), read.is_set)
    assert next(feed) == LINE
    read.set()
    assert list(feed) == []


def test_managers_that_do_not_answer_end_no_feed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(task_logs, "POLL_SECONDS", 0.0)
    asked: list[int] = []

    def is_over() -> bool:
        asked.append(1)
        if len(asked) < 3:
            raise EngineProblem("no leader")
        return True

    assert list(EndingFeed(MemoryFeed(), is_over)) == []
    assert len(asked) == 3


def test_one_that_is_closed_asks_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(task_logs, "POLL_SECONDS", 60.0)
    asked: list[int] = []

    def is_over() -> bool:
        asked.append(1)
        return True

    feed = EndingFeed(MemoryFeed(), is_over)
    feed.close()
    assert list(feed) == []
    assert not asked
