"""Connections to a Swarm's tasks, counted where they begin: at the edge."""

from compartment_tui.adapters.docker.api import labels
from compartment_tui.adapters.docker.api.client import Client
from compartment_tui.adapters.docker.api.errors import Conflict, Missing
from compartment_tui.adapters.docker.api.helper_shell import Shell, ShellGone
from compartment_tui.adapters.docker.api.labels import Role
from compartment_tui.adapters.docker.api.socket_table import established_to
from compartment_tui.adapters.docker.resources.connections import TABLES
from compartment_tui.adapters.docker.resources.containers import gone
from compartment_tui.domain.deployment import Instance


class EdgeCount:
    """A shell in the edge's namespace for a whole drain: what goes to a deployment's addresses."""

    def __init__(self, client: Client, edge: str, instance: Instance, port: int) -> None:
        self._client = client
        self._edge = edge
        self._instance = instance
        self._port = port
        found = (one.address for one in instance.replicas)
        self._addresses = frozenset(one for one in found if one is not None)
        self._shell = self._open()

    def now(self) -> tuple[str, ...]:
        """See `ConnectionCount.now`."""
        try:
            tables = self._shell.run(TABLES).text
        except ShellGone:
            # The edge was started anew, and with it the namespace.
            self._shell.close()
            self._shell = self._open()
            tables = self._shell.run(TABLES).text
        return established_to(tables, self._addresses, self._port)

    def close(self) -> None:
        """Remove the helper. Safe to repeat."""
        self._shell.close()

    def _open(self) -> Shell:
        one = self._instance
        try:
            return Shell.open(
                self._client,
                labels=labels.of_environment(Role.DRAIN, one.key)
                | {labels.SERVICE: one.service, labels.DEPLOYMENT: one.deployment},
                network_mode=f"container:{self._edge}",
            )
        except (Missing, Conflict) as error:
            # Without an edge nobody is led to it.
            raise gone(one.deployment, "has no edge in front of it") from error
