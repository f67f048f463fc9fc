"""What a container wrote, out of the frames in which the engine sends both its streams. Pure."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from compartment_tui.adapters.docker.api.convert import moment
from compartment_tui.domain import bounds

STREAMS = {1: "stdout", 2: "stderr"}
LINE_LIMIT = 1024 * 1024
"""Bytes after which a line is handed on although it has not ended."""
_HEADER = struct.Struct(">BxxxL")


class Demultiplexer:
    """Takes frames apart, wherever the chunks they arrive in are cut."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, chunk: bytes) -> Iterator[tuple[int, bytes]]:
        """Every stream number and content that is complete now."""
        self._rest += chunk
        while len(self._rest) >= _HEADER.size:
            stream, length = _HEADER.unpack_from(self._rest)
            bounds.refuse_large(length, bounds.FRAME, "what a container wrote at once")
            end = _HEADER.size + length
            if len(self._rest) < end:
                return
            content = bytes(self._rest[_HEADER.size : end])
            del self._rest[:end]
            yield stream, content


@dataclass(frozen=True, slots=True)
class LoggedLine:
    """One line a container wrote, and when."""

    at: datetime
    stream: str
    message: str


class LineDecoder:
    """Makes lines of chunks of a log that was asked for with time stamps.

    The engine keeps a long line as several pieces, each with its own time: the first one counts.
    """

    def __init__(self) -> None:
        self._frames = Demultiplexer()
        self._open: dict[int, tuple[datetime, bytes]] = {}

    def feed(self, chunk: bytes) -> Iterator[LoggedLine]:
        """Every line that is complete now."""
        for stream, content in self._frames.feed(chunk):
            yield from self._piece(stream, content)

    def flush(self) -> Iterator[LoggedLine]:
        """What was written without an end of line before the log ended."""
        for stream, (at, text) in self._open.items():
            yield _written(at, stream, text)
        self._open.clear()

    def _piece(self, stream: int, content: bytes) -> Iterator[LoggedLine]:
        stamp, _, text = content.partition(b" ")
        at = moment(stamp.decode("ascii", "replace"))
        if at is None:
            at, text = datetime.now(UTC), content
        begun = self._open.pop(stream, None)
        if begun is not None:
            at, text = begun[0], begun[1] + text
        *lines, rest = text.split(b"\n")
        for line in lines:
            yield _written(at, stream, line)
        if len(rest) > LINE_LIMIT:
            yield _written(at, stream, rest)
        elif rest:
            self._open[stream] = (at, rest)


def _written(at: datetime, stream: int, text: bytes) -> LoggedLine:
    message = text.removesuffix(b"\r").decode("utf-8", "replace")
    return LoggedLine(at, STREAMS.get(stream, "stdout"), message)
