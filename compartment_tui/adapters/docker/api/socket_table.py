"""The kernel's tables of TCP sockets, as `/proc/net/tcp` and `tcp6` have them. Pure."""

from ipaddress import IPv6Address, ip_address

from compartment_tui.domain.readiness_advice import Listener

_ESTABLISHED = "01"
_LISTENING = "0A"


def established(table: str, port: int) -> tuple[str, ...]:
    """The remote addresses of the rows that are established connections *to* `port`."""
    rows = (line.split() for line in table.splitlines())
    return tuple(
        _address(row[2].rpartition(":")[0])
        for row in rows
        if len(row) > 3 and row[3] == _ESTABLISHED and row[1].rpartition(":")[2] == f"{port:04X}"
    )


def established_to(table: str, addresses: frozenset[str], port: int) -> tuple[str, ...]:
    """The own addresses of the rows that are established connections to a port of these."""
    rows = (line.split() for line in table.splitlines())
    return tuple(
        _address(row[1].rpartition(":")[0])
        for row in rows
        if len(row) > 3
        and row[3] == _ESTABLISHED
        and row[2].rpartition(":")[2] == f"{port:04X}"
        and _address(row[2].rpartition(":")[0]) in addresses
    )


def listening(table: str) -> tuple[Listener, ...]:
    """The rows of `/proc/net/tcp` and `tcp6` that wait for connections."""
    rows = (line.split() for line in table.splitlines())
    return tuple(
        _listener(*row[1].rpartition(":")[::2])
        for row in rows
        if len(row) > 3 and row[3] == _LISTENING
    )


def _listener(address: str, port: str) -> Listener:
    return Listener(address=_address(address), port=int(port, 16))


def _address(address: str) -> str:
    # The kernel prints an address in words of 32 bits, each as the processor has it.
    words = (bytes.fromhex(address[at : at + 8])[::-1] for at in range(0, len(address), 8))
    found = ip_address(b"".join(words))
    # One of IPv4 that a socket of IPv6 has: `::ffff:127.0.0.1`.
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return str(mapped or found)
