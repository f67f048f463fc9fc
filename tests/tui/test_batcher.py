"""The batcher and the readers of feeds, alone: order, pace, bounds and the end."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from time import monotonic, sleep

import pytest

from compartment_tui.domain.errors import EngineUnreachable
from compartment_tui.ports import Feed, LogLine
from compartment_tui.tui.batcher import Batcher, Item, Newest
from compartment_tui.tui.feed_threads import WAITING_LIMIT, FeedReader, LogBatch, LogStream

PAUSE = 0.02
ENOUGH = 10.0
"""Seconds after which something that should have come does not come any more."""


class Source(Feed[Item]):
    """These items, until it is closed."""

    def __init__(self, items: Iterator[Item]) -> None:
        self._items = items
        self._closed = False

    def __iter__(self) -> Iterator[Item]:
        return self

    def __next__(self) -> Item:
        if self._closed:
            raise StopIteration
        return next(self._items)

    def close(self) -> None:
        self._closed = True


def lines(count: int, failure: Exception | None = None) -> Iterator[LogLine]:
    """So many lines, and then a failure or the end."""
    for number in range(count):
        yield LogLine(
            service="web",
            deployment="dep_1",
            at=datetime.now(UTC),
            stream="stdout",
            message=str(number),
        )
    if failure is not None:
        raise failure


def test_everything_is_told_in_order_and_not_more_often_than_the_pause() -> None:
    told: list[list[int]] = []
    batcher: Batcher[list[int]] = Batcher(list, told.append, pause=PAUSE)
    begun = monotonic()
    for number in range(5_000):
        batcher.put(list.append, number)
        if number % 500 == 0:
            sleep(PAUSE / 4)
    batcher.finish()
    took = monotonic() - begun
    assert [number for batch in told for number in batch] == list(range(5_000))
    assert len(told) <= took / PAUSE + 2


def test_what_is_put_alone_is_told_without_anything_following() -> None:
    told = threading.Event()
    batcher: Batcher[list[int]] = Batcher(list, lambda _: told.set(), pause=PAUSE)
    batcher.put(list.append, 1)
    assert told.wait(ENOUGH)
    batcher.close()


def test_what_settles_is_told_together_and_the_newest_wins() -> None:
    told: list[dict[str, int]] = []
    batcher: Batcher[dict[str, int]] = Batcher(dict, told.append, pause=PAUSE, settle=ENOUGH)
    for sample in ({"web": 1}, {"api": 2}, {"web": 3}):
        batcher.put(dict.update, sample)
    batcher.finish()
    assert told == [{"web": 3, "api": 2}]


def test_a_closed_batcher_tells_nothing_more() -> None:
    told: list[list[int]] = []
    batcher: Batcher[list[int]] = Batcher(list, told.append, pause=PAUSE, settle=ENOUGH)
    batcher.put(list.append, 1)
    batcher.close()
    batcher.put(list.append, 2)
    batcher.finish()
    assert told == []


def test_the_newest_are_kept_and_the_others_counted() -> None:
    newest: Newest[int] = Newest(3)
    newest.add((1, 2))
    newest.add((3, 4, 5), dropped=7)
    assert (list(newest.items), newest.dropped) == ([3, 4, 5], 9)


def test_a_reader_goes_on_until_it_is_closed() -> None:
    taken, ended = threading.Event(), threading.Event()
    reader = FeedReader(lambda: Source(count()), lambda _: taken.set(), ended=lambda _: ended.set())
    assert taken.wait(ENOUGH)
    assert not reader.over
    reader.close()
    assert ended.wait(ENOUGH)


def test_a_reader_opens_again_what_ended_or_could_not_be_opened() -> None:
    opened: list[int] = []
    enough = threading.Event()

    def open_feed() -> Feed[int]:
        opened.append(len(opened))
        if len(opened) == 1:
            raise EngineUnreachable("away")
        if len(opened) == 4:
            enough.set()
        return Source(iter((1, 2)))

    reader = FeedReader(open_feed, lambda _: None, again=0.001)
    assert enough.wait(ENOUGH)
    reader.close()


@pytest.mark.parametrize(
    ("failure", "reason"), [(None, "that is all"), (EngineUnreachable("gone away"), "gone away")]
)
def test_a_stream_tells_all_its_lines_and_why_it_ended(
    failure: Exception | None, reason: str
) -> None:
    told: list[LogBatch] = []
    ended = threading.Event()

    def tell(batch: LogBatch) -> None:
        told.append(batch)
        if batch.ended:
            ended.set()

    stream = LogStream(lambda: Source(lines(1_000, failure)), tell, "that is all")
    assert ended.wait(ENOUGH)
    stream.close()
    assert [line.message for batch in told for line in batch.items] == [
        str(n) for n in range(1_000)
    ]
    assert [batch.ended for batch in told if batch.ended] == [reason]
    assert told[-1].ended == reason


def test_lines_that_nobody_takes_are_bounded_and_counted() -> None:
    told: list[LogBatch] = []
    away, back, ended = threading.Event(), threading.Event(), threading.Event()

    def tell(batch: LogBatch) -> None:
        away.set()
        back.wait(ENOUGH)
        told.append(batch)
        if batch.ended:
            ended.set()

    def flood() -> Iterator[LogLine]:
        for number, line in enumerate(lines(WAITING_LIMIT + 101)):
            if number == 1:
                assert away.wait(ENOUGH)  # from here on nothing is taken
            yield line
        back.set()

    LogStream(lambda: Source(flood()), tell)
    assert ended.wait(ENOUGH)
    assert sum(len(batch.items) for batch in told) == 1 + WAITING_LIMIT
    assert sum(batch.dropped for batch in told) == 100
