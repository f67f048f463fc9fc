"""A program in this one's place: its exit code, its signals, its environment."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping

import pytest

from compartment_tui.adapters.programs import LocalPrograms
from compartment_tui.domain.errors import NotFound

HOST = """
import sys
from compartment_tui.adapters.programs import LocalPrograms
from compartment_tui.domain.variable import Secret
LocalPrograms().run(sys.argv[1:], {"A": Secret(" \\n$x'\\"="), "PATH": Secret("/bin:/usr/bin")})
"""


def started(*command: str, environment: Mapping[str, str] | None = None) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", HOST, *command],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **(environment or {})},
    )


def test_the_exit_code_is_the_programs() -> None:
    child = started("sh", "-c", "exit 42")
    child.communicate(timeout=30)
    assert child.returncode == 42


def test_its_environment_is_ours_with_the_values_on_top_and_nothing_of_our_own() -> None:
    ours = {"KEPT": "kept", "COMPARTMENT_TUI_IDENTITY": "AGE-SECRET", "COMPARTMENT_X": "x"}
    out, _ = started("env", "-0", environment=ours).communicate(timeout=30)
    found = dict(entry.split("=", 1) for entry in out.split("\0") if entry)
    assert found["A"] == " \n$x'\"="
    assert (found["KEPT"], found["PATH"]) == ("kept", "/bin:/usr/bin")
    assert not any(name.startswith("COMPARTMENT_") for name in found)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_signals_reach_it(number: signal.Signals) -> None:
    child = started(
        "sh", "-c", f"trap 'exit 9' {number.value}; echo up; while :; do sleep .05; done"
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "up\n"
    child.send_signal(number)
    assert child.wait(timeout=30) == 9
    child.stdout.close()


def test_a_closed_pipe_ends_it_as_it_ends_any_program() -> None:
    child = started("sh", "-c", "yes; echo $? >&2")
    assert child.stdout is not None
    child.stdout.readline()
    child.stdout.close()
    assert child.wait(timeout=30) in (0, -signal.SIGPIPE)


def test_one_that_is_not_there_is_told() -> None:
    before = signal.getsignal(signal.SIGPIPE)
    with pytest.raises(NotFound, match="“no-such-program” cannot be run: No such file"):
        LocalPrograms().run(["no-such-program"], {})
    assert signal.getsignal(signal.SIGPIPE) == before
