"""`exec` with this process's own streams, seen from outside: by pipes and by a terminal."""

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time

import pytest

from tests.adapters.docker.ground import Ground

pytestmark = pytest.mark.docker

PROGRAM = """
import sys
from compartment_tui.adapters.docker.api.client import connect
from compartment_tui.adapters.docker.engine import DockerEngine
deployment, terminal, *command = sys.argv[1:]
if terminal == "tty":
    import fcntl, termios
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
sys.exit(DockerEngine(connect()).execute(deployment, tuple(command), terminal=terminal == "tty"))
"""


def through_pipes(
    deployment: str, *command: str, given: bytes | None = None
) -> subprocess.CompletedProcess[bytes]:
    source: dict[str, object] = {"stdin": subprocess.DEVNULL} if given is None else {"input": given}
    return subprocess.run(  # type: ignore[call-overload,no-any-return]
        [sys.executable, "-c", PROGRAM, deployment, "pipes", *command],
        capture_output=True,
        timeout=30,
        check=False,
        **source,
    )


def test_streams_and_exit_code_come_through(ground: Ground) -> None:
    deployment = ground.started(ground.birth())
    ended = through_pipes(deployment, "sh", "-c", "echo out; echo err >&2; exit 7")
    assert (ended.returncode, ended.stdout, ended.stderr) == (7, b"out\n", b"err\n")


def test_stdin_is_forwarded_with_its_end(ground: Ground) -> None:
    deployment = ground.started(ground.birth())
    assert through_pipes(deployment, "wc", "-c").stdout.strip() == b"0"
    much = os.urandom(3_000_000)
    ended = through_pipes(deployment, "cat", given=much)
    assert ended.returncode == 0
    assert ended.stdout == much


def test_a_command_that_reads_nothing_does_not_wait_for_stdin(ground: Ground) -> None:
    deployment = ground.started(ground.birth())
    held, _open = os.pipe()
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM, deployment, "pipes", "echo", "hi"],
        stdin=held,
        capture_output=True,
        timeout=30,
        check=False,
    )
    os.close(held)
    os.close(_open)
    assert (ended.returncode, ended.stdout) == (0, b"hi\n")


def test_an_unknown_command_has_the_shells_exit_code(ground: Ground) -> None:
    ended = through_pipes(ground.started(ground.birth()), "no-such-program")
    assert ended.returncode in (126, 127)
    assert b"no-such-program" in ended.stdout + ended.stderr


def test_a_stopped_one_is_said(ground: Ground) -> None:
    birth = ground.birth()
    ground.engine.create(birth)
    ended = through_pipes(birth.plan.deployment, "true")
    assert ended.returncode == 1
    assert b"InstanceGone" in ended.stderr
    assert b"does not run" in ended.stderr


def test_a_terminal_is_handed_over_and_given_back(ground: Ground) -> None:
    deployment = ground.started(ground.birth())
    terminal, inside = pty.openpty()
    child = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, deployment, "tty", "sh"],
        stdin=inside,
        stdout=inside,
        stderr=inside,
        start_new_session=True,
    )
    os.close(inside)
    try:
        converse(terminal)
        assert child.wait(timeout=20) == 5
    finally:
        child.kill()
        child.wait()
        os.close(terminal)


def converse(terminal: int) -> None:
    def resize(rows: int, columns: int) -> None:
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    seen = b""

    def until(text: bytes) -> None:
        nonlocal seen
        deadline = time.monotonic() + 20
        while text not in seen:
            ready, _, _ = select.select([terminal], [], [], deadline - time.monotonic())
            assert ready, seen
            try:
                seen += os.read(terminal, 65536)
            except OSError:  # how a terminal says that its other end is closed
                break
        assert text in seen, seen

    until(b"# ")
    os.write(terminal, b"tty && echo is-a-$((40+2))\r")
    until(b"is-a-42")
    resize(33, 101)
    time.sleep(0.5)
    os.write(terminal, b"stty size\r")
    until(b"33 101")
    # Ctrl-C belongs to the command: it ends `sleep`, not us.
    os.write(terminal, b"sleep 60\r")
    time.sleep(0.5)
    os.write(terminal, b"\x03")
    os.write(terminal, b"echo alive-$((1+1)); exit 5\r")
    until(b"alive-2")
