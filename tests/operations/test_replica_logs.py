"""Logs of several replicas: all of them as one, each line with whose it is, or one alone."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from threading import Event
from typing import Any

import pytest

from compartment_tui.adapters.memory.container import Container, replica_key
from compartment_tui.adapters.memory.world import Behaviour, MemoryWorld
from compartment_tui.domain.errors import InstanceGone, NotFound
from compartment_tui.domain.requests import Scale
from compartment_tui.operations import requests
from compartment_tui.operations.exec_command import execute
from compartment_tui.operations.logs import deployment_logs, logs
from compartment_tui.ports import Feed, LogLine
from tests.rollout.shop import API, WEB, deploy, open_shop, outcome, state

WHERE = "production"


@pytest.fixture
def shop() -> MemoryWorld:
    opened = open_shop(replace(WEB, replicas=3), API)
    opened.host.behave("web", Behaviour(says=("open",)))
    opened.host.behave("api", Behaviour(says=("open, too",)))
    deploy(opened)
    return opened


def replica(shop: MemoryWorld, number: int) -> Container:
    return shop.host.containers[replica_key(state(shop).active["web"], number)]


def scale(shop: MemoryWorld, number: int) -> None:
    outcome(requests.execute(shop.world, Scale(environment=WHERE, replicas=(("web", number),))))


def whose(line: LogLine) -> tuple[str, int, bool]:
    return line.service, line.replica, line.several


def read(feed: Feed[LogLine], count: int) -> list[LogLine]:
    """So many lines of a feed that goes on; the next ones are waited for."""
    return [next(feed) for _ in range(count)]


def test_all_replicas_are_read_by_time_and_only_those_of_several_are_numbered(
    shop: MemoryWorld,
) -> None:
    replica(shop, 2).write("later")
    found = list(logs(shop.world, environment=WHERE))
    assert [line.at for line in found] == sorted(line.at for line in found)
    assert {whose(line) for line in found} == {
        ("web", 1, True),
        ("web", 2, True),
        ("web", 3, True),
        ("api", 1, False),
    }
    assert (found[-1].message, found[-1].replica) == ("later", 2)


def test_one_replica_is_read_alone(shop: MemoryWorld) -> None:
    found = list(logs(shop.world, environment=WHERE, services=("web",), replica=2))
    assert [whose(line) for line in found] == [("web", 2, True)]
    id_ = state(shop).active["web"]
    found = list(deployment_logs(shop.world, environment=WHERE, deployment=id_, replica=3))
    assert [whose(line) for line in found] == [("web", 3, True)]
    found = list(deployment_logs(shop.world, environment=WHERE, deployment=id_))
    assert sorted(line.replica for line in found) == [1, 2, 3]


@pytest.mark.parametrize("follow", [False, True])
def test_a_replica_that_is_not_there_is_refused_with_those_that_are(
    shop: MemoryWorld, *, follow: bool
) -> None:
    with pytest.raises(NotFound, match="no replica 4 of web") as refused:
        logs(shop.world, environment=WHERE, services=("web",), replica=4, follow=follow)
    assert refused.value.hint == "there are: 1, 2, 3"
    with pytest.raises(NotFound, match="no replica 4 of web 000") as refused:
        deployment_logs(
            shop.world, environment=WHERE, deployment=state(shop).active["web"], replica=4
        )


def test_followed_replicas_are_one_stream_and_new_ones_join_it(shop: MemoryWorld) -> None:
    feed = logs(shop.world, environment=WHERE, services=("web",), follow=True, tail=0)
    try:
        replica(shop, 3).write("third")
        (line,) = read(feed, 1)
        assert (line.message, *whose(line)) == ("third", "web", 3, True)
        scale(shop, 5)
        assert {(line.message, line.replica) for line in read(feed, 2)} == {
            ("open", 4),
            ("open", 5),
        }
        shop.host.change("web", "2")
        deploy(shop, "web")
        found = read(feed, 5)
        assert sorted(line.replica for line in found) == [1, 2, 3, 4, 5]
        assert {line.deployment for line in found} == {state(shop).active["web"]}
        assert all(line.several for line in found), "from the first line on"
    finally:
        feed.close()


def test_one_that_is_followed_alone_stays_alone(shop: MemoryWorld) -> None:
    feed = logs(shop.world, environment=WHERE, services=("web",), replica=2, follow=True, tail=0)
    try:
        scale(shop, 4)
        replica(shop, 1).write("not this")
        replica(shop, 2).write("this")
        assert [line.message for line in read(feed, 1)] == ["this"]
        replica(shop, 2).die(1)
        shop.clock.advance(shop.clock.monotonic())
        assert [(line.message, line.replica) for line in read(feed, 1)] == [("open", 2)]
    finally:
        feed.close()


class LateEnd:
    """A feed whose end comes to its reader only when it may."""

    def __init__(self, feed: Feed[LogLine], may_end: Event) -> None:
        self._feed = feed
        self._may_end = may_end

    def __iter__(self) -> Iterator[LogLine]:
        return self

    def __next__(self) -> LogLine:
        try:
            return next(self._feed)
        except StopIteration:
            self._may_end.wait()
            raise

    def close(self) -> None:
        self._feed.close()
        self._may_end.set()


def test_one_that_starts_again_before_its_end_is_read_is_followed_on(
    shop: MemoryWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, may_end = shop.world.engine, Event()
    read_now = engine.logs
    monkeypatch.setattr(engine, "logs", lambda *a, **k: LateEnd(read_now(*a, **k), may_end))
    feed = logs(shop.world, environment=WHERE, services=("web",), follow=True, tail=0)
    try:
        replica(shop, 2).write("last words")
        assert [line.message for line in read(feed, 1)] == ["last words"]
        replica(shop, 2).die(1)
        shop.clock.advance(shop.clock.monotonic())
        scale(shop, 4)
        # What is told of the fourth comes after that the second started.
        assert [(line.message, line.replica) for line in read(feed, 1)] == [("open", 4)]
        may_end.set()
        assert [(line.message, line.replica) for line in read(feed, 1)] == [("open", 2)]
        replica(shop, 2).write("and on")
        assert [(line.message, line.replica) for line in read(feed, 1)] == [("and on", 2)]
    finally:
        feed.close()


def test_a_command_runs_in_the_first_or_in_the_one_that_is_named(shop: MemoryWorld) -> None:
    def run(number: int | None = None) -> int:
        return execute(
            shop.world,
            environment=WHERE,
            service="web",
            command=("true",),
            terminal=False,
            replica=number,
        )

    replica(shop, 2).behaviour = Behaviour(command_exit_code=4)
    assert (run(), run(2)) == (0, 4)
    with pytest.raises(NotFound, match="no replica 4 of web") as refused:
        run(4)
    assert refused.value.hint == "there are: 1, 2, 3"
    replica(shop, 1).always = False
    replica(shop, 1).die(1)
    for first in (None, 1):
        with pytest.raises(InstanceGone, match="replica 1 of web does not run") as gone:
            run(first)
        assert gone.value.hint == "--replica takes one that does: 2, 3"


def test_what_was_written_comes_by_time_before_what_is_followed(shop: MemoryWorld) -> None:
    feed = logs(shop.world, environment=WHERE, follow=True)
    try:
        opened = read(feed, 4)
        assert [line.at for line in opened] == sorted(line.at for line in opened)
    finally:
        feed.close()
    for number in (3, 1, 2, 3):
        shop.clock.advance(timedelta(seconds=1))
        replica(shop, number).write(f"{number}")
    feed = logs(shop.world, environment=WHERE, services=("web",), follow=True, tail=2)
    try:
        found = read(feed, 6)
        assert [line.message for line in found] == ["open", "open", "3", "1", "2", "3"]
        replica(shop, 3).write("at the very moment of the last one")
        replica(shop, 1).write("and another")
        following = {line.message for line in read(feed, 2)}
        assert following == {"at the very moment of the last one", "and another"}
    finally:
        feed.close()


def test_one_that_goes_meanwhile_keeps_nobody_from_the_others(
    shop: MemoryWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = shop.world.engine
    read_now = engine.logs

    def gone(deployment: str, *, replica: int = 1, **options: Any) -> Feed[LogLine]:  # noqa: ANN401
        if replica == 2:
            raise InstanceGone("it went")
        return read_now(deployment, replica=replica, **options)

    monkeypatch.setattr(engine, "logs", gone)
    feed = logs(shop.world, environment=WHERE, services=("web",), follow=True)
    try:
        assert [line.replica for line in read(feed, 2)] == [1, 3]
        replica(shop, 3).write("later")
        assert [line.message for line in read(feed, 1)] == ["later"]
    finally:
        feed.close()
