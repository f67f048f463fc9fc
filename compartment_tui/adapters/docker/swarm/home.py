"""The home of a Swarm: the one machine that has the edge, the locks, the records and the routes."""

import base64
import json
from collections.abc import Mapping
from functools import cached_property
from typing import TypeVar, cast

from compartment_tui.adapters.docker.api import labels
from compartment_tui.adapters.docker.api.client import Client
from compartment_tui.adapters.docker.api.errors import Conflict, Missing
from compartment_tui.adapters.docker.api.labels import PREFIX, Role
from compartment_tui.adapters.docker.api.resource_names import ResourceNames
from compartment_tui.adapters.docker.swarm.patience import Json, ask, is_out_of_date
from compartment_tui.domain.errors import EngineProblem, Refused
from compartment_tui.domain.home import REMOVED, home_elsewhere

P = TypeVar("P")
WARM_UP = "warm_up"
"""What returns at once, and is wrong nowhere."""
NODE = PREFIX + "home.node"
NAME = PREFIX + "home.name"
ADDRESS = PREFIX + "home.address"
FORMER = PREFIX + "home.former"
"""Those that were it before and were lost: `ID=NAME`, with spaces in between."""


class Home:
    """Which manager is the home: the first that something is made on, written in the Swarm."""

    def __init__(self, client: Client, layout: ResourceNames) -> None:
        self._client = client
        self._name = f"{layout.namespace}-home"
        self._settled = False
        """Whether it was seen that the engine addressed is the one."""

    @property
    def node(self) -> str:
        """The id of the node that is addressed. Raises Refused when it is no manager."""
        swarm = self._facts.get("Swarm") or {}
        return str(swarm.get("NodeID", ""))

    def refuse_elsewhere(self) -> None:
        """Raises Refused: the engine is no active manager, or another one has the edge."""
        if self._settled:
            return
        node, found = self.node, self.claimed()
        if found is not None and found.get(NODE) != node:
            state = self._state_of(found.get(NODE, ""))
            raise home_elsewhere(found.get(NAME, ""), found.get(ADDRESS, ""), self.name, state)
        self._settled = found is not None

    def claim(self) -> None:
        """Have this one be the home from now on. Raises Refused, as `refuse_elsewhere`."""
        self.refuse_elsewhere()
        if self._settled:
            return
        said = base64.b64encode(b"home").decode()
        config = {"Name": self._name, "Labels": self._marks(), "Data": said}
        try:
            ask(self._client, "POST", "/configs/create", "write down its home", body=config)
        except Conflict:
            self.refuse_elsewhere()  # two at once, on two managers
        self._settled = True

    def adopt(self, before: str) -> None:
        """Have this one be it in place of the node with that id.

        Raises Refused when another one has become it meanwhile: of two at once, one.
        """
        config = self._config()
        marks = (config or {}).get("Spec", {}).get("Labels") or {}
        if config is None or marks.get(NODE) not in (before, self.node):
            raise _adopted_elsewhere()
        if marks[NODE] == self.node:
            return
        former = {**former_of(marks), before: marks.get(NAME, "")}
        former = {node: name for node, name in former.items() if name != self.name}
        self._write(config, self._marks() | {FORMER: _in_words(former)})
        self._settled = True

    def forget_former(self, names: frozenset[str]) -> None:
        """Machines of these names, which were it before, have nothing of that any more."""
        config = self._config()
        if config is None:
            return
        marks = config["Spec"].get("Labels") or {}
        left = {node: name for node, name in former_of(marks).items() if name not in names}
        if left != former_of(marks):
            self._write(config, {**marks, FORMER: _in_words(left)})

    def _write(self, config: Json, marks: dict[str, str]) -> None:
        """Change the claim as it was read, and not as anybody has changed it since."""
        try:
            ask(
                self._client,
                "POST",
                f"/configs/{config['ID']}/update",
                "write down its home",
                query={"version": config["Version"]["Index"]},
                body={**config["Spec"], "Labels": marks},
            )
        except EngineProblem as error:
            if is_out_of_date(error):
                raise _adopted_elsewhere() from error
            raise

    def _marks(self) -> dict[str, str]:
        return {
            labels.ROLE: Role.HOME.value,
            NODE: self.node,
            NAME: self.name,
            ADDRESS: str((self._facts.get("Swarm") or {}).get("NodeAddr", "")),
        }

    def _state_of(self, node: str) -> str:
        """What the managers say of a machine, by its id; empty where they say nothing."""
        try:
            found = ask(self._client, "GET", f"/nodes/{node}", "tell how its home does")
        except Missing:
            return REMOVED
        except EngineProblem:
            return ""  # that it is another one is certain all the same
        return str((found.get("Status") or {}).get("State", ""))

    @property
    def name(self) -> str:
        """What the machine is called that is addressed."""
        return str(self._facts.get("Name", ""))

    def claimed(self) -> dict[str, str] | None:
        """What is written of the home; None when there is none yet."""
        config = self._config()
        return None if config is None else config["Spec"].get("Labels") or {}

    def _config(self) -> Json | None:
        query = {"filters": json.dumps({"name": [self._name]})}
        found: list[Json] = ask(
            self._client, "GET", "/configs", "tell which one its home is", query=query
        )
        return next((one for one in found if one["Spec"]["Name"] == self._name), None)

    @cached_property
    def _facts(self) -> Json:
        with self._client.translate("tell about itself"):
            facts = self._client.info()
        swarm = facts.get("Swarm") or {}
        if swarm.get("LocalNodeState") != "active":
            raise Refused(
                f"the engine at {self._client.address.url} is in no Swarm, and the project file"
                " says `swarm = true`",
                hint="`docker swarm init` there makes one of it; or leave `swarm` away",
            )
        if not swarm.get("ControlAvailable"):
            raise Refused(
                f"the engine at {self._client.address.url} is a worker of its Swarm",
                hint="name a manager as the engine's `address`: `docker node ls` there lists them",
            )
        return facts


class HomePort:
    """Stands for a port of the home, and refuses where another manager is addressed."""

    def __init__(self, port: object, home: Home) -> None:
        self._port = port
        self._home = home

    def __getattr__(self, name: str) -> object:
        if name != WARM_UP:
            self._home.refuse_elsewhere()
        return getattr(self._port, name)


def at_home(port: P, home: Home) -> P:
    """A port of the same kind, that is asked nothing on another manager than the home."""
    return cast(P, HomePort(port, home))


def former_of(marks: Mapping[str, str]) -> dict[str, str]:
    """The machines that were the home before: id to name."""
    pairs = (one.partition("=") for one in marks.get(FORMER, "").split())
    return {node: name for node, _, name in pairs if node and name}


def _in_words(former: Mapping[str, str]) -> str:
    return " ".join(f"{node}={name}" for node, name in former.items())


def _adopted_elsewhere() -> Refused:
    return Refused(
        "another machine has become the home of this Swarm meanwhile",
        hint="`compartment-tui node list` tells which one",
    )
