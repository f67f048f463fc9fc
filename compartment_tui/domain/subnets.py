"""The networks' pool against what the engine's machine needs itself."""

import ipaddress
from collections.abc import Mapping

from compartment_tui.domain.config import NetworkSettings
from compartment_tui.domain.errors import Refused

PRIVATE = tuple(
    ipaddress.IPv4Network(one) for one in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
)
"""What nobody on the internet has. (100.64.0.0/10 is left out: a provider's own services and the
resolvers of some private networks live there.)"""


SPLIT = 25
"""The longest prefix of a subnet that is large enough to be split."""


def edge_address(subnet: ipaddress.IPv4Network) -> str:
    """The address of the edge on an environment's network, for ever: its last."""
    return str(subnet[-2])


def range_of_services(subnet: ipaddress.IPv4Network) -> ipaddress.IPv4Network | None:
    """The half that all others get their addresses from, so that nobody else gets the edge's.

    None where the subnet is too small for that: then it is only unlikely.
    """
    return next(subnet.subnets()) if subnet.prefixlen <= SPLIT else None


def is_private(pool: ipaddress.IPv4Network) -> bool:
    """Whether all of it is for anybody's own use."""
    return any(pool.subnet_of(one) for one in PRIVATE)


def refuse_needed_addresses(settings: NetworkSettings, needed: Mapping[str, str]) -> None:
    """`needed` says what an address is to the engine's machine: a pool must hold none of them.

    Raises Refused: what is in a pool is no longer reached where it was.
    """
    pool = ipaddress.IPv4Network(settings.pool)
    for address, what in sorted(needed.items()):
        if ipaddress.IPv4Address(address) in pool:
            raise Refused(
                f"the network pool {settings.pool} holds {address}, {what} of the engine's machine",
                hint="give `[networks] pool` another private range",
            )
