"""Domains as the public sees them: their addresses, and who answers there."""

import socket
from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection, HTTPException

from compartment_tui.domain.domain_proof import HTTP_PORT, PROOF_HEADER, PROOF_PATH, DomainLook
from compartment_tui.domain.edge_address import ANYWHERE, LOOPBACK

PATIENCE_SECONDS = 3.0
SIDE_BY_SIDE = 8
_FAR = ("192.0.2.1", "2001:db8::1")
"""Addresses of nobody: no packet is sent there, it is only asked by which way one would go."""


class SystemDomainNames:
    """Keeps the promises of `compartment_tui.ports.DomainNames`."""

    def look(self, hosts: Collection[str]) -> Mapping[str, DomainLook]:
        if not hosts:
            return {}
        with ThreadPoolExecutor(max_workers=min(SIDE_BY_SIDE, len(hosts))) as pool:
            return dict(zip(hosts, pool.map(_look, hosts), strict=True))

    def addresses(self, bind: str, engine_host: str) -> tuple[str, ...]:
        if bind not in ANYWHERE:
            return (bind,)
        if engine_host in LOOPBACK:
            return tuple(filter(None, map(_outward, _FAR)))
        return _resolved(engine_host)


def _look(host: str) -> DomainLook:
    addresses = _resolved(host)
    looks = [_ask(host, one) for one in addresses]
    here = next((one for one in looks if one.edge), None)
    # A visitor may be given any of them, so one that leads elsewhere spoils it.
    other = next((one for one in looks if not one.edge), None)
    found = other or here or DomainLook(detail="nobody knows the name")
    return DomainLook(addresses=addresses, edge=found.edge, detail=found.detail)


def _resolved(host: str) -> tuple[str, ...]:
    try:
        found = socket.getaddrinfo(host, HTTP_PORT, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return ()
    return tuple(dict.fromkeys(str(one[4][0]) for one in found))


def _ask(host: str, address: str) -> DomainLook:
    connection = HTTPConnection(address, HTTP_PORT, timeout=PATIENCE_SECONDS)
    try:
        connection.request("GET", PROOF_PATH, headers={"Host": host})
        answer = connection.getresponse()
        edge = answer.getheader(PROOF_HEADER, "")
    except TimeoutError:
        return DomainLook(detail=f"no answer at port {HTTP_PORT} within {PATIENCE_SECONDS:g} s")
    except ConnectionRefusedError:
        return DomainLook(detail=f"port {HTTP_PORT} is closed")
    except OSError as error:
        return DomainLook(detail=(error.strerror or "closed without an answer").lower())
    except HTTPException:
        return DomainLook(detail="something answered that is not HTTP")
    finally:
        connection.close()
    location = answer.getheader("Location", "")
    led = f", and leads to {location[:80]!r}" if location else ""
    return DomainLook(edge=edge, detail=f"somebody else answered {answer.status}{led}")


def _outward(far: str) -> str:
    """The address by which this machine goes out; empty when it does not."""
    family = socket.AF_INET6 if ":" in far else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((far, HTTP_PORT))
            return str(probe.getsockname()[0])
    except OSError:
        return ""
