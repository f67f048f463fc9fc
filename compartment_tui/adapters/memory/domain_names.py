"""Domains of the pretended world."""

from collections.abc import Collection, Mapping

from compartment_tui.adapters.memory.host import Host
from compartment_tui.domain.domain_proof import DomainLook

ADDRESS = "192.0.2.10"
"""Where the pretended machine is reached by the public."""


class MemoryDomainNames:
    """`DomainNames` as a `Host` has them in `Host.domains`."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def look(self, hosts: Collection[str]) -> Mapping[str, DomainLook]:
        return {host: self._look(host) for host in hosts}

    def addresses(self, bind: str, engine_host: str) -> tuple[str, ...]:
        return (ADDRESS,)

    def _look(self, host: str) -> DomainLook:
        address = self._host.domains.get(host)
        if address is None:
            return DomainLook(detail="nobody knows the name")
        if address != ADDRESS:
            return DomainLook(addresses=(address,), detail="somebody else answered 404")
        edge = self._host.edge
        if edge is None or not edge.running:
            return DomainLook(addresses=(address,), detail="port 80 is closed")
        return DomainLook(addresses=(address,), edge=self._host.proof)
