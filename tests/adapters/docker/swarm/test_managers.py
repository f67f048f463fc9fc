"""Managers that answer late, twice or not at all: what was asked of them is done once."""

import subprocess
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from compartment_tui.adapters.docker.api import labels
from compartment_tui.adapters.docker.api.errors import Conflict, Missing
from compartment_tui.adapters.docker.api.resource_names import SwarmNames
from compartment_tui.adapters.docker.edge import edge_namespace
from compartment_tui.adapters.docker.engine import DockerEngine
from compartment_tui.adapters.docker.resources import networks
from compartment_tui.adapters.docker.swarm import engine as swarm_engine
from compartment_tui.adapters.docker.swarm import patience, services, start
from compartment_tui.adapters.docker.swarm.engine import SwarmEngine
from compartment_tui.domain.config import NetworkSettings
from compartment_tui.domain.errors import CandidateExited, EngineProblem
from compartment_tui.domain.names import EnvironmentKey, alias
from tests.adapters.docker.swarm.fakes import Json, Managers

KEY = EnvironmentKey("shop", "production")
DEPLOYMENT = "dep_01JZ0000000000000000000001"
LATE = "rpc error: code = DeadlineExceeded desc = context deadline exceeded"
LEADERLESS = "rpc error: code = Unknown desc = The swarm does not have a leader."
OUT_OF_SEQUENCE = "rpc error: code = Unknown desc = update out of sequence"


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (patience, start, swarm_engine):
        monkeypatch.setattr(module, "PAUSE_SECONDS", 0.0)


class Swarm:
    """One service and its tasks, at a clock that ticks with each question."""

    def __init__(self) -> None:
        self.services: dict[str, Json] = {}
        self.tasks: list[Json] = []
        self.version = 0
        self.ticks = 0
        self.failures: dict[tuple[str, str], list[Exception]] = {}
        """By method and end of the path: what is answered though it was done."""
        self.meanwhile: Callable[[Swarm], None] = lambda _: None
        """What happens before each answer."""
        own = {"NodeID": "id1", "LocalNodeState": "active", "ControlAvailable": True}
        self.managers = Managers(self._answer, {"Swarm": own})
        self.engine = SwarmEngine(self.managers.client, SwarmNames(namespace="compartment"))

    @property
    def now(self) -> str:
        return f"2026-01-01T00:{self.ticks // 60:02}:{self.ticks % 60:02}Z"

    def make(self, *, scale: int = 0, wanted: int = 1, life: str = services.CREATED) -> None:
        marks = {
            **labels.of_environment(labels.Role.SERVICE, KEY),
            labels.SERVICE: "web",
            labels.DEPLOYMENT: DEPLOYMENT,
            labels.CREATED: "2026-01-01T00:00:00.5Z",
            labels.IMAGE: "sha256:abc",
            services.REPLICAS: str(wanted),
            services.LIFE: life,
        }
        mode = {"Replicated": {"Replicas": scale}}
        self._put({"Name": alias(DEPLOYMENT), "Labels": marks, "Mode": mode})

    def run(self, slot: int = 1, state: str = "running", wanted: str = "running") -> Json:
        """A task, in that state; one that ended is wanted no more."""
        self.ticks += 1
        task = {
            "ID": f"task{len(self.tasks)}",
            "ServiceID": "svc",
            "Slot": slot,
            "NodeID": "id1",
            "CreatedAt": self.now,
            "DesiredState": wanted if state == "running" else "shutdown",
            "Status": {
                "Timestamp": self.now,
                "State": state,
                "Err": "",
                "ContainerStatus": {"ContainerID": "c", "ExitCode": 3 * (state == "failed")},
            },
            "NetworksAttachments": [{"Addresses": ["10.0.0.5/24"]}],
        }
        self.tasks.append(task)
        return task

    def start(self) -> None:
        """Ask for its tasks, and wait for them."""
        self.engine.start(DEPLOYMENT)
        self.engine.await_running(DEPLOYMENT)

    @property
    def scale(self) -> int:
        return services.scale_of(self.services[alias(DEPLOYMENT)])

    def made(self) -> int:
        """How many services were asked for by name."""
        return sum(path == "/services/create" for _, path in self.managers.asked)

    def _put(self, spec: Json) -> None:
        self.version += 1
        found = {
            "ID": "svc",
            "Version": {"Index": self.version},
            "UpdatedAt": self.now,
            "Spec": spec,
        }
        self.services[spec["Name"]] = found

    def _answer(
        self, method: str, path: str, query: Mapping[str, object], body: Json | None
    ) -> Any:  # noqa: ANN401
        self.ticks += 1
        self.meanwhile(self)
        found = self._done(method, path, query, body)
        for (by, end), errors in self.failures.items():
            if by == method and path.endswith(end) and errors:
                raise errors.pop(0)
        return found

    def _done(self, method: str, path: str, query: Mapping[str, object], body: Json | None) -> Any:  # noqa: ANN401
        if path == "/services":
            return list(self.services.values())
        if path == "/tasks":
            return [dict(one) for one in self.tasks]
        if path in ("/nodes", "/configs", "/configs/create"):
            return []
        if path == "/services/create":
            assert body is not None
            if body["Name"] in self.services:
                raise Conflict("name conflicts with an existing object")
            self._put(body)
            return {"ID": "svc"}
        name = path.split("/")[2]
        if name not in self.services:
            raise Missing(f"service {name} not found")
        if method == "DELETE":
            del self.services[name]
            return None
        if method == "POST":
            assert body is not None
            if query["version"] != self.services[name]["Version"]["Index"]:
                raise ValueError(OUT_OF_SEQUENCE)
            self._put(body)
            return None
        return self.services[name]


def test_a_service_that_was_made_though_the_answer_was_lost_is_made_once() -> None:
    swarm = Swarm()
    swarm.failures["POST", "/create"] = [ValueError(LATE), ValueError(LEADERLESS)]
    services.create(swarm.managers.client, {"Name": alias(DEPLOYMENT), "Labels": {}}, {})
    assert swarm.made() == 2, "the second one was told that the name is taken"
    assert list(swarm.services) == [alias(DEPLOYMENT)]


def test_a_change_that_was_made_though_the_answer_was_lost_is_made_once() -> None:
    swarm = Swarm()
    swarm.make(wanted=3)
    swarm.failures["POST", "/update"] = [ValueError(LATE)]
    before = swarm.version
    services.rescale(swarm.managers.client, DEPLOYMENT, scale=3, life=services.STARTED)
    assert (swarm.scale, swarm.version) == (3, before + 1)


def test_a_change_meets_one_of_the_swarm_itself() -> None:
    swarm = Swarm()
    swarm.make(wanted=3)
    others = iter(range(3))

    def meanwhile(_: Swarm) -> None:
        asked = swarm.managers.asked
        if asked and asked[-1][0] == "POST" and next(others, None) is not None:
            swarm._put(swarm.services[alias(DEPLOYMENT)]["Spec"])

    swarm.meanwhile = meanwhile
    services.rescale(swarm.managers.client, DEPLOYMENT, scale=2)
    assert swarm.scale == 2
    assert next(others, None) is None


def test_a_removal_that_was_done_though_the_answer_was_lost_is_done() -> None:
    swarm = Swarm()
    swarm.make()
    swarm.failures["DELETE", alias(DEPLOYMENT)] = [ValueError(LATE)]
    services.remove(swarm.managers.client, DEPLOYMENT)
    assert not swarm.services


def test_no_leader_for_longer_than_anybody_waits_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "PATIENCE_SECONDS", 0.0)
    swarm = Swarm()
    swarm.make()
    swarm.failures["GET", alias(DEPLOYMENT)] = [ValueError(LEADERLESS)] * 50
    with pytest.raises(EngineProblem, match="does not have a leader"):
        swarm.engine.instance(DEPLOYMENT)


def test_a_network_is_made_once_there_is_a_leader_again(monkeypatch: pytest.MonkeyPatch) -> None:
    answers, done = [EngineProblem(LEADERLESS), EngineProblem(LATE)], []

    def make(*_: object, **__: object) -> None:
        if answers:
            raise answers.pop()
        done.append("made")

    monkeypatch.setattr(networks, "make_network", make)
    monkeypatch.setattr(networks, "networks", lambda *_: frozenset())
    Swarm().engine.make_network(KEY, NetworkSettings())
    assert done == ["made"]


def test_a_swarm_that_is_scaled_back_runs_as_many_when_that_is_told() -> None:
    """It may keep a task that no machine could run, in place of one that ran."""
    swarm = Swarm()
    swarm.make(scale=3, wanted=3, life=services.STARTED)
    swarm.run(1)
    taken, kept = swarm.run(2), swarm.run(3)
    kept["Status"]["State"] = "preparing"
    steps: list[Callable[[], None]] = [
        lambda: taken.update(DesiredState="shutdown"),
        lambda: taken["Status"].update(State="complete"),
        lambda: kept["Status"].update(State="running"),
    ]

    def meanwhile(now: Swarm) -> None:
        if now.scale == 2 and steps:
            steps.pop(0)()

    swarm.meanwhile = meanwhile
    instance = swarm.engine.set_replicas(DEPLOYMENT, 2)
    assert not steps
    assert instance.all_running


def test_a_swarm_that_cannot_run_as_many_is_not_waited_for_without_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(swarm_engine, "END_PATIENCE", timedelta(seconds=0.05))
    swarm = Swarm()
    swarm.make(scale=3, wanted=3, life=services.STARTED)
    swarm.run(1)
    swarm.run(2)["Status"]["State"] = "preparing"
    assert not swarm.engine.set_replicas(DEPLOYMENT, 2).all_running


def test_who_was_killed_while_tasks_ended_is_followed_by_who_finds_them_ended() -> None:
    swarm = Swarm()
    swarm.make(scale=2, wanted=2, life=services.STARTED)
    tasks = [swarm.run(1), swarm.run(2)]
    # The process that asked for it did not live to see any of them end.
    services.rescale(swarm.managers.client, DEPLOYMENT, scale=0, life=services.STOPPED)
    for task in tasks:
        task["DesiredState"] = "shutdown"
    assert not swarm.engine.retire(DEPLOYMENT, timedelta(seconds=5))
    instance = swarm.engine.instance(DEPLOYMENT)
    assert instance is not None
    assert not instance.any_running


def test_what_still_ends_from_an_earlier_life_is_not_taken_for_the_new_one() -> None:
    swarm = Swarm()
    swarm.make(scale=1, life=services.STARTED)
    old = swarm.run()
    services.rescale(swarm.managers.client, DEPLOYMENT, scale=0, life=services.STOPPED)
    old["DesiredState"] = "shutdown"

    def meanwhile(now: Swarm) -> None:
        if now.scale and len(now.tasks) == 1:
            now.run()
            old["Status"]["State"] = "failed"  # it did not end well, and that is no news

    swarm.meanwhile = meanwhile
    swarm.start()
    started = swarm.engine.instance(DEPLOYMENT)
    assert started is not None
    assert (started.running, started.restarts) == (True, 0)


def test_how_a_task_ended_before_is_no_news_to_who_starts_what_is_started() -> None:
    swarm = Swarm()
    swarm.make(scale=2, wanted=2, life=services.STARTED)
    swarm.run(1, "failed")  # days ago
    swarm.run(1)
    moved = swarm.run(2, "running", "running")
    moved["Status"]["State"] = "preparing"

    def meanwhile(now: Swarm) -> None:
        looks = sum(path == "/tasks" for _, path in now.managers.asked)
        if looks > 2:
            moved["Status"]["State"] = "running"

    swarm.meanwhile = meanwhile
    swarm.start()
    started = swarm.engine.instance(DEPLOYMENT)
    assert started is not None
    assert started.all_running


def test_what_fails_again_and_again_is_told_to_who_starts_it_once_more() -> None:
    swarm = Swarm()
    swarm.make(scale=1, life=services.STARTED)
    swarm.run(1, "failed")

    def meanwhile(now: Swarm) -> None:
        looks = sum(path == "/tasks" for _, path in now.managers.asked)
        if looks == 3:
            now.run(1, "failed")

    swarm.meanwhile = meanwhile
    with pytest.raises(CandidateExited, match="web exited with code 3 before it was ready"):
        swarm.start()


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("No such image: sha256:abc", "No such image"),
        ('invalid mount config for type "bind": bind source path does not exist', "bind source"),
        ("failed to set up container networking: port is already allocated", "already allocated"),
    ],
)
def test_a_rejected_task_says_why(error: str, words: str) -> None:
    swarm = Swarm()
    swarm.make()

    def meanwhile(now: Swarm) -> None:
        if now.scale and not now.tasks:
            now.run(1, "rejected")["Status"]["Err"] = error

    swarm.meanwhile = meanwhile
    with pytest.raises(CandidateExited) as refused:
        swarm.start()
    assert "web cannot be started" in refused.value.message
    assert words in refused.value.message


def test_a_task_that_no_machine_takes_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start, "PENDING_SECONDS", 0.0)
    swarm = Swarm()
    swarm.make()

    def meanwhile(now: Swarm) -> None:
        if now.scale and not now.tasks:
            stuck = now.run(1)
            stuck["NodeID"] = ""
            why = "no suitable node (scheduling constraints not satisfied on 3 nodes)"
            stuck["Status"] |= {"State": "pending", "Err": why, "ContainerStatus": {}}

    swarm.meanwhile = meanwhile
    with pytest.raises(CandidateExited, match="no machine of the Swarm takes web: no suitable"):
        swarm.start()


def test_a_network_that_tasks_still_leave_is_removed_once_they_have(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    in_use = [Conflict("network has active endpoints"), EngineProblem(LEADERLESS)]
    removed: list[EnvironmentKey] = []

    def remove(_: object, key: EnvironmentKey, *, volumes: bool) -> None:
        assert volumes
        if in_use:
            raise in_use.pop(0)
        removed.append(key)

    monkeypatch.setattr(DockerEngine, "remove_environment", remove)
    Swarm().engine.remove_environment(KEY, volumes=True)
    assert removed == [KEY]


def test_a_network_in_use_for_good_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise Conflict("network has active endpoints")

    monkeypatch.setattr(DockerEngine, "remove_environment", refuse)
    monkeypatch.setattr(swarm_engine, "REMOVAL_PATIENCE", timedelta())
    with pytest.raises(Conflict, match="active endpoints"):
        Swarm().engine.remove_environment(KEY, volumes=False)


def test_a_name_server_that_asks_elsewhere_and_hangs_is_not_waited_for(tmp_path: Path) -> None:
    hangs = tmp_path / "nslookup"
    hangs.write_text("#!/bin/sh\necho 'Address: 10.0.0.9'\nexec sleep 600\n")
    hangs.chmod(0o755)
    found = subprocess.run(
        ["sh", "-c", edge_namespace._LOOK_UP, "sh", "web"],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert found.returncode != 0
