"""A sensitive value that is typed, on a real terminal: nothing of it is echoed."""

import os
import pty
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest

CANARY = "c4n4ry-hunter2"
FILE = '[project]\nname = "shop"\n[services]\nweb = { image = "busybox:1" }\n'


def typed(command: list[str], *answers: str, cwd: Path, env: dict[str, str]) -> tuple[int, str]:
    """Answer the questions; the exit code, and everything the terminal showed."""
    main, side = pty.openpty()
    with subprocess.Popen(
        command, cwd=cwd, env=env, stdin=side, stdout=side, stderr=side, start_new_session=True
    ) as process:
        os.close(side)
        shown, answered, ends = b"", 0, time.monotonic() + 30
        while time.monotonic() < ends:
            ready, _, _ = select.select([main], [], [], 0.1)
            try:
                shown += os.read(main, 4096) if ready else b""
            except OSError:  # the other side is closed
                break
            if answered < min(shown.count(b":"), len(answers)):
                time.sleep(0.2)  # it turns the echo off and then waits
                os.write(main, answers[answered].encode() + b"\n")
                answered += 1
            if not ready and process.poll() is not None:
                break
        code = process.wait(timeout=10)
    os.close(main)
    return code, shown.decode()


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "compartment.toml").write_text(FILE, encoding="utf-8")
    return {**os.environ, "XDG_CONFIG_HOME": str(tmp_path / "config"), "NO_COLOR": "1"}


def test_what_is_typed_is_not_seen(tmp_path: Path, environment: dict[str, str]) -> None:
    program = [sys.executable, "-m", "compartment_tui"]
    subprocess.run([*program, "recipients", "add"], cwd=tmp_path, env=environment, check=True)
    words = [*program, "variable", "set", "TOKEN", "--sensitive"]
    code, shown = typed(words, CANARY, cwd=tmp_path, env=environment)
    assert code == 0, shown
    assert "TOKEN in production:" in shown
    assert CANARY not in shown
    assert CANARY not in (tmp_path / "compartment.toml").read_text(encoding="utf-8")
    run = [*program, "variable", "run", "--env", "production", "--allow-production", "--"]
    read = subprocess.run(
        [*run, "sh", "-c", 'printf %s "$TOKEN"'],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        check=True,
    )
    assert read.stdout.decode() == CANARY


def test_a_plain_one_is_seen(tmp_path: Path, environment: dict[str, str]) -> None:
    words = [sys.executable, "-m", "compartment_tui", "variable", "set", "LEVEL"]
    code, shown = typed(words, "debug", cwd=tmp_path, env=environment)
    assert (code, shown.count("debug")) == (0, 1)
    assert 'LEVEL = "debug"' in (tmp_path / "compartment.toml").read_text(encoding="utf-8")
