"""Who is connected, in words."""

from compartment_tui.domain.callers import Caller, CallerKind, connections_from

KNOWN = {
    "10.201.0.2": Caller(CallerKind.EDGE),
    "10.201.0.3": Caller(CallerKind.SERVICE, "worker"),
    "10.201.0.4": Caller(CallerKind.SERVICE, "worker"),
}


def test_callers_are_counted_by_name_the_edge_first_and_bare_addresses_last() -> None:
    addresses = ("10.201.0.9", "10.201.0.3", "10.201.0.2", "10.201.0.4")
    connections = connections_from(addresses, KNOWN)
    assert connections.total == 4
    assert connections.words == "1 through the edge, 2 from worker, 1 from 10.201.0.9"


def test_the_order_of_addresses_makes_no_difference() -> None:
    addresses = ("10.201.0.9", "10.201.0.3", "10.201.0.2")
    assert connections_from(addresses, KNOWN) == connections_from(addresses[::-1], KNOWN)


def test_nobody_is_nobody() -> None:
    assert connections_from((), KNOWN).total == 0
