"""A sensitive value that somebody made plain in the file is told as such, whatever its value."""

import json
from dataclasses import replace

import pytest

from compartment_tui.adapters.memory.world import MemoryWorld, memory_world
from compartment_tui.adapters.record_file.record_file import dumps, loads
from compartment_tui.domain.config import EnvironmentConfig
from compartment_tui.domain.deployment import EnvironmentRecord
from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.domain.variable import Secret, Sensitivity, Variable
from tests.cli.line import line
from tests.rollout.shop import API, WEB, shop_config

KEY = EnvironmentKey("shop", "production")
WORDS = "no longer sensitive: TOKEN"


def variable(value: str, sensitivity: Sensitivity = Sensitivity.SENSITIVE) -> Variable:
    return Variable(key="TOKEN", value=Secret(value), sensitivity=sensitivity)


def with_token(opened: MemoryWorld, *, everyones: Variable, own: Variable | None = None) -> None:
    services = {} if own is None else {"web": {"TOKEN": own}}
    environment = EnvironmentConfig(
        name="production", variables={"TOKEN": everyones}, services=services
    )
    opened.project.write(replace(opened.project.current, environments=(environment,)))


@pytest.fixture
def opened() -> MemoryWorld:
    made = memory_world(shop_config(WEB, API))
    with_token(made, everyones=variable("one"))
    assert line(made, "deploy").code == 0
    return made


@pytest.mark.parametrize("value", ["one", "another"])
@pytest.mark.parametrize("scope", ["everyones", "own"])
def test_plan_and_status_name_it(opened: MemoryWorld, value: str, scope: str) -> None:
    plain = variable(value, Sensitivity.PLAIN)
    if scope == "everyones":
        with_token(opened, everyones=plain)
    else:
        with_token(opened, everyones=variable("one"), own=plain)
    for words in (("deploy", "--plan"), ("redeploy", "--plan"), ("deploy", "--hold", "--plan")):
        said = line(opened, *words)
        assert said.code == 0
        assert WORDS in said.out + said.err, words
    status = line(opened, "status")
    assert WORDS in status.out + status.err
    assert WORDS in line(opened, "inspect", "-s", "web").out
    plan = json.loads(line(opened, "deploy", "--plan", "--output", "json").out)
    found = {
        one["serviceName"]: one["variables"]["noLongerSensitive"] for one in plan["deployments"]
    }
    assert found["web"] == ["TOKEN"]
    assert found["api"] == (["TOKEN"] if scope == "everyones" else [])


def test_what_stays_sensitive_is_not_named(opened: MemoryWorld) -> None:
    with_token(opened, everyones=variable("another"))
    said = line(opened, "deploy", "--plan")
    assert "~ TOKEN" in said.out + said.err
    assert "no longer" not in said.out + said.err
    with_token(opened, everyones=variable("one"))
    assert "no longer" not in line(opened, "status").err


def test_a_record_of_the_earlier_version_says_nothing_and_replaces_nothing(
    opened: MemoryWorld,
) -> None:
    state = opened.world.records.read(KEY)
    assert state is not None
    assert "sensitive" in dumps(state)
    old = without(state)
    assert "sensitive" not in dumps(old)
    assert loads(dumps(old)) == old
    opened.host.records[KEY] = old
    with_token(opened, everyones=variable("one", Sensitivity.PLAIN))
    said = line(opened, "deploy")
    assert said.code == 0
    assert "no longer" not in said.out + said.err
    assert "unchanged" in said.out + said.err


def without(state: EnvironmentRecord) -> EnvironmentRecord:
    plain = {key: replace(one, sensitive=None) for key, one in state.deployments.items()}
    return replace(state, deployments=plain)


def test_a_lost_record_is_rebuilt_with_it(opened: MemoryWorld) -> None:
    opened.host.records.pop(KEY)
    with_token(opened, everyones=variable("one", Sensitivity.PLAIN))
    assert WORDS in line(opened, "status").err + line(opened, "status").out


def test_set_plain_and_import_say_it(opened: MemoryWorld) -> None:
    said = line(opened, "variable", "set", "TOKEN", "x", "--plain")
    assert (said.code, WORDS in said.err) == (0, True)


def test_a_copy_that_makes_it_plain_says_it(opened: MemoryWorld) -> None:
    plain = EnvironmentConfig(
        name="staging", variables={"TOKEN": variable("one", Sensitivity.PLAIN)}
    )
    current = opened.project.current
    opened.project.write(replace(current, environments=(*current.environments, plain)))
    said = line(opened, "variable", "copy", "--from", "staging", "--to", "production", "--plan")
    assert WORDS in said.out
    compared = line(opened, "variable", "compare", "--from", "staging", "--to", "production")
    assert "= same; not sensitive in staging" in compared.out
    found = line(
        opened, "variable", "compare", "--from", "staging", "--to", "production", "--output", "json"
    )
    assert json.loads(found.out)["variables"][0]["plainOnOneSide"] is True
