"""An edge of its own, beside whatever edge this engine has, for the tests of edge and keeper."""

import contextlib
import secrets
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from docker.errors import APIError

from compartment_tui.adapters.docker.api import labels
from compartment_tui.adapters.docker.api.client import Client, connect
from compartment_tui.adapters.docker.api.convert import instance_of_inspect
from compartment_tui.adapters.docker.api.helper_shell import Shell
from compartment_tui.adapters.docker.api.labels import Role
from compartment_tui.adapters.docker.api.resource_names import (
    ASIDE,
    AUDIT,
    INDEX,
    RECORDS,
    ROUTES,
    SHELF,
    ResourceNames,
)
from compartment_tui.adapters.docker.edge.edge import DockerEdge
from compartment_tui.adapters.docker.engine import DockerEngine
from compartment_tui.adapters.docker.lock.locks import DockerEnvironmentLock, DockerLocks
from compartment_tui.adapters.docker.records import DockerRecords
from compartment_tui.domain.config import EdgeSettings
from compartment_tui.domain.deployment import Instance
from compartment_tui.domain.names import EnvironmentKey, alias, new_id
from compartment_tui.domain.routes import Route, RouteTable

OWNER = "compartment-test"
SERVER = ("httpd", "-f", "-p", "8080", "-h", "/etc")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def eventually(holds: Callable[[], bool], seconds: float = 60) -> bool:
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def fresh_id(prefix: str = "dep") -> str:
    return new_id(prefix, datetime.now(UTC), secrets.token_bytes(10))


@dataclass(frozen=True)
class OwnEdge:
    client: Client
    layout: ResourceNames
    settings: EdgeSettings
    keys: list[EnvironmentKey] = field(default_factory=list)
    """The environments that `key` made."""

    @property
    def edge(self) -> DockerEdge:
        return DockerEdge(self.client, self.layout)

    @property
    def records(self) -> DockerRecords:
        return DockerRecords(self.client, self.layout)

    @property
    def locks(self) -> DockerLocks:
        return DockerLocks(self.client, DockerEngine(self.client, self.layout), self.layout)

    def key(self, environment: str = "prüfung 1/2") -> EnvironmentKey:
        """A new environment with a network that the edge is on."""
        key = EnvironmentKey(f"t-{secrets.token_hex(4)}", environment)
        while not self._network(key):
            continue
        self.keys.append(key)
        self.edge.attach(key)
        return key

    def _network(self, key: EnvironmentKey) -> bool:
        """False when somebody has that subnet: tests of another process may take some too."""
        api: Any = self.client.api
        # Docker's own pools are few, and other tests need them too.
        subnet = f"10.243.{secrets.randbelow(256)}.{secrets.randbelow(8) * 32}/27"
        try:
            api.create_network(
                self.layout.network(key),
                ipam={"Driver": "default", "Config": [{"Subnet": subnet}]},
                labels=labels.of_environment(Role.NETWORK, key),
            )
        except APIError as error:
            if "overlaps" in str(error.explanation):
                return False
            raise
        return True

    def lock(self, key: EnvironmentKey, actor: str = "me@here") -> DockerEnvironmentLock:
        return self.locks.environment(key, actor=actor, purpose="deploy")

    def ensure(self) -> bool:
        with self.locks.engine(actor="me@here"):
            return self.edge.ensure(self.settings)

    def start(
        self,
        key: EnvironmentKey,
        command: tuple[str, ...] = SERVER,
        *,
        image: str = "busybox:1",
        name: str | None = None,
    ) -> Instance:
        """A service's container, made by hand: the engine's adapter has tests of its own."""
        deployment, network = fresh_id(), self.layout.network(key)
        api: Any = self.client.api  # the stubs ask for classes that are only dicts
        endpoint = api.create_endpoint_config(aliases=[alias(deployment)])
        made = api.create_container(
            image,
            name=name,
            command=list(command),
            stop_signal="SIGKILL",
            host_config=api.create_host_config(network_mode=network),
            networking_config=api.create_networking_config({network: endpoint}),
            labels=labels.of_environment(Role.SERVICE, key)
            | {
                labels.SERVICE: "web",
                labels.DEPLOYMENT: deployment,
                labels.RUN: fresh_id("run"),
                labels.SPEC: "{}",
                labels.PORT: "8080",
                labels.CREATED: datetime.now(UTC).isoformat(),
            },
        )
        api.start(made["Id"])
        facts = api.inspect_container(made["Id"])
        instance = instance_of_inspect(facts)
        assert instance is not None
        address = facts["NetworkSettings"]["Networks"][network]["IPAddress"]
        return replace(instance, address=address)

    def table(self, key: EnvironmentKey, instance: Instance) -> RouteTable:
        route = Route(host=f"{key.project}.localhost", deployment=instance.deployment, port=8080)
        return RouteTable(marker=instance.run, routes=(route,))

    def put_in_force(self, lock: DockerEnvironmentLock, table: RouteTable) -> None:
        lock.write_routes(table)
        assert eventually(lambda: lock.in_force(table))

    def visit(self, host: str) -> int:
        """The status a visitor of that host gets; 0 when nobody answers."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.settings.http_port}/hostname", headers={"Host": host}
        )
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                status: int = answer.status
                return status
        except urllib.error.HTTPError as error:
            with error:
                return error.code
        except OSError:
            return 0

    def inside(self, script: str, *arguments: str, payload: bytes | None = None) -> str:
        """Run a script where both volumes are: in one container for all scripts."""
        done = self._hand.run(script, *arguments, payload=payload)
        assert done.exit_code == 0, done.text
        return done.text

    @cached_property
    def _hand(self) -> Shell:
        marked = {labels.ROLE: Role.STATE.value, OWNER: self.layout.namespace}
        return Shell.open(self.client, labels=marked, mounts=self.layout.volumes)

    def clear(self) -> None:
        """Leave an edge without environments: one that starts then has less to read."""
        engine = DockerEngine(self.client, self.layout)
        while self.keys:
            engine.remove_environment(self.keys.pop(), volumes=True)
        self.inside(f"rm -rf {ROUTES}/*.* {RECORDS} {INDEX} {SHELF} {AUDIT} {ASIDE}")

    def remove(self) -> None:
        """Everything that bears this namespace."""
        from docker.errors import APIError

        api = self.client.api
        prefix = self.layout.namespace
        if "_hand" in vars(self):
            self._hand.close()
        networks = [one for one in api.networks() if one["Name"].startswith(prefix)]
        for row in api.containers(all=True):
            on = set((row.get("NetworkSettings") or {}).get("Networks") or {})
            ours = any(name.lstrip("/").startswith(prefix) for name in row["Names"])
            if ours or on & {one["Name"] for one in networks}:
                with contextlib.suppress(APIError):
                    api.remove_container(row["Id"], force=True, v=True)
        for network in networks:
            api.remove_network(network["Id"])
        for volume in (*self.layout.volumes, self.layout.certificates_volume):
            with contextlib.suppress(APIError):
                api.remove_volume(volume)
        self.client.close()


def own_edge() -> OwnEdge:
    return OwnEdge(
        connect(),
        ResourceNames(namespace=f"t-{secrets.token_hex(4)}"),
        EdgeSettings(http_port=free_port(), https_port=0),
    )
