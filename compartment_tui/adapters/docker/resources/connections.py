"""Counting a deployment's connections where they all meet: in its own network namespace."""

from collections.abc import Callable
from contextlib import suppress

from compartment_tui.adapters.docker.api import labels
from compartment_tui.adapters.docker.api.client import Client
from compartment_tui.adapters.docker.api.errors import Conflict, Missing
from compartment_tui.adapters.docker.api.helper_shell import Shell, ShellGone
from compartment_tui.adapters.docker.api.labels import Role
from compartment_tui.adapters.docker.api.socket_table import established, listening
from compartment_tui.adapters.docker.resources.containers import (
    gone,
    ids_of,
    inspect,
    locate,
    own_rows,
    remove_container,
    rows,
)
from compartment_tui.background import Background
from compartment_tui.domain.callers import Caller, CallerKind
from compartment_tui.domain.deployment import Instance
from compartment_tui.domain.errors import CompartmentError, InstanceGone
from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.domain.readiness_advice import Listener
from compartment_tui.ports import ConnectionCount

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
        # A drain begins to count some questions later than it asks for this.
        self._begun: Background[Shell] | None = Background(self._open)

    def now(self) -> tuple[str, ...]:
        """See `ConnectionCount.now`."""
        # It is looked at while it is asked: a deployment that ended is gone, whatever was counted.
        shell = self._shell()
        seen = Background(lambda: inspect(self._client, self._instance.container))
        try:
            tables = shell.run(TABLES).text
        except ShellGone:
            # The helper may have died alone: only the deployment's own end is news.
            self._refuse_ended(seen.answer())
            shell.close()
            self._begun = Background(self._open)
            tables = self._shell().run(TABLES).text
        self._refuse_ended(seen.answer())
        return established(tables, self._port)

    def close(self) -> None:
        """Remove the helper, without waiting for that. Safe to repeat."""
        begun, self._begun = self._begun, None
        if begun is not None:
            self._client.remove_meanwhile(lambda: _remove(self._client, begun.answer()))

    def _shell(self) -> Shell:
        if self._begun is None:
            raise ShellGone("the helper container was closed")
        return self._begun.answer()

    def _open(self) -> Shell:
        return open_helper(self._client, self._instance)

    def _refuse_ended(self, now: Instance | None) -> None:
        if now is None or not now.running:
            raise gone(self._instance.deployment, "does not run any more")


def _remove(client: Client, helper: Shell) -> None:
    """End it; returns when it is gone, also where the engine was the first to remove it."""
    helper.close()
    remove_container(client, helper.container)


def listeners(client: Client, deployment: str) -> tuple[Listener, ...]:
    """See `Engine.listeners`."""
    instance = _running(client, deployment)
    try:
        with open_helper(client, instance) as shell:
            return listening(shell.run(TABLES).text)
    except (Missing, Conflict, ShellGone) as error:
        raise gone(deployment, "does not run any more") from error


def count_connections(
    client: Client, deployment: str, port: int, *, above: int = 0
) -> ConnectionCount:
    """See `Engine.count_connections`."""
    return BegunCount(lambda: _count(client, deployment, port, above))


def _count(client: Client, deployment: str, port: int, above: int) -> ConnectionCount:
    """Raises InstanceGone when none of its replicas with a higher number runs."""
    found = (inspect(client, container) for container in ids_of(client, deployment))
    running = [one for one in found if one and one.running and one.number > above]
    if not running:
        raise gone(deployment, "does not run")
    if len(running) == 1:
        return NamespaceCount(client, running[0], port)
    return SharedCount([NamespaceCount(client, one, port) for one in running], deployment)


class BegunCount:
    """A count that others wait for no sooner than they need it."""

    def __init__(self, begin: Callable[[], ConnectionCount]) -> None:
        self._begun = Background(begin)

    def now(self) -> tuple[str, ...]:
        """See `ConnectionCount.now`."""
        return self._begun.answer().now()

    def close(self) -> None:
        """As that one's."""
        with suppress(CompartmentError):  # then there is nothing to close
            self._begun.answer().close()


class SharedCount:
    """The connections to several replicas, together; one that ended has none."""

    def __init__(self, counts: list[NamespaceCount], deployment: str) -> None:
        self._counts = counts
        self._deployment = deployment

    def now(self) -> tuple[str, ...]:
        """See `ConnectionCount.now`."""
        found: list[str] = []
        for count in tuple(self._counts):
            try:
                found += count.now()
            except InstanceGone:
                count.close()
                self._counts.remove(count)
        if not self._counts:
            raise gone(self._deployment, "does not run any more")
        return tuple(found)

    def close(self) -> None:
        """As each one's."""
        for count in self._counts:
            count.close()


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


def remove_helpers(client: Client, key: EnvironmentKey) -> None:
    """See `Engine.remove_helpers`. One that was started ends with the run that began it."""
    unstarted = labels.filters(Role.DRAIN, key) | {"status": ["created"]}
    for row in rows(client, unstarted):
        remove_container(client, row["Id"])


def _running(client: Client, deployment: str) -> Instance:
    instance = inspect(client, locate(client, deployment))
    if instance is None or not instance.running:
        raise gone(deployment, "does not run")
    return instance


def open_helper(client: Client, instance: Instance) -> Shell:
    """A shell in the deployment's network."""
    return open_helper_in(client, instance, instance.container)


def open_helper_in(client: Client, instance: Instance, container: str) -> Shell:
    """The same in that of one of its containers."""
    return Shell.open(
        client,
        labels=labels.of_environment(Role.DRAIN, instance.key)
        | {labels.SERVICE: instance.service, labels.DEPLOYMENT: instance.deployment},
        network_mode=f"container:{container}",
    )
