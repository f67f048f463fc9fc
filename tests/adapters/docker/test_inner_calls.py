"""What the edge needs for inner calls, on a real engine: its address, its ports, its documents."""

import ipaddress
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from compartment_tui.adapters.docker.api.resource_names import inner_path
from compartment_tui.adapters.docker.edge import traefik
from compartment_tui.domain.config import INNER_PORTS
from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.domain.subnets import edge_address
from tests.adapters.docker.own_edge import OwnEdge, own_edge

pytestmark = pytest.mark.docker


@pytest.fixture
def own() -> Iterator[OwnEdge]:
    made = own_edge()
    try:
        made.ensure()
        yield made
    finally:
        made.remove()


def address_of_edge(own: OwnEdge, key: EnvironmentKey) -> str:
    (pool,) = own.client.inspect_network(own.layout.network(key))["IPAM"]["Config"]
    return edge_address(ipaddress.IPv4Network(pool["Subnet"]))


def settle_at(own: OwnEdge, key: EnvironmentKey, address: str) -> None:
    """Somebody takes an address on the environment's network."""
    api: Any = own.client.api
    network = own.layout.network(key)
    endpoint = api.create_endpoint_config(ipv4_address=address)
    made = api.create_container(
        "busybox:1",
        name=f"{own.layout.namespace}-squatter",
        command=["sleep", "600"],
        stop_signal="SIGKILL",
        host_config=api.create_host_config(network_mode=network),
        networking_config=api.create_networking_config({network: endpoint}),
    )
    api.start(made["Id"])


def inside(own: OwnEdge) -> frozenset[EnvironmentKey]:
    info = own.edge.info()
    assert info is not None
    assert info.running
    return info.inside


def test_it_has_its_own_address_on_every_network(own: OwnEdge) -> None:
    first, second = own.key("one"), own.key("two")
    assert inside(own) == {first, second}
    with own.lock(first) as lock:
        assert lock.inner_ports() == INNER_PORTS


def test_where_somebody_has_its_address_it_comes_up_and_callers_do_without(own: OwnEdge) -> None:
    key, other = own.key("one"), own.key("two")
    own.client.stop(own.layout.edge, timeout=1)
    settle_at(own, key, address_of_edge(own, key))
    assert own.ensure()
    info = own.edge.info()
    assert info is not None
    assert info.attached == {key, other}
    assert key not in inside(own)
    with own.lock(key) as lock:
        assert lock.inner_ports() == ()


def test_it_joins_a_network_where_somebody_has_its_address(own: OwnEdge) -> None:
    key = own.key("one")
    own.client.disconnect_network(own.layout.edge, own.layout.network(key))
    settle_at(own, key, address_of_edge(own, key))
    own.edge.attach(key)
    assert inside(own) == frozenset()


def test_its_document_is_made_again_when_it_is_lost(own: OwnEdge) -> None:
    key = own.key()
    table = own.table(key, own.start(key))
    table = replace(table, routes=tuple(replace(one, inside="web") for one in table.routes))
    with own.lock(key) as lock:
        own.put_in_force(lock, table)
    written = own.inside('cat "$1"', inner_path(key))
    own.inside('rm "$1"', inner_path(key))
    assert own.ensure()
    assert own.inside('cat "$1"', inner_path(key)) == written
    assert not own.ensure()
    own.edge.forget(key)
    own.inside('[ ! -e "$1" ]', inner_path(key))


def test_another_port_comes_with_a_new_edge_and_none_goes(own: OwnEdge) -> None:
    key = own.key()
    own.edge.restart(replace(own.settings, inner_ports=(*INNER_PORTS, 7000)))
    own.edge.restart(own.settings)
    with own.lock(key) as lock:
        assert lock.inner_ports() == tuple(sorted((*INNER_PORTS, 7000)))
    info = own.edge.info()
    assert info is not None
    assert info.lacks == ()


def test_its_own_ports_are_nobody_elses(own: OwnEdge) -> None:
    own.edge.restart(replace(own.settings, inner_ports=(*INNER_PORTS, *traefik.OWN_PORTS)))
    with own.lock(own.key()) as lock:
        assert lock.inner_ports() == INNER_PORTS
