"""A Docker engine that belongs to one test alone, so that it may be killed.

It lives in a network namespace and a mount namespace of its own: its bridges, its firewall rules
and its sockets touch nothing of the engine that everybody uses.
"""

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pytest

from compartment_tui.adapters.docker.api.address import Address
from compartment_tui.adapters.docker.api.client import Client
from tests.e2e.engine_images import IMAGES, plant

NEEDED = ("docker", "dockerd", "nsenter", "unshare")
HOLDER = """
set -e
mkdir -p /run/docker
mount -t tmpfs none /run/docker
"$1" -c "$2"
if [ -n "$3" ]; then hostname "$3"; fi
echo ready
exec sleep infinity
"""
"""Keeps the namespaces while no engine runs. What engines keep in /run/docker is its own too."""
LOOPBACK_UP = """
import fcntl, socket, struct
SET_FLAGS, UP = 0x8914, 0x1
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
    fcntl.ioctl(any_socket, SET_FLAGS, struct.pack("16sh14x", b"lo", UP))
"""
"""A bare machine has no `ip`."""
NETWORK_NAMESPACE = 0x40000000
"""CLONE_NEWNET."""


@dataclass(slots=True, kw_only=True)
class OwnEngine:
    """`dockerd`, everything of which is below `directory`, in the namespaces of `holder`."""

    directory: Path
    holder: int
    options: tuple[str, ...] = ()
    """Further words of its command line."""
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def host(self) -> str:
        return f"unix://{self.directory}/docker.sock"

    @property
    def inside(self) -> tuple[str, ...]:
        """Starts a command where the engine's published ports are."""
        return ("nsenter", f"--target={self.holder}", "--net")

    def connect(self, port: int) -> socket.socket:
        """A connection to a published port."""

        def connect_inside() -> socket.socket:
            with Path(f"/proc/{self.holder}/ns/net").open("rb") as namespace:
                if ctypes.CDLL(None).setns(namespace.fileno(), NETWORK_NAMESPACE):
                    raise OSError("the namespace of the engine cannot be entered")
            return socket.create_connection(("127.0.0.1", port), timeout=10)

        # A thread of its own, which alone enters the namespace and ends there.
        with ThreadPoolExecutor(1) as inside:
            return inside.submit(connect_inside).result()

    def client(self) -> Client:
        return Client(Address(url=self.host, chosen_by="the test"))

    def start(self) -> None:
        """Start it, and return when it answers."""
        words = (
            *self.inside,
            "--mount",
            "--uts",
            "dockerd",
            f"--data-root={self.directory}/data",
            f"--exec-root={self.directory}/exec",
            f"--pidfile={self.directory}/pid",
            f"--host={self.host}",
            *self.options,
        )
        with (self.directory / "log").open("ab") as told:
            self.process = subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL,
                stdout=told,
                stderr=told,
                start_new_session=True,
                env={**os.environ, "GOGC": "400"},  # as `examples/bare-machine/up` starts one
            )
        deadline = time.monotonic() + 60
        while not self._answers():
            end = self.log()[-2000:]
            assert self.process.poll() is None, f"the engine ended:\n{end}"
            assert time.monotonic() < deadline, f"the engine does not answer:\n{end}"
            time.sleep(0.05)

    def stop(self) -> None:
        """As `systemctl stop docker`: what runs in containers is asked to end, too."""
        assert self.process is not None
        self.process.terminate()
        self.process.wait()

    def kill(self) -> None:
        """`kill -9` for it and its containerd; what ran in containers goes on.

        What was only being started ends with it. The engine that comes back would not know of it,
        and it may keep a network namespace for ever: with an address that others get by then.
        """
        known = self.docker("ps", "--quiet", "--no-trunc").split()
        assert self.process is not None
        noted = self.directory / "exec" / "containerd" / "containerd.pid"
        containerd = int(noted.read_text())
        self.process.kill()
        self.process.wait()
        # It dies with its parent, a moment later: a new engine must not take it for its own.
        while containerd in self._processes():
            os.kill(containerd, signal.SIGKILL)
            time.sleep(0.05)
        noted.unlink(missing_ok=True)
        while any(_words(one)[:1] == ["runc"] for one in self._processes()):
            time.sleep(0.02)  # it does what it was told to last
        for shim in self._processes():
            if not any(one in _words(shim) for one in known):
                for started in _children(shim):
                    with suppress(ProcessLookupError):
                        os.kill(started, signal.SIGKILL)

    def crash(self) -> None:
        """As `kill`, and what ran in containers ends with it, unasked."""
        assert self.process is not None
        all_of_it = [self.process.pid, *self._processes()]
        for parent in all_of_it:  # it grows: the shims are the parents of what runs in containers
            all_of_it += [one for one in _children(parent) if one not in all_of_it]
        self.kill()
        for left in all_of_it:
            with suppress(ProcessLookupError):
                os.kill(left, signal.SIGKILL)

    def load(self, images: tuple[str, ...]) -> None:
        """Copy images from the engine that everybody uses."""
        with subprocess.Popen(["docker", "save", *images], stdout=subprocess.PIPE) as saving:
            self.docker("load", "--quiet", stdin=saving.stdout)
        assert saving.returncode == 0, f"docker save {images}"

    def join_swarm(self) -> None:
        """Be in Swarm mode from now on, alone."""
        self.docker("swarm", "init", "--advertise-addr=127.0.0.1")

    def accepts(self, *words: str) -> bool:
        """Whether the docker command there does that: managers may have to find a leader first."""
        done = subprocess.run(
            ["docker", "--host", self.host, *words], capture_output=True, check=False
        )
        return done.returncode == 0

    def is_manager(self) -> bool:
        """Whether it says so itself: some moments after it was made one."""
        return self.docker("info", "--format", "{{.Swarm.ControlAvailable}}").strip() == "true"

    def remove(self) -> None:
        """End it with all its containers. What it had is deleted: it need not put that in order."""
        if self.process is None:
            return
        if self._answers():
            listed = self.docker("ps", "--all", "--quiet").split()
            if listed:
                self.docker("rm", "--force", *listed)
        self.process.kill()
        self.process.wait()
        for left in self._processes():
            with suppress(ProcessLookupError):
                os.kill(left, signal.SIGKILL)

    def _answers(self) -> bool:
        """Asked as soon as it listens, it answers when it has come up."""
        with socket.socket(socket.AF_UNIX) as asking:
            asking.settimeout(60)
            try:
                asking.connect(f"{self.directory}/docker.sock")
                asking.sendall(b"GET /_ping HTTP/1.0\r\n\r\n")
                return b" 200 " in asking.recv(1024)
            except OSError:
                return False

    def log(self) -> str:
        """All that it wrote."""
        return (self.directory / "log").read_text(encoding="utf-8", errors="replace")

    def docker(self, *words: str, stdin: IO[bytes] | None = None) -> str:
        """What the docker command says there."""
        done = subprocess.run(
            ["docker", "--host", self.host, *words], stdin=stdin, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode()

    def _processes(self) -> Iterator[int]:
        """What names our directory on its command line: shims whose engine was killed."""
        for one in Path("/proc").glob("[0-9]*"):
            if str(self.directory) in " ".join(_words(int(one.name))):
                yield int(one.name)


def _words(process: int) -> list[str]:
    """Its command line; empty when it has ended."""
    try:
        return (
            Path(f"/proc/{process}/cmdline").read_bytes().decode(errors="replace").split("\0")[:-1]
        )
    except OSError:
        return []


def _children(process: int) -> Iterator[int]:
    with suppress(OSError):
        for thread in Path(f"/proc/{process}/task").iterdir():
            yield from map(int, thread.joinpath("children").read_text().split())


@contextmanager
def own_engine(
    images: tuple[str, ...] = IMAGES, *, name: str = "", options: tuple[str, ...] = ()
) -> Iterator[OwnEngine]:
    """An engine with the usual images, or those; nothing of it is left afterwards.

    `name` is what its machine is called, where that matters.
    """
    skip_where_impossible()
    # Not below pytest's directories: paths of sockets must be short.
    directory = Path(tempfile.mkdtemp(prefix="e2e-engine-"))
    unshare = ("unshare", "--net", "--mount", "--uts")
    words = (*unshare, "sh", "-c", HOLDER, "sh", sys.executable, LOOPBACK_UP, name)
    with subprocess.Popen(words, stdout=subprocess.PIPE) as holder:
        engine = OwnEngine(directory=directory, holder=holder.pid, options=options)
        try:
            assert holder.stdout is not None
            assert holder.stdout.readline() == b"ready\n"
            planted = bool(images) and {*images} <= {*IMAGES}
            if planted:
                plant(directory / "data", lambda: own_engine(()))
            engine.start()
            if planted and (unwanted := {*IMAGES} - {*images}):
                engine.docker("image", "rm", *unwanted)
            elif images and not planted:
                engine.load(images)
            yield engine
        finally:
            engine.remove()
            holder.kill()
            holder.wait()
            shutil.rmtree(directory, ignore_errors=True)


def skip_where_impossible() -> None:
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        pytest.skip("only root on Linux can start a second Docker engine")
    missing = [name for name in NEEDED if shutil.which(name) is None]
    if missing:
        pytest.skip(f"a second Docker engine needs {', '.join(missing)}")
