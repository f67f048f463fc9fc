"""The two-way connection to a container's stdin and stdout, over any transport the engine has."""

import contextlib
import select
import socket
import time
from datetime import timedelta
from typing import IO, TYPE_CHECKING, Protocol, cast

from compartment_tui.adapters.docker.frames import Demultiplexer

if TYPE_CHECKING:
    from compartment_tui.adapters.docker.session import Session

CHUNK = 65536
STDOUT = 1


class Wire(Protocol):
    """Bytes to and from the engine. Raises OSError when the connection is broken."""

    def send(self, data: bytes) -> None: ...

    def receive(self, seconds: float) -> bytes:
        """What has arrived; empty at the end. Raises TimeoutError."""

    def close(self) -> None: ...


class _Socket:
    """A Unix, TCP or TLS socket; a channel of an SSH library has the same methods."""

    def __init__(self, channel: socket.socket, owner: "_Closable") -> None:
        self._channel = channel
        # The response reads from the connection: collected, it would close it under us.
        self._owner = owner

    def send(self, data: bytes) -> None:
        self._channel.settimeout(None)
        self._channel.sendall(data)

    def receive(self, seconds: float) -> bytes:
        self._channel.settimeout(max(seconds, 0.001))
        return self._channel.recv(CHUNK)

    def close(self) -> None:
        # The SDK keeps other references to the connection: only this ends it at once.
        with contextlib.suppress(OSError):
            self._channel.shutdown(socket.SHUT_RDWR)
        self._channel.close()
        self._owner.close()


class _Closable(Protocol):
    def close(self) -> None: ...


class _Child(Protocol):
    """The `ssh` process through which the SDK speaks when it uses the SSH client."""

    stdin: IO[bytes]
    stdout: IO[bytes]

    def terminate(self) -> None: ...


class _SshCommand:
    def __init__(self, child: _Child, owner: object) -> None:
        self._child = child
        self._owner = owner

    def send(self, data: bytes) -> None:
        self._child.stdin.write(data)
        self._child.stdin.flush()

    def receive(self, seconds: float) -> bytes:
        output = self._child.stdout
        # Each read empties the reader's own buffer, so waiting for the descriptor misses nothing.
        if not select.select([output], [], [], max(seconds, 0.0))[0]:
            raise TimeoutError
        received: bytes = output.read1(CHUNK)  # type: ignore[attr-defined]
        return received

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._child.stdin.close()
        self._child.terminate()


def attach(api: "Session", container: str) -> Wire:
    """Attach to a container's stdin and stdout. Call it before the start, to miss no output."""
    options = {"stdin": 1, "stdout": 1, "stderr": 0, "stream": 1, "logs": 0}
    return wire_of(api.attach_socket(container, params=options))


def wire_of(channel: object) -> Wire:
    """The connection behind what the SDK calls a socket."""
    owner = cast(_Closable, getattr(channel, "_response", channel))
    if child := getattr(channel, "proc", None):
        return _SshCommand(cast(_Child, child), owner)
    # Plain sockets come wrapped in a reader; only what lies under it can be written to.
    return _Socket(cast(socket.socket, getattr(channel, "_sock", channel)), owner)


class Output:
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
