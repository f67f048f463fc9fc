"""The program, started by a process that has loaded it: most of what a start costs is loading.

What starts is a process of its own, with the streams, the directory and the environment of a
command, and it does all that the command would do. Only its modules were read before.

In a shell's line a small program (`tests/e2e/warm_client.py`) stands for it.
"""

import atexit
import importlib
import json
import os
import pkgutil
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache
from pathlib import Path
from threading import Lock
from typing import IO, NoReturn

import compartment_tui

ROOT = Path(__file__).parents[2]
PROGRAM = "compartment_tui.__main__"
CLIENT = Path(__file__).with_name("warm_client.py")
LARGEST = 1 << 20
"""Bytes of a request to start a command, its environment included."""


class Command:
    """A command that was started, with as much of `subprocess.Popen` as the tests need."""

    def __init__(self, told: IO[str], stdout: IO[str], stderr: IO[str]) -> None:
        self._told = told
        self._ended: int | None = None
        self.pid = int(told.readline())
        self.stdout, self.stderr = stdout, stderr

    def send_signal(self, number: int) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def wait(self, timeout: float) -> int:
        """The exit code, or less than 0 when a signal ended it. Raises TimeoutExpired."""
        if self._ended is None:
            if not select.select([self._told], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired("compartment-tui", timeout)
            with self._told:
                self._ended = int(self._told.readline())
        return self._ended

    def finish(self, timeout: float) -> tuple[int, str, str]:
        """The exit code and all that it wrote. Raises TimeoutExpired."""
        with self.stdout, self.stderr, ThreadPoolExecutor(2) as readers:
            texts = [readers.submit(stream.read) for stream in (self.stdout, self.stderr)]
            try:
                code = self.wait(timeout)
            except subprocess.TimeoutExpired:
                self.kill()
                raise
            out, err = (text.result() for text in texts)
        return code, out, err


class Starter:
    """The process that has loaded the program."""

    def __init__(self, inside: Sequence[str] = ()) -> None:
        """`inside` is a command that starts another one elsewhere, as in a mount namespace."""
        self._asking, asked = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with asked:
            self._process = subprocess.Popen(
                [*inside, sys.executable, "-m", "tests.e2e.warm", str(asked.fileno())],
                cwd=ROOT,
                pass_fds=[asked.fileno()],
                # As its commands have them: what a stream can do is remembered from the beginning.
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )

    def close(self) -> None:
        """Nothing more will be started: the process ends."""
        self._asking.close()
        self._process.communicate()

    def start(self, words: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> Command:
        told, out, err = pipes = [os.pipe() for _ in range(3)]
        asked = json.dumps(
            {"module": PROGRAM, "words": list(words), "cwd": str(cwd), "env": dict(env)}
        )
        with Path(os.devnull).open("rb") as nothing:
            streams = [nothing.fileno(), out[1], err[1], told[1]]
            socket.send_fds(self._asking, [asked.encode()], streams)
        for _, writing in pipes:
            os.close(writing)
        return Command(*(os.fdopen(reading, encoding="utf-8") for reading, _ in pipes))

    def number(self) -> int:
        """The file that a client asks through: whoever starts one passes it on."""
        return self._asking.fileno()

    def client(self, module: str = PROGRAM) -> str:
        """What stands in a shell's line for `python -m MODULE`."""
        return f"{sys.executable} -I -S {CLIENT} {self.number()} {module}"


def starter(inside: tuple[str, ...] = ()) -> Starter:
    """One for all tests, which ends with them; and another one for each place elsewhere."""
    with _ONE_AT_A_TIME:
        return _starter(inside)


@cache
def _starter(inside: tuple[str, ...]) -> Starter:
    made = Starter(inside)
    atexit.register(made.close)
    return made


_ONE_AT_A_TIME = Lock()


def serve(asked: socket.socket) -> None:
    """Start what is asked for until nobody is there to ask."""
    for module in pkgutil.walk_packages(compartment_tui.__path__, "compartment_tui."):
        if not module.name.startswith("compartment_tui.tui"):
            importlib.import_module(module.name)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        request, streams, _, _ = socket.recv_fds(asked, LARGEST, 4)
        if not request:
            return
        if not os.fork():
            asked.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            become(json.loads(request), *streams)
        for stream in streams:
            os.close(stream)


def become(request: dict[str, object], *streams: int) -> NoReturn:
    """Run the command in a child, and tell its number and how it ended."""
    *standard, telling = streams
    child = os.fork()
    if child:
        os.write(telling, f"{child}\n".encode())
        _, status = os.waitpid(child, 0)
        os.write(telling, f"{os.waitstatus_to_exitcode(status)}\n".encode())
        os._exit(0)
    for number, stream in enumerate(standard):
        os.dup2(stream, number)
    for stream in streams:
        os.close(stream)
    os.chdir(str(request["cwd"]))
    os.environ.clear()
    os.environ.update(request["env"])  # type: ignore[call-overload]
    sys.argv = list(request["words"])  # type: ignore[call-overload]
    importlib.import_module(str(request["module"])).main()
    sys.exit()


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
