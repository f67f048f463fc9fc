"""What the contract suite works on: a world, and levers for what no port can do."""

import os
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

from compartment_tui.domain.config import (
    EdgeSettings,
    Kind,
    Limits,
    ProjectConfig,
    Readiness,
    ReadinessKind,
    Release,
    ServiceSpec,
)
from compartment_tui.domain.deployment import Image, Instance, Provenance, Trigger
from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.domain.planning.plan import ContainerSpec, ImageSource, Plan
from compartment_tui.domain.routes import Route, RouteTable
from compartment_tui.domain.variable import Secret
from compartment_tui.ports import Engine, EnvironmentLock, World

IMAGE = "busybox:1"
NOWHERE = "no.such.registry.invalid/name:1"
"""An image that neither a registry nor the engine has."""
SERVER = ("httpd", "-f", "-p", "8080", "-h", "/etc")
PAGE = "/hostname"
"""Something that SERVER has."""
SILENT = ("sh", "-c", "while :; do nc -l -p 8080 -e sh -c 'cat >/dev/null'; done")
"""Takes requests, and answers none."""
SLEEPER = ("sh", "-c", "echo started; exec sleep 600")
BUSY = ("sh", "-c", "while :; do :; done")
MEMORY_LIMIT = 64 * 1024 * 1024
SECOND = timedelta(seconds=1)


def asked(kind: ReadinessKind, *, path: str = PAGE, command: tuple[str, ...] = ()) -> Readiness:
    return Readiness(kind=kind, path=path, command=command)


def service(name: str, command: tuple[str, ...], readiness: Readiness | None = None) -> ServiceSpec:
    return ServiceSpec(
        name=name, kind=Kind.API, image=IMAGE, port=8080, command=command, readiness=readiness
    )


SERVICES = (
    service("web", SERVER, asked(ReadinessKind.TCP)),
    service("page", SERVER, asked(ReadinessKind.HTTP)),
    service("silent", SILENT),
    service("lost", SERVER, asked(ReadinessKind.HTTP, path="/nothing-here")),
    service("closed", SLEEPER, asked(ReadinessKind.TCP)),
    service("obedient", SLEEPER, asked(ReadinessKind.COMMAND, command=("true",))),
    service("stubborn", SLEEPER, asked(ReadinessKind.COMMAND, command=("false",))),
    service("short", ("sh", "-c", "echo started; echo bye >&2; exit 3")),
    ServiceSpec(name="unstartable", image=IMAGE, command=("no-such-program",)),
    ServiceSpec(
        name="migrating",
        image=IMAGE,
        command=SLEEPER,
        release=Release(command=("sh", "-c", "echo migrating; echo done")),
    ),
    ServiceSpec(
        name="unmigrated",
        image=IMAGE,
        command=SLEEPER,
        release=Release(command=("sh", "-c", "echo no such table; exit 4")),
    ),
    ServiceSpec(
        name="keeper",
        kind=Kind.WORKER,
        image=IMAGE,
        command=SLEEPER,
        volumes=(("data", "/var/lib/data"),),
    ),
    ServiceSpec(name="busy", kind=Kind.WORKER, image=IMAGE, command=BUSY),
    ServiceSpec(
        name="limited",
        kind=Kind.WORKER,
        image=IMAGE,
        command=SLEEPER,
        limits=Limits(memory=MEMORY_LIMIT),
    ),
    ServiceSpec(name="prompt", kind=Kind.WORKER, image=IMAGE, command=SLEEPER, init=True),
    ServiceSpec(name="built", path="built", port=8080),
    ServiceSpec(name="broken", path="broken", port=8080),
)


def contract_config(name: str, edge: EdgeSettings) -> ProjectConfig:
    return ProjectConfig(name=name, services=SERVICES, edge=edge)


class Bench(ABC):
    """A world with an edge that runs and one environment that has its network."""

    def __init__(self, world: World, key: EnvironmentKey) -> None:
        self.world = world
        self.key = key
        self.config = world.project.config()

    # --- levers ----------------------------------------------------------------------------------

    @abstractmethod
    def another(self) -> World:
        """A second process on the same engine."""

    @abstractmethod
    def hold_elsewhere(self, key: EnvironmentKey, actor: str) -> Callable[[], None]:
        """Take an environment's lock in another process; what is returned kills that process."""

    @abstractmethod
    def image(self) -> Image:
        """IMAGE as it lies on the engine."""

    @abstractmethod
    def say(self, deployment: str, line: str) -> None:
        """Let a running deployment write a line to its standard output."""

    @abstractmethod
    def given(self, deployment: str) -> dict[str, str]:
        """What a running deployment's first process has as its environment."""

    @abstractmethod
    def rename(self, deployment: str, name: str) -> None: ...

    @abstractmethod
    def copy(self, deployment: str, name: str) -> None:
        """Make an image of a deployment's container, and run a container of that by that name."""

    @abstractmethod
    def copies_running(self) -> int:
        """How many of those that `copy` made run."""

    @abstractmethod
    def spoil_index(self) -> None:
        """Put something unreadable where the index of records is."""

    @abstractmethod
    def connection(self, deployment: str) -> AbstractContextManager[None]:
        """An open connection to a deployment's port."""

    @abstractmethod
    def accepts(self, deployment: str) -> bool:
        """Whether the port of a deployment accepts connections."""

    @abstractmethod
    def visit(self, host: str) -> bool:
        """Whether a visitor of that host gets an answer from a service."""

    @abstractmethod
    def visitor(self, host: str) -> AbstractContextManager[None]:
        """A visitor of that host, whose request is under way."""

    @abstractmethod
    def call(self, caller: str, service: str) -> str | None:
        """The deployment that answers a deployment's call to a service by name; None: nobody."""

    @abstractmethod
    def kill_edge(self) -> None: ...

    @abstractmethod
    def empty_routes(self) -> None:
        """Lose what the routes' volume holds."""

    @abstractmethod
    def spoil_a_document(self) -> None:
        """Put something unreadable where the route documents are."""

    @abstractmethod
    def spoil_record(self, key: EnvironmentKey) -> None: ...

    @abstractmethod
    def lose_record(self, key: EnvironmentKey) -> None: ...

    @abstractmethod
    def elsewhere(self) -> Engine:
        """Another engine, on which IMAGE lies, too."""

    @abstractmethod
    def registry(self) -> str:
        """A registry that both engines reach."""

    @abstractmethod
    def write_file(self, service: str, text: str) -> None:
        """Change the content that a service's image is built from."""

    # --- what every test needs -------------------------------------------------------------------

    def plan(self, name: str) -> Plan:
        spec = self.config.service(name)
        assert spec is not None
        return Plan(
            key=self.key,
            run=self.world.clock.new_id("run"),
            trigger=Trigger.DEPLOY,
            spec=spec,
            deployment=self.world.clock.new_id("dep"),
            port=spec.port,
            source=ImageSource.BUILD if spec.path else ImageSource.PULL,
            values={"GREETING": Secret("hello")},
            fingerprints={"GREETING": "0123456789abcdef"},
            sensitive=("GREETING",),
            provenance=Provenance(
                commit="c0ffee", branch="main", dirty=True, author="Ada “A.” L. <ada@example>"
            ),
        )

    def birth(self, name: str) -> ContainerSpec:
        plan, image = self.plan(name), self.image()
        for _ in self.world.engine.spread_image(image.id, plan, self.world.cancel):
            pass
        return ContainerSpec(plan=plan, image=image, created=self.world.clock.now())

    def create(self, name: str) -> Instance:
        return self.world.engine.create(self.birth(name))

    def start(self, name: str) -> Instance:
        return self.started(self.create(name).deployment)

    def started(self, deployment: str) -> Instance:
        """Start it; what is there once it runs."""
        self.run(deployment)
        return self.now(deployment)

    def run(self, deployment: str) -> None:
        """Start it, and wait until it runs."""
        if not self.world.engine.start(deployment):
            self.world.engine.await_running(deployment)

    def lock(self, purpose: str = "contract") -> EnvironmentLock:
        return self.world.locks.environment(self.key, actor=self.world.actor, purpose=purpose)

    def now(self, deployment: str) -> Instance:
        instance = self.world.engine.instance(deployment)
        assert instance is not None
        return instance

    def eventually(self, holds: Callable[[], bool], *, within: timedelta = 10 * SECOND) -> bool:
        """Whether it becomes so within a bounded time."""
        deadline = self.world.clock.monotonic() + within
        while not holds():
            if self.world.clock.monotonic() >= deadline:
                return False
            self.world.clock.sleep(timedelta(milliseconds=50))
            time.sleep(0.001)  # pretended time gives other threads no turn
        return True

    def table(self, instance: Instance, *, host: str = "") -> RouteTable:
        route = Route(
            host=host or f"{self.key.project}.localhost",
            deployment=instance.deployment,
            port=8080,
            one_name=instance.one_name,
        )
        return RouteTable(marker=instance.run, routes=(route,))

    def put_in_force(self, lock: EnvironmentLock, table: RouteTable) -> None:
        lock.write_routes(table)
        assert self.eventually(lambda: lock.in_force(table))


def unique_project() -> str:
    """A name that no other run of the suite has on the same engine."""
    return f"contract-{os.urandom(4).hex()}"
