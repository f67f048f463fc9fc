"""What only a process of its own can show: signals, closed pipes, what is loaded."""

import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WAIT_SECONDS = 30


def start(pace: float, *words: str, **streams: int) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "tests.cli.program", str(pace), *words],
        cwd=ROOT,
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=streams.get("stdout", subprocess.PIPE),
        stderr=streams.get("stderr", subprocess.PIPE),
    )


def wait_for(program: "subprocess.Popen[str]", words: str) -> str:
    assert program.stderr is not None
    seen = ""
    while words not in seen:
        line = program.stderr.readline()
        assert line, f"it ended before it said {words!r}: {seen}"
        seen += line
    return seen


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_before_the_switch_reverts(number: signal.Signals) -> None:
    program = start(0.2, "deploy")
    wait_for(program, "checking readiness")
    program.send_signal(number)
    _, said = program.communicate(timeout=WAIT_SECONDS)
    assert program.returncode == 130, said
    assert "starting the candidate: reverted" in said
    assert "everything is as it was before" in said
    assert "Traceback" not in said


def test_an_interrupted_question_is_quiet() -> None:
    program = start(0, "logs", "--follow")
    with pytest.raises(subprocess.TimeoutExpired):
        program.wait(timeout=2)
    program.send_signal(signal.SIGINT)
    _, said = program.communicate(timeout=WAIT_SECONDS)
    assert (program.returncode, said) == (130, "")


@pytest.mark.parametrize(
    "words", [("deploy", "--events"), ("deploy",), ("deploy", "--output", "json")]
)
def test_a_run_goes_on_when_nobody_reads(words: tuple[str, ...]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    program = start(0, *words, stdout=writer)
    os.close(writer)
    _, said = program.communicate(timeout=WAIT_SECONDS)
    assert program.returncode == 0, said
    assert "BrokenPipe" not in said
    assert "Exception ignored" not in said


def test_a_run_goes_on_when_the_terminal_is_gone() -> None:
    terminal, end = pty.openpty()
    program = start(0.05, "deploy", stdout=end, stderr=end)
    os.close(end)
    os.read(terminal, 1)
    os.close(terminal)
    assert program.wait(timeout=WAIT_SECONDS) == 0


def loaded_by(*words: str) -> set[str]:
    program = (
        "import sys\n"
        "from compartment_tui.cli.app import build\n"
        "try: build()(sys.argv[1:], prog_name='compartment-tui')\n"
        "except SystemExit: pass\n"
        "print(*sys.modules, file=sys.stderr)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", program, *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=WAIT_SECONDS,
    )
    return set(run.stderr.split())


@pytest.mark.parametrize("words", [("--help",), ("deploy", "--help"), ("environment", "--help")])
def test_help_loads_nothing_heavy(words: tuple[str, ...]) -> None:
    loaded = loaded_by(*words)
    assert "compartment_tui.cli.app" in loaded
    heavy = {"docker", "textual", "rich", "watchfiles", "requests", "compartment_tui.ports"}
    assert not loaded & heavy
    assert not {name for name in loaded if name.startswith("compartment_tui.domain.")}
