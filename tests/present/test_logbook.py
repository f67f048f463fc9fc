from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compartment_tui.ports import LogLine
from compartment_tui.present.text import width
from compartment_tui.present.tone import Tone, line_text
from compartment_tui.tui.kit.wrapped_rows import WrappedRows
from compartment_tui.tui.logs.log_buffer import Logbook
from compartment_tui.tui.logs.log_row import (
    LINE_LIMIT,
    LogRow,
    Times,
    fold,
    gap,
    level,
    plain,
)
from compartment_tui.tui.logs.log_status import empty_words, head

T0 = datetime(2026, 1, 1, 12, 3, tzinfo=UTC)
HOSTILE = "[/b] \x1b]52;c;ZXZpbA==\x07\x1b[31mred\x1b[0m\x07"


def line(
    message: str, *, second: float = 0, service: str = "web", stream: str = "stdout"
) -> LogLine:
    at = T0 + timedelta(seconds=second)
    return LogLine(at=at, service=service, deployment="dep_X", stream=stream, message=message)


def lines(count: int, *, first: int = 0) -> list[LogLine]:
    return [line(f"line {n}", second=n) for n in range(first, first + count)]


def texts(book: Logbook) -> list[str]:
    return [row.text for row in book.shown]


def said(book: Logbook, *, columns: int = 200, current: LogRow | None = None) -> str:
    cells = head(book, title="shop", current=current, columns=columns, zone=UTC)
    return line_text(cells)


# --- keeping --------------------------------------------------------------------------------------


def test_only_the_newest_lines_are_kept_and_it_says_so() -> None:
    book = Logbook(limit=100)
    book.append(lines(100))
    assert said(book) == "shop · ▶ following · 100 lines, from 12:03"
    book.append(lines(150, first=100))
    assert texts(book) == [f"line {n}" for n in range(150, 250)]
    assert book.received == 250
    assert "last 100 lines, from 12:05" in said(book)


def test_dropped_lines_are_counted() -> None:
    book = Logbook()
    book.append(lines(1), dropped=1)
    assert "1 line dropped" in said(book)
    book.append(lines(1), dropped=1_499)
    assert "1 500 lines dropped" in said(book)


def test_foreign_text_is_harmless_and_capped() -> None:
    book = Logbook()
    book.append([line(HOSTILE, service="w\x1b[31m"), line("x" * 90_000), line("é\t" * 5_000)])
    first, second, third = book.shown
    assert first.text == "[/b] red\\x07"
    assert first.service == "w\\x1b[31m"
    assert second.text == "x" * (LINE_LIMIT - 1) + "…"
    assert len(third.text) == LINE_LIMIT
    assert all(row.text.isprintable() for row in book.shown)


def test_another_stream_begins_anew_but_is_looked_at_the_same_way() -> None:
    book = Logbook(limit=10)
    book.append(lines(20), dropped=3)
    book.filter("line 3")
    book.freeze()
    book.clear()
    assert book.following
    assert (book.received, book.dropped, book.cut, book.services) == (0, 0, False, ())
    book.append(lines(5))
    assert texts(book) == ["line 3"]
    assert not book.cut


def test_the_end_is_told_until_lines_come_again() -> None:
    book = Logbook()
    assert empty_words(book) == "nothing was written yet"
    book.end("engine\x1b[31m gone")
    assert "■ ended: engine gone" in said(book)
    assert empty_words(book) == "nothing was written"
    book.append(lines(1))
    assert "ended" not in said(book)
    assert empty_words(book) == ""
    book.filter("!line")
    assert empty_words(book).startswith("no line is wanted")


# --- freezing -------------------------------------------------------------------------------------


def test_frozen_is_still_whatever_arrives_and_says_how_much_is_new() -> None:
    book = Logbook(limit=1_000)
    book.append(lines(1_000))
    before, version = texts(book), book.version
    book.freeze()
    for batch in range(50):
        book.append(lines(1_000, first=1_000 + batch * 1_000))
    book.append([line("from another", service="api")])
    assert (texts(book), book.version) == (before, version)
    assert list(book.services) == ["web"]
    assert "‖ paused +50 001 new" in said(book)
    book.follow()
    assert len(book.shown) == 1_000
    assert texts(book)[-1] == "from another"
    assert list(book.services) == ["api", "web"]
    assert book.new == 0


def test_catching_up_takes_in_what_is_new_and_stays_frozen() -> None:
    book = Logbook(limit=10)
    book.append(lines(10))
    book.freeze()
    book.append(lines(4, first=10))
    book.catch_up()
    assert texts(book) == [f"line {n}" for n in range(4, 14)]
    book.append(lines(4, first=14))
    assert texts(book)[-1] == "line 13"
    assert book.new == 4


def test_only_wanted_lines_count_as_new() -> None:
    book = Logbook()
    book.append([line("a")])
    book.filter("a")
    book.freeze()
    book.append([line("a"), line("b"), line("b")])
    assert book.new == 1
    book.filter("b")
    assert book.new == 2


# --- choosing -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "shown"),
    [
        ("get", ["GET /a", "GET /b"]),
        ("!get", ["POST /a", "[x]"]),
        ("[x]", ["[x]"]),
        ("!", ["GET /a", "POST /a", "GET /b", "[x]"]),
        ("", ["GET /a", "POST /a", "GET /b", "[x]"]),
    ],
)
def test_filter_by_text(wanted: str, shown: list[str]) -> None:
    old, new = Logbook(), Logbook()
    batch = [line("GET /a"), line("POST /a"), line("GET /b"), line("[x]")]
    old.append(batch)
    old.filter(wanted)
    new.filter(wanted)
    new.append(batch)
    assert texts(old) == texts(new) == shown
    assert old.filtered == 4 - len(shown)


def test_services_are_hidden_and_shown_again() -> None:
    book = Logbook()
    book.append([line("a", service="web"), line("b", service="api")])
    book.toggle("web")
    assert texts(book) == ["b"]
    assert "web hidden · 1 of 2 lines" in said(book)
    book.toggle("web")
    assert texts(book) == ["a", "b"]
    book.toggle("api")
    book.show_all_services()
    assert texts(book) == ["a", "b"]


def test_a_window_begins_at_a_moment_and_says_which() -> None:
    book = Logbook()
    book.append(lines(10))
    book.since(T0 + timedelta(seconds=7))
    assert texts(book) == ["line 7", "line 8", "line 9"]
    assert "since 12:03:07 · 3 of 10 lines" in said(book)
    book.since(None)
    assert len(book.shown) == 10


# --- searching ------------------------------------------------------------------------------------


def test_hits_are_counted_as_lines_come_and_go_and_wrap_round() -> None:
    book = Logbook(limit=10)
    book.append(lines(10))
    book.search("LINE 3")
    book.append(lines(5, first=30))
    numbers = [row.number for row in book.shown if row.text.startswith("line 3")]
    assert book.hits == len(numbers) == 5
    first, last = numbers[0], numbers[-1]
    assert book.hit(first, 1) == numbers[1]
    assert book.hit(last, 1) == first
    assert book.hit(first, -1) == last
    assert book.hit(last + 2, -1) == last
    assert book.place(numbers[2]) == 3
    assert book.place(first - 2) == 0
    assert "find “LINE 3”: 5 of 5" in said(book, current=book.shown[-1])
    book.search("nothing like it")
    assert book.hit(first, 1) is None
    assert "nowhere" in said(book)


def test_a_search_looks_only_at_what_is_shown() -> None:
    book = Logbook()
    book.append([line("GET a"), line("GET b"), line("POST a")])
    book.search("a")
    book.filter("!post")
    assert book.hits == 1


# --- marks ----------------------------------------------------------------------------------------


def test_a_mark_stands_behind_its_line_until_it_is_taken_away() -> None:
    book = Logbook(limit=10)
    book.append(lines(3))
    book.freeze()
    number = book.shown[1].number
    book.mark(number, T0)
    assert texts(book) == ["line 0", "line 1", "mark", "line 2"]
    assert book.lines == 3
    book.filter("line 2")
    assert texts(book) == ["mark", "line 2"]
    book.filter("")
    book.follow()
    book.append(lines(8, first=3))
    assert texts(book)[0] == "mark"
    book.mark(number, T0)
    assert "mark" not in texts(book)


# --- words ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "word", "tone"),
    [
        ("2026 ERROR no route", "ERROR", Tone.BAD),
        ("WARN pool", "WARN", Tone.WARN),
        ("level=error msg=x", "error", Tone.BAD),
        ('{"level":"warning"}', "warning", Tone.WARN),
        ("[error] 12#0", "error", Tone.BAD),
        ("error: no such file", "error", Tone.BAD),
    ],
)
def test_levels(text: str, word: str, tone: Tone) -> None:
    found = level(text)
    assert found is not None
    assert (text[found.start : found.end], found.tone) == (word, tone)


@pytest.mark.parametrize("text", ["no error here", "0 errors", "WARNINGS", "warned", "a [errors]"])
def test_prose_is_no_level(text: str) -> None:
    assert level(text) is None


def test_small_words() -> None:
    book = Logbook()
    book.append([line("a"), line("b", second=0.42)])
    first, second = book.shown
    assert gap(first, None) == ""
    assert gap(second, first) == "+0.4s"
    assert plain(second) == "2026-01-01T12:03:00.420+00:00 web | b"
    assert [Times.OFF.next, Times.CLOCK.next, Times.GAP.next] == [Times.CLOCK, Times.GAP, Times.OFF]


@pytest.mark.parametrize("columns", [0, 5, 20, 40, 80, 200])
def test_the_head_fits_and_the_state_goes_last(columns: int) -> None:
    book = Logbook(limit=5)
    book.append(lines(9), dropped=4)
    book.filter("line")
    book.search("7")
    book.freeze()
    told = said(book, columns=columns)
    assert width(told) <= columns
    assert ("paused" in told) is (columns >= 20)


def test_a_long_title_gives_way_to_what_is_left_out() -> None:
    book = Logbook()
    book.append(lines(9), dropped=37)
    book.filter("!healthz")
    cells = head(book, title="production · all services", current=None, columns=72, zone=UTC)
    told = line_text(cells)
    assert "without “healthz”" in told
    assert "37 lines dropped" in told
    assert told.startswith("production")


# --- layout ---------------------------------------------------------------------------------------

WORDS = st.text(alphabet="ab 日é", max_size=60)


@given(WORDS, st.integers(min_value=2, max_value=30))
def test_folded_text_fits_and_nothing_is_lost(text: str, columns: int) -> None:
    starts = fold(text, columns)
    pieces = [text[a:b] for a, b in zip(starts, [*starts[1:], len(text)], strict=True)]
    assert len(pieces) == LogRow(number=0, at=T0, text=text).lines(columns)
    assert all(width(piece.rstrip(" ")) <= columns for piece in pieces)
    assert "".join(pieces) == text


def test_text_is_folded_between_words() -> None:
    assert fold("one two three", 9) == (0, 8)
    assert fold("abcdefghijkl", 5) == (0, 5, 10)


@given(
    st.lists(st.lists(WORDS, max_size=8), max_size=12),
    st.sampled_from([None, 3, 10]),
)
def test_a_layout_kept_up_to_date_is_like_a_new_one(
    batches: list[list[str]], columns: int | None
) -> None:
    book, kept = Logbook(limit=10), WrappedRows[LogRow]()
    for batch in batches:
        book.append([line(text) for text in batch])
        kept.sync(book.shown, columns, book.version)
    fresh = WrappedRows[LogRow]()
    fresh.sync(book.shown, columns, book.version)
    assert list(kept.rows) == list(fresh.rows) == list(book.shown)
    assert kept.height == fresh.height
    assert [kept.find(n) for n in range(kept.height)] == [
        fresh.find(n) for n in range(fresh.height)
    ]


def test_a_layout_finds_rows_by_line_and_by_number() -> None:
    book, layout = Logbook(), WrappedRows[LogRow]()
    book.append([line("a" * 7), line("b"), line("c" * 4)])
    layout.sync(book.shown, 3, book.version)
    assert [layout.find(n) for n in range(6)] == [(0, 0), (0, 1), (0, 2), (1, 0), (2, 0), (2, 1)]
    with pytest.raises(IndexError):
        layout.find(6)
    numbers = [row.number for row in book.shown]
    assert [layout.place(n) for n in (0, *numbers, numbers[-1] + 9)] == [0, 0, 1, 2, 2]
