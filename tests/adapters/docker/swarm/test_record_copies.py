"""Copies of records with the managers of a Swarm: written, replaced, read, and never too large."""

import base64
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from compartment_tui.adapters.docker.api.errors import Conflict
from compartment_tui.adapters.docker.api.resource_names import SwarmNames
from compartment_tui.adapters.docker.swarm import record_copies
from compartment_tui.adapters.docker.swarm.locks import CopyUnderWay
from compartment_tui.adapters.docker.swarm.record_copies import SwarmCopies
from compartment_tui.adapters.record_file import record_file
from compartment_tui.domain.deployment import AuditLine, EnvironmentRecord
from compartment_tui.domain.errors import EngineProblem, RecordInvalid
from compartment_tui.domain.home import RecordCopy
from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.domain.routes import Route, RouteTable
from tests.adapters.docker.swarm.fakes import Json, Managers

KEY = EnvironmentKey("shop", "production")
NOW = datetime(2030, 1, 1, tzinfo=UTC)
TABLE = RouteTable(
    marker="run_1",
    routes=(Route(host="shop.localhost", deployment="dep_1", port=80, one_name=True),),
)
MADE = "2030-01-01T00:00:00.000000000Z"


def record(detail: str = "") -> EnvironmentRecord:
    line = AuditLine(at=NOW, actor="ada@laptop", verb="deploy", detail=detail)
    return EnvironmentRecord(key=KEY, active={"web": "dep_1"}, audit=(line,))


class Configs:
    """The configs of a Swarm: their content cannot be changed, and names are unique."""

    def __init__(self) -> None:
        self.held: list[Json] = []
        self.taken: set[str] = set()
        """Names that somebody else was quicker to take."""
        self._made = 0

    @property
    def names(self) -> list[str]:
        return [one["Spec"]["Name"] for one in self.held]

    def copies(self, namespace: str = "compartment") -> SwarmCopies:
        return SwarmCopies(Managers(self._answer).client, SwarmNames(namespace=namespace))

    def _answer(
        self, method: str, path: str, query: Mapping[str, object], body: Json | None
    ) -> object:
        if method == "POST":
            assert path == "/configs/create"
            assert body is not None
            if body["Name"] in (*self.names, *self.taken):
                raise Conflict("name conflicts with an existing object")
            assert len(base64.b64decode(body["Data"])) <= 500 * 1024
            self._made += 1
            self.held.append({"ID": f"c{self._made}", "CreatedAt": MADE, "Spec": body})
            return {"ID": f"c{self._made}"}
        if method == "DELETE":
            self.held = [one for one in self.held if path != f"/configs/{one['ID']}"]
            return None
        wanted = json.loads(str(query["filters"]))["label"]
        return [one for one in self.held if set(wanted) <= set(_labels(one))]


def _labels(config: Json) -> list[str]:
    return [f"{name}={value}" for name, value in config["Spec"]["Labels"].items()]


def test_what_is_kept_is_read_again() -> None:
    configs = Configs()
    configs.copies().keep(record(), TABLE)
    assert configs.copies().read_all() == {KEY: RecordCopy(record=record(), table=TABLE, at=NOW)}


def test_a_new_copy_is_made_before_the_old_one_goes() -> None:
    configs = Configs()
    copies = configs.copies()
    copies.keep(record("1"), TABLE)
    (first,) = configs.names
    copies.keep(record("2"), TABLE)
    (second,) = configs.names
    assert (first[-2:], second[-2:]) == ("-1", "-2")
    found = copies.read_all()[KEY]
    assert isinstance(found, RecordCopy)
    assert found.record == record("2")


def test_what_has_not_changed_is_not_written_again() -> None:
    configs = Configs()
    configs.copies().keep(record(), TABLE)
    before = list(configs.held)
    configs.copies().keep(record(), TABLE)
    assert configs.held == before
    configs.copies().keep(record(), replace(TABLE, marker="run_2"))
    assert configs.held != before


def test_of_two_that_a_crash_left_the_newer_counts() -> None:
    configs = Configs()
    copies = configs.copies()
    copies.keep(record("1"), TABLE)
    old = list(configs.held)
    for number in range(2, 11):  # as text, 10 comes before 9
        copies.keep(record(str(number)), TABLE)
    configs.held = [*configs.held, *old]
    found = copies.read_all()[KEY]
    assert isinstance(found, RecordCopy)
    assert found.record == record("10")
    copies.keep(record("10"), TABLE)
    assert len(configs.held) == 1


def test_a_name_that_is_taken_is_passed_over() -> None:
    configs = Configs()
    configs.taken = {f"compartment-record-{KEY.identifier}-1"}
    configs.copies().keep(record(), TABLE)
    assert configs.names == [f"compartment-record-{KEY.identifier}-2"]


def test_one_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    configs = Configs()
    configs.copies().keep(record("old"), TABLE)
    monkeypatch.setattr(record_copies, "LARGEST", 100)
    with pytest.raises(EngineProblem, match="a Swarm takes"):
        configs.copies().keep(record("new"), TABLE)
    assert len(configs.held) == 1


@pytest.mark.parametrize("content", [b"", b"no archive", b"\x1f\x8b\x08\x00broken"])
def test_a_spoilt_one_is_told(content: bytes) -> None:
    configs = Configs()
    configs.copies().keep(record(), TABLE)
    configs.held[0]["Spec"]["Data"] = base64.b64encode(content).decode()
    found = configs.copies().read_all()[KEY]
    assert isinstance(found, RecordInvalid)
    assert "the copy of the record of" in found.message


def test_one_of_a_newer_version_is_told_so_that_nothing_of_it_is_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    configs, plain = Configs(), record_file.dumps(record())
    monkeypatch.setattr(record_file, "dumps", lambda _: f"of_tomorrow = 1\n{plain}")
    configs.copies().keep(record(), TABLE)
    found = configs.copies().read_all()[KEY]
    assert isinstance(found, RecordInvalid)
    assert "newer version" in found.message


def test_other_namespaces_and_environments_are_left_alone() -> None:
    configs = Configs()
    configs.copies("other").keep(record(), TABLE)
    other = replace(record(), key=EnvironmentKey("shop", "staging"))
    configs.copies().keep(other, TABLE)
    configs.copies().keep(record(), TABLE)
    configs.copies().forget(KEY)
    assert configs.copies().read_all().keys() == {other.key}
    assert configs.copies("other").read_all().keys() == {KEY}


def test_what_is_written_one_after_the_other_is_copied_in_that_order() -> None:
    configs = Configs()
    copies, last = configs.copies(), None
    for number in range(20):
        last = CopyUnderWay(copies, record(str(number)), TABLE, after=last)
    assert last is not None
    assert last.is_done()
    found = copies.read_all()[KEY]
    assert isinstance(found, RecordCopy)
    assert found.record == record("19")
    assert last.is_of(record("19"), TABLE)
    assert not last.is_of(record("18"), TABLE)


def test_one_that_fails_keeps_the_next_from_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    configs = Configs()
    copies = configs.copies()
    with monkeypatch.context() as patched:
        patched.setattr(record_copies, "LARGEST", 100)
        first = CopyUnderWay(copies, record("1"), TABLE)
        assert not first.is_done()
    assert CopyUnderWay(copies, record("2"), TABLE, after=first).is_done()
    assert len(configs.held) == 1
