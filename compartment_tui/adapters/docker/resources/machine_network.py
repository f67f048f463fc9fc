"""What the engine's machine needs of its network: where it sends packets, whom it asks for names.

Read from this machine's files where the engine runs on it, else through a helper container.
"""

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from compartment_tui.adapters.docker.api import labels
from compartment_tui.adapters.docker.api.client import Client
from compartment_tui.adapters.docker.api.helper_shell import Shell
from compartment_tui.adapters.docker.api.labels import Role
from compartment_tui.domain.errors import EngineProblem

Subnet = ipaddress.IPv4Network
ROUTES_FILE = Path("/proc/net/route")
RESOLVER_FILES = (Path("/etc/resolv.conf"), Path("/run/systemd/resolve/resolv.conf"))
"""The second has the real ones where the first only names a program on this machine."""
RESOLVER, GATEWAY = "the name server", "the gateway"
_DEFAULT = "00000000"
_READ = f"cat {ROUTES_FILE}; echo; cat {' '.join(map(str, RESOLVER_FILES))} 2>/dev/null || :"


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineNetwork:
    """`/proc/net/route` and `resolv.conf`, as they are."""

    routes: str = ""
    resolvers: str = ""

    @property
    def subnets(self) -> tuple[Subnet, ...]:
        """Where it sends packets, without the default route."""
        return tuple(routes_of(self.routes))

    @property
    def needed(self) -> dict[str, str]:
        """Addresses without which it is cut off, and what they are to it."""
        gateways = dict.fromkeys(gateways_of(self.routes), GATEWAY)
        return gateways | dict.fromkeys(resolvers_of(self.resolvers), RESOLVER)


def local_network(client: Client) -> MachineNetwork:
    """What this machine's files say; nothing when the engine is elsewhere. Asks nobody."""
    if client.address.socket is None:
        return MachineNetwork()
    resolvers = "\n".join(_text(file) for file in RESOLVER_FILES)
    return MachineNetwork(routes=_text(ROUTES_FILE), resolvers=resolvers)


def machine_network(client: Client, bridges: tuple[Subnet, ...]) -> MachineNetwork:
    """What the engine's machine says; `bridges` are the engine's own networks.

    A socket may lead out of a container or into a virtual machine: the files here are the
    engine's only if they know one of its bridges. What cannot be asked is left to the engine.
    """
    here = local_network(client)
    if set(here.subnets) & set(bridges):
        return here
    try:
        with Shell.open(
            client, labels={labels.ROLE: Role.STATE.value}, network_mode="host"
        ) as shell:
            routes, _, resolvers = shell.run(_READ).text.partition("\n\n")
    except EngineProblem:
        return here
    return MachineNetwork(routes=routes, resolvers=resolvers)


def routes_of(table: str) -> Iterator[Subnet]:
    """The destinations in `/proc/net/route`, without the default route."""
    for fields in _fields(table):
        if fields[1] == _DEFAULT:
            continue
        # Both are numbers in the machine's byte order: little-endian wherever Docker is common.
        address, mask = (bytes.fromhex(fields[column])[::-1] for column in (1, 7))
        length = int.from_bytes(mask, "big").bit_count()
        yield ipaddress.IPv4Network((address, length), strict=False)


def gateways_of(table: str) -> Iterator[str]:
    """Whom packets are handed to on their way to other networks."""
    for fields in _fields(table):
        if fields[2] != _DEFAULT:
            yield str(ipaddress.IPv4Address(bytes.fromhex(fields[2])[::-1]))


def resolvers_of(text: str) -> Iterator[str]:
    """The name servers in a `resolv.conf` that have an IPv4 address, in order."""
    for line in text.splitlines():
        words = line.split()
        if len(words) < 2 or words[0] != "nameserver":
            continue
        try:
            yield str(ipaddress.IPv4Address(words[1]))
        except ValueError:
            continue


def _fields(table: str) -> Iterator[list[str]]:
    for line in table.splitlines()[1:]:
        fields = line.split()
        if len(fields) >= 8:
            yield fields


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""  # not Linux: the engine runs in a virtual machine with a network of its own
