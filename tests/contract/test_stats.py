"""What every `Engine` promises about what containers use."""

import threading
from datetime import timedelta
from itertools import pairwise

import pytest

from compartment_tui.domain.deployment import Sample
from compartment_tui.domain.errors import InstanceGone
from compartment_tui.ports import Feed
from tests.contract.bench import MEMORY_LIMIT, SECOND, Bench

PATIENCE = 60.0
"""Real seconds until a thread that should have ended counts as stuck."""


class Watcher(threading.Thread):
    """Reads a feed to its end."""

    def __init__(self, feed: Feed[Sample]) -> None:
        super().__init__(daemon=True)
        self.feed = feed
        self.seen: list[Sample] = []
        self.start()

    def run(self) -> None:
        self.seen.extend(self.feed)

    def ended(self) -> bool:
        self.join(PATIENCE)
        return not self.is_alive()


def watched(bench: Bench, name: str, *, samples: int) -> tuple[str, Watcher]:
    """A running deployment and so many samples of it."""
    deployment = bench.start(name).deployment
    watcher = Watcher(bench.world.engine.stats(deployment))
    assert bench.eventually(lambda: len(watcher.seen) >= samples)
    return deployment, watcher


def test_samples_come_about_once_a_second(bench: Bench) -> None:
    _, watcher = watched(bench, "web", samples=4)
    watcher.feed.close()
    assert watcher.ended()
    moments = [one.at for one in watcher.seen]
    steps = [later - earlier for earlier, later in pairwise(moments[1:])]
    assert all(0.5 * SECOND < step < 5 * SECOND for step in steps)
    assert all(0 <= one.cpu < 64 for one in watcher.seen)
    assert all(0 < one.memory < 2**34 for one in watcher.seen)
    assert {one.limit for one in watcher.seen} == {None}


def test_a_busy_core_is_one(bench: Bench) -> None:
    _, watcher = watched(bench, "busy", samples=3)
    watcher.feed.close()
    assert max(one.cpu for one in watcher.seen) > 0.2


def test_a_limit_is_told(bench: Bench) -> None:
    _, watcher = watched(bench, "limited", samples=1)
    watcher.feed.close()
    assert {one.limit for one in watcher.seen} == {MEMORY_LIMIT}
    assert all(one.memory <= MEMORY_LIMIT for one in watcher.seen)


def test_the_feed_ends_with_the_container(bench: Bench) -> None:
    deployment, watcher = watched(bench, "web", samples=1)
    bench.world.engine.retire(deployment, timedelta())
    assert watcher.ended()


def test_closing_releases_the_reader(bench: Bench) -> None:
    deployment, watcher = watched(bench, "web", samples=1)
    watcher.feed.close()
    assert watcher.ended()
    watcher.feed.close()
    assert bench.now(deployment).running


def test_two_can_watch_and_one_can_leave(bench: Bench) -> None:
    deployment, first = watched(bench, "web", samples=1)
    second = Watcher(bench.world.engine.stats(deployment))
    first.feed.close()
    assert first.ended()
    assert bench.eventually(lambda: len(second.seen) >= 2)
    second.feed.close()
    assert second.ended()


def test_what_does_not_run_uses_nothing(bench: Bench) -> None:
    created = bench.create("web").deployment
    for deployment in (created, bench.world.clock.new_id("dep")):
        with pytest.raises(InstanceGone):
            bench.world.engine.stats(deployment)
