"""A Swarm of three engines on one machine: each in namespaces of its own, on one wire."""

import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import pytest

from tests.e2e.engine_images import IMAGES
from tests.e2e.engines import OwnEngine, own_engine, skip_where_impossible

NAMES = ("n1", "n2", "n3")
"""The first is the home: a manager. The others are as a test wants them."""
SUBNET = "10.99.0"
ON_WIRE = f"{SUBNET}.254"
"""Who is on the wire, and no machine of the Swarm."""
BASE = ("python:3.11-slim",)
"""What workers have besides: the rest is carried to them."""
LABEL = "compartment.engine"


@dataclass(frozen=True, slots=True, kw_only=True)
class Swarm:
    """Its engines, the home first, and the process that keeps the wire."""

    engines: tuple[OwnEngine, ...]
    wire: int

    @property
    def inside(self) -> tuple[str, ...]:
        """Starts a command on the wire."""
        return ("nsenter", f"--target={self.wire}", "--net")

    @property
    def home(self) -> OwnEngine:
        return self.engines[0]

    def cut(self, number: int) -> None:
        """Take a machine off the wire: it goes on, and nobody hears of it."""
        self._link(number, "down")

    def mend(self, number: int) -> None:
        """Put it back."""
        self._link(number, "up")

    def _link(self, number: int, state: str) -> None:
        _run(*self.inside, "ip", "link", "set", f"p{number}", state)


@contextmanager
def own_swarm(
    home: tuple[str, ...] = IMAGES,
    others: tuple[str, ...] = BASE,
    *options: str,
    role: str = "worker",
    leader: int = 1,
) -> Iterator[Swarm]:
    """Three engines that are a Swarm; nothing of them is left afterwards.

    They have these images, and further words on their command lines. The second and the third are
    workers, of which one that comes back asks nothing, or `manager`s: of those any may lead.
    """
    skip_where_impossible()
    if shutil.which("ip") is None:
        pytest.skip("a wire between engines needs ip, of iproute2")
    with ExitStack() as opened:
        keeping = ("unshare", "--net", "sh", "-c", "echo ready; exec sleep infinity")
        keeper = opened.enter_context(subprocess.Popen(keeping, stdout=subprocess.PIPE))
        opened.callback(keeper.kill)
        assert keeper.stdout is not None
        assert keeper.stdout.readline() == b"ready\n"
        with ThreadPoolExecutor(len(NAMES)) as pool:
            ways = [
                own_engine(images, name=name, options=options)
                for name, images in zip(NAMES, (home, others, others), strict=True)
            ]
            engines = tuple(pool.map(opened.enter_context, ways))
            _wire(keeper.pid, engines)
        _join(engines, role, leader)
        try:
            yield Swarm(engines=engines, wire=keeper.pid)
        finally:
            with ThreadPoolExecutor(len(NAMES)) as pool:
                list(pool.map(_remove, engines))


def _remove(engine: OwnEngine) -> None:
    engine.remove()
    shutil.rmtree(engine.directory, ignore_errors=True)


def _wire(wire: int, engines: tuple[OwnEngine, ...]) -> None:
    """A bridge in a namespace of its own, and a cable from it to each engine."""
    inside = ("nsenter", f"--target={wire}", "--net", "ip")
    _run(*inside, "link", "add", "wire", "type", "bridge")
    _run(*inside, "address", "add", f"{ON_WIRE}/24", "dev", "wire")
    _run(*inside, "link", "set", "wire", "up")
    for number, engine in enumerate(engines, start=1):
        ends = ("link", "add", f"p{number}", "type", "veth", "peer", "name", "eth0")
        _run(*inside, *ends, "netns", str(engine.holder))
        _run(*inside, "link", "set", f"p{number}", "master", "wire", "up")
        _run(*engine.inside, "ip", "address", "add", f"{SUBNET}.{number}/24", "dev", "eth0")
        _run(*engine.inside, "ip", "link", "set", "eth0", "up")
        _run(*engine.inside, "ip", "route", "add", "default", "via", ON_WIRE)


def _join(engines: tuple[OwnEngine, ...], role: str, leader: int) -> None:
    first, at = engines[leader - 1], f"{SUBNET}.{leader}"
    first.docker("swarm", "init", f"--advertise-addr={at}")
    token = first.docker("swarm", "join-token", "--quiet", role).strip()
    for engine in engines:
        if engine is not first:
            engine.docker("swarm", "join", "--token", token, f"{at}:2377")
    for name, engine in zip(NAMES, engines, strict=True):
        first.docker("node", "update", "--label-add", f"{LABEL}={engine.host}", name)


def _run(*words: str) -> None:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(words)}: {done.stderr}"
