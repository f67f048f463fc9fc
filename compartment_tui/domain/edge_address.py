"""The address of an edge as seen from here: its engine may be another machine."""

from ipaddress import IPv6Address, ip_address

from compartment_tui.domain.config import EdgeSettings

ANYWHERE = frozenset({"0.0.0.0", "::", ""})  # noqa: S104 - compared with, not listened on
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def address_of(settings: EdgeSettings, engine_host: str) -> str | None:
    """Where this machine reaches the edge; None when it listens for its own machine only."""
    if settings.bind in ANYWHERE:
        return engine_host
    if settings.bind in LOOPBACK and engine_host not in LOOPBACK:
        return None
    return settings.bind


def is_exposed(settings: EdgeSettings) -> bool:
    """Whether it listens for other machines than its own."""
    address = ip_address(settings.bind)
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return not (mapped or address).is_loopback


def listening(settings: EdgeSettings) -> str:
    """Where it listens, in words."""
    place = f"[{settings.bind}]" if ":" in settings.bind else settings.bind
    secure = f" and {settings.https_port}" if settings.https_port else ""
    return f"{place}:{settings.http_port}{secure}"


def exposure(settings: EdgeSettings) -> str:
    """Whom it serves, in words."""
    listens = f"it listens on {listening(settings)}"
    if not is_exposed(settings):
        return f"{listens}, for its own machine alone"
    return f"{listens}: whoever reaches that address reaches every project's hosts"


def leads_here(host: str) -> bool:
    """Whether a host name always means the machine that asks."""
    return host == "localhost" or host.endswith(".localhost")


def curl(host: str, address: str, port: int) -> str:
    """The command that visits a host wherever its name leads."""
    place = f"[{address}]" if ":" in address else address
    return f"curl -H 'Host: {host}' http://{place}:{port}/"


def tunnel(settings: EdgeSettings, engine_host: str) -> str:
    """The command that brings an edge here which only its own machine reaches."""
    port = settings.http_port
    return f"ssh -L {port}:{settings.bind}:{port} {engine_host}"


def detour(host: str, settings: EdgeSettings, engine_host: str) -> str | None:
    """The command by which a host is reached whose own name leads elsewhere; None when it does not.

    After a tunnel was dug the name itself is right: it means this machine.
    """
    if engine_host in LOOPBACK or not leads_here(host):
        return None
    address = address_of(settings, engine_host)
    if address is None:
        return tunnel(settings, engine_host)
    return curl(host, address, settings.http_port)
