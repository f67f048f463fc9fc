"""The names of who is connected, found out when somebody has to be named."""

from collections.abc import Collection
from contextlib import suppress

from compartment_tui.domain.callers import Caller, Connections, connections_from
from compartment_tui.domain.errors import CompartmentError
from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.ports import World


class CallerNames:
    """The names of callers, asked of the engine when an address is met that has none yet."""

    def __init__(self, world: World, key: EnvironmentKey) -> None:
        self._world = world
        self._key = key
        self._known: dict[str, Caller] = {}
        self._nameless: set[str] = set()

    def of(self, addresses: Collection[str]) -> Connections:
        """The connections by name; by address while the engine does not tell the names."""
        unknown = set(addresses) - self._known.keys() - self._nameless
        if unknown:
            with suppress(CompartmentError):
                self._known |= self._world.engine.callers(self._key)
            self._nameless |= unknown - self._known.keys()
        return connections_from(addresses, self._known)
