import copy
import json
import pickle
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compartment_tui.domain.variable import (
    MASK,
    NameChanges,
    Scope,
    Secret,
    Sensitivity,
    Variable,
    compare,
    fingerprints,
    resolve,
    sealed,
    values,
)

VALUE = "correct horse battery staple"
SECRET = Secret(VALUE)
KEY = b"k" * 32


def declared(key: str, value: str) -> Variable:
    return Variable(key=key, value=Secret(value))


def unreadable(key: str) -> Variable:
    return Variable(key=key, value=None, sensitivity=Sensitivity.SENSITIVE, sealed="age…")


ENV_A, SERVICE_A = declared("A", "of the environment"), declared("A", "of the service")
SEALED_A = unreadable("A")


@pytest.mark.parametrize(
    ("environment", "service", "winner", "scope", "shadowed"),
    [
        ([ENV_A], [], ENV_A, Scope.ENVIRONMENT, None),
        ([], [SERVICE_A], SERVICE_A, Scope.SERVICE, None),
        ([ENV_A], [SERVICE_A], SERVICE_A, Scope.SERVICE, ENV_A),
        ([ENV_A], [SEALED_A], SEALED_A, Scope.SERVICE, ENV_A),
        ([SEALED_A], [SERVICE_A], SERVICE_A, Scope.SERVICE, SEALED_A),
    ],
)
def test_the_service_wins_over_the_environment(
    environment: list[Variable],
    service: list[Variable],
    winner: Variable,
    scope: Scope,
    shadowed: Variable | None,
) -> None:
    (row,) = resolve(
        {
            Scope.ENVIRONMENT: {one.key: one for one in environment},
            Scope.SERVICE: {one.key: one for one in service},
        }
    )
    assert (row.key, row.winner, row.scope, row.shadowed) == ("A", winner, scope, shadowed)


def test_nothing_declared_is_nothing_resolved() -> None:
    assert resolve({}) == ()
    assert resolve({Scope.SERVICE: {}}) == ()


def test_rows_are_in_alphabetical_order_across_scopes() -> None:
    layers = {
        Scope.SERVICE: {"B": declared("B", "1")},
        Scope.ENVIRONMENT: {"C": declared("C", "1"), "A": declared("A", "1")},
    }
    assert [row.key for row in resolve(layers)] == ["A", "B", "C"]


def test_values_leave_out_what_is_sealed() -> None:
    rows = resolve({Scope.ENVIRONMENT: {"A": SEALED_A, "B": declared("B", "1")}})
    assert values(rows) == {"B": Secret("1")}
    assert [one.key for one in sealed(rows)] == ["A"]


def test_only_what_is_plain_is_shown() -> None:
    secret = Variable(key="A", value=SECRET, sensitivity=Sensitivity.SENSITIVE)
    assert declared("A", "as it is").shown() == "as it is"
    assert declared("A", "").shown() == ""
    assert secret.shown() == MASK
    assert SEALED_A.shown() is None


ROADS: dict[str, Callable[[Secret], str]] = {
    "str": str,
    "repr": repr,
    "ascii": ascii,
    "format": lambda secret: f"{secret:>40}",
    "f-string": lambda secret: f"{secret} {secret!r} {secret!s}",
    "percent": lambda secret: "%s %r" % (secret, secret),  # noqa: UP031 - a road like any other
    "in a variable": lambda secret: repr(Variable(key="A", value=secret)),
    "in a mapping": lambda secret: str({"A": secret}),
    "json by str": lambda secret: json.dumps({"A": secret}, default=str),
    "in an error": lambda secret: str(ValueError(secret)),
}


@pytest.mark.parametrize("road", ROADS)
def test_a_secret_is_masked_by_every_road(road: str) -> None:
    text = ROADS[road](SECRET)
    assert MASK in text
    assert "horse" not in text


REFUSED: dict[str, Callable[[Secret], object]] = {
    "json": json.dumps,
    "pickle": pickle.dumps,
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "vars": vars,
}


@pytest.mark.parametrize("road", REFUSED)
def test_a_secret_does_not_leave(road: str) -> None:
    with pytest.raises(TypeError) as refused:
        REFUSED[road](SECRET)
    assert "horse" not in str(refused.value)


def test_a_secret_knows_its_equal() -> None:
    assert Secret("a") == Secret("a")
    assert hash(Secret("a")) == hash(Secret("a"))
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"


def test_a_fingerprint_is_keyed_and_short() -> None:
    assert SECRET.fingerprint(KEY) == Secret(VALUE).fingerprint(KEY)
    assert SECRET.fingerprint(KEY) != SECRET.fingerprint(b"x" * 32)
    assert len(SECRET.fingerprint(KEY)) == 32
    assert fingerprints({"B": SECRET, "A": SECRET}, KEY) == dict.fromkeys(
        ("A", "B"), SECRET.fingerprint(KEY)
    )


@given(st.text(), st.text())
def test_different_values_have_different_fingerprints(one: str, other: str) -> None:
    same = Secret(one).fingerprint(KEY) == Secret(other).fingerprint(KEY)
    assert same == (one == other)


@pytest.mark.parametrize(
    ("before", "after", "changes"),
    [
        ({}, {}, NameChanges()),
        ({"A": "1"}, {"A": "1"}, NameChanges()),
        ({}, {"B": "1", "A": "1"}, NameChanges(added=("A", "B"))),
        ({"A": "1"}, {"A": "2"}, NameChanges(changed=("A",))),
        ({"A": "1"}, {}, NameChanges(removed=("A",))),
    ],
)
def test_changes_by_name(
    before: dict[str, str], after: dict[str, str], changes: NameChanges
) -> None:
    assert compare(before, after) == changes
    assert bool(changes) == (before != after)
