"""The hash of a password, asked for or given, and the password seen nowhere."""

import json
import os
import subprocess
import sys
from pathlib import Path

import bcrypt
import pytest
from typer.testing import CliRunner

from compartment_tui.cli.app import build
from tests.cli.line import Said, entrances
from tests.cli.test_hidden import typed
from tests.rollout.shop import WEB, open_shop

PASSWORD = "c4n4ry-hunter2"
PROGRAM = [sys.executable, "-m", "compartment_tui", "access", "hash"]


def given(*words: str, stdin: str = "") -> Said:
    """The command with something on its stdin, which is no terminal."""
    world = open_shop(WEB).world
    all_words = ["access", "hash", *words]
    result = CliRunner().invoke(build(), all_words, obj=lambda: entrances(world), input=stdin)
    return Said(words=tuple(all_words), out=result.stdout, err=result.stderr, code=result.exit_code)


def opens(made: str, password: str) -> bool:
    return bcrypt.checkpw(password.encode(), made.replace("$2y$", "$2b$", 1).encode())


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_a_given_password_is_hashed(end: str) -> None:
    said = given("--stdin", stdin=PASSWORD + end)
    assert said.code == 0
    assert opens(json.loads(said.out), PASSWORD)
    assert said.err == 'it goes here: [environments.NAME.access] users = { team = "…" }\n'
    assert PASSWORD not in said.out + said.err


def test_as_data() -> None:
    said = given("--stdin", "--output", "json", stdin=PASSWORD)
    found = json.loads(said.out)
    assert opens(found.pop("hash"), PASSWORD)
    assert found == {}
    assert said.err == ""


@pytest.mark.parametrize(
    ("words", "stdin", "said"),
    [
        ((), PASSWORD, "there is no terminal to ask for the password on"),
        (("--stdin",), "", "the password is empty"),
        (("--stdin",), f"{PASSWORD}\n\n", "has more than one line"),
        (("--stdin",), f"{PASSWORD}\nx", "has more than one line"),
        ((PASSWORD,), "", "access hash"),
    ],
)
def test_what_is_refused(words: tuple[str, ...], stdin: str, said: str) -> None:
    found = given(*words, stdin=stdin)
    assert found.code == 2
    assert found.out == ""
    assert said in found.err


def test_it_takes_no_project(tmp_path: Path) -> None:
    run = subprocess.run(
        [*PROGRAM, "--stdin"],
        input=PASSWORD,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=True,
    )
    assert opens(json.loads(run.stdout), PASSWORD)


def asked(tmp_path: Path, *answers: str) -> tuple[int, str]:
    environment = {**os.environ, "NO_COLOR": "1"}
    return typed(PROGRAM, *answers, cwd=tmp_path, env=environment)


def test_what_is_typed_is_not_seen(tmp_path: Path) -> None:
    code, shown = asked(tmp_path, PASSWORD, PASSWORD)
    assert code == 0, shown
    assert PASSWORD not in shown
    assert opens(shown.partition('"')[2].partition('"')[0], PASSWORD)


def test_a_slip_is_noticed(tmp_path: Path) -> None:
    code, shown = asked(tmp_path, PASSWORD, "hunter3")
    assert code == 2
    assert "the two are not the same" in shown
    assert "$2y$" not in shown
    assert "hunter" not in shown
