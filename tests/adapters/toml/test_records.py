import dataclasses
import tomllib
import types
import typing
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
import tomli_w
from hypothesis import example, given
from hypothesis import strategies as st

from compartment_tui.adapters.record_file import record_file
from compartment_tui.domain.deployment import (
    AuditLine,
    Deployment,
    EnvironmentRecord,
    Journal,
    JournalEntry,
    Provenance,
    RunRecord,
    Stage,
    Status,
    Trigger,
)
from compartment_tui.domain.errors import RecordInvalid
from compartment_tui.domain.names import EnvironmentKey, new_id
from compartment_tui.domain.routes import Route, RouteTable
from tests.domain.strategies import KEYS, SERVICES

KEY = EnvironmentKey("shop", "production")
NOW = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)


def identifier(number: int) -> str:
    return new_id("dep", NOW + timedelta(seconds=number), bytes(10))


def deployment(number: int, **more: object) -> Deployment:
    made = Deployment(
        id=identifier(number),
        run=new_id("run", NOW, bytes(10)),
        service="web",
        created=NOW,
        trigger=Trigger.DEPLOY,
        spec="",
    )
    return made.__class__(**{name: getattr(made, name) for name in made.__slots__} | more)


def full_state() -> EnvironmentRecord:
    one = deployment(
        1,
        image="sha256:1",
        port=8080,
        host="shop.localhost",
        provenance=Provenance(commit="abc", branch="main", dirty=True, author="Ö <o@x>"),
        fingerprints={"A": "1", "B": "2"},
        status=Status.SUCCEEDED,
        stage=Stage.ACTIVE,
        completed=NOW,
        activated=NOW,
        previous=identifier(0),
        failure='two\nlines "quoted" {{ env }}',
    )
    run = RunRecord(
        id=one.run,
        trigger=Trigger.ROLLBACK,
        created=NOW,
        actor="me@here",
        services=("web", "api"),
        covered=("api",),
        deployments={"web": one.id},
        status=Status.SUCCEEDED,
    )
    journal = Journal(
        run=one.run,
        trigger=Trigger.DEPLOY,
        started=NOW,
        entries=(
            JournalEntry(
                service="web", deployment=one.id, previous=None, kept=False, stop_first=True
            ),
        ),
        before=RouteTable(
            marker=one.run, routes=(Route(host="a.localhost", deployment=one.id, port=1),)
        ),
        stage=Stage.SWITCHING_ROUTE,
    )
    return EnvironmentRecord(
        key=KEY,
        active={"web": one.id},
        deployments={one.id: one},
        runs=(run,),
        journal=journal,
        audit=(AuditLine(at=NOW, actor="me@here", verb="deploy"),),
        rebuilt=True,
    )


def test_a_record_with_everything_comes_back_equal() -> None:
    assert record_file.loads(record_file.dumps(full_state())) == full_state()


def test_an_empty_record_comes_back_equal() -> None:
    assert record_file.loads(record_file.dumps(EnvironmentRecord(key=KEY))) == EnvironmentRecord(
        key=KEY
    )


names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=63)


@given(names, names)
def test_names_of_any_kind_come_back_equal(environment: str, failure: str) -> None:
    one = deployment(1, failure=failure)
    state = EnvironmentRecord(key=EnvironmentKey("shop", environment), deployments={one.id: one})
    assert record_file.loads(record_file.dumps(state)) == state
    assert record_file.loads_key(record_file.dumps_key(state.key)) == state.key


@pytest.mark.parametrize(
    "text",
    [
        "",
        "format = 1",
        "format = 2\n[key]\nproject = 'a'\nenvironment = 'b'",
        "format = 1\n[key",
        "format = 1\n[key]\nproject = 'a'\nenvironment = 3",
        "format = 1\nactive = 3\n[key]\nproject = 'a'\nenvironment = 'b'",
        "format = 1\nrebuilt = 1\n[key]\nproject = 'a'\nenvironment = 'b'",
        "format = 1\n[key]\nproject = 'a'\nenvironment = 'b'\n[deployments.x]\nstage = 'fine'",
    ],
)
def test_what_is_no_record_is_refused(text: str) -> None:
    with pytest.raises(RecordInvalid):
        record_file.loads(text)


def test_unknown_keys_are_passed_over() -> None:
    text = record_file.dumps(full_state()).replace("[key]", "[key]\nnewer = true")
    assert record_file.loads(text) == full_state()


@pytest.mark.parametrize(
    "path",
    [
        (),
        ("key",),
        ("deployments", identifier(1)),
        ("deployments", identifier(1), "provenance"),
        ("runs", 0),
        ("journal",),
        ("journal", "entries", 0),
        ("journal", "before"),
        ("journal", "before", "routes", 0),
        ("audit", 0),
    ],
)
def test_a_record_with_an_unknown_key_is_read_and_not_written_again(
    path: tuple[str | int, ...],
) -> None:
    plain = tomllib.loads(record_file.dumps(full_state()))
    table: Any = plain
    for step in path:
        table = table[step]
    table["newer"] = 1
    text = tomli_w.dumps(plain)
    assert record_file.loads(text) == full_state()
    with pytest.raises(RecordInvalid, match=r"a newer version of .*: update this one"):
        record_file.loads(text, to_write=True)


def every(hint: Any) -> st.SearchStrategy[Any]:  # noqa: ANN401
    """Values of a record's field in every shape, by its type."""
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin is types.UnionType:
        return st.one_of(*(every(one) for one in inner))
    if origin is tuple:
        return st.lists(every(inner[0]), max_size=2).map(tuple)
    if origin is not None:
        return st.dictionaries(TEXTS, every(inner[1]), max_size=2)
    if dataclasses.is_dataclass(hint):
        hints = typing.get_type_hints(hint)
        fields = {field.name: every(hints[field.name]) for field in dataclasses.fields(hint)}
        return st.builds(cast(Callable[..., object], hint), **fields)
    return {str: TEXTS, datetime: st.datetimes(timezones=st.just(UTC))}.get(
        hint, st.from_type(hint)
    )


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


@given(every(EnvironmentRecord))
def test_no_record_of_this_version_is_refused(state: EnvironmentRecord) -> None:
    assert record_file.loads(record_file.dumps(state), to_write=True) == state


@given(KEYS, SERVICES)
@example(EnvironmentKey("a", "\x7f\x85\u2028\r\n"), "a_")
def test_names_come_back_from_the_record_and_its_index(key: EnvironmentKey, service: str) -> None:
    one = deployment(1, service=service)
    state = EnvironmentRecord(key=key, active={service: one.id}, deployments={one.id: one})
    assert record_file.loads(record_file.dumps(state)) == state
    assert record_file.loads_key(record_file.dumps_key(key)) == key
