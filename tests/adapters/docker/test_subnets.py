"""Choosing a subnet that nobody has."""

import ipaddress
from typing import Any

import pytest

from compartment_tui.adapters.docker.machine import routes_of
from compartment_tui.adapters.docker.networks import free_subnets, subnets_of
from compartment_tui.domain.config import NetworkSettings

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
