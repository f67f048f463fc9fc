"""Tasks of a service to have none are stopped on their machines, without the Swarm's own wait."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, cast

import pytest

from compartment_tui.adapters.docker.swarm.nodes import Nodes, SwarmNode
from compartment_tui.adapters.docker.swarm.task_stop import TaskStop
from compartment_tui.adapters.docker.swarm.tasks import Task, task_of
from compartment_tui.domain.errors import EngineUnreachable

GRACE = timedelta(seconds=5)
GRACES = {"svc": GRACE}


class Machine:
    """Stands for the client of a node's engine."""

    def __init__(self) -> None:
        self.stopped: list[tuple[str, int]] = []
        self.state = {"ExitCode": 137, "Running": False, "OOMKilled": False}

    @contextmanager
    def translate(self, _: str = "") -> Iterator[None]:
        yield

    def set_restart_policy(self, container: str, policy: str) -> None:
        pass

    def inspect_container(self, container: str) -> dict[str, Any]:
        """A task's container has few labels of ours."""
        return {"Id": container, "Config": {"Labels": {}}, "State": self.state}

    def stop(self, container: str, *, timeout: int) -> None:
        self.stopped.append((container, timeout))


class Machines:
    """Stands for `Nodes`: n1 and n2 are there, n3 cannot be reached, n4 is lost."""

    def __init__(self) -> None:
        self.there = {"n1": Machine(), "n2": Machine()}

    def node(self, node: str) -> SwarmNode:
        return SwarmNode(
            id=node,
            name=node,
            address="",
            state="down" if node == "n4" else "ready",
            availability="active",
            manager=False,
            leader=False,
            labels={},
        )

    def client_of(self, node: SwarmNode) -> Machine:
        if node.name not in self.there:
            raise EngineUnreachable(f"{node.name} cannot be reached")
        return self.there[node.name]


def task(node: str, wanted: str = "shutdown", state: str = "running", **more: Any) -> Task:  # noqa: ANN401
    status = {
        "State": state,
        "ContainerStatus": {"ContainerID": more.get("container", f"c-{node}")},
    }
    row = {"ID": f"t-{node}", "ServiceID": "svc", "NodeID": node, "DesiredState": wanted}
    return task_of({**row, "CreatedAt": "2026-01-01T00:00:00Z", "Status": status})


@pytest.fixture
def machines() -> Machines:
    return Machines()


def stopped(machines: Machines, *looks: tuple[Task, ...], graces: Any = None) -> TaskStop:  # noqa: ANN401
    """What has come of it when all threads have ended."""
    stop = TaskStop(cast(Nodes, machines), GRACES if graces is None else graces)
    before = set(threading.enumerate())
    for tasks in looks:
        stop.begin(tasks)
    for thread in set(threading.enumerate()) - before:
        thread.join()
    return stop


def test_each_ends_on_its_own_machine_with_its_grace(machines: Machines) -> None:
    both = (task("n1"), task("n2", "remove"))
    stop = stopped(machines, both, both)
    assert stop.ended == {"t-n1", "t-n2"}
    assert machines.there["n1"].stopped == [("c-n1", 5)]
    assert machines.there["n2"].stopped == [("c-n2", 5)]
    assert not stop.killed


@pytest.mark.parametrize(
    ("state", "killed"),
    [({}, {"svc"}), ({"ExitCode": 0}, set()), ({"OOMKilled": True}, set())],
    ids=["killed", "it ended", "out of memory"],
)
def test_who_took_all_of_its_grace_is_told(
    machines: Machines, state: dict[str, Any], killed: set[str]
) -> None:
    machines.there["n1"].state |= state
    at_once = {"svc": timedelta(microseconds=1)}
    assert stopped(machines, (task("n1"),), graces=at_once).killed == killed


@pytest.mark.parametrize(
    "left_alone",
    [
        task("n1", "running"),
        task("n1", state="shutdown"),
        task("n1", container=""),
    ],
    ids=["it is to go on", "it is over", "it has no container"],
)
def test_others_are_left_alone(machines: Machines, left_alone: Task) -> None:
    assert not stopped(machines, (left_alone,)).ended
    assert not machines.there["n1"].stopped


def test_it_is_the_swarms_to_stop_where_some_go_on(machines: Machines) -> None:
    assert not stopped(machines, (task("n1"),), graces={}).ended
    assert not machines.there["n1"].stopped


def test_a_machine_out_of_reach_is_left_to_the_swarm(machines: Machines) -> None:
    stop = stopped(machines, (task("n3"), task("n4"), task("n1")))
    assert stop.ended == {"t-n1"}
