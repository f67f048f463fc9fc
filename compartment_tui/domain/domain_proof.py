"""The proof that a domain leads to this edge, before anybody is asked for its certificate."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address

PROOF_PATH = "/.well-known/compartment-tui/edge"
"""Where every edge says which one it is, whatever host it is asked as."""
PROOF_HEADER = "X-Compartment-Edge"
HTTP_PORT = 80
"""Where the public asks for a domain, and a certificate authority too."""
ORDER_PAUSE = timedelta(hours=1)
"""How long nobody is asked again by a deploy after an order failed: authorities count failures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainLook:
    """What was found where a domain leads, from this machine."""

    addresses: tuple[str, ...] = ()
    """What it resolves to; empty: nobody knows it."""
    edge: str = ""
    """Which edge answered, by its token; empty: none of ours."""
    detail: str = ""
    """What was got in place of that, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateOrder:
    """What came of the last order of a domain's certificate."""

    at: datetime
    failure: str = ""
    """Why there is none, in the words of who was asked; empty when it came."""

    def fresh_failure(self, now: datetime) -> bool:
        """Whether it failed, and so short ago that a deploy does not try again."""
        return bool(self.failure) and now - self.at < ORDER_PAUSE


def why_not_here(
    host: str, look: DomainLook, *, token: str, addresses: tuple[str, ...], http_port: int
) -> tuple[str, str]:
    """Why a domain does not lead to the edge with that token, and the way on; empty when it does.

    `addresses` are where that edge is reached, as far as anybody knows.
    """
    if token and look.edge == token:
        return "", ""
    there = f" {addresses[0]}" if addresses else " the address of the engine's machine"
    kind = "AAAA" if addresses and ip_address(addresses[0]).version == 6 else "A"
    record = f"at its DNS provider, make an {kind} record: {host} →{there}"
    if not look.addresses:
        return f"{host} has no address", record
    leads = f"{host} leads to {', '.join(look.addresses)}"
    if set(look.addresses).isdisjoint(addresses) and addresses:
        return f"{leads}, and not to {addresses[0]}: {look.detail}", record
    port = ""
    if http_port != HTTP_PORT:
        port = f": the public asks at port {HTTP_PORT}, and the edge listens at {http_port}"
        return (
            f"{leads}, where this edge does not answer ({look.detail})",
            f"lead port {HTTP_PORT} of that machine to it, or set `[edge] http_port = 80`{port}",
        )
    if look.edge:
        return f"{leads}, where another engine's edge answers", record
    return f"{leads}, where this edge does not answer ({look.detail})", record


ENDING = timedelta(days=20)
"""Before its end a certificate should have been renewed long ago."""


def ending_soon(ends: Mapping[str, datetime], now: datetime) -> dict[str, datetime]:
    """Of certificates by host, those that end so soon that somebody should know."""
    return {host: until for host, until in ends.items() if until - now < ENDING}


def until_of(host: str, certificates: Mapping[str, datetime]) -> datetime | None:
    """Until when a host has a certificate; `certificates` are by name, `*.` for one label."""
    wild = f"*.{host.partition('.')[2]}"
    found = [certificates[name] for name in (host, wild) if name in certificates]
    return max(found, default=None)
