"""A link to somewhere far: whatever is sent arrives so much later, at any rate.

A kernel may have no `netem`; this needs nothing of it.
"""

import queue
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

CHUNK = 65536
UNDER_WAY = 4096
"""Chunks: more than a link of this length has under way."""

Way = tuple[socket.socket, socket.socket]


@dataclass(slots=True)
class Link:
    """A loopback port that leads to another one. `opened` counts the connections."""

    port: int
    opened: int = 0


@contextmanager
def delayed(port: int, one_way: float) -> Iterator[Link]:
    """What is sent to its port arrives at that one `one_way` seconds later; answers likewise."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        link = Link(port=server.getsockname()[1])
        words = (server, link, port, one_way)
        threading.Thread(target=_accept, args=words, daemon=True).start()
        try:
            yield link
        finally:
            with suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)


def _accept(server: socket.socket, link: Link, port: int, one_way: float) -> None:
    with suppress(OSError):  # it is closed at the end
        while True:
            caller, _ = server.accept()
            link.opened += 1
            threading.Thread(target=_carry, args=(caller, port, one_way), daemon=True).start()


def _carry(caller: socket.socket, port: int, one_way: float) -> None:
    # A connection is there for who opens it after a way and a way back. Ours is at once: what is
    # said first has that to make up for.
    there = time.monotonic() + 2 * one_way
    time.sleep(one_way)
    with caller, socket.create_connection(("127.0.0.1", port)) as far:
        for end in (caller, far):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        ways = ((caller, far, there), (far, caller, 0.0))
        both = [threading.Thread(target=_one_way, args=(*way, one_way)) for way in ways]
        for way in both:
            way.start()
        for way in both:
            way.join()


def _one_way(source: socket.socket, target: socket.socket, there: float, delay: float) -> None:
    under_way: queue.Queue[tuple[float, bytes]] = queue.Queue(UNDER_WAY)
    arrival = threading.Thread(target=_arrive, args=(under_way, target))
    arrival.start()
    content = b"-"
    while content:
        try:
            content = source.recv(CHUNK)
        except OSError:
            content = b""
        under_way.put((max(time.monotonic(), there) + delay, content))
    arrival.join()


def _arrive(under_way: "queue.Queue[tuple[float, bytes]]", target: socket.socket) -> None:
    content = b"-"
    while content:
        due, content = under_way.get()
        time.sleep(max(due - time.monotonic(), 0))
        with suppress(OSError):  # who has hung up hears no more
            target.sendall(content) if content else target.shutdown(socket.SHUT_WR)
