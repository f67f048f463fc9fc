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

IMAGES = ("busybox:1", "traefik:v3.7", "python:3.11-slim")
NEEDED = ("docker", "dockerd", "nsenter", "unshare")
HOLDER = """
set -e
mkdir -p /run/docker
mount -t tmpfs none /run/docker
"$1" -c "$2"
echo ready
exec sleep infinity
"""
"""Keeps both namespaces while no engine runs. What engines keep in /run/docker is its own too."""
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
            "dockerd",
            f"--data-root={self.directory}/data",
            f"--exec-root={self.directory}/exec",
            f"--pidfile={self.directory}/pid",
            f"--host={self.host}",
        )
        log = self.directory / "log"
        with log.open("ab") as told:
            self.process = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=told, stderr=told, start_new_session=True
            )
        deadline = time.monotonic() + 60
        while not self._answers():
            end = log.read_text(encoding="utf-8", errors="replace")[-2000:]
            assert self.process.poll() is None, f"the engine ended:\n{end}"
            assert time.monotonic() < deadline, f"the engine does not answer:\n{end}"
            time.sleep(0.05)

    def stop(self) -> None:
        """As `systemctl stop docker`: what runs in containers is asked to end, too."""
        assert self.process is not None
        self.process.terminate()
        self.process.wait()

    def kill(self) -> None:
        """`kill -9` for it and its containerd; what ran in containers goes on."""
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

    def load(self, images: tuple[str, ...]) -> None:
        """Copy images from the engine that everybody uses."""
        with subprocess.Popen(["docker", "save", *images], stdout=subprocess.PIPE) as saving:
            self._docker("load", "--quiet", stdin=saving.stdout)
        assert saving.returncode == 0, f"docker save {images}"

    def join_swarm(self) -> None:
        """Be in Swarm mode from now on, alone."""
        self._docker("swarm", "init", "--advertise-addr=127.0.0.1")

    def remove(self) -> None:
        """End it with all its containers. What it had is deleted: it need not put that in order."""
        if self.process is None:
            return
        if self._answers():
            listed = self._docker("ps", "--all", "--quiet").split()
            if listed:
                self._docker("rm", "--force", *listed)
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

    def _docker(self, *words: str, stdin: IO[bytes] | None = None) -> str:
        done = subprocess.run(
            ["docker", "--host", self.host, *words], stdin=stdin, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode()

    def _processes(self) -> Iterator[int]:
        """What names our directory on its command line: shims whose engine was killed."""
        for one in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                words = one.read_bytes().decode(errors="replace")
            except OSError:
                continue  # it ended meanwhile
            if str(self.directory) in words and int(one.parent.name) != os.getpid():
                yield int(one.parent.name)


@contextmanager
def own_engine() -> Iterator[OwnEngine]:
    """An engine with the usual images; nothing of it is left afterwards."""
    skip_where_impossible()
    # Not below pytest's directories: paths of sockets must be short.
    directory = Path(tempfile.mkdtemp(prefix="e2e-engine-"))
    words = ("unshare", "--net", "--mount", "sh", "-c", HOLDER, "sh", sys.executable, LOOPBACK_UP)
    with subprocess.Popen(words, stdout=subprocess.PIPE) as holder:
        engine = OwnEngine(directory=directory, holder=holder.pid)
        try:
            assert holder.stdout is not None
            assert holder.stdout.readline() == b"ready\n"
            engine.start()
            engine.load(IMAGES)
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
