"""Lines in their order, feeds that end."""

import threading
from datetime import timedelta

import pytest

from compartment_tui.domain.errors import InstanceGone
from compartment_tui.ports import EngineEvent, Feed, LogLine
from tests.contract.bench import SECOND, Bench

LINES = ("one", "two \x1b[31mred", "three ≤ 🙂")
PATIENCE = 60.0
"""Real seconds until a thread that should have ended counts as stuck."""


class Reader(threading.Thread):
    """Reads a feed to its end."""

    def __init__(self, feed: Feed[LogLine] | Feed[EngineEvent]) -> None:
        super().__init__(daemon=True)
        self.feed = feed
        self.seen: list[LogLine | EngineEvent] = []
        self.start()

    def run(self) -> None:
        self.seen.extend(self.feed)

    def ended(self) -> bool:
        self.join(PATIENCE)
        return not self.is_alive()


def talkative(bench: Bench) -> str:
    """A deployment that has said `started` and LINES."""
    deployment = bench.start("closed").deployment
    assert bench.eventually(lambda: bench.world.engine.tail(deployment, 1) == ("started",))
    for line in LINES:
        bench.say(deployment, line)
    assert bench.eventually(lambda: bench.world.engine.tail(deployment, 1) == LINES[-1:])
    return deployment


def messages(feed: Feed[LogLine]) -> tuple[str, ...]:
    return tuple(line.message for line in feed)


def test_the_tail_is_the_last_lines_in_order(bench: Bench) -> None:
    deployment = talkative(bench)
    assert bench.world.engine.tail(deployment, 2) == LINES[-2:]
    assert bench.world.engine.tail(deployment, 100) == ("started", *LINES)


def test_logs_without_following_end(bench: Bench) -> None:
    deployment = talkative(bench)
    engine = bench.world.engine
    lines = tuple(engine.logs(deployment, follow=False, tail=None, since=None))
    assert tuple(line.message for line in lines) == ("started", *LINES)
    assert [line.at for line in lines] == sorted(line.at for line in lines)
    assert {(line.service, line.deployment, line.stream) for line in lines} == {
        ("closed", deployment, "stdout")
    }
    assert messages(engine.logs(deployment, follow=False, tail=2, since=None)) == LINES[-2:]
    assert messages(engine.logs(deployment, follow=False, tail=0, since=None)) == ()


def test_logs_since_a_moment(bench: Bench) -> None:
    deployment = talkative(bench)
    bench.world.clock.sleep(2 * SECOND)
    since = bench.world.clock.now() - SECOND
    bench.say(deployment, "late")
    engine = bench.world.engine
    assert bench.eventually(lambda: engine.tail(deployment, 1) == ("late",))
    assert messages(engine.logs(deployment, follow=False, tail=None, since=since)) == ("late",)


def test_a_followed_feed_goes_on_and_ends_with_the_container(bench: Bench) -> None:
    deployment = talkative(bench)
    reader = Reader(bench.world.engine.logs(deployment, follow=True, tail=1, since=None))
    bench.say(deployment, "more")
    assert bench.eventually(lambda: bench.world.engine.tail(deployment, 1) == ("more",))
    bench.world.engine.retire(deployment, timedelta())
    assert reader.ended()
    assert [line.message for line in reader.seen if isinstance(line, LogLine)] == [
        LINES[-1],
        "more",
    ]


def test_closing_a_followed_feed_releases_its_reader(bench: Bench) -> None:
    deployment = talkative(bench)
    reader = Reader(bench.world.engine.logs(deployment, follow=True, tail=None, since=None))
    reader.feed.close()
    assert reader.ended()


def test_both_streams_are_told_apart(bench: Bench) -> None:
    deployment = bench.start("short").deployment
    assert bench.eventually(lambda: not bench.now(deployment).running)
    feed = bench.world.engine.logs(deployment, follow=True, tail=None, since=None)
    assert {(line.stream, line.message) for line in feed} == {
        ("stdout", "started"),
        ("stderr", "bye"),
    }


def test_logs_of_a_container_that_is_gone(bench: Bench) -> None:
    with pytest.raises(InstanceGone):
        list(
            bench.world.engine.logs(
                bench.world.clock.new_id("dep"), follow=False, tail=None, since=None
            )
        )


def test_events_tell_what_happens_to_the_project(bench: Bench) -> None:
    reader = Reader(bench.world.engine.events(bench.key.project))
    stranger = Reader(bench.world.engine.events(f"{bench.key.project}-other"))
    deployment = bench.start("web").deployment
    bench.world.engine.retire(deployment, timedelta())
    bench.world.engine.remove(deployment)

    def actions() -> list[str]:
        return [
            event.action
            for event in reader.seen
            if isinstance(event, EngineEvent) and event.deployment == deployment
        ]

    try:
        assert bench.eventually(lambda: "destroy" in actions())
        assert [one for one in actions() if one in ("start", "die", "destroy")] == [
            "start",
            "die",
            "destroy",
        ]
        told = [one for one in reader.seen if isinstance(one, EngineEvent) and one.deployment]
        assert {(one.key, one.service) for one in told} == {(bench.key, "web")}
    finally:
        reader.feed.close()
        stranger.feed.close()
    assert reader.ended()
    assert stranger.ended()
    assert not [one for one in stranger.seen if isinstance(one, EngineEvent) and one.deployment]


def test_events_and_lines_say_which_replica_they_are_of(bench: Bench) -> None:
    reader = Reader(bench.world.engine.events(bench.key.project))
    deployment = bench.create("closed").deployment
    bench.world.engine.set_replicas(deployment, 2)
    bench.run(deployment)

    def started() -> set[int]:
        return {
            event.replica
            for event in reader.seen
            if isinstance(event, EngineEvent)
            and (event.deployment, event.action) == (deployment, "start")
        }

    try:
        assert bench.eventually(lambda: started() == {1, 2})
    finally:
        reader.feed.close()

    def written(number: int) -> list[LogLine]:
        engine = bench.world.engine
        return list(engine.logs(deployment, follow=False, tail=None, since=None, replica=number))

    for number in (1, 2):
        assert bench.eventually(lambda number=number: bool(written(number)))  # type: ignore[misc]
        assert {(line.replica, line.several) for line in written(number)} == {(number, False)}
