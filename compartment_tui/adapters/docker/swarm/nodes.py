"""The machines of a Swarm, and a way to the engine of each."""

import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from compartment_tui.adapters.docker.api.address import Address
from compartment_tui.adapters.docker.api.client import Client
from compartment_tui.adapters.docker.api.errors import Missing
from compartment_tui.adapters.docker.api.labels import PREFIX
from compartment_tui.adapters.docker.swarm.home import Home
from compartment_tui.adapters.docker.swarm.patience import Json, ask, update
from compartment_tui.domain.engine_address import is_engine_address
from compartment_tui.domain.errors import EngineProblem, EngineUnreachable
from compartment_tui.domain.names import show

SSH = PREFIX + "ssh"
"""A label of a node: `USER@HOST`, as `ssh` reaches it from here."""
ENGINE = PREFIX + "engine"
"""A label of a node: the address of its engine, where that is not by ssh."""
DEMOTION_SECONDS = 20.0
PAUSE_SECONDS = 0.2
AWAY_SECONDS = 20
"""How long one that has not answered is left alone."""
_FAR = ("ssh://", "tcp://")


@dataclass(frozen=True, slots=True, kw_only=True)
class SwarmNode:
    """A machine, as the managers know it."""

    id: str
    name: str
    address: str
    state: str
    availability: str
    manager: bool
    leader: bool
    labels: dict[str, str]

    @property
    def ready(self) -> bool:
        """Whether the managers hear of it."""
        return self.state == "ready"

    @property
    def active(self) -> bool:
        """Whether it is given tasks."""
        return self.availability == "active"


class Nodes:
    """All machines, and clients of their engines: each opened when it is first asked."""

    def __init__(self, client: Client, home: Home) -> None:
        self._client = client
        self._home = home
        self._clients: dict[str, Client] = {}
        self._names: dict[str, str] = {}
        self._silent: dict[str, tuple[float, EngineUnreachable]] = {}
        """By node: when it did not answer, and what was said of that."""
        self._opening = threading.Lock()

    def all(self) -> tuple[SwarmNode, ...]:
        """As they are now, by name."""
        found: list[Json] = ask(self._client, "GET", "/nodes", "list its nodes")
        nodes = tuple(sorted(map(node_of, found), key=lambda one: (one.name, one.id)))
        self._names = {one.id: one.name for one in nodes}
        return nodes

    def names(self, ids: frozenset[str]) -> dict[str, str]:
        """By id; asked for only where one is not known yet."""
        if not ids <= self._names.keys():
            self.all()
        return self._names

    def name_of(self, node: str) -> str:
        """What a node is called, by its id."""
        return self.names(frozenset((node,))).get(node, node)

    def node(self, node: str) -> SwarmNode | None:
        """The one with that id."""
        return next((one for one in self.all() if one.id == node), None)

    def is_home(self, node: SwarmNode) -> bool:
        """Whether it is the machine whose engine is addressed."""
        return node.id == self._home.node

    def client_of(self, node: SwarmNode) -> Client:
        """The engine of a node. Raises EngineUnreachable, naming it.

        One that has not answered is not asked again for a while: others are waiting.
        """
        if self.is_home(node):
            return self._client
        silent = self._silent.get(node.id)
        if silent is not None and time.monotonic() - silent[0] < AWAY_SECONDS:
            raise silent[1]
        with self._opening:
            known = self._clients.get(node.id)
            if known is None:
                address = Address(
                    url=self._address(node), chosen_by=f"the Swarm's node {node.name}"
                )
                known = self._clients[node.id] = Client(address)
        try:
            with known.translate("answer"):
                known.ask("GET", "/version")
        except EngineProblem as error:
            away = EngineUnreachable(
                f"the engine of the node {node.name} cannot be reached at {known.address.url}:"
                f" {error.message}",
                hint=f"`docker node update --label-add {SSH}=USER@HOST {node.name}` says how",
            )
            self._silent[node.id] = time.monotonic(), away
            raise away from error
        self._silent.pop(node.id, None)
        return known

    def _address(self, node: SwarmNode) -> str:
        """Raises EngineUnreachable: what the managers say of it is no address."""
        url = self._said(node)
        if not is_engine_address(url):
            # A manager's word: it must not become an option, or a command, of our ssh.
            raise EngineUnreachable(
                f"the node {show(node.name)} says that its engine is at {show(url)}, which is no"
                " address of an engine",
                hint=f"`docker node update --label-add {SSH}=USER@HOST {show(node.name)}` says how",
            )
        return url

    def _said(self, node: SwarmNode) -> str:
        local = self._client.address.socket is not None
        named = node.labels.get(ENGINE, "")
        # A far manager must not lead us to a socket of our own machine.
        if named.startswith(_FAR) or (local and named.startswith("unix://")):
            return named
        user = urlsplit(self._client.address.url).username
        address = f"[{node.address}]" if ":" in node.address else node.address
        host = node.labels.get(SSH) or (f"{user}@{address}" if user else address)
        return f"ssh://{host.removeprefix('ssh://')}"


def was_home(node: SwarmNode, former: Mapping[str, str]) -> bool:
    """Whether it was the home before, by id or, where it has joined anew, by name."""
    return node.id in former or node.name in former.values()


def take_out(client: Client, node: SwarmNode) -> None:
    """Have a machine that is lost be in the Swarm no longer; nothing if it is not.

    Its addresses in networks are free at once, and when it comes back it has none of them: else it
    would answer at the edge's.
    """

    def as_worker(found: Json) -> Json:
        return {**found["Spec"], "Role": "worker"}

    path, doing = f"/nodes/{node.id}", f"take {node.name} out of the Swarm"
    with suppress(Missing):
        update(client, path, doing, as_worker)
    deadline = time.monotonic() + DEMOTION_SECONDS
    while True:
        try:
            ask(client, "DELETE", path, doing, query={"force": "1"})
        except Missing:
            return
        except EngineProblem as error:
            # The other managers take a moment to count it out.
            if "demoted" not in error.message.lower() or time.monotonic() > deadline:
                raise
            time.sleep(PAUSE_SECONDS)
        else:
            return


def node_of(row: Json) -> SwarmNode:
    """A node as the engine's API has it."""
    status, spec = row.get("Status") or {}, row.get("Spec") or {}
    manager = row.get("ManagerStatus") or {}
    return SwarmNode(
        id=row["ID"],
        name=(row.get("Description") or {}).get("Hostname", ""),
        # A leader does not know its own: it is 0.0.0.0.
        address=manager.get("Addr", "").rpartition(":")[0] or status.get("Addr", ""),
        state=status.get("State", "unknown"),
        availability=spec.get("Availability", ""),
        manager=spec.get("Role") == "manager",
        leader=bool(manager.get("Leader")),
        labels=spec.get("Labels") or {},
    )
