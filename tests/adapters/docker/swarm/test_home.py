"""The home of a Swarm, the way to its nodes, and patience with its managers."""

from collections.abc import Mapping
from typing import Any

import pytest

from compartment_tui.adapters.docker.api.errors import Conflict, Missing
from compartment_tui.adapters.docker.api.resource_names import SwarmNames
from compartment_tui.adapters.docker.swarm import nodes, patience
from compartment_tui.adapters.docker.swarm.engine import SwarmEngine
from compartment_tui.adapters.docker.swarm.home import Home, former_of
from compartment_tui.adapters.docker.swarm.nodes import (
    ENGINE,
    SSH,
    Nodes,
    SwarmNode,
    take_out,
    was_home,
)
from compartment_tui.domain.errors import EngineProblem, EngineUnreachable, Refused
from compartment_tui.domain.names import EnvironmentKey
from tests.adapters.docker.swarm.fakes import Json, Managers

LAYOUT = SwarmNames(namespace="compartment")


def facts(node: str = "id1", *, state: str = "active", manager: bool = True) -> Json:
    swarm = {"NodeID": node, "LocalNodeState": state, "ControlAvailable": manager}
    return {"Name": "n1", "Swarm": {**swarm, "NodeAddr": "10.0.0.1"}}


class Configs:
    """The configs of a Swarm, which all its managers see, and its nodes."""

    def __init__(self) -> None:
        self.held: list[Json] = []
        self.nodes: dict[str, Json] = {}
        self.states: dict[str, str] = {}
        """By id: what is said of machines that one has addressed."""
        self.undemoted = 0
        """How often a manager is not counted out yet."""

    def at(self, node: str, name: str = "n1", **more: Any) -> Managers:  # noqa: ANN401
        self.states.setdefault(node, "ready")
        return Managers(self._answer, facts(node, **more) | {"Name": name})

    def _answer(
        self, method: str, path: str, query: Mapping[str, object], body: Json | None
    ) -> object:
        if path.startswith("/nodes/"):
            return self._answer_of_node(method, path, body)
        if path == "/configs/create":
            assert body is not None
            self.held.append({"ID": "c1", "Version": {"Index": 1}, "Spec": body})
            return {"ID": "c1"}
        if path == "/configs/c1/update":
            (now,) = self.held
            if query["version"] != now["Version"]["Index"]:
                raise ValueError("rpc error: update out of sequence")
            assert body is not None
            assert body["Data"] == now["Spec"]["Data"], "only labels can be changed"
            self.held = [{**now, "Version": {"Index": now["Version"]["Index"] + 1}, "Spec": body}]
            return None
        return self.held

    def _answer_of_node(self, method: str, path: str, body: Json | None) -> object:
        name = path.split("/")[2]
        if name in self.states and method == "GET":
            return {"Status": {"State": self.states[name]}}
        if name not in self.nodes:
            raise Missing("node not found")
        if method == "POST":
            self.nodes[name]["Spec"] = body
        elif method == "DELETE":
            if self.undemoted:
                self.undemoted -= 1
                raise ValueError("it is a cluster manager: it must be demoted to worker")
            assert self.nodes[name]["Spec"]["Role"] == "worker"
            del self.nodes[name]
        return self.nodes.get(name)


def test_the_first_that_something_is_made_on_is_the_home_and_stays_it() -> None:
    configs = Configs()
    Home(configs.at("id1").client, LAYOUT).claim()
    Home(configs.at("id1").client, LAYOUT).claim()
    assert len(configs.held) == 1
    Home(configs.at("id1").client, LAYOUT).refuse_elsewhere()


def test_another_manager_is_refused_with_the_way_home() -> None:
    configs = Configs()
    Home(configs.at("id1").client, LAYOUT).claim()
    with pytest.raises(Refused) as refused:
        Home(configs.at("id2").client, LAYOUT).claim()
    assert "on n1 (10.0.0.1)" in refused.value.message
    assert "ssh://USER@10.0.0.1" in refused.value.hint
    assert "edge adopt" not in refused.value.hint
    assert len(configs.held) == 1


@pytest.mark.parametrize(
    ("state", "message", "hint"),
    [
        ("down", "n1, the home of this Swarm, is lost", "makes n2 the home"),
        ("", "n1, the home of this Swarm, is lost", "makes n2 the home"),
        ("unknown", "on n1 (10.0.0.1), and n2 is addressed", "or, where n1 is lost"),
    ],
)
def test_where_the_home_may_be_lost_the_way_on_is_to_adopt(
    state: str, message: str, hint: str
) -> None:
    configs = Configs()
    Home(configs.at("id1").client, LAYOUT).claim()
    configs.states = {"id1": state} if state else {}  # else it was taken out of the Swarm
    with pytest.raises(Refused) as refused:
        Home(configs.at("id2", "n2").client, LAYOUT).refuse_elsewhere()
    assert message in refused.value.message
    assert hint in refused.value.hint
    assert "`compartment-tui edge adopt --node n2`" in refused.value.hint


def test_of_two_managers_at_once_the_quicker_one_has_the_home() -> None:
    configs = Configs()

    def answer(method: str, path: str, query: Mapping[str, object], body: Json | None) -> object:
        if method == "POST":
            Home(configs.at("id1").client, LAYOUT).claim()
            raise Conflict("config compartment-home already exists")
        return configs._answer(method, path, query, body)

    with pytest.raises(Refused, match="on n1"):
        Home(Managers(answer, facts("id2")).client, LAYOUT).claim()
    assert len(configs.held) == 1


def test_nothing_is_written_down_by_a_look() -> None:
    configs = Configs()
    Home(configs.at("id1").client, LAYOUT).refuse_elsewhere()
    assert not configs.held


def test_another_manager_becomes_it_and_the_one_before_is_refused_then() -> None:
    configs = Configs()
    Home(configs.at("id1").client, LAYOUT).claim()
    Home(configs.at("id2", "n2").client, LAYOUT).adopt("id1")
    Home(configs.at("id2", "n2").client, LAYOUT).refuse_elsewhere()
    with pytest.raises(Refused, match="on n2"):
        Home(configs.at("id1").client, LAYOUT).refuse_elsewhere()
    claimed = Home(configs.at("id2").client, LAYOUT).claimed()
    assert former_of(claimed or {}) == {"id1": "n1"}
    Home(configs.at("id2").client, LAYOUT).forget_former(frozenset({"n1"}))
    assert former_of(Home(configs.at("id2").client, LAYOUT).claimed() or {}) == {}


def test_which_machine_was_the_home_before_is_known_where_it_has_joined_again() -> None:
    configs = Configs()
    Home(configs.at("id1").client, LAYOUT).claim()
    Home(configs.at("id2", "n2").client, LAYOUT).adopt("id1")
    there = [listed("id2", "n2"), listed("id3", "n3"), listed("id4", "n1")]

    def answer(method: str, path: str, query: Mapping[str, object], body: Json | None) -> object:
        return there if path == "/nodes" else configs._answer(method, path, query, body)

    engine = SwarmEngine(Managers(answer, facts("id2") | {"Name": "n2"}).client, LAYOUT)
    found = {one.name: (one.home, one.former_home) for one in engine.nodes()}
    assert found == {"n1": (False, True), "n2": (True, False), "n3": (False, False)}
    engine.claim.forget_former(frozenset({"n1"}))
    assert not any(one.former_home for one in engine.nodes())


def listed(node: str, name: str) -> Json:
    """A machine that is there, as the managers list it."""
    return {"ID": node, "Description": {"Hostname": name}, "Status": {"State": "ready"}}


def test_of_two_that_adopt_one_is_refused() -> None:
    configs = Configs()
    Home(configs.at("id1").client, LAYOUT).claim()
    Home(configs.at("id2", "n2").client, LAYOUT).adopt("id1")
    with pytest.raises(Refused, match="meanwhile"):
        Home(configs.at("id3", "n3").client, LAYOUT).adopt("id1")
    # Both have read it before either wrote.
    slower = Home(configs.at("id3", "n3").client, LAYOUT)
    read = configs.held[0]
    Home(configs.at("id1").client, LAYOUT).adopt("id2")
    with pytest.raises(Refused, match="meanwhile"):
        slower._write(read, {"anything": "else"})
    # Who is it again is none of those that were.
    assert former_of(Home(configs.at("id1").client, LAYOUT).claimed() or {}) == {"id2": "n2"}


def test_to_adopt_again_changes_nothing() -> None:
    configs = Configs()
    Home(configs.at("id1").client, LAYOUT).claim()
    before = list(configs.held)
    Home(configs.at("id1").client, LAYOUT).adopt("id1")
    assert configs.held == before


def test_a_machine_that_is_lost_is_demoted_and_taken_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nodes, "PAUSE_SECONDS", 0.0)
    configs = Configs()
    configs.undemoted = 2
    configs.nodes["id-n2"] = {"Version": {"Index": 1}, "Spec": {"Role": "manager", "Labels": {}}}
    take_out(configs.at("id1").client, node("n2"))
    assert not configs.nodes
    take_out(configs.at("id1").client, node("n2"))


def test_who_was_the_home_is_known_after_it_joined_anew() -> None:
    assert was_home(node("n2"), {"id-n2": "n2"})
    assert was_home(node("n2"), {"an older id": "n2"})
    assert not was_home(node("n3"), {"id-n2": "n2"})


@pytest.mark.parametrize(
    ("more", "words"),
    [({"state": "inactive"}, "docker swarm init"), ({"manager": False}, "docker node ls")],
)
def test_what_is_no_manager_is_refused_with_the_way_on(more: Json, words: str) -> None:
    with pytest.raises(Refused) as refused:
        Home(Configs().at("id1", **more).client, LAYOUT).refuse_elsewhere()
    assert words in refused.value.hint


def node(name: str = "n2", address: str = "10.0.0.2", **marks: str) -> SwarmNode:
    return SwarmNode(
        id=f"id-{name}",
        name=name,
        address=address,
        state="ready",
        availability="active",
        manager=False,
        leader=False,
        labels=marks,
    )


@pytest.mark.parametrize(
    ("url", "marks", "expected"),
    [
        ("ssh://ada@n1", {}, "ssh://ada@10.0.0.2"),
        ("ssh://n1", {}, "ssh://10.0.0.2"),
        ("ssh://ada@n1", {SSH: "eve@n2.example"}, "ssh://eve@n2.example"),
        ("unix:///run/docker.sock", {ENGINE: "unix:///run/n2.sock"}, "unix:///run/n2.sock"),
        # A far manager leads nobody to a socket of this machine.
        ("ssh://ada@n1", {ENGINE: "unix:///run/docker.sock"}, "ssh://ada@10.0.0.2"),
    ],
)
def test_the_way_to_a_node(url: str, marks: dict[str, str], expected: str) -> None:
    managers = Managers(lambda *_: None, facts(), url)
    found = Nodes(managers.client, Home(managers.client, LAYOUT))
    assert found._address(node(**marks)) == expected


def test_a_node_with_an_address_of_ipv6() -> None:
    managers = Managers(lambda *_: None, facts(), "ssh://ada@n1")
    found = Nodes(managers.client, Home(managers.client, LAYOUT))
    assert found._address(node(address="fd00::2")) == "ssh://ada@[fd00::2]"


@pytest.mark.parametrize(
    "marks",
    [
        {SSH: "-oProxyCommand=id@n2"},
        {SSH: "ada@n2;id"},
        {SSH: "ada@n2/run/docker.sock;id"},
        {SSH: "ada@n2/$(id)"},
        {SSH: "ada:secret@n2"},
        {SSH: "-n2"},
        {ENGINE: "ssh://ada@n2/run/docker.sock id"},
        {ENGINE: "tcp://n2:2375/../x"},
    ],
)
def test_what_a_node_says_of_itself_is_nothing_but_an_address(marks: dict[str, str]) -> None:
    managers = Managers(lambda *_: None, facts(), "ssh://ada@n1")
    found = Nodes(managers.client, Home(managers.client, LAYOUT))
    with pytest.raises(EngineUnreachable, match="the node “n2” says that its engine is at"):
        found.client_of(node(**marks))


def test_no_leader_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "PAUSE_SECONDS", 0.0)
    said = iter(
        (
            "rpc error: The swarm does not have a leader.",
            "context deadline exceeded",
            "rpc error: code = Unavailable desc = connection error",
        )
    )

    def answer(*_: object) -> str:
        for words in said:
            raise ValueError(words)
        return "done"

    managers = Managers(answer)
    assert patience.ask(managers.client, "GET", "/nodes", "list") == "done"
    assert len(managers.asked) == 4


def test_for_good_without_a_leader_it_says_dockers_own_way_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(patience, "PATIENCE_SECONDS", -1.0)

    def answer(*_: object) -> None:
        raise ValueError("rpc error: The swarm does not have a leader.")

    with pytest.raises(EngineProblem) as refused:
        patience.ask(Managers(answer).client, "GET", "/nodes", "list its nodes")
    assert "docker swarm init --force-new-cluster" in refused.value.hint
    assert "docker swarm leave --force" in refused.value.hint


def test_any_other_refusal_is_told_at_once() -> None:
    def answer(*_: object) -> None:
        raise ValueError("name must be valid as a DNS name component")

    managers = Managers(answer)
    with pytest.raises(EngineProblem, match="DNS name"):
        patience.ask(managers.client, "POST", "/services/create", "make it")
    assert len(managers.asked) == 1


def test_what_was_written_meanwhile_is_read_again() -> None:
    state: Json = {"Version": {"Index": 1}, "Spec": {"Labels": {"a": "1"}}}

    def answer(method: str, _path: str, query: Mapping[str, object], body: Json | None) -> Any:  # noqa: ANN401
        if method == "GET":
            return {"Version": dict(state["Version"]), "Spec": dict(state["Spec"])}
        if state["Version"]["Index"] == 1:
            # Somebody else was quicker.
            state.update(Version={"Index": 2}, Spec={"Labels": {"a": "2"}})
        if query["version"] != state["Version"]["Index"]:
            raise ValueError("rpc error: update out of sequence")
        state["Spec"] = body
        return None

    def change(found: Json) -> Json:
        return {"Labels": {**found["Spec"]["Labels"], "b": "1"}}

    managers = Managers(answer)
    first = answer("GET", "", {}, None)
    patience.update(managers.client, "/nodes/x", "label it", change, known=first)
    assert state["Spec"] == {"Labels": {"a": "2", "b": "1"}}
    # What was just read is not read before it is known to be old.
    assert [method for method, _ in managers.asked] == ["POST", "GET", "POST"]


def test_the_names_of_networks_are_such_as_a_swarm_takes() -> None:
    long = EnvironmentKey("p" * 63, "ein Zweig / " + "x" * 51)
    for key in (EnvironmentKey("shop", "production"), EnvironmentKey("a-b", "c"), long):
        name = LAYOUT.network(key)
        assert len(name) <= 63
        assert name.replace("_", "").replace("-", "").isalnum()
        assert name.startswith(LAYOUT.network_prefix)
    assert LAYOUT.network(EnvironmentKey("a-b", "c")) != LAYOUT.network(EnvironmentKey("a", "b-c"))
