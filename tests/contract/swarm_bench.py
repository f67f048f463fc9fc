"""The contract suite's levers on a Swarm of one machine: an engine of its own, in namespaces."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from http.client import HTTPConnection
from pathlib import Path
from typing import cast

from compartment_tui.adapters.docker.api import labels
from compartment_tui.adapters.docker.api.client import Client
from compartment_tui.adapters.docker.api.labels import Role
from compartment_tui.adapters.docker.api.resource_names import SwarmNames
from compartment_tui.adapters.docker.resources.containers import gone
from compartment_tui.adapters.docker.swarm import services
from compartment_tui.adapters.docker.swarm.engine import SwarmEngine
from compartment_tui.adapters.memory.clock import FakeClock
from compartment_tui.adapters.memory.project import MemoryProject
from compartment_tui.bootstrap import docker_world
from compartment_tui.domain.config import EdgeSettings, EngineSpec
from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.ports import World
from tests.contract.bench import IMAGE, PAGE, SECOND, Bench, contract_config, unique_project
from tests.contract.docker_bench import (
    PATIENCE,
    DockerBench,
    Machine,
    ready,
    write_dockerfiles,
)
from tests.e2e.engines import OwnEngine, own_engine

EDGE = "traefik:v3.7"
PORT = 8080


@dataclass(frozen=True, kw_only=True)
class SwarmMachine(Machine):
    """One engine that is a Swarm by itself; what it had goes with it."""

    own: OwnEngine

    @cached_property
    def client(self) -> Client:
        return self.own.client()

    @property
    def program(self) -> tuple[str, ...]:
        return ("docker", "--host", self.own.host)

    def open_world(self, root: Path) -> World:
        config = contract_config(self.key.project, self.settings)
        # A Swarm is told at its birth how long each may take to end.
        quick = tuple(replace(one, stop_grace=SECOND) for one in config.services)
        project = MemoryProject(replace(config, services=quick), FakeClock(), root=root)
        spec = EngineSpec(name="swarm", address=self.own.host, swarm=True)
        return docker_world(project, self.own.client(), namespace=self.layout.namespace, swarm=spec)


@contextmanager
def swarm_machine() -> Iterator[SwarmMachine]:
    with own_engine((IMAGE, EDGE)) as own:
        own.join_swarm()
        machine = SwarmMachine(
            own=own,
            layout=SwarmNames(namespace=unique_project()),
            settings=EdgeSettings(http_port=PORT, https_port=0),
            key=EnvironmentKey(unique_project(), "Prüfung 1"),
        )
        try:
            yield machine
        finally:
            machine.close()


class SwarmBench(DockerBench):
    """A Swarm's tasks are reached from the edge's namespace alone, and so asked from there."""

    def __init__(self, machine: SwarmMachine, world: World, root: Path) -> None:
        super().__init__(machine, world, root)
        self._swarm = machine

    def container(self, deployment: str) -> str:
        engine = cast(SwarmEngine, self.world.engine)
        return engine.container_of(self.now(deployment))[1]

    @contextmanager
    def connection(self, deployment: str) -> Iterator[None]:
        name = f"connection-{os.urandom(4).hex()}"
        words = (*self._swarm.program, "run", "--rm", "-i", "--name", name)
        address, port = self._address(deployment)
        there = (f"--network=container:{self._layout.edge}", IMAGE, "nc", address, str(port))
        with subprocess.Popen([*words, *there], stdin=subprocess.PIPE):
            yield
            self._swarm.docker("rm", "-f", name)

    def accepts(self, deployment: str) -> bool:
        address, port = self._address(deployment)
        there = f"--network=container:{self._layout.edge}"
        asked = ("nc", "-w", "5", address, str(port), "-e", "true")
        try:
            self._swarm.docker("run", "--rm", there, IMAGE, *asked)
        except subprocess.CalledProcessError:
            return False
        return True

    def visit(self, host: str) -> bool:
        edge = HTTPConnection("127.0.0.1", PORT, timeout=PATIENCE)
        try:
            edge.sock = self._swarm.own.connect(PORT)
            edge.sock.settimeout(PATIENCE)
            edge.request("GET", PAGE, headers={"Host": host})
            return edge.getresponse().status == 200
        except OSError:
            return False
        finally:
            edge.close()

    @contextmanager
    def visitor(self, host: str) -> Iterator[None]:
        with self._swarm.own.connect(PORT) as request:
            request.sendall(f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
            yield

    def remove_containers(self) -> None:
        client, scope = self._swarm.client, {"project": self.key.project}
        for one in services.listed(client, labels.filters(Role.SERVICE, None, **scope)):
            services.remove(client, services.marks_of(one)[labels.DEPLOYMENT])
        # Tasks end by themselves, after some seconds that no test waits for.
        self.world.locks.break_lock(self.key)

    def remove_volumes(self) -> None:
        """Tasks that are about to end have them still."""

    def _address(self, deployment: str) -> tuple[str, int]:
        address = self.now(deployment).address
        if address is None:
            raise gone(deployment, "does not run")
        return address, PORT


@contextmanager
def swarm_bench(machine: SwarmMachine, root: Path) -> Iterator[Bench]:
    write_dockerfiles(root)
    with ready(SwarmBench(machine, machine.open_world(root), root)) as bench:
        yield bench
