"""The edge has the address that names inside lead to, however busy the managers are."""

import ipaddress
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import pytest

from compartment_tui.adapters.docker.api.address import Address
from compartment_tui.adapters.docker.api.client import Client
from compartment_tui.adapters.docker.api.errors import Missing
from compartment_tui.adapters.docker.api.labels import ROLE, Role
from compartment_tui.adapters.docker.api.resource_names import SwarmNames
from compartment_tui.adapters.docker.swarm import edge
from compartment_tui.adapters.docker.swarm.edge import SwarmEdge
from compartment_tui.domain.config import NetworkSettings
from compartment_tui.domain.errors import EngineProblem
from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.domain.subnets import edge_address
from compartment_tui.ports import World
from tests.contract.swarm_bench import SwarmMachine, swarm_machine

HOLDER = "holder"
UNTIL_FREE = 22.0
"""Seconds: longer than the engine itself waits for the managers, so that an attempt fails."""


@pytest.fixture
def machine() -> Iterator[SwarmMachine]:
    with swarm_machine() as made:
        yield made


@pytest.fixture
def world(machine: SwarmMachine, tmp_path: Path) -> World:
    made = machine.open_world(tmp_path)
    made.edge.ensure(machine.settings)
    return made


class Engine:
    """Stands for a `Client` of an engine that has the edge join as a test says, attempt by attempt.

    What it says is an error, or the address that the edge has then; None: it joined half way.
    """

    def __init__(self, *attempts: str | Exception | None) -> None:
        self.address = Address(url="unix:///docker.sock", chosen_by="the test")
        self.subnets: dict[str, object] = {}
        self.done: list[str] = []
        self._attempts = list(attempts)
        self._networks: dict[str, Any] = {}

    @contextmanager
    def translate(self, _: str) -> Iterator[None]:
        yield

    def inspect_network(self, _: str) -> dict[str, Any]:
        return {"IPAM": {"Config": [{"Subnet": "10.201.0.0/24"}]}}

    def inspect_container(self, name: str) -> dict[str, Any]:
        return {
            "Id": "edge",
            "Name": f"/{name}",
            "Image": "sha256:1",
            "State": {"Running": True, "Restarting": False, "StartedAt": ""},
            "Config": {"Labels": {ROLE: Role.EDGE.value}, "Image": "traefik:v3.7"},
            "HostConfig": {},
            "NetworkSettings": {"Networks": self._networks},
        }

    def connect_network(self, _: str, network: str, address: str | None) -> None:
        self.done.append(f"join {address}")
        came = self._attempts.pop(0)
        if isinstance(came, Exception):
            raise came
        self._networks[network] = {
            "IPAMConfig": {"IPv4Address": address},
            "IPAddress": came or "",
        }

    def disconnect_network(self, _: str, network: str) -> None:
        self.done.append("leave")
        self._networks.pop(network, None)


def edge_of(engine: Engine) -> SwarmEdge:
    return SwarmEdge(cast(Client, engine), SwarmNames(namespace="compartment"))


KEY = EnvironmentKey("shop", "production")
JOIN = "join 10.201.0.254"


@pytest.fixture
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edge, "PAUSE_SECONDS", 0.0)


@pytest.mark.usefixtures("_no_pauses")
@pytest.mark.parametrize(
    "came",
    [
        EngineProblem("attaching to network failed: context deadline exceeded"),
        EngineProblem("Address already in use"),
        Missing("network abc not found"),
        None,
        "10.201.0.3",
    ],
)
def test_where_no_name_leads_the_edge_does_not_stay(came: str | Exception | None) -> None:
    engine = Engine(came, came, "10.201.0.254")
    edge_of(engine).attach(KEY)
    assert engine.done == [JOIN, "leave", JOIN, "leave", JOIN]


def test_an_edge_that_has_joined_before_is_left_alone() -> None:
    engine = Engine("10.201.0.254", EngineProblem("endpoint exists already"))
    edge_of(engine).attach(KEY)
    edge_of(engine).attach(KEY)
    assert engine.done == [JOIN, JOIN]


def test_an_address_that_somebody_keeps_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edge, "ATTACH_SECONDS", 0.0)
    with pytest.raises(EngineProblem, match=r"did not get its address 10\.201\.0\.254"):
        edge_of(Engine("10.201.0.3", "10.201.0.3")).attach(KEY)


@pytest.mark.docker
def test_an_address_that_the_managers_give_late_is_waited_for(
    machine: SwarmMachine, world: World
) -> None:
    settings = NetworkSettings()
    wanted = edge_address(ipaddress.IPv4Network(world.engine.next_subnet(settings)))
    world.engine.make_network(machine.key, settings)
    network = machine.layout.network(machine.key)
    machine.docker("run", "--detach", "--name", HOLDER, "busybox:1", "sleep", "600")
    machine.docker("network", "connect", "--ip", wanted, network, HOLDER)
    free = threading.Timer(
        UNTIL_FREE, lambda: machine.docker("network", "disconnect", network, HOLDER)
    )
    free.start()
    try:
        world.edge.attach(machine.key)
    finally:
        free.join()
    inspected = json.loads(machine.docker("inspect", machine.layout.edge))
    assert inspected[0]["NetworkSettings"]["Networks"][network]["IPAddress"] == wanted
    info = world.edge.info()
    assert info is not None
    assert machine.key in info.inside
