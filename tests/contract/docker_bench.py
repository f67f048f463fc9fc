"""The contract suite's levers on a real engine: the docker command does what no port can do."""

import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from http.client import HTTPConnection
from pathlib import Path

from compartment_tui.adapters.docker.api import labels
from compartment_tui.adapters.docker.api.client import Client, connect
from compartment_tui.adapters.docker.api.helper_shell import Shell
from compartment_tui.adapters.docker.api.labels import PROJECT
from compartment_tui.adapters.docker.api.resource_names import (
    ASIDE,
    AUDIT,
    INDEX,
    RECORDS,
    ROUTES,
    SHELF,
    ResourceNames,
    index_path,
    record_path,
)
from compartment_tui.adapters.docker.engine import DockerEngine
from compartment_tui.adapters.docker.resources.containers import remove_container, rows
from compartment_tui.adapters.memory.clock import FakeClock
from compartment_tui.adapters.memory.project import MemoryProject
from compartment_tui.bootstrap import docker_world
from compartment_tui.domain.config import EdgeSettings
from compartment_tui.domain.deployment import Image
from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.ports import Engine, World
from tests.contract.bench import IMAGE, PAGE, Bench, contract_config, unique_project
from tests.e2e.engines import OwnEngine, own_engine
from tests.e2e.image_registry import registry_at_both

PATIENCE = 5.0
"""Seconds that a visitor waits."""
DOCKERFILES = {
    "built": f"FROM {IMAGE}\nEXPOSE 8080\nCOPY . /srv\nCMD httpd -f -p 8080 -h /srv\n",
    "broken": f"FROM {IMAGE}\nRUN exit 9\n",
}


@dataclass(frozen=True, kw_only=True)
class Machine:
    """An edge, a state, locks and one environment of our own, for all tests of a session.

    An engine takes as long to make a network as to start a container, and to have the edge join it.
    """

    layout: ResourceNames
    settings: EdgeSettings
    key: EnvironmentKey
    opened: ExitStack = field(default_factory=ExitStack)

    @cached_property
    def client(self) -> Client:
        return connect()

    @property
    def program(self) -> tuple[str, ...]:
        """The docker command of this engine."""
        return ("docker",)

    def docker(self, *command: str) -> str:
        """Run it; what it printed."""
        return docker(*self.program[1:], *command)

    def open_world(self, root: Path) -> World:
        """Another process there."""
        config = contract_config(self.key.project, self.settings)
        project = MemoryProject(config, FakeClock(), root=root)
        return docker_world(project, connect(), namespace=self.layout.namespace)

    def in_volumes(self, script: str) -> None:
        """Run a script where both volumes are: in one container for all tests."""
        done = self._hand.run(script)
        assert done.exit_code == 0, done.text

    @cached_property
    def other(self) -> OwnEngine:
        """A second engine; the first test that wants it starts it."""
        return self.opened.enter_context(own_engine((IMAGE,)))

    def engines(self) -> Iterator[DockerEngine]:
        """The first one, and the second one where a test has started it."""
        yield DockerEngine(self.client)
        if "other" in vars(self):
            with closing(self.other.client()) as client:
                yield DockerEngine(client)

    @cached_property
    def registry(self) -> str:
        """Where a registry is reached, here and from the second engine."""
        return self.opened.enter_context(registry_at_both(self.other))

    @cached_property
    def _hand(self) -> Shell:
        name = f"{self.layout.namespace}-hand"
        return Shell.open(self.client, labels={}, name=name, mounts=self.layout.volumes)

    def close(self) -> None:
        if "_hand" in vars(self):
            self._hand.close()
        self.client.close()
        self.opened.close()


def docker(*command: str) -> str:
    """Run the docker command; what it printed."""
    run = subprocess.run(
        ["docker", *command], capture_output=True, text=True, check=True, timeout=60
    )
    return run.stdout.strip()


@contextmanager
def docker_machine() -> Iterator[Machine]:
    """Everything made under the namespace is removed at the end."""
    layout = ResourceNames(namespace=unique_project())
    ours = Machine(
        layout=layout,
        settings=EdgeSettings(http_port=free_port(), https_port=0),
        key=EnvironmentKey(unique_project(), "Prüfung 1"),
    )
    yield ours
    DockerEngine(ours.client, layout).remove_environment(ours.key, volumes=True)
    ours.close()
    containers = (layout.edge, *layout.volumes, layout.engine_lock)
    # What is not there is told, and keeps none of the others.
    for words in (
        ("rm", "-f", "-v", *containers),
        ("network", "rm", layout.edge),
        ("volume", "rm", *layout.volumes, layout.certificates_volume),
    ):
        with suppress(subprocess.CalledProcessError):
            docker(*words)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
    return port


class DockerBench(Bench):
    def __init__(self, machine: Machine, world: World, root: Path) -> None:
        super().__init__(world, machine.key)
        self._machine = machine
        self._layout = machine.layout
        self._root = root
        self._copies: list[str] = []
        self._own = unique_project()

    def another(self) -> World:
        return self._machine.open_world(self._root)

    def hold_elsewhere(self, key: EnvironmentKey, actor: str) -> Callable[[], None]:
        program = [sys.executable, "-m", "tests.contract.holder"]
        arguments = [self._layout.namespace, key.project, key.environment, actor]
        holder = subprocess.Popen([*program, *arguments], stdout=subprocess.PIPE, text=True)
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"

        def kill() -> None:
            holder.send_signal(signal.SIGKILL)
            holder.communicate()

        return kill

    def image(self) -> Image:
        image = self.world.engine.image(IMAGE)
        assert image is not None
        return image

    def say(self, deployment: str, line: str) -> None:
        script = 'printf "%s\\n" "$1" >/proc/1/fd/1'
        self._machine.docker("exec", self.container(deployment), "sh", "-c", script, "sh", line)

    def container(self, deployment: str) -> str:
        """The container of its first replica."""
        return self.now(deployment).container

    def given(self, deployment: str) -> dict[str, str]:
        read = subprocess.run(
            [*self._machine.program, "exec", self.container(deployment), "cat", "/proc/1/environ"],
            capture_output=True,
            check=True,
            timeout=60,
        )
        entries = read.stdout.decode().split("\0")
        return dict(entry.split("=", 1) for entry in entries if entry)

    def rename(self, deployment: str, name: str) -> None:
        docker("rename", self.container(deployment), name)

    def copy(self, deployment: str, name: str) -> None:
        image = docker("commit", self.container(deployment))
        self._copies.append(docker("run", "-d", "--name", name, image))

    def copies_running(self) -> int:
        state = ("inspect", "-f", "{{.State.Running}}")
        return sum(docker(*state, one) == "true" for one in self._copies)

    def spoil_index(self) -> None:
        self._machine.in_volumes(f"mkdir -p {INDEX}; echo '= = =' > {INDEX}/spoiled.toml")

    @contextmanager
    def connection(self, deployment: str) -> Iterator[None]:
        with socket.create_connection(self._address(deployment), PATIENCE):
            yield

    def accepts(self, deployment: str) -> bool:
        try:
            with socket.create_connection(self._address(deployment), PATIENCE):
                return True
        except OSError:
            return False

    def visit(self, host: str) -> bool:
        settings = self._machine.settings
        edge = HTTPConnection(settings.bind, settings.http_port, timeout=PATIENCE)
        try:
            edge.request("GET", PAGE, headers={"Host": host})
            return edge.getresponse().status == 200
        except OSError:
            return False
        finally:
            edge.close()

    @contextmanager
    def visitor(self, host: str) -> Iterator[None]:
        settings = self._machine.settings
        with socket.create_connection((settings.bind, settings.http_port), PATIENCE) as request:
            request.sendall(f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
            yield

    def call(self, caller: str, service: str) -> str | None:
        command = ("timeout", "5", "wget", "-q", "-O", "-", f"http://{service}:8080{PAGE}")
        try:
            answered = self._machine.docker("exec", self.container(caller), *command)
        except subprocess.CalledProcessError:
            return None
        found = self.world.engine.instances(self.key)
        running = (one.deployment for one in found if one.running)
        return next(one for one in running if self.container(one).startswith(answered))

    def kill_edge(self) -> None:
        self._machine.docker("kill", self._layout.edge)

    def empty_routes(self) -> None:
        self._machine.in_volumes(f"rm -rf {ROUTES}/*")

    def spoil_a_document(self) -> None:
        self._machine.in_volumes(f"echo '[http' > {ROUTES}/spoiled.toml")

    def spoil_record(self, key: EnvironmentKey) -> None:
        self._machine.in_volumes(f"echo '= = =' > {record_path(key)}")

    def lose_record(self, key: EnvironmentKey) -> None:
        self._machine.in_volumes(f"rm {record_path(key)} {index_path(key)}")

    def elsewhere(self) -> Engine:
        return DockerEngine(self._machine.other.client())

    def registry(self) -> str:
        return f"{self._machine.registry}/{self._own}"

    def write_file(self, service: str, text: str) -> None:
        (self._root / service / "content.txt").write_text(text, encoding="utf-8")

    def remove(self) -> None:
        """Take away everything that a test may have left, but for the network."""
        for copied in self._copies:
            docker("rm", "-f", "-v", copied)
        self._machine.in_volumes(f"rm -rf {ROUTES}/* {RECORDS} {INDEX} {SHELF} {AUDIT} {ASIDE}")
        self.remove_containers()
        client = self._machine.client
        self.remove_volumes()
        for image in client.list_images(filters={"label": [f"{PROJECT}={self.key.project}"]}):
            client.api.remove_image(image["Id"], force=True)
        for engine in self._machine.engines():
            for built in engine.built_images(self.key.project):
                engine.remove_image(built)

    def remove_containers(self) -> None:
        self.world.locks.break_lock(self.key)
        for row in rows(self._machine.client, labels.any_role(project=self.key.project)):
            remove_container(self._machine.client, row["Id"])

    def remove_volumes(self) -> None:
        for volume in self.world.engine.volumes(self.key):
            self._machine.client.api.remove_volume(volume)

    def _address(self, deployment: str) -> tuple[str, int]:
        address = self.now(deployment).address
        assert address is not None
        return address, 8080


@contextmanager
def docker_bench(machine: Machine, root: Path) -> Iterator[Bench]:
    write_dockerfiles(root)
    with ready(DockerBench(machine, machine.open_world(root), root)) as bench:
        yield bench


@contextmanager
def ready(bench: DockerBench) -> Iterator[Bench]:
    """A bench with its network and its edge; what a test leaves there is taken away."""
    world = bench.world
    try:
        # Without the engine's lock: nobody else knows this namespace. The network is there already,
        # unless the test before this one removed it.
        world.engine.make_network(bench.key, bench.config.networks)
        edge = world.edge.info()
        if edge is None or not edge.running:  # the test before this one may have ended it
            world.edge.ensure(bench.config.edge)
        if edge is None or bench.key not in edge.attached:
            world.edge.attach(bench.key)
        yield bench
    finally:
        bench.remove()


def write_dockerfiles(root: Path) -> None:
    for service, dockerfile in DOCKERFILES.items():
        (root / service).mkdir()
        (root / service / "Dockerfile").write_text(dockerfile, encoding="utf-8")
