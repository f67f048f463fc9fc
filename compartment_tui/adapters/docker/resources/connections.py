"""Counting a deployment's connections where they all meet: in its own network namespace."""

from compartment_tui.adapters.docker.api import labels
from compartment_tui.adapters.docker.api.client import Client
from compartment_tui.adapters.docker.api.errors import Conflict, Missing
from compartment_tui.adapters.docker.api.helper_shell import Shell, ShellGone
from compartment_tui.adapters.docker.api.labels import Role
from compartment_tui.adapters.docker.api.socket_table import established, listening
from compartment_tui.adapters.docker.resources.containers import gone, inspect, locate, own_rows
from compartment_tui.domain.callers import Caller, CallerKind
from compartment_tui.domain.deployment import Instance
from compartment_tui.domain.readiness_advice import Listener

TABLES = "cat /proc/net/tcp; cat /proc/net/tcp6 2>/dev/null || :"
"""A kernel without IPv6 has no second table."""


class NamespaceCount:
    """A helper container that lives in the deployment's network for the whole drain.

    Every caller is seen there, through the edge or not, and the service's image needs no shell.
    """

    def __init__(self, client: Client, instance: Instance, port: int) -> None:
        self._client = client
        self._instance = instance
        self._port = port
        self._shell = self._open()

    def now(self) -> tuple[str, ...]:
        """See `ConnectionCount.now`."""
        try:
            tables = self._shell.run(TABLES).text
        except ShellGone:
            # The helper may have died alone: only the deployment's own end is news.
            self._check()
            self._shell.close()
            self._shell = self._open()
            tables = self._shell.run(TABLES).text
        self._check()
        return established(tables, self._port)

    def close(self) -> None:
        """Remove the helper. Safe to repeat."""
        self._shell.close()

    def _open(self) -> Shell:
        return open_helper(self._client, self._instance)

    def _check(self) -> None:
        now = inspect(self._client, self._instance.container)
        if now is None or not now.running:
            raise gone(self._instance.deployment, "does not run any more")


def listeners(client: Client, deployment: str) -> tuple[Listener, ...]:
    """See `Engine.listeners`."""
    instance = _running(client, deployment)
    try:
        with open_helper(client, instance) as shell:
            return listening(shell.run(TABLES).text)
    except (Missing, Conflict, ShellGone) as error:
        raise gone(deployment, "does not run any more") from error


def count_connections(client: Client, deployment: str, port: int) -> NamespaceCount:
    """See `Engine.count_connections`."""
    return NamespaceCount(client, _running(client, deployment), port)


def callers(client: Client, network: str) -> dict[str, Caller]:
    """See `Engine.callers`: one list of the containers on the network."""
    found = {}
    for row in own_rows(client, {"network": [network]}):
        networks = (row.get("NetworkSettings") or {}).get("Networks") or {}
        address = (networks.get(network) or {}).get("IPAddress")
        said = row.get("Labels") or {}
        if not address:
            continue
        if said.get(labels.ROLE) == Role.EDGE:
            found[address] = Caller(CallerKind.EDGE)
        elif said.get(labels.ROLE) == Role.SERVICE and said.get(labels.SERVICE):
            found[address] = Caller(CallerKind.SERVICE, said[labels.SERVICE])
    return found


def _running(client: Client, deployment: str) -> Instance:
    instance = inspect(client, locate(client, deployment))
    if instance is None or not instance.running:
        raise gone(deployment, "does not run")
    return instance


def open_helper(client: Client, instance: Instance) -> Shell:
    """A shell in the deployment's network."""
    return Shell.open(
        client,
        labels=labels.of_environment(Role.DRAIN, instance.key)
        | {labels.SERVICE: instance.service, labels.DEPLOYMENT: instance.deployment},
        network_mode=f"container:{instance.container}",
    )
