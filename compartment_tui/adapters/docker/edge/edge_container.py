"""The edge's container, as the engine has it now."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from compartment_tui.adapters.docker.api.client import Client
from compartment_tui.adapters.docker.api.errors import Missing
from compartment_tui.adapters.docker.api.labels import PREFIX, Role
from compartment_tui.adapters.docker.api.ownership import name_taken, why_not_ours
from compartment_tui.domain.config import AcmeSettings, EdgeSettings
from compartment_tui.domain.errors import CompartmentError

USER = "65534:65534"
"""Nobody: it reads what anybody may, and listens below port 1024 by `SYSCTLS`."""
SYSCTLS = {"net.ipv4.ip_forward": "0", "net.ipv4.ip_unprivileged_port_start": "0"}
"""It is on every network: a packet that comes in by one must not leave by another."""
SYSCTLS_IPV6 = {"net.ipv6.conf.all.forwarding": "0"}
"""A kernel without IPv6 does not take it."""
CAPABILITY = "NET_BIND_SERVICE"
NO_NEW_PRIVILEGES = "no-new-privileges"
PIDS = 4096
MAX_PORT = 65535
DIGITS = 5

BIND = PREFIX + "edge.bind"
MADE_ON = PREFIX + "edge.made_on"
HTTP_PORT = PREFIX + "edge.http_port"
HTTPS_PORT = PREFIX + "edge.https_port"
MADE_AS = PREFIX + "edge.made_as"
TRUSTED = PREFIX + "edge.trusted_proxies"
ACME_EMAIL = PREFIX + "edge.acme_email"
ACME_SERVER = PREFIX + "edge.acme_server"
ACME_LIFETIME = PREFIX + "edge.acme_lifetime"
ACME_AUTHORITY = PREFIX + "edge.acme_authority"
INNER_PORTS = PREFIX + "edge.inner_ports"
LATEST = 4
"""How an edge is made now. 1, without a label: one port, no certificates, no figures. 2: it takes
no inner calls. 3: it has no page for maintenance."""
_HTTPS, INNER_CALLS, MAINTENANCE_PAGE = 2, 3, 4
_SINCE = (
    (_HTTPS, "has no port for HTTPS"),
    (_HTTPS, "waits long for the name of a container that is gone"),
    (INNER_CALLS, "takes no calls of services to each other"),
    (MAINTENANCE_PAGE, "has no page for maintenance"),
)
"""What came when, in words for those that do not have it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeContainer:
    """`started` tells two lives of the same container apart: each has its own network namespace."""

    id: str
    image: str
    image_name: str
    labels: Mapping[str, str]
    networks: Mapping[str, Any]
    running: bool
    restarting: bool
    started: str
    open: tuple[str, ...] = ()
    """In words, what it could do that an edge made now cannot."""
    version: int = LATEST
    """How it was made; see `LATEST`."""

    @property
    def lacks(self) -> tuple[str, ...]:
        """In words, why one made now would be better."""
        return tuple(words for since, words in _SINCE if self.version < since)

    @property
    def https(self) -> bool:
        """Whether it can serve HTTPS."""
        return self.version >= _HTTPS

    @property
    def life(self) -> tuple[str, str]:
        return self.id, self.started

    @property
    def settings(self) -> EdgeSettings:
        default = EdgeSettings()
        return EdgeSettings(
            bind=self.labels.get(BIND, default.bind),
            http_port=self._number(HTTP_PORT, default.http_port),
            https_port=self._number(HTTPS_PORT, 0),
            inner_ports=self.inner_ports,
            acme=AcmeSettings(
                email=str(self.labels.get(ACME_EMAIL, "")),
                server=str(self.labels.get(ACME_SERVER, "")),
                lifetime=self._number(ACME_LIFETIME, 0),
                authority=str(self.labels.get(ACME_AUTHORITY, "")),
            ),
            trusted_proxies=tuple(str(self.labels.get(TRUSTED, "")).split()),
        )

    @property
    def inner_ports(self) -> tuple[int, ...]:
        """Where it takes inner calls."""
        ports = str(self.labels.get(INNER_PORTS, "")).split()
        known = (int(port) for port in ports if port.isascii() and port.isdecimal())
        return tuple(sorted(port for port in known if port <= MAX_PORT))

    def is_pinned(self, network: str) -> bool:
        """Whether it has the address there that it will always have."""
        return bool(self._asked(network))

    def is_on(self, network: str, *, at: str = "") -> bool:
        """Whether it has joined a network, or will at its start; and has that address there.

        The engine lists one, too, that it failed to join half way.
        """
        if network not in self.networks:
            return False
        has = self.networks[network].get("IPAddress") if self.running else self._asked(network)
        return has == at if at else bool(has) or not self.running

    def _asked(self, network: str) -> str:
        asked = (self.networks.get(network) or {}).get("IPAMConfig") or {}
        return str(asked.get("IPv4Address") or "")

    def _number(self, label: str, default: int) -> int:
        number = str(self.labels.get(label, ""))
        known = number.isascii() and number.isdecimal() and len(number) <= 5
        return int(number) if known else default


def find_edge(client: Client, name: str) -> EdgeContainer | None:
    """None when there is no container of that name. Raises NameTaken when it is not ours."""
    try:
        with client.translate("look at the edge"):
            found = client.inspect_container(name)
    except Missing:
        return None
    if why := why_not_ours(found, Role.EDGE):
        raise name_taken(name, why)
    state, marks = found["State"], found["Config"].get("Labels") or {}
    return EdgeContainer(
        id=found["Id"],
        image=found["Image"],
        image_name=found["Config"]["Image"],
        labels=marks,
        networks=found["NetworkSettings"].get("Networks") or {},
        running=bool(state.get("Running")) and not state.get("Restarting"),
        restarting=bool(state.get("Restarting")),
        started=state.get("StartedAt", ""),
        open=tuple(_open_ways(found)),
        version=_version(str(marks.get(MADE_AS, ""))),
    )


def _version(made_as: str) -> int:
    known = made_as.isascii() and made_as.isdecimal() and len(made_as) < DIGITS
    return int(made_as) if known else 1


def _open_ways(found: Mapping[str, Any]) -> Iterator[str]:
    host = found.get("HostConfig") or {}
    sysctls = host.get("Sysctls") or {}
    if sysctls.get("net.ipv4.ip_forward") != SYSCTLS["net.ipv4.ip_forward"]:
        yield "passes packets on between environments"
    dropped, added = host.get("CapDrop") or (), host.get("CapAdd") or ()
    if "ALL" not in dropped or any(one.removeprefix("CAP_") != CAPABILITY for one in added):
        yield "has capabilities that it does not need"
    if (found["Config"].get("User") or "0").partition(":")[0] in ("0", "root"):
        yield "runs as root"
    options = host.get("SecurityOpt") or ()
    if not any(one.startswith(NO_NEW_PRIVILEGES) for one in options):
        yield "may gain privileges"
    if not host.get("ReadonlyRootfs"):
        yield "can write to its own files"


def edge_away(kind: type[CompartmentError]) -> CompartmentError:
    """Nobody can be asked: before a lock is taken that is the engine's problem, later a step's."""
    return kind("the edge does not run", hint="`compartment-tui edge restart` starts it")
