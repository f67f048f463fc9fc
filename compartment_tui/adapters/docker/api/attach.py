"""The two-way connection to a container's stdin and stdout, over any transport the engine has."""

import contextlib
import select
import socket
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol, cast

from compartment_tui.adapters.docker.api.log_frames import Demultiplexer

if TYPE_CHECKING:
    from compartment_tui.adapters.docker.api.client import Client

CHUNK = 65536
STDOUT = 1


class Closable(Protocol):
    """What can be closed."""

    def close(self) -> None: ...


class Wire:
    """Bytes to and from the engine. Its methods raise OSError when the connection is broken."""

    def __init__(self, channel: socket.socket, owner: Closable) -> None:
        self._channel = channel
        # The response reads from the connection: collected, it would close it under us.
        self._owner = owner

    def send(self, data: bytes) -> None:
        """All of it."""
        self._channel.settimeout(None)
        self._channel.sendall(data)

    def receive(self, seconds: float) -> bytes:
        """What has arrived; empty at the end. Raises TimeoutError."""
        self._channel.settimeout(max(seconds, 0.001))
        return self._channel.recv(CHUNK)

    @property
    def quiet(self) -> bool:
        """Whether nothing has arrived that was not received, not even the end."""
        look = select.poll()
        look.register(self._channel, select.POLLIN)
        return not look.poll(0)

    def close(self) -> None:
        """At once, whatever else holds the connection."""
        # The SDK keeps other references to it: only this ends it.
        with contextlib.suppress(OSError):
            self._channel.shutdown(socket.SHUT_RDWR)
        self._channel.close()
        self._owner.close()


def attach(client: "Client", container: str, *, apart: bool = False) -> Wire:
    """Attach to a container's stdin and stdout. Call it before the start, to miss no output.

    `apart`: over a connection that hangs on nothing which other commands share.
    """
    options = {"stdin": 1, "stdout": 1, "stderr": 0, "stream": 1, "logs": 0}
    return wire_of(client.attach(container, options, apart=apart))


def wire_of(channel: object) -> Wire:
    """The connection behind what the SDK calls a socket."""
    owner = cast(Closable, getattr(channel, "_response", channel))
    # It comes wrapped in a reader; only what lies under that can be written to.
    return Wire(cast(socket.socket, getattr(channel, "_sock", channel)), owner)


class AttachedOutput:
    """What a container writes to its stdout, as it comes in."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._frames = Demultiplexer()
        self.received = bytearray()

    def read_more(self, deadline: float) -> None:
        """Wait for more. `deadline` is in `time.monotonic()` seconds.

        Raises TimeoutError, EOFError (nothing more will come), OSError.
        """
        chunk = self._wire.receive(deadline - time.monotonic())
        if not chunk:
            raise EOFError
        for stream, content in self._frames.feed(chunk):
            if stream == STDOUT:
                self.received += content


def deadline_in(timeout: timedelta) -> float:
    """The end of `timeout` from now, in `time.monotonic()` seconds."""
    return time.monotonic() + timeout.total_seconds()
