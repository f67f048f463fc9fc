"""Lines out of the engine's frames, wherever the network cuts them."""

import struct
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compartment_tui.adapters.docker.api.log_frames import Demultiplexer
from compartment_tui.adapters.docker.api.log_lines import LINE_LIMIT, LineDecoder, LoggedLine

AT = datetime(2026, 11, 24, 6, 38, 40, 123456, UTC)


def frame(stream: int, content: bytes) -> bytes:
    return struct.pack(">BxxxL", stream, len(content)) + content


def stamped(stream: int, text: bytes, *, after: int = 0) -> bytes:
    at = AT + timedelta(seconds=after)
    return frame(stream, at.isoformat().replace("+00:00", "789Z").encode() + b" " + text)


def decoded(*chunks: bytes) -> list[LoggedLine]:
    decoder = LineDecoder()
    return [line for chunk in chunks for line in decoder.feed(chunk)] + list(decoder.flush())


@given(
    frames=st.lists(st.tuples(st.sampled_from([1, 2]), st.binary(max_size=40)), max_size=6),
    cuts=st.lists(st.integers(0, 300), max_size=6),
)
def test_frames_survive_any_cut(frames: list[tuple[int, bytes]], cuts: list[int]) -> None:
    whole = b"".join(frame(stream, content) for stream, content in frames)
    edges = sorted({0, len(whole), *(cut for cut in cuts if cut < len(whole))})
    demultiplexer = Demultiplexer()
    chunks = [whole[a:b] for a, b in pairwise(edges)]
    assert [one for chunk in chunks for one in demultiplexer.feed(chunk)] == frames


def test_each_line_has_its_time_and_stream() -> None:
    lines = decoded(stamped(1, b"one\n") + stamped(2, b"two\r\n", after=1))
    assert lines == [
        LoggedLine(AT, "stdout", "one"),
        LoggedLine(AT + timedelta(seconds=1), "stderr", "two"),
    ]


def test_a_long_line_kept_in_pieces_is_one_line_with_the_first_time() -> None:
    pieces = (stamped(1, b"a" * 5), stamped(2, b"between\n"), stamped(1, b"b" * 5 + b"\n", after=9))
    assert decoded(*pieces) == [
        LoggedLine(AT, "stderr", "between"),
        LoggedLine(AT, "stdout", "aaaaabbbbb"),
    ]


def test_a_character_cut_between_two_pieces_is_whole_again() -> None:
    euro = "€".encode()
    assert decoded(stamped(1, euro[:1]), stamped(1, euro[1:] + b"\n"))[0].message == "€"


def test_what_never_ended_comes_at_the_end() -> None:
    assert decoded(stamped(1, b"unended")) == [LoggedLine(AT, "stdout", "unended")]


@pytest.mark.parametrize("text", [b"\xff\xfe ok", b"\x80"])
def test_foreign_bytes_are_replaced(text: bytes) -> None:
    (line,) = decoded(stamped(1, text + b"\n"))
    assert "�" in line.message


def test_empty_lines_stay() -> None:
    assert [line.message for line in decoded(stamped(1, b"\n"), stamped(1, b"x\n"))] == ["", "x"]


def test_a_line_without_end_does_not_grow_for_ever() -> None:
    decoder = LineDecoder()
    piece = stamped(1, b"x" * 65536)
    lines = [line for _ in range(40) for line in decoder.feed(piece)]
    assert len(lines) == 2
    assert all(len(line.message) <= LINE_LIMIT + 65536 for line in lines)
