"""A repository full of traps is looked at by every command: nothing runs, changes, or hangs."""

import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from compartment_tui.adapters.git import GitSource
from compartment_tui.adapters.memory.world import memory_world
from compartment_tui.adapters.process_guard import take_path
from compartment_tui.adapters.project_file.project import TomlProject
from compartment_tui.cli.app import build
from tests.cli.line import entrances
from tests.rollout.shop import WEB, shop_config
from tests.security.hostile import TITLE, Hostile, lay_traps

pytestmark = pytest.mark.long

PROGRAM = str(Path(sys.executable).with_name("compartment-tui"))
SECONDS = 20
LEAVING = 2
"""Seconds after which the application is asked to end: it has drawn and asked by then."""

# Each command in a process of its own, but all loaded once.
DRIVER = """
import json, os, signal, sys
import compartment_tui.bootstrap, compartment_tui.cli.app, compartment_tui.operations.runs
import compartment_tui.adapters.project_file.project, compartment_tui.operations.doctor, typing
from compartment_tui.__main__ import main
seconds, commands = json.loads(sys.argv[1])
for number, words in enumerate(commands):
    child = os.fork()
    if not child:
        out = os.open(f"{sys.argv[2]}/{number}", os.O_WRONLY | os.O_CREAT, 0o600)
        for stream in (1, 2):
            os.dup2(out, stream)
        signal.alarm(seconds)
        sys.argv[:] = ["compartment-tui", *words]
        try:
            main()
        except SystemExit as end:
            sys.stdout.flush()
            os._exit(end.code or 0)
        os._exit(99)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""

LOOKS = (
    "status",
    "status --output json",
    "deploy --plan",
    "deploy --plan --output json",
    "deploy --plan --ref HEAD",
    "inspect",
    "variable list",
    "variable list --output json",
    "variable resolve -s web",
    "variable compare --from production --to staging",
    "variable export",
    "recipients list",
    "doctor",
    "info",
    "schema",
    "environment list",
    "deployment list",
    "route list",
    "lock show",
    "logs",
    "--version",
    "--help",
    "variable run -e production --allow-production -- git status",
    "variable import waits",
    "variable import secret",
    "variable import huge/Dockerfile",
    "status --file linked",
    "init",
)


@pytest.fixture
def trap(tmp_path: Path) -> Hostile:
    return lay_traps(tmp_path)


def looked_at(trap: Hostile, commands: tuple[str, ...], told: Path) -> dict[str, tuple[int, str]]:
    """Exit code and everything written, by command."""
    told.mkdir()
    given = json.dumps((SECONDS, [command.split() for command in commands]))
    done = subprocess.run(
        # Not as `-c` would: that looks for modules in the working directory.
        [sys.executable, "-P", "-c", DRIVER, given, str(told)],
        cwd=trap.root,
        env=trap.environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS * 10,
        check=False,
    )
    codes = [int(line) for line in done.stdout.split()]
    assert len(codes) == len(commands), done.stderr
    return {
        command: (code, (told / str(number)).read_text(errors="replace"))
        for number, (command, code) in enumerate(zip(commands, codes, strict=True))
    }


def test_every_command_that_looks(trap: Hostile, tmp_path: Path) -> None:
    before = trap.around()
    found = looked_at(trap, LOOKS, tmp_path / "told")
    assert not trap.mark.exists(), trap.mark.read_text()
    assert trap.around() == before
    for command, (code, said) in found.items():
        assert code in range(8), (command, code, said)
        assert "Traceback" not in said, (command, said)
        assert "unexpected" not in said, (command, said)
        assert "PRIVATE-CANARY" not in said, command
        if command != "variable export":  # which writes a file's content, as it is
            assert "\x1b" not in said, command
    good = ("variable list", "variable resolve -s web", "info", "schema", "recipients list")
    assert [found[command][0] for command in good] == [0] * len(good)
    assert found["status"][0] == found["deploy --plan"][0] == 4


def test_the_plan_of_a_deploy(trap: Hostile, monkeypatch: pytest.MonkeyPatch) -> None:
    """With an engine that answers: everything is asked of git, and it is all told."""
    for name, value in trap.environment().items():
        monkeypatch.setenv(name, value)
    take_path(os.environ)
    opened = memory_world(shop_config(WEB))
    world = replace(opened.world, project=TomlProject.find(trap.root), source=GitSource(trap.root))
    before = trap.around()
    runner = CliRunner()
    for words in (["status"], ["deploy", "--plan"], ["variable", "resolve", "-s", "web"]):
        done = runner.invoke(build(), words, obj=lambda: entrances(world))
        assert done.exit_code == 0, done.output
        assert "\x1b" not in done.output
    assert not trap.mark.exists(), trap.mark.read_text()
    assert trap.around() == before


def test_completion(trap: Hostile) -> None:
    before = trap.around()
    for typed in ("deploy -s ", "status -e ", "variable unset "):
        words = f"compartment-tui {typed}"
        asked = {
            "_COMPARTMENT_TUI_COMPLETE": "complete_bash",
            "COMP_WORDS": words,
            "COMP_CWORD": str(len(words.split())),
        }
        done = subprocess.run(
            [PROGRAM],
            cwd=trap.root,
            env=trap.environment() | asked,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        assert "\x1b" not in done.stdout + done.stderr
    assert not trap.mark.exists(), trap.mark.read_text()
    assert trap.around() == before


def test_the_first_project_file(trap: Hostile, tmp_path: Path) -> None:
    """`init`, and the welcome that shows what it would write; then it is looked at."""
    (trap.root / "compartment.toml").unlink()
    before = trap.around()
    found = looked_at(trap, ("init", "status", "deploy --plan"), tmp_path / "told")
    assert not trap.mark.exists(), trap.mark.read_text()
    code, said = found["init"]
    assert code == 0, said
    assert TITLE not in said
    assert found["status"][0] == 4, found["status"]  # it is valid, and no engine answers
    after = trap.around()
    made = {name for name in after.keys() - before.keys() if not Path(name).is_dir()}
    identity = trap.home / ".config" / "compartment-tui" / "identity.txt"
    assert made == {str(trap.root / "compartment.toml"), str(identity)}
    text = (trap.root / "compartment.toml").read_text()
    assert "PRIVATE-CANARY" not in text
    assert "\x1b" not in text
    assert "\n[edge]" not in text


@pytest.mark.parametrize("project_file", [True, False], ids=["application", "welcome"])
def test_the_application_is_opened(trap: Hostile, *, project_file: bool) -> None:
    if not project_file:
        (trap.root / "compartment.toml").unlink()
    before = trap.around()
    shown = _opened(trap)
    assert not trap.mark.exists(), trap.mark.read_text()
    assert trap.around() == before
    assert b"shop" in shown
    assert TITLE.encode() not in shown
    assert b"PRIVATE-CANARY" not in shown


def _opened(trap: Hostile) -> bytes:
    """Everything that a terminal was sent until the application was left."""
    child, terminal = pty.fork()
    if not child:
        os.chdir(trap.root)
        os.execve(PROGRAM, [PROGRAM], trap.environment())  # noqa: S606
    shown, began, asked = b"", time.monotonic(), 0.0
    try:
        while time.monotonic() - began < SECONDS:
            if b"shop" in shown and time.monotonic() - max(asked, began) > LEAVING:
                os.write(terminal, b"q")
                asked = time.monotonic()
            if not select.select([terminal], [], [], 0.1)[0]:
                continue
            try:
                read = os.read(terminal, 65536)
            except OSError:  # it is gone
                break
            if not read:
                break
            shown += read
        ended, _ = os.waitpid(child, os.WNOHANG)
        deadline = time.monotonic() + 5
        while not ended and time.monotonic() < deadline:
            time.sleep(0.05)
            ended, _ = os.waitpid(child, os.WNOHANG)
        assert ended, f"it does not end: {shown[-500:]!r}"
        return shown
    except BaseException:
        os.kill(child, signal.SIGKILL)
        raise
    finally:
        os.close(terminal)


def test_modules_of_the_repository_are_not_loaded(trap: Hostile) -> None:
    """`python -m` puts the working directory before everything that is installed."""
    done = subprocess.run(
        [sys.executable, "-m", "compartment_tui", "status"],
        cwd=trap.root,
        env=trap.environment(),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 4, done.stderr
    said = trap.mark.read_text() if trap.mark.exists() else ""
    # Before the first line of ours, `python` itself may already have looked for these here.
    assert not said.strip(), said
