"""`doctor` on a Swarm: whether the loss of its home would be borne."""

import json
from dataclasses import replace

import pytest

from compartment_tui.adapters.memory.world import MemoryWorld
from compartment_tui.domain.config import EngineSpec, EnvironmentConfig
from compartment_tui.domain.home import ADOPT_WHERE_LOST, SwarmHome
from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.operations.doctor import doctor
from tests.cli.line import line
from tests.rollout.shop import WEB, open_shop

KEY = EnvironmentKey("shop", "production")
HOME = SwarmHome(
    node="id1", name="n1", address="10.0.0.1", state="ready", addressed="n1", here=True, managers=3
)


@pytest.fixture
def live() -> MemoryWorld:
    """A shop on an engine of the file that is a Swarm."""
    opened = open_shop(WEB)
    config = opened.project.config()
    opened.project.write(
        replace(
            config,
            engines=(EngineSpec(name="prod", address="ssh://a@n1", swarm=True),),
            environments=(EnvironmentConfig(name="production", engine="prod"),),
        )
    )
    opened.host_of("prod").home = HOME
    said = line(opened, "deploy", "--quiet")
    assert said.code == 0, said.text()
    return opened


def told(opened: MemoryWorld) -> list[tuple[str, str, str]]:
    return [
        (one.grade.value, one.message, one.hint)
        for one in doctor(opened.world)
        if one.name == "home"
    ]


def test_all_is_there(live: MemoryWorld) -> None:
    assert told(live) == [("good", "n1; if it is lost, `edge adopt` has what it takes", "")]


def test_too_few_managers(live: MemoryWorld) -> None:
    live.host_of("prod").home = replace(HOME, managers=1)
    ((grade, message, hint),) = told(live)
    assert (grade, "1 manager" in message, "docker node promote" in hint) == ("warn", True, True)


def test_a_copy_that_is_missing_or_old(live: MemoryWorld) -> None:
    host = live.host_of("prod")
    old = host.record_copies[KEY]
    host.copy_problem = "no room"
    assert line(live, "deploy", "--force", "--quiet").code == 0
    host.copy_problem = ""
    ((grade, message, _),) = told(live)
    assert (grade, message) == ("warn", "the Swarm has an old copy of the record of “production”")
    host.record_copies.clear()
    ((grade, message, _),) = told(live)
    assert (grade, message) == ("warn", "the Swarm has no copy of the record of “production”")
    assert line(live, "resume").code == 0
    assert old != host.record_copies[KEY]
    assert told(live)[0][0] == "good"


def test_a_home_of_once_that_is_back(live: MemoryWorld) -> None:
    live.host_of("prod").home = replace(HOME, former=("n0",))
    ((grade, message, hint),) = told(live)
    assert grade == "warn"
    assert message.startswith("n0 was the home before")
    assert "edge adopt --node n1" in hint


def test_where_the_home_does_not_answer_status_says_what_to_do_if_it_is_lost(
    live: MemoryWorld,
) -> None:
    live.host_of("prod").go_away("prod is away")
    told = line(live, "status")
    assert told.code == 4
    assert f"; {ADOPT_WHERE_LOST}" in told.err
    hint = json.loads(line(live, "status", "--output", "json").out)["error"]["hint"]
    assert hint.endswith(ADOPT_WHERE_LOST)
    (copy,) = live.project.copies.keys()
    del live.project.copies[copy]
    assert ADOPT_WHERE_LOST in line(live, "status").err


def test_nothing_of_that_is_said_of_a_single_machine(live: MemoryWorld) -> None:
    config = live.project.config()
    engines = tuple(replace(one, swarm=False) for one in config.engines)
    live.project.write(replace(config, engines=engines))
    live.host_of("prod").go_away("prod is away")
    assert "edge adopt" not in line(live, "status").err
