"""What a shell is offered: names and ids, never an error, never a long wait."""

import os
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
from typer.testing import CliRunner

from compartment_tui.adapters.memory.world import MemoryWorld
from compartment_tui.cli.app import build
from compartment_tui.domain.requests import Deploy
from compartment_tui.operations import completion, requests
from compartment_tui.ports import Records
from tests.cli.line import entrances
from tests.domain.nasty import NASTY
from tests.rollout.shop import API, WEB, deploy, open_shop, outcome

COMPLETING = "_COMPARTMENT_TUI_COMPLETE"
"""Set by a shell that wants to know how a line may go on."""


def offered(opened: MemoryWorld, typed: str) -> list[str]:
    """What bash shows for the last word of a line."""
    result = CliRunner().invoke(
        build(),
        [],
        obj=lambda: entrances(opened.world),
        prog_name="compartment-tui",
        env={
            COMPLETING: "complete_bash",
            "COMP_WORDS": f"compartment-tui {typed}",
            "COMP_CWORD": str(len(typed.split(" "))),
        },
    )
    assert result.stderr == ""
    return result.stdout.split()


def test_commands() -> None:
    assert offered(open_shop(WEB), "dep") == ["deploy", "deployment"]
    assert offered(open_shop(WEB), "environment ") == ["list", "show", "delete"]


def test_services() -> None:
    assert offered(open_shop(WEB, API), "logs -s ") == ["web", "api"]
    assert offered(open_shop(WEB, API), "logs --service a") == ["api"]


@pytest.mark.parametrize("typed", ["status -e ", "status --env ", "environment show "])
def test_environments_of_the_file_and_of_the_engine(typed: str) -> None:
    opened = open_shop(WEB)
    assert (
        outcome(requests.execute(opened.world, Deploy(environment="staging", services=())))
        == "live"
    )
    assert offered(opened, typed) == ["production", "staging"]


@pytest.mark.parametrize("typed", ["deployment show ", "rollback --to ", "exec --deployment "])
def test_deployments_newest_first(typed: str) -> None:
    opened = open_shop(WEB)
    deploy(opened)
    deploy(opened, force=True)
    made = sorted(opened.host.containers, reverse=True)
    assert offered(opened, typed) == [one[-10:].lower() for one in made]


def test_numbers_of_replicas_and_what_is_scaled() -> None:
    opened = open_shop(replace(WEB, replicas=3), API)
    deploy(opened)
    assert offered(opened, "exec -s web --replica ") == ["1", "2", "3"]
    assert offered(opened, "logs -s api --replica ") == ["1"]
    assert offered(opened, "logs --replica 3") == ["3"]
    assert offered(opened, "scale w") == ["web"]


def test_runs_of_the_environment_that_was_named() -> None:
    opened = open_shop(WEB)
    assert (
        outcome(requests.execute(opened.world, Deploy(environment="staging", services=())))
        == "live"
    )
    assert len(offered(opened, "rollback -e staging --run ")) == 1
    assert offered(opened, "rollback --run ") == []


def test_names_that_a_shell_would_take_apart_are_left_to_be_typed() -> None:
    opened = open_shop(WEB)
    for name in NASTY:
        assert (
            outcome(requests.execute(opened.world, Deploy(environment=name, services=()))) == "live"
        )
    found = offered(opened, "status -e ")
    assert {"Prod", "prod", "a/b", "a" * 63} <= set(found)
    assert not {"a b", "-x", "$", "*", "a"} & set(found)
    assert all(word.isprintable() and not set(word) & set(" '\"`$*\\;&|<>(){}") for word in found)


class Silent:
    """An engine that never answers."""

    def __getattr__(self, name: str) -> object:
        def wait(*_: object) -> None:
            threading.Event().wait(30)

        return wait


def test_an_engine_that_does_not_answer_is_not_waited_for() -> None:
    opened = open_shop(WEB)
    deploy(opened)
    world = replace(opened.world, records=cast(Records, Silent()))
    began = time.monotonic()
    assert completion.environments(world) == ("production",)
    assert len(list(completion.deployments(world, environment="production"))) == 1, "the copy"
    assert time.monotonic() - began < 25


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_without_a_project_and_without_an_engine_nothing_is_said(
    shell: str, tmp_path: Path
) -> None:
    line = "compartment-tui deploy -s "
    told = subprocess.run(
        [sys.executable, "-m", "compartment_tui"],
        cwd=tmp_path,
        env=os.environ
        | {
            COMPLETING: f"complete_{shell}",
            "COMP_WORDS": line,
            "COMP_CWORD": "3",
            "_TYPER_COMPLETE_ARGS": line,
            "_TYPER_COMPLETE_FISH_ACTION": "get-args",
            "DOCKER_HOST": "unix:///nowhere.sock",
        },
        capture_output=True,
        check=False,
        timeout=30,
    )
    assert told.stderr == b""
    assert b"web" not in told.stdout
