"""A connection to an engine, and HTTP on it: as much as one request after the other takes.

The standard library's loads TLS and e-mail, for a tenth of what a status takes.
"""

import select
import socket
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import BinaryIO, Protocol, cast

CONNECT_SECONDS = 10
HEAD_LINE = 65536
HEAD_LINES = 100
"""A head of longer lines, or of more, is no engine's."""

_EMPTY = (204, 304)
"""Answers that have no body, whatever their head says."""
_UPGRADED = (101, 200)
_LENGTHS = frozenset({"content-length", "transfer-encoding"})
"""Headers by which the end of an answer is known."""


class Door(Protocol):
    """Where connections to an engine are opened. Opening raises ConnectionError, TimeoutError."""

    @property
    def keeps(self) -> bool:
        """Whether a connection is worth keeping for the next question."""
        ...

    def open(self) -> "Line": ...

    def open_apart(self) -> "Line":
        """One that ends with nobody but us."""
        ...

    def leave(self) -> None:
        """What was opened last does not answer."""
        ...


class LoginSilence(TimeoutError):
    """What others had opened before us gave no first answer."""


class SshFailed(ConnectionError):
    """What ssh, or docker at the other end, said last."""


class FarEnd(Protocol):
    """What carries a connection on."""

    def broken(self, error: ConnectionError) -> ConnectionError:
        """What to raise when it ended: with its own last words, where it has some."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpAnswer:
    """`ended`: the connection takes no further question."""

    status: int
    headers: Mapping[str, str]
    content: bytes
    ended: bool

    @property
    def upgraded(self) -> bool:
        """Whether the connection is no HTTP any more."""
        return self.status in _UPGRADED


class Line:
    """One connection, for several threads: what is asked while others wait is sent at once.

    `proof` is how long its first answer may take, where that is in doubt.
    """

    def __init__(
        self, channel: socket.socket, far_end: FarEnd | None = None, proof: float | None = None
    ) -> None:
        self.channel = channel
        self.doubtful = proof is not None
        """Whether it may have ended without our doing: then a question may be asked anew."""
        self.waiting = 0
        """How many answers are awaited; kept by whoever chooses among lines."""
        self.alone = False
        """Whether nobody may ask behind the one who does."""
        self._answers: BinaryIO | None = None
        """Begun with the first question: a file would keep open what its owner closes."""
        self._far_end = far_end
        self._proof = proof
        self._sending = threading.Lock()
        self._last: threading.Event | None = None
        """Set when the answer to what was asked last has been read."""
        self._broken = False

    def ask(self, request: bytes, bound: int, seconds: float) -> HttpAnswer:
        """The answer, or one byte more than the bound of it.

        Raises ConnectionError, TimeoutError (LoginSilence).
        """
        read = threading.Event()
        try:
            return self._asked(request, bound, seconds, read)
        except BaseException as error:
            # Whose answer comes next, nobody knows any more.
            self._broken = True
            if isinstance(error, ConnectionError):
                raise self.told(error) from error
            if isinstance(error, TimeoutError) and self._proof is not None:
                raise LoginSilence(str(error)) from error
            raise
        finally:
            read.set()

    def _asked(
        self, request: bytes, bound: int, seconds: float, read: threading.Event
    ) -> HttpAnswer:
        with self._sending:
            before, self._last = self._last, read
            self.channel.settimeout(self._proof or seconds)
            self.channel.sendall(request)
        if before is not None and not before.wait(seconds):
            raise TimeoutError
        if self._broken:
            raise ConnectionAbortedError("the answer before broke off")
        answers = self._answers = self._answers or self.channel.makefile("rb")
        status, headers = read_head(answers)
        self.channel.settimeout(seconds)
        content = b"" if status in _EMPTY else read_body(answers, headers, bound)
        self._proof, self.doubtful = None, True
        measured = status in _EMPTY or not _LENGTHS.isdisjoint(headers)
        whole = measured and len(content) <= bound
        ended = not whole or headers.get("connection", "").lower() == "close"
        return HttpAnswer(status=status, headers=headers, content=content, ended=ended)

    def upgrade(self, request: bytes, bound: int, seconds: float) -> HttpAnswer:
        """As `ask`, but what follows the head of a good answer stays to be received.

        Raises ConnectionError, TimeoutError.
        """
        try:
            self.channel.settimeout(seconds)
            self.channel.sendall(request)
            # Byte by byte: what follows the head belongs to whoever attaches.
            with self.channel.makefile("rb", buffering=0) as raw:
                answers = cast(BinaryIO, raw)
                status, headers = read_head(answers)
                good = status in _UPGRADED
                content = b"" if good else read_body(answers, headers, bound)
        except ConnectionError as error:
            raise self.told(error) from error
        if self._answers is not None:
            self._answers.close()
        return HttpAnswer(status=status, headers=headers, content=content, ended=True)

    @property
    def over(self) -> bool:
        """Whether it ended while nothing was asked."""
        look = select.poll()
        look.register(self.channel, select.POLLIN)
        return bool(look.poll(0))

    def close(self) -> None:
        """End it, whoever waits for an answer."""
        with suppress(OSError):
            self.channel.shutdown(socket.SHUT_RDWR)
        if self.waiting:
            return  # the last of them closes it
        if self._answers is not None:
            with suppress(OSError):
                self._answers.close()
        self.channel.close()

    def told(self, error: ConnectionError) -> ConnectionError:
        """What to raise when it ended."""
        return error if self._far_end is None else self._far_end.broken(error)


class LocalDoor:
    """Opens connections to a socket of this machine."""

    keeps = False

    def __init__(self, path: str) -> None:
        self._path = path

    def open(self) -> Line:
        """Raises ConnectionError."""
        return Line(_connected(self._path))

    def open_apart(self) -> Line:
        """Each is. Raises ConnectionError."""
        return self.open()

    def leave(self) -> None:
        """Nothing is shared."""


def _connected(path: str) -> socket.socket:
    """Raises ConnectionError."""
    channel = socket.socket(socket.AF_UNIX)
    try:
        channel.settimeout(CONNECT_SECONDS)
        _enter(channel, path)
    except OSError as error:
        channel.close()
        raise ConnectionError(str(error)) from error
    return channel


def _enter(channel: socket.socket, path: str) -> None:
    deadline = time.monotonic() + CONNECT_SECONDS
    while True:
        try:
            channel.connect(path)
        except BlockingIOError:
            # So many are at the door at this moment that a socket with a time-out is sent away.
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


def read_head(answer: BinaryIO) -> tuple[int, dict[str, str]]:
    """The status, and the headers by their names in small letters. Raises ConnectionError."""
    version, _, status = _line(answer).partition(" ")
    if not version.startswith("HTTP/1.") or not status[:3].isdecimal():
        raise ConnectionError("what answers there does not speak HTTP")
    headers: dict[str, str] = {}
    for _ in range(HEAD_LINES):
        line = _line(answer)
        if not line:
            return int(status[:3]), headers
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    raise ConnectionError("the head of its answer does not end")


def read_body(answer: BinaryIO, headers: Mapping[str, str], bound: int) -> bytes:
    """All of it, or one byte more than the bound. Raises ConnectionError when it breaks off."""
    if headers.get("transfer-encoding", "").lower() == "chunked":
        return _read_chunks(answer, bound)
    length = headers.get("content-length")
    if length is None:
        return answer.read(bound + 1)
    return _exactly(answer, _size(length, 10), bound)


def _read_chunks(answer: BinaryIO, bound: int) -> bytes:
    content = bytearray()
    while size := _size(_line(answer).partition(";")[0], 16):
        content += _exactly(answer, size, bound - len(content))
        if len(content) > bound:
            return bytes(content)
        if _line(answer):
            raise ConnectionError("its answer is none")
    # What may stand at its end says nothing; the next answer begins after it.
    while _line(answer):
        pass
    return bytes(content)


def _exactly(answer: BinaryIO, size: int, bound: int) -> bytes:
    wanted = min(size, bound + 1)
    content = answer.read(wanted)
    if len(content) < wanted:
        raise ConnectionError("its answer broke off")
    return content


def _size(text: str, base: int) -> int:
    try:
        size = int(text, base)
    except ValueError:
        size = -1
    if size < 0:
        raise ConnectionError("its answer is none")
    return size


def _line(answer: BinaryIO) -> str:
    """Without its end. Raises ConnectionError when there is none."""
    line = answer.readline(HEAD_LINE)
    if not line.endswith(b"\n"):
        raise ConnectionError("its answer broke off")
    return line.rstrip(b"\r\n").decode("latin-1")
