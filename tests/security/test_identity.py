"""The identity that came by the environment is not told to what we start, nor can it be read."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from compartment_tui.adapters.process_guard import take_path

KEY = "AGE-SECRET-KEY-1CANARY"
PROGRAM = str(Path(sys.executable).with_name("compartment-tui"))
STARTED = ("git", "docker", "ssh", "docker-credential-x", "xdg-open", "xclip", "less")

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="there is no /proc")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    made = tmp_path / "shop"
    made.mkdir()
    (made / "compartment.toml").write_text(
        '[project]\nname = "shop"\n[services]\nweb = "."\n'
        '[environments.staging.variables]\nA = "1"\n'
    )
    (made / "Dockerfile").write_text("FROM scratch\n")
    return made


def environment(tmp_path: Path, **more: str) -> dict[str, str]:
    """With programs that tell what they were given, in place of those that are started."""
    told = tmp_path / "told"
    told.mkdir(exist_ok=True)
    programs = tmp_path / "programs"
    programs.mkdir(exist_ok=True)
    for name in STARTED:
        file = programs / name
        file.write_text(f'#!/bin/sh\nenv > "{told}/{name}.$$"\necho "Docker version 27.0.0, x"\n')
        file.chmod(0o755)
    config = tmp_path / "docker"
    config.mkdir(exist_ok=True)
    (config / "config.json").write_text('{"credsStore": "x"}')
    return {
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "DISPLAY": ":9",
        "BROWSER": "xdg-open",
        "DOCKER_CONFIG": str(config),
        "COMPARTMENT_TUI_IDENTITY": KEY,
        "COMPARTMENT_TUI_IDENTITY_FILE": f"/nowhere/{KEY}",
        "PYTHONDONTWRITEBYTECODE": "1",
        **more,
    }


@pytest.mark.parametrize(
    ("words", "started"),
    [
        ("doctor", ""),
        ("deploy --plan", ""),
        ("status", ""),
        ("info", ""),
        ("variable run -e staging -- git status", "git"),
    ],
)
@pytest.mark.parametrize("engine", ["ssh://nobody@far.invalid", "unix:///nowhere.sock"])
def test_no_program_that_is_started_is_given_it(
    project: Path, tmp_path: Path, words: str, started: str, engine: str
) -> None:
    subprocess.run(
        [PROGRAM, *words.split()],
        cwd=project,
        env=environment(tmp_path, DOCKER_HOST=engine),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=False,
    )
    told = list((tmp_path / "told").iterdir())
    names = {file.name.partition(".")[0] for file in told}
    assert not started or started in names
    assert "ssh" in names or not engine.startswith("ssh:") or words.startswith("variable run")
    for file in told:
        assert KEY not in file.read_text(), file.name


HOLDER = """
import ctypes, os, sys
import compartment_tui.bootstrap, compartment_tui.adapters.secrets
import compartment_tui.adapters.process_guard
from pathlib import Path

if os.geteuid() == 0:  # who can read everything
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
    ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)  # as it is for a program that was started by that user
if sys.argv[1] == "guarded":
    compartment_tui.bootstrap.entrances()
    assert "COMPARTMENT_TUI_IDENTITY" not in os.environ
for name in ("environ", "mem"):
    child = os.fork()
    if not child:
        try:
            with open(f"/proc/{os.getppid()}/{name}", "rb") as opened:
                os.write(1, opened.read() if name == "environ" else b"memory")
        except PermissionError:
            os.write(1, b"refused ")
        os._exit(0)
    os.waitpid(child, 0)
# What takes its place is an ordinary program again.
os.execv("/bin/cat", ["cat", "/proc/self/environ"])
"""


def _seen_by_a_child(guarded: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", HOLDER, guarded],
        env={"COMPARTMENT_TUI_IDENTITY": KEY, "LAST": "last", "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.stdout + done.stderr


@linux
def test_a_child_of_the_same_user_cannot_read_it_from_proc() -> None:
    plain = _seen_by_a_child("plain")
    if KEY not in plain:
        pytest.skip(f"nothing can be told here, where no child can read it anyway: {plain}")
    found = _seen_by_a_child("guarded")
    assert KEY not in found
    assert found.startswith("refused refused "), found
    assert "LAST=last" in found


EVERYTHING = """
from pathlib import Path
from compartment_tui.bootstrap import entrances
entrances()
from compartment_tui.adapters.docker.build.build_command import describe_builder
from compartment_tui.adapters.git import GitSource
from compartment_tui.tui.shell.clipboard import Tool, copy_with
describe_builder()
GitSource(Path.cwd()).working_tree()
copy_with(Tool(name="xclip", words=("xclip",)), "x")
import webbrowser
webbrowser.open("http://127.0.0.1:9/")
import docker.auth
try:
    docker.auth.load_config().get_all_credentials()
except Exception:
    pass
"""


def test_whatever_is_started_by_itself(project: Path, tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-c", EVERYTHING],
        cwd=project,
        env=environment(tmp_path),
        capture_output=True,
        timeout=60,
        check=True,
    )
    told = list((tmp_path / "told").iterdir())
    names = {file.name.partition(".")[0] for file in told}
    assert {"docker", "git", "xclip", "xdg-open", "docker-credential-x"} <= names
    for file in told:
        assert KEY not in file.read_text(), file.name


def test_programs_are_looked_for_in_absolute_directories_alone() -> None:
    found = {"PATH": os.pathsep.join((".", "/usr/bin", "", "node_modules/.bin", "/bin"))}
    assert take_path(found) == ".:/usr/bin::node_modules/.bin:/bin"
    assert found["PATH"] == "/usr/bin:/bin"
    nothing = {"PATH": "."}
    take_path(nothing)
    assert nothing["PATH"] == os.defpath
    assert take_path({}) is None
