"""The subnets of the engine's networks."""

import ipaddress
from collections.abc import Iterable, Iterator
from typing import Any

from compartment_tui.adapters.docker.api.client import Client
from compartment_tui.adapters.docker.api.errors import Missing

Subnet = ipaddress.IPv4Network


def subnets_of(listed: Iterable[dict[str, Any]]) -> Iterator[Subnet]:
    """The IPv4 subnets of the engine's networks."""
    for network in listed:
        for pool in (network.get("IPAM") or {}).get("Config") or ():
            subnet = pool.get("Subnet", "")
            if "." in subnet:
                yield ipaddress.IPv4Network(subnet, strict=False)


def subnet_of(client: Client, network: str) -> Subnet | None:
    """The subnet of a network; None when it is not there, or has none."""
    client.subnets.pop(network, None)
    try:
        with client.translate(f"look at the network {network}"):
            found = next(subnets_of([client.inspect_network(network)]), None)
    except Missing:
        return None
    if found is not None:
        client.subnets[network] = found
    return found
