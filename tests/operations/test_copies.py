"""With the engine away: the copy of this very engine, as a copy, with the reason; or none."""

import json
from dataclasses import replace
from typing import cast

import pytest

from compartment_tui.adapters.memory.world import MemoryWorld
from compartment_tui.domain.deployment import EnvironmentRecord
from compartment_tui.domain.errors import EngineUnreachable
from compartment_tui.domain.requests import DeleteEnvironment
from compartment_tui.operations import environments, requests
from compartment_tui.operations.status import status
from compartment_tui.ports import Edge, Engine, Locks, Records, World
from tests.cli.line import line
from tests.rollout.shop import PRODUCTION, WEB, deploy, open_shop

WHY = "no Docker engine answers at tcp://127.0.0.1:9"
UNKNOWN = "the docker context \u201cnosuch\u201d cannot be read"


class Away:
    """Stands in for every port of an engine that does not answer."""

    def __init__(self, why: str, address: str | None) -> None:
        self._why, self._address = why, address

    def address(self) -> str:
        if self._address is None:
            raise EngineUnreachable(self._why)
        return self._address

    def __getattr__(self, name: str) -> object:
        def call(*_: object, **__: object) -> object:
            raise EngineUnreachable(self._why, hint="start Docker")

        return call


def away(opened: MemoryWorld, *, why: str = WHY, address: str | None = "memory://") -> MemoryWorld:
    port = Away(why, address)
    world: World = replace(
        opened.world,
        engine=cast(Engine, port),
        edge=cast(Edge, port),
        locks=cast(Locks, port),
        records=cast(Records, port),
    )
    return replace(opened, world=world)


@pytest.fixture
def opened() -> MemoryWorld:
    made = open_shop(WEB)
    deploy(made)
    return made


def test_the_copy_says_why_it_is_one(opened: MemoryWorld) -> None:
    found = status(away(opened).world, environment="production")
    assert found.stale is not None
    assert found.away is not None
    assert found.away.message == WHY
    said = line(away(opened), "status")
    assert said.code == 4
    assert "web" in said.out
    assert f"not what is so now: {WHY}" in said.out
    assert f"\u2717 {WHY}" in said.err
    assert "start Docker" in said.err


def test_the_document_is_marked_as_a_copy(opened: MemoryWorld) -> None:
    said = line(away(opened), "status", "--output", "json")
    assert said.code == 4
    document = json.loads(said.out)
    assert document["isCopy"] is True
    assert document["staleSince"]
    assert document["error"]["message"] == WHY
    now = json.loads(line(opened, "status", "--output", "json").out)
    assert now["isCopy"] is False
    assert "error" not in now


def test_a_watch_with_the_engine_away_ends(opened: MemoryWorld) -> None:
    for words in (("status", "--watch"), ("status", "--watch", "--output", "json")):
        said = line(away(opened), *words)
        assert said.code == 4
        assert "web" in said.out


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", None])
def test_another_engine_has_no_copy(opened: MemoryWorld, address: str | None) -> None:
    why = WHY if address else UNKNOWN
    other = away(opened, why=why, address=address)
    for words in (("status",), ("status", "--watch"), ("environment", "list"), ("inspect",)):
        said = line(other, *words)
        assert (said.code, said.out) == (4, ""), words
        assert f"\u2717 {why}" in said.err
    (named,) = environments.declared_environments(other.world)
    assert (named.active, named.last) == (0, None)


def test_what_else_is_asked_says_the_reason(opened: MemoryWorld) -> None:
    gone = away(opened)
    for words in (("open",), ("inspect",), ("environment", "show"), ("logs",), ("route", "list")):
        said = line(gone, *words)
        assert (said.code, said.out) == (4, ""), words
        assert WHY in said.err
    (named,) = environments.declared_environments(gone.world)
    assert named.active == 1
    assert WHY in line(gone, "doctor").out


def test_what_was_deleted_is_not_live_in_the_copy(opened: MemoryWorld) -> None:
    requests.execute(opened.world, DeleteEnvironment(environment="production"))
    copy = opened.project.copy(PRODUCTION, "memory://")
    assert copy is not None
    assert not copy[0].active
    assert copy[0] == replace(EnvironmentRecord(key=PRODUCTION), audit=copy[0].audit)
