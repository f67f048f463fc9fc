"""Who is connected to a deployment, by what a person knows them as."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum


class CallerKind(StrEnum):
    """What is known of a caller; in the order in which callers are named."""

    EDGE = "edge"
    SERVICE = "service"
    ADDRESS = "address"
    """Nothing but where it calls from."""


@dataclass(frozen=True, slots=True)
class Caller:
    """One end of a connection: the edge, a service of the environment, or a bare address."""

    kind: CallerKind
    name: str = ""
    """The service's name, or the address; the edge has none."""

    @property
    def words(self) -> str:
        return "through the edge" if self.kind is CallerKind.EDGE else f"from {self.name}"


@dataclass(frozen=True, slots=True)
class Connections:
    """Connections that are open, counted by caller."""

    counts: tuple[tuple[Caller, int], ...]

    @property
    def total(self) -> int:
        return sum(count for _, count in self.counts)

    @property
    def words(self) -> str:
        """`1 through the edge, 2 from worker`."""
        return ", ".join(f"{count} {caller.words}" for caller, count in self.counts)

    @property
    def cut_words(self) -> str:
        """That they were cut off, and whose they were."""
        were = "1 connection was" if self.total == 1 else f"{self.total} connections were"
        return f"{were} still open, and cut off: {self.words}"


def connections_from(addresses: Iterable[str], known: Mapping[str, Caller]) -> Connections:
    """The connections from these addresses, one each, under the callers' names where known."""
    counts = Counter(
        known.get(address, Caller(CallerKind.ADDRESS, address)) for address in addresses
    )
    order = tuple(CallerKind)
    found = sorted(counts.items(), key=lambda one: (order.index(one[0].kind), one[0].name))
    return Connections(tuple(found))
