"""A child process whose output is read line by line, and that dies when it is no longer wanted."""

import os
import selectors
import signal
import subprocess
from collections.abc import Generator, Iterator, Mapping
from contextlib import suppress

from compartment_tui.domain.errors import Cancelled
from compartment_tui.ports import Cancel

POLL_SECONDS = 0.1
"""How soon a request to stop is noticed."""
END_SECONDS = 3.0
"""How long it may take to end on SIGTERM."""


def run_child(
    command: tuple[str, ...], env: Mapping[str, str], cancel: Cancel
) -> Generator[str, None, int]:
    """Yield the lines of both streams in order; return the exit code.

    However this ends, nothing of the child's process group is left.

    Raises:
        Cancelled: a person asked to stop meanwhile.
        OSError: it cannot be started.
    """
    process = subprocess.Popen(
        command,
        env=dict(env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        # Its own group: Ctrl-C on the terminal is ours to answer, and the end reaches helpers too.
        start_new_session=True,
    )
    if process.stdout is None:
        raise AssertionError("stdout is a pipe")
    try:
        yield from _lines(process.stdout.fileno(), cancel)
        return process.wait()
    finally:
        process.stdout.close()
        _end(process)


def _lines(pipe: int, cancel: Cancel) -> Iterator[str]:
    rest = b""
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        while True:
            if cancel.requests:
                raise Cancelled("the build was ended")
            if not selector.select(POLL_SECONDS):
                continue
            read = os.read(pipe, 65536)
            if not read:
                break
            *whole, rest = (rest + read).split(b"\n")
            yield from (_text(line) for line in whole)
    if rest:
        yield _text(rest)


def _text(line: bytes) -> str:
    """The line as a terminal would leave it: what a carriage return overwrote is gone."""
    return line.decode("utf-8", "replace").rstrip("\r").rpartition("\r")[2]


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is not None:
        return
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
