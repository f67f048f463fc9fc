"""`exec`: a command in a running container with this process's own stdin, stdout and stderr."""

import contextlib
import io
import os
import select
import signal
import socket
import ssl
import sys
import threading
import time
from collections.abc import Iterator
from types import FrameType
from typing import Any

from compartment_tui.adapters.docker.api.client import Client
from compartment_tui.adapters.docker.api.errors import Conflict, Missing
from compartment_tui.adapters.docker.api.log_frames import Demultiplexer
from compartment_tui.adapters.docker.resources.containers import gone, locate

CHUNK = 65536
EXIT_PATIENCE_SECONDS = 5.0


def execute(
    client: Client,
    deployment: str,
    command: tuple[str, ...],
    *,
    terminal: bool,
    replica: int = 1,
) -> int:
    """See `Engine.execute`."""
    container = locate(client, deployment, replica)
    return execute_in(
        client, container, command, deployment=deployment, terminal=terminal, replica=replica
    )


def execute_in(
    client: Client,
    container: str,
    command: tuple[str, ...],
    *,
    deployment: str,
    terminal: bool,
    replica: int,
) -> int:
    """The same in a container of a deployment. Raises InstanceGone."""
    try:
        with client.translate("run the command"):
            execution = client.create_exec(
                container,
                list(command),
                stdin=True,
                tty=terminal,
                environment={"TERM": os.environ.get("TERM", "xterm")} if terminal else None,
            )
            channel = client.start_exec(execution, terminal=terminal)
    except Missing as error:
        raise gone(deployment, number=replica) from error
    except Conflict as error:
        raise gone(deployment, "does not run", number=replica) from error
    # The SDK hands out a reader; only the socket under it can be written to and half closed.
    wire: socket.socket = getattr(channel, "_sock", None) or channel
    response = getattr(channel, "_response", channel)
    # The answer holds the connection too: left open, it would keep it until it is collected.
    with contextlib.closing(response), contextlib.closing(wire):
        wire.settimeout(None)
        with _terminal(client, execution) if terminal else contextlib.nullcontext():
            _converse(client, wire, terminal=terminal)
    return _exit_code(client, execution)


def _converse(client: Client, wire: socket.socket, *, terminal: bool) -> None:
    """Until the command's output ends. Stdin has its own thread: neither waits for the other."""
    with _forwarding(_stdin(), wire):
        for stream, content in _received(client, wire, terminal=terminal):
            target = sys.stderr.buffer if stream == 2 else sys.stdout.buffer
            target.write(content)
            target.flush()


def _received(
    client: Client, wire: socket.socket, *, terminal: bool
) -> Iterator[tuple[int, bytes]]:
    frames = Demultiplexer()
    while True:
        with client.translate("go on with the command"):
            chunk = wire.recv(CHUNK)
        if not chunk:
            return
        # A terminal has one stream, and it comes without frames.
        yield from [(1, chunk)] if terminal else frames.feed(chunk)


def _stdin() -> int | None:
    try:
        return sys.stdin.fileno()
    except (AttributeError, io.UnsupportedOperation, ValueError):
        return None  # closed, or replaced by something that is no file


@contextlib.contextmanager
def _forwarding(source: int | None, wire: socket.socket) -> Iterator[None]:
    """Send `source` to the command while the block runs, then its end."""
    stop, stopper = os.pipe()
    thread = threading.Thread(target=_forward, args=(source, wire, stop), daemon=True)
    thread.start()
    try:
        yield
    finally:
        os.close(stopper)
        # The command is over: a send that still waits has nobody to wait for.
        with contextlib.suppress(OSError):
            wire.shutdown(socket.SHUT_RDWR)
        thread.join()
        os.close(stop)


def _forward(source: int | None, wire: socket.socket, stop: int) -> None:
    with contextlib.suppress(OSError):  # the command ended and takes no more
        while source is not None:
            ready, _, _ = select.select([source, stop], [], [])
            if stop in ready:
                return
            content = os.read(source, CHUNK)
            if not content:
                break
            wire.sendall(content)
        # Python cannot close half of an encrypted connection and go on reading the other half.
        if not isinstance(wire, ssl.SSLSocket):
            wire.shutdown(socket.SHUT_WR)


@contextlib.contextmanager
def _terminal(client: Client, execution: str) -> Iterator[None]:
    """Give the person's terminal to the command: every key is its own, its size follows ours."""
    import termios
    import tty

    source = _stdin()
    if source is None or not os.isatty(source):
        yield
        return
    before = termios.tcgetattr(source)
    try:
        tty.setraw(source)
        with _following_size(client, execution, source):
            yield
    finally:
        termios.tcsetattr(source, termios.TCSADRAIN, before)


@contextlib.contextmanager
def _following_size(client: Client, execution: str, source: int) -> Iterator[None]:
    def resize(_number: int = 0, _frame: FrameType | None = None) -> None:
        size = os.get_terminal_size(source)
        if 0 in size:
            return  # a terminal that does not know its own size
        # The command may have ended already.
        with contextlib.suppress(Missing, Conflict), client.translate("resize the terminal"):
            client.resize_exec(execution, height=size.lines, width=size.columns)

    resize()
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may be told of signals
        return
    before = signal.signal(signal.SIGWINCH, resize)
    try:
        yield
    finally:
        signal.signal(signal.SIGWINCH, before)


def _exit_code(client: Client, execution: str) -> int:
    deadline = time.monotonic() + EXIT_PATIENCE_SECONDS
    while True:
        with client.translate("tell how the command ended"):
            state: dict[str, Any] = client.inspect_exec(execution)
        # Its output ends a moment before the engine knows that it has.
        if not state["Running"] or time.monotonic() > deadline:
            return int(state["ExitCode"] or 0)
        time.sleep(0.02)
