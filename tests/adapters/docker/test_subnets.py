"""Choosing a subnet that nobody has."""

import ipaddress
from typing import Any

import pytest

from compartment_tui.adapters.docker.resources.machine_network import (
    MachineNetwork,
    gateways_of,
    resolvers_of,
    routes_of,
)
from compartment_tui.adapters.docker.resources.networks import free_subnets
from compartment_tui.adapters.docker.resources.subnets import subnets_of
from compartment_tui.domain.config import NetworkSettings
from compartment_tui.domain.errors import Refused
from compartment_tui.domain.subnets import refuse_needed_addresses

POOL = NetworkSettings(pool="10.201.0.0/22", size=24)


def nets(*texts: str) -> list[ipaddress.IPv4Network]:
    return [ipaddress.IPv4Network(text) for text in texts]


@pytest.mark.parametrize(
    ("taken", "free"),
    [
        ((), ["10.201.0.0/24", "10.201.1.0/24", "10.201.2.0/24", "10.201.3.0/24"]),
        (("10.201.0.0/24", "10.201.2.128/25"), ["10.201.1.0/24", "10.201.3.0/24"]),
        (("10.201.0.0/23",), ["10.201.2.0/24", "10.201.3.0/24"]),
        (("10.0.0.0/8",), []),
        (("172.17.0.0/16",), [f"10.201.{third}.0/24" for third in range(4)]),
    ],
)
def test_the_lowest_that_overlaps_nothing(taken: tuple[str, ...], free: list[str]) -> None:
    assert [str(subnet) for subnet in free_subnets(POOL, nets(*taken))] == free


def test_what_the_engines_networks_have() -> None:
    listed: list[dict[str, Any]] = [
        {"IPAM": {"Config": [{"Subnet": "172.17.0.0/16"}, {"Subnet": "fd00::/64"}]}},
        {"IPAM": {"Config": None}},
        {"IPAM": {"Config": [{}]}},
        {},
    ]
    assert list(subnets_of(listed)) == nets("172.17.0.0/16")


def test_what_the_host_routes_elsewhere() -> None:
    table = (
        "Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT\n"
        "eth0 00000000 0100A8C0 0003 0 0 0 00000000 0 0 0\n"
        "tun0 0000C90A 00000000 0001 0 0 0 0000FFFF 0 0 0\n"
        "eth0 0500A8C0 00000000 0005 0 0 0 FFFFFFFF 0 0 0\n"
        "\n"
    )
    assert list(routes_of(table)) == nets("10.201.0.0/16", "192.168.0.5/32")


def test_whom_the_host_hands_its_packets_to() -> None:
    table = (
        "Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT\n"
        "eth0 00000000 0100A8C0 0003 0 0 0 00000000 0 0 0\n"
        "tun0 0000C90A 00000000 0001 0 0 0 0000FFFF 0 0 0\n"
        "tun0 0000CA0A 0900000A 0003 0 0 0 0000FFFF 0 0 0\n"
        "\n"
    )
    assert list(gateways_of(table)) == ["192.168.0.1", "10.0.0.9"]


def test_whom_the_host_asks_for_names() -> None:
    text = (
        "# nameserver 10.9.9.9\nsearch lan\nnameserver 10.0.0.2\nnameserver fe80::1%eth0\n"
        "nameserver\nnameserver \t 192.168.0.53 \noptions ndots:1\nnameserver nonsense\n"
    )
    assert list(resolvers_of(text)) == ["10.0.0.2", "192.168.0.53"]


@pytest.mark.parametrize("pool", ["10.0.0.0/8", "10.201.0.0/16", "10.201.0.2/32"])
def test_a_pool_holds_nothing_that_the_machine_needs(pool: str) -> None:
    machine = MachineNetwork(
        routes="Iface\neth0 00000000 0100A8C0 0003 0 0 0 00000000 0 0 0\n",
        resolvers="nameserver 10.201.0.2\nnameserver 127.0.0.53\n",
    )
    with pytest.raises(Refused, match=r"10\.201\.0\.2, the name server"):
        refuse_needed_addresses(NetworkSettings(pool=pool), machine.needed)
    with pytest.raises(Refused, match=r"192\.168\.0\.1, the gateway"):
        refuse_needed_addresses(NetworkSettings(pool="192.168.0.0/16"), machine.needed)
    refuse_needed_addresses(NetworkSettings(pool="10.202.0.0/16"), machine.needed)
