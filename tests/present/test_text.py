from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compartment_tui.domain.deployment import Stage, Trigger
from compartment_tui.present import text

NOW = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
ANY_TEXT = st.text(alphabet=st.characters(codec="utf-8") | st.sampled_from("\x1b[]m\r\t\x9b\x07"))


@given(ANY_TEXT)
def test_what_is_shown_obeys_nobody(foreign: str) -> None:
    assert text.show(foreign).isprintable()
    assert text.clean(foreign).isprintable()


@given(ANY_TEXT, st.integers(min_value=0, max_value=30))
def test_what_is_fitted_fits(foreign: str, columns: int) -> None:
    fitted = text.fit(text.clean(foreign), columns)
    assert text.width(fitted) <= columns


@pytest.mark.parametrize(
    ("foreign", "shown"),
    [
        ("plain", "plain"),
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07after", "after"),
        ("\x1b]8;;http://evil\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x9b2Jcleared", "cleared"),
        ("10%\r50%\r100%", "100%"),
        ("windows\r\n", "windows"),
        ("bell\x07", "bell\\x07"),
        ("a\tb", "a   b"),
        ("\u202eright to left", "\\u202eright to left"),
        ("\x1b[31", "31"),
        ("日本語", "日本語"),
    ],
)
def test_foreign_lines(foreign: str, shown: str) -> None:
    assert text.clean(foreign) == shown


def test_names_keep_what_lines_lose() -> None:
    assert text.show("a\x1b[31mb") == "a\\x1b[31mb"


@pytest.mark.parametrize(
    ("columns", "fitted"),
    [(20, "日本語の名前"), (12, "日本語の名前"), (11, "日本語の名…"), (4, "日…"), (1, "…")],
)
def test_wide_characters_take_two_columns(columns: int, fitted: str) -> None:
    assert text.fit("日本語の名前", columns) == fitted


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-1, "0.0s"),
        (0.44, "0.4s"),
        (9.94, "9.9s"),
        (9.96, "10s"),
        (59.4, "59s"),
        (59.6, "1m 00s"),
        (185, "3m 05s"),
        (3600, "1h 00m"),
        (7800, "2h 10m"),
        (86400 * 4 + 3600 * 3, "4d 3h"),
    ],
)
def test_durations(seconds: float, words: str) -> None:
    assert text.duration(timedelta(seconds=seconds)) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-60, "just now"),
        (4, "just now"),
        (5, "5s ago"),
        (60, "1m ago"),
        (7199, "1h ago"),
        (86400 * 9, "9d ago"),
    ],
)
def test_ages(seconds: int, words: str) -> None:
    assert text.age(NOW - timedelta(seconds=seconds), NOW) == words


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (512 << 20, "512.0 MiB"),
        (3 << 40, "3.0 TiB"),
    ],
)
def test_sizes(count: int, words: str) -> None:
    assert text.size(count) == words


def test_small_words() -> None:
    assert text.short_id("dep_01KDWCJ2M0000000000000000B") == "000000000b"
    assert text.counted(1, "commit") == "1 commit"
    assert text.counted(2, "commit") == "2 commits"
    assert text.listed(["a"]) == "a"
    assert text.listed(["a", "b", "c"]) == "a, b and c"
    assert text.listed([]) == "-"
    assert text.url("shop.localhost", 80) == "http://shop.localhost"
    assert text.url("shop.localhost", 8080) == "http://shop.localhost:8080"


def test_every_stage_and_trigger_has_words() -> None:
    assert all(text.stage_words(stage) for stage in Stage)
    assert all(text.trigger_words(trigger) for trigger in Trigger)


def test_a_line_made_to_be_slow_is_not() -> None:
    assert text.clean("\x1b]" * 200_000) == ""
