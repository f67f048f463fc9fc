"""One visitor of an edge, made of a few bytes of our own."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest

from compartment_tui.adapters.docker.edge import visits
from compartment_tui.adapters.docker.edge.visits import visit
from compartment_tui.domain.config import EdgeSettings
from compartment_tui.domain.detail_views import Visit
from compartment_tui.domain.edge_address import address_of


class Answering:
    """Accepts one visitor at a time, keeps what was asked, answers with fixed bytes."""

    def __init__(self, answer: bytes | None) -> None:
        self.asked: list[bytes] = []
        self._answer = answer
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._silent: list[socket.socket] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                visitor, _ = self._listener.accept()
            except OSError:
                return
            self.asked.append(visitor.recv(65536))
            if self._answer is None:
                self._silent.append(visitor)
                continue
            visitor.sendall(self._answer)
            visitor.close()

    def close(self) -> None:
        # Shut down first: a close alone does not wake the thread that waits in `accept`.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for visitor in self._silent:
            visitor.close()


@contextmanager
def answering(answer: bytes | None) -> Iterator[Answering]:
    ours = Answering(answer)
    try:
        yield ours
    finally:
        ours.close()


def got(answer: bytes | None, path: str = "/") -> Visit:
    with answering(answer) as edge:
        return visit("127.0.0.1", edge.port, host="shop.localhost", path=path)


def test_the_host_is_asked_for_at_the_address() -> None:
    with answering(b"HTTP/1.1 204 No Content\r\n\r\n") as edge:
        found = visit("127.0.0.1", edge.port, host="shop.localhost", path="/healthz?a=1")
    lines = edge.asked[0].split(b"\r\n")
    assert lines[0] == b"GET /healthz?a=1 HTTP/1.1"
    assert b"Host: shop.localhost" in lines
    assert len([line for line in lines if line.lower().startswith(b"host:")]) == 1
    assert (found.status, found.detail) == (204, "No Content")


@pytest.mark.parametrize(
    ("answer", "status", "detail"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\nonly the beginning", 200, "OK"),
        (b"HTTP/1.1 302 Found\r\nLocation: http://x/\r\n\r\n", 302, "Found"),
        (b"HTTP/1.1 503\r\n\r\n", 503, "Service Unavailable"),
        (b"", None, "closed without an answer"),
        (b"+OK ready\r\n", None, "answered something that is not HTTP"),
    ],
)
def test_what_a_visitor_gets(answer: bytes, status: int | None, detail: str) -> None:
    found = got(answer)
    assert (found.status, found.detail) == (status, detail)


def test_redirects_are_not_followed() -> None:
    with answering(b"HTTP/1.1 302 Found\r\nLocation: /login\r\n\r\n") as edge:
        visit("127.0.0.1", edge.port, host="shop.localhost", path="/")
    assert len(edge.asked) == 1


def test_a_refused_connection_is_an_answer() -> None:
    with answering(b"") as edge:
        port = edge.port
    found = visit("127.0.0.1", port, host="shop.localhost", path="/")
    assert (found.status, found.detail) == (None, "connection refused")


def test_a_path_that_is_none_is_an_answer() -> None:
    assert got(b"HTTP/1.1 200 OK\r\n\r\n", path="/a b\n").status is None


def test_silence_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visits, "PATIENCE", timedelta(seconds=0.2))
    found = got(None)
    assert (found.status, found.detail) == (None, "no answer within 0.2 s")
    assert found.took >= timedelta(seconds=0.15)


@pytest.mark.parametrize(
    ("bind", "engine", "address"),
    [
        ("127.0.0.1", "127.0.0.1", "127.0.0.1"),
        ("0.0.0.0", "127.0.0.1", "127.0.0.1"),
        ("0.0.0.0", "box.example", "box.example"),
        ("192.0.2.7", "box.example", "192.0.2.7"),
        ("127.0.0.1", "box.example", None),
    ],
)
def test_where_the_edge_is_reached(bind: str, engine: str, address: str | None) -> None:
    assert address_of(EdgeSettings(bind=bind), engine) == address
