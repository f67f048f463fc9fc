"""A socket in front of the engine's own that passes everything on and counts what is asked."""

import re
import socket
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Self

CHUNK = 65536
_VERSION = re.compile(r"^/v\d+(\.\d+)*(?=/)")
_NAMED = (
    (re.compile(r"^/(containers|networks|volumes|exec)/(?!json$|create$)[^/]+"), r"/\1/{id}"),
    (re.compile(r"^/images/(?!json$|create$).+?(/json|/tag|/history|$)"), r"/images/{name}\1"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request to the engine; `at` in seconds by the monotonic clock."""

    at: float
    method: str
    path: str
    """As it was sent, with its query."""

    @property
    def endpoint(self) -> str:
        """What it is for, whomever it is about."""
        path = _VERSION.sub("", self.path.partition("?")[0])
        for pattern, replacement in _NAMED:
            path = pattern.sub(replacement, path)
        return f"{self.method} {path}"


class CountingProxy:
    """Listens between entering and leaving; one thread a direction and connection."""

    def __init__(self, engine: str, listen: Path) -> None:
        self._engine = engine
        self._listen = listen
        self._server = socket.socket(socket.AF_UNIX)
        self.calls: list[Call] = []

    @property
    def address(self) -> str:
        """For DOCKER_HOST."""
        return f"unix://{self._listen}"

    def counted(self) -> Counter[str]:
        """How often each endpoint was asked."""
        return Counter(call.endpoint for call in self.calls)

    def __enter__(self) -> Self:
        self._server.bind(str(self._listen))
        self._server.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        # A blocked accept is not woken by closing alone.
        with suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._listen.unlink(missing_ok=True)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, socket.socket(socket.AF_UNIX) as engine:
            engine.connect(self._engine)
            back = threading.Thread(target=_pump, args=(engine, client), daemon=True)
            back.start()
            with suppress(OSError), client.makefile("rb") as reader:
                self._forward(reader, engine)
            _half_close(engine)
            back.join()

    def _forward(self, reader: BufferedReader, engine: socket.socket) -> None:
        """Requests of one connection, each counted by its head, until it ends or is hijacked."""
        while head := _head(reader):
            method, path, _ = head[0].decode("latin-1").split(" ", 2)
            self.calls.append(Call(at=time.monotonic(), method=method, path=path))
            engine.sendall(b"".join(head))
            fields = _fields(head[1:])
            if "upgrade" in fields:
                while data := reader.read1(CHUNK):
                    engine.sendall(data)
                return
            if "chunked" in fields.get("transfer-encoding", ""):
                _pass_chunks(reader, engine)
            else:
                _pass(reader, engine, int(fields.get("content-length", "0")))


def _head(reader: BufferedReader) -> list[bytes]:
    """Request line, fields and the empty line; nothing when the connection ended."""
    lines: list[bytes] = []
    while line := reader.readline():
        lines.append(line)
        if line == b"\r\n":
            return lines
    return []


def _fields(lines: list[bytes]) -> dict[str, str]:
    pairs = (line.decode("latin-1").partition(":") for line in lines)
    return {name.strip().lower(): value.strip().lower() for name, _, value in pairs}


def _pass(reader: BufferedReader, engine: socket.socket, length: int) -> None:
    while length > 0 and (data := reader.read1(min(length, CHUNK))):
        engine.sendall(data)
        length -= len(data)


def _pass_chunks(reader: BufferedReader, engine: socket.socket) -> None:
    while size := reader.readline():
        engine.sendall(size)
        length = int(size.partition(b";")[0], 16)
        if length:
            _pass(reader, engine, length + 2)
            continue
        while line := reader.readline():  # trailers, and the empty line that ends them
            engine.sendall(line)
            if line == b"\r\n":
                return


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(CHUNK):
            sink.sendall(data)
    _half_close(sink)


def _half_close(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_WR)
