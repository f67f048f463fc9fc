"""The lines of a container's log, out of the frames in which the engine sends it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from compartment_tui.adapters.docker.api.convert import moment
from compartment_tui.adapters.docker.api.log_frames import Demultiplexer

STREAMS = {1: "stdout", 2: "stderr"}
LINE_LIMIT = 1024 * 1024
"""Bytes after which a line is handed on although it has not ended."""


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
