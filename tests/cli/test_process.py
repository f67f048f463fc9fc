"""What only a process of its own can show: signals, closed pipes, what is loaded."""

import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.program import BEGUN, TELLS
from tests.e2e.warm import starter

pytestmark = pytest.mark.long

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


def test_an_interrupted_question_is_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TELLS, "1")
    program = start(0, "logs", "--follow")
    wait_for(program, BEGUN)
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


def shell(line: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    """A line of a shell, in which `$P` is the program on a pretended machine."""
    return subprocess.run(
        ["bash", "-c", line],
        cwd=ROOT,
        env={**os.environ, "P": f"{sys.executable} -m tests.cli.program 0", **variables},
        text=True,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=WAIT_SECONDS,
        pass_fds=[starter().number()],
    )


def warm_shell(line: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    """The same where the start is not what is asked about: what starts is loaded already."""
    return shell(line, **{"P": f"{starter().client('tests.cli.program')} 0", **variables})


WRITING = (
    *("--help", "--version", "schema", "deploy --help", "environment --help", "status", "deploy"),
    *("status --output json", "deploy --events", "deploy --plan", "doctor", "info"),
    *("environment list", "variable list", "variable export"),
)


@pytest.mark.parametrize("words", WRITING)
def test_what_could_not_be_written_is_a_failure(words: str) -> None:
    done = warm_shell(f"$P {words} > /dev/full")
    assert done.returncode == 1, done.stderr
    said = [line for line in done.stderr.splitlines() if "could not be written" in line]
    assert said == ["! the output could not be written: No space left on device"]
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


@pytest.mark.parametrize("script", ["source_bash", "source_zsh", "source_fish"])
def test_completion_that_could_not_be_written_is_one_too(script: str) -> None:
    done = warm_shell("$P > /dev/full", _COMPARTMENT_TUI_COMPLETE=script)
    assert done.returncode == 1
    assert done.stderr == "! the output could not be written: No space left on device\n"


@pytest.mark.parametrize("words", ["--help", "schema", "status", "deploy --events", "doctor"])
def test_a_missing_output_is_said_in_a_sentence(words: str) -> None:
    done = shell(f"$P {words} >&-")
    assert done.returncode == 1
    assert done.stderr.endswith("! the output could not be written: it is closed\n")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("$P status 2>&-", 0),
        ("$P deploy 2>&-", 0),
        ("$P nosuch 2>&-", 2),
        ("$P inspect -s nosuch 2>&-", 7),
        ("$P status 2>/dev/full", 0),
        ("$P deploy 2>/dev/full", 0),
        ("$P nosuch 2>/dev/full", 2),
        ("$P status <&-", 0),
        ("$P deploy <&-", 0),
        ("$P deploy >/dev/null <&- 2>&-", 0),
        ("$P deploy <&- 2>&- >&-", 1),
    ],
)
def test_missing_streams_are_quiet(line: str, code: int) -> None:
    done = shell(line)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    assert "unexpected" not in done.stderr


@pytest.mark.parametrize("words", ["variable import -", "variable set KEY --stdin"])
def test_a_missing_input_is_said_in_a_sentence(words: str) -> None:
    done = shell(f"$P {words} <&-")
    assert (done.returncode, done.stdout) == (2, "")
    assert "the standard input cannot be read: it is closed" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("words", ["--help", "deploy --help", "schema", "status", "logs"])
def test_a_reader_that_leaves_is_no_trouble(words: str) -> None:
    done = warm_shell(f"$P {words} | head -c 1; echo ${{PIPESTATUS[0]}}")
    assert done.stdout.endswith("0\n"), done.stdout
    assert done.stderr == ""


REAL = f"{sys.executable} -m compartment_tui"
NO_ENGINE = "unix:///nonexistent/docker.sock"
SURROUNDINGS = {
    "no home": "env -u HOME $R status",
    "a home that is a file": "HOME=/etc/passwd $R status",
    "a home that is not there": "HOME=/nonexistent/x $R status",
    "directories that are files": "XDG_STATE_HOME=$F XDG_CONFIG_HOME=$F $R status",
    "no terminal": "env -u TERM $R status",
    "a dumb terminal": "TERM=dumb $R status",
    "letters that cannot be written": "LC_ALL=C PYTHONIOENCODING=ascii $R status",
    "odd columns": "COLUMNS=garbage LINES=-1 $R status",
    "no columns": "COLUMNS=0 $R doctor",
    "no temporary directory": "TMPDIR=/nonexistent $R status",
    "no programs": "PATH=/nonexistent $R status",
    "a docker configuration that is a file": "DOCKER_CONFIG=$F $R status",
    "an address of no kind": "DOCKER_HOST=garbage $R status",
    "an unknown scheme": "DOCKER_HOST=foo://bar $R status",
    "half an address": "DOCKER_HOST='tcp://[::1' $R status",
    "a blank address": "DOCKER_HOST=' ' $R status",
    "an unknown context": "env -u DOCKER_HOST DOCKER_CONTEXT=nosuch $R status",
    "a context that is no text": "env -u DOCKER_HOST DOCKER_CONTEXT=$'\\xff' $R status",
    "certificates that are not there": (
        "DOCKER_HOST=tcp://127.0.0.1:9 DOCKER_TLS_VERIFY=1 DOCKER_CERT_PATH=/nonexistent $R status"
    ),
    "few open files": "ulimit -n 16; $R status",
    "fewer open files": "ulimit -n 9; $R status",
}


def real(tmp_path: Path, line: str, *, program: str = REAL) -> "subprocess.CompletedProcess[str]":
    """The whole program in a project of its own, with no engine unless the line names one."""
    file = tmp_path / "compartment.toml"
    if not file.exists():
        file.write_text('[project]\nname = "shop"\n', encoding="utf-8")
    words = {"R": program, "F": str(file), "T": str(tmp_path), "DOCKER_HOST": NO_ENGINE}
    # The import path of the package must not depend on the directory.
    return shell(f"cd $T; {line}", **words, PYTHONPATH=str(ROOT))


@pytest.mark.parametrize("what", SURROUNDINGS)
def test_odd_surroundings_end_in_a_sentence(tmp_path: Path, what: str) -> None:
    done = real(tmp_path, SURROUNDINGS[what])
    assert done.returncode in (1, 4), done.stderr + done.stdout
    said = done.stderr + done.stdout
    assert "Traceback" not in said
    assert "unexpected" not in said
    assert "Docker" in said or "docker" in said or "open files" in said
    assert [one.name for one in tmp_path.iterdir()] == ["compartment.toml"]


CONFIGURATIONS = (
    *("{", "[]", "5", "null", '"x"', '{"auths": 5}', '{"auths": {"x": {"auth": "\u00e9"}}}'),
    *('{"proxies": [1]}', '{"HttpHeaders": 5}', '{"credsStore": 5}', '{"currentContext": 5}'),
    *('{"currentContext": "../x"}', "[" * 5000),
)


@pytest.mark.parametrize("text", CONFIGURATIONS, ids=range(len(CONFIGURATIONS)))
def test_an_odd_docker_configuration_is_none(tmp_path: Path, text: str) -> None:
    place = tmp_path / "docker"
    place.mkdir()
    (place / "config.json").write_text(text, encoding="utf-8")
    line = "DOCKER_CONFIG=$T/docker DOCKER_HOST=tcp://127.0.0.1:9 $R status"
    done = real(tmp_path, line, program=starter().client())
    assert done.returncode == 4, done.stderr
    assert "no Docker engine answers" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("words", ["status", "init", "doctor", "deploy", "status --file x.toml"])
def test_a_working_directory_that_is_gone(tmp_path: Path, words: str) -> None:
    done = real(tmp_path, f"mkdir gone; cd gone; rmdir ../gone; $R {words}")
    assert done.returncode in (1, 7), done.stderr
    assert "\u2717 " in done.stderr
    assert "unexpected" not in done.stderr
    assert "Traceback" not in done.stderr


def test_a_file_named_in_full_needs_no_working_directory(tmp_path: Path) -> None:
    done = real(tmp_path, "mkdir gone; cd gone; rmdir ../gone; $R status --file $F")
    assert done.returncode == 4, done.stderr


@pytest.mark.parametrize("make", ["mkdir", "mkfifo", "ln -s /dev/zero", "ln -s /nonexistent"])
def test_a_project_file_that_is_none(tmp_path: Path, make: str) -> None:
    line = f"rm $F; {make} $F; $R status; echo $?; $R status --file $F; echo $?"
    done = real(tmp_path, line, program=starter().client())
    assert set(done.stdout.split()) <= {"3", "7"}, done.stderr
    assert "unexpected" not in done.stderr
