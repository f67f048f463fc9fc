"""What a killed run left of a release command goes with the next one, however late it was made."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from compartment_tui.adapters.docker.api import labels
from compartment_tui.adapters.docker.api.client import Client
from compartment_tui.adapters.docker.resources import release_command
from compartment_tui.domain.errors import EngineProblem
from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.domain.planning.plan import ContainerSpec

KEY = EnvironmentKey("shop", "production")
BIRTH = cast(
    ContainerSpec, SimpleNamespace(plan=SimpleNamespace(key=KEY, spec=SimpleNamespace(release=1)))
)
NOTHING = cast(Any, None)


class Engine:
    """Stands for a `Client`: what it lists, and what of it was removed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *listed: str) -> None:
        self.listed = listed
        self.removed: list[str] = []
        monkeypatch.setattr(release_command, "_make", lambda *_: "own")
        monkeypatch.setattr(release_command, "_start", lambda *_: None)
        monkeypatch.setattr(release_command, "_Watch", lambda *_: self)
        monkeypatch.setattr(release_command, "rows", self._rows)
        monkeypatch.setattr(release_command, "remove_container", self._remove)

    def lines(self) -> list[str]:
        return ["migrated"]

    def run(self) -> list[str]:
        client = cast(Client, NOTHING)
        return list(release_command.run_release(client, BIRTH, "network", NOTHING))

    def _rows(self, _: object, filters: dict[str, list[str]]) -> list[dict[str, str]]:
        assert filters == labels.filters(labels.Role.RELEASE, KEY) | {"status": ["created"]}
        return [{"Id": one} for one in self.listed]

    def _remove(self, _: object, container: str) -> None:
        self.removed.append(container)


def test_one_that_was_made_too_late_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine(monkeypatch, "late", "own")
    assert engine.run() == ["migrated"]
    assert engine.removed == ["late", "own"]


def test_a_release_command_runs_where_nobody_can_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine(monkeypatch)

    def refuse(*_: object) -> None:
        raise EngineProblem("it does not list them")

    monkeypatch.setattr(release_command, "rows", refuse)
    assert engine.run() == ["migrated"]
    assert engine.removed == ["own"]
