"""The edge of a Swarm's home: it joins networks of which the managers decide."""

import time

from compartment_tui.adapters.docker.edge.edge import DockerEdge, is_address_taken
from compartment_tui.adapters.docker.edge.edge_container import EdgeContainer
from compartment_tui.adapters.docker.resources.subnets import subnet_of
from compartment_tui.adapters.docker.swarm.patience import PAUSE_SECONDS, patiently
from compartment_tui.domain.errors import EngineProblem, EngineUnreachable
from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.domain.subnets import edge_address

ATTACH_SECONDS = 60.0
"""The engine itself gives the managers 20 s for an address, and may need a second attempt."""


class SwarmEdge(DockerEdge):
    """Keeps the promises of `compartment_tui.ports.Edge`.

    It is where it was asked to be, or not at all: names inside lead to that address from the birth
    of a task, and no name of an engine's moves instead.
    """

    def attach(self, key: EnvironmentKey) -> None:
        self._forget_look()
        network = self._layout.network(key)
        subnet = subnet_of(self._client, network)
        address = edge_address(subnet) if subnet is not None else ""
        deadline = time.monotonic() + ATTACH_SECONDS
        while True:
            problem = self._attempt(network, address)
            edge = self._find()
            if edge is not None and edge.is_on(network, at=address):
                return
            if edge is None or subnet is None or time.monotonic() > deadline:
                raise problem or _elsewhere(network, address)
            # An attempt that the managers were too busy for is remembered by the engine, which does
            # not ask them again before it has left.
            self._leave(network)
            time.sleep(PAUSE_SECONDS)

    def _attempt(self, network: str, address: str) -> EngineProblem | None:
        try:
            self._connect(network, address or None)
        except EngineUnreachable:
            raise
        except EngineProblem as error:
            return error
        return None

    def _start_pinned(self, edge: EdgeContainer) -> None:
        deadline = time.monotonic() + ATTACH_SECONDS
        while True:
            try:
                return patiently(lambda: self._start_once(edge))
            except EngineProblem as error:
                if not is_address_taken(error) or time.monotonic() > deadline:
                    raise
            # The managers have not heard yet that who had it is gone.
            time.sleep(PAUSE_SECONDS)

    def _start_once(self, edge: EdgeContainer) -> None:
        with self._client.translate("start the edge"):
            self._client.start(edge.id)


def _elsewhere(network: str, address: str) -> EngineProblem:
    return EngineProblem(
        f"the edge did not get its address {address} on the network {network}",
        hint="`docker network inspect` on each node tells who has it: disconnect that container",
    )
