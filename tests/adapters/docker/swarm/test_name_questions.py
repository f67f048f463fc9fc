"""How often the edge is asked for the replicas of a candidate by their one name."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from compartment_tui.adapters.docker.api.resource_names import SwarmNames
from compartment_tui.adapters.docker.edge.edge_container import EdgeContainer
from compartment_tui.adapters.docker.lock.locks import DockerEnvironmentLock
from compartment_tui.domain.config import Readiness, ReadinessKind
from compartment_tui.domain.deployment import Instance, InstanceState
from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.domain.refusal import Refusal

KEY = EnvironmentKey("shop", "production")
DEPLOYMENT = "dep_01JZ0000000000000000000001"
PORT = 8080
QUESTION = Readiness(kind=ReadinessKind.HTTP, path="/healthz")


class Edge:
    """Stands for the edge's namespace: it finds the first replicas by the name, up to a number."""

    is_at_lock = True

    def __init__(self, replicas: tuple[Instance, ...], finds: int) -> None:
        self.asked: list[str] = []
        self.finds = finds
        self._addresses = [one.address for one in replicas]

    def found_by(self, _: str) -> frozenset[str | None]:
        self.asked.append("name")
        return frozenset(self._addresses[: self.finds])

    def ready(self, instance: Instance, *_: object) -> Refusal | None:
        self.asked.append(f"replica {instance.number}")
        return None


class Engine:
    def __init__(self, whole: Instance) -> None:
        self._whole = whole

    def instance(self, _: str) -> Instance:
        return self._whole


def candidate(replicas: int) -> Instance:
    first = Instance(
        deployment=DEPLOYMENT,
        key=KEY,
        service="web",
        run="run",
        container="svc",
        spec="",
        name="web",
        image="sha256:abc",
        state=InstanceState.RUNNING,
        created=datetime(2026, 1, 1, tzinfo=UTC),
        address="10.0.0.1",
        port=PORT,
        one_name=True,
    )
    more = [
        replace(first, number=number, address=f"10.0.0.{number}")
        for number in range(2, replicas + 1)
    ]
    return replace(first, more=tuple(more))


@pytest.fixture
def whole() -> Instance:
    return candidate(3)


def lock_with(
    whole: Instance, edge: Edge, monkeypatch: pytest.MonkeyPatch
) -> DockerEnvironmentLock:
    away = EdgeContainer(
        id="edge",
        image="sha256:edge",
        image_name="traefik",
        labels={},
        networks={},
        running=True,
        restarting=False,
        started="",
    )
    nothing = cast(Any, None)
    lock = DockerEnvironmentLock(
        nothing, cast(Any, Engine(whole)), SwarmNames(namespace="test"), KEY, nothing, away
    )
    monkeypatch.setattr(lock, "_standpoint", edge)
    return lock


def test_the_name_is_asked_for_once_a_round(
    whole: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    edge = Edge(whole.replicas, finds=3)
    lock = lock_with(whole, edge, monkeypatch)
    for _ in range(2):
        for replica in whole.replicas:
            assert lock.ready(replica, QUESTION, PORT) is None
    assert edge.asked == 2 * ["name", "replica 1", "replica 2", "replica 3"]


def test_a_name_that_does_not_lead_to_all_is_asked_for_again(
    whole: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    edge = Edge(whole.replicas, finds=2)
    lock = lock_with(whole, edge, monkeypatch)
    for replica in whole.replicas:
        refusal = lock.ready(replica, QUESTION, PORT)
        assert refusal is not None
        assert refusal.detail == "the edge finds 2 of 3 replicas by its name"
    assert edge.asked == 3 * ["name"]


def test_a_round_that_ended_early_is_no_excuse_for_the_next(
    whole: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who refused last is asked first, and with it the name: it may lead elsewhere by then."""
    edge = Edge(whole.replicas, finds=3)
    lock = lock_with(whole, edge, monkeypatch)
    first, second, third = whole.replicas
    for replica in (first, second):
        assert lock.ready(replica, QUESTION, PORT) is None
    edge.finds = 1
    for replica in (second, first, third):
        refusal = lock.ready(replica, QUESTION, PORT)
        assert refusal is not None
        assert "1 of 3" in refusal.detail
