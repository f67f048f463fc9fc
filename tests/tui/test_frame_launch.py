"""From the command line into the application, and out again, in a terminal of its own."""

import asyncio
import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from compartment_tui.adapters.project_file.init import init_project, survey_project
from compartment_tui.bootstrap import file_schema, hash_password
from compartment_tui.domain.errors import NotFound, UsageProblem
from compartment_tui.ports import Factories, World
from compartment_tui.tui import launch as launching
from compartment_tui.tui.launch import Welcome
from compartment_tui.tui.shell.themes import Memory
from tests.tui.acting_world import open_held

ROOT = Path(__file__).parents[2]
WAIT_SECONDS = 30.0
ENTER, LEAVE = b"\x1b[?1049h", b"\x1b[?1049l"
NOWHERE = "tcp://127.0.0.1:9"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Two Dockerfiles and no project file."""
    for service, text in (("web", "FROM busybox\nEXPOSE 8080\n"), ("worker", "FROM busybox\n")):
        (tmp_path / "services" / service).mkdir(parents=True)
        (tmp_path / "services" / service / "Dockerfile").write_text(text, encoding="utf-8")
    return tmp_path


def entrances(world: World | None = None) -> Factories:
    def open_world(_file: Path | None) -> World:
        if world is None:
            raise NotFound("no compartment.toml")
        return world

    def open_demo() -> World:
        raise AssertionError("nobody asked for the demo")

    return Factories(
        open_world=open_world,
        init_project=init_project,
        survey_project=survey_project,
        open_demo=open_demo,
        file_schema=file_schema,
        hash_password=hash_password,
    )


# --- the welcome ---------------------------------------------------------------------------------


def text(app: Welcome) -> str:
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips())


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 60)])
def test_the_welcome_says_what_it_found_and_writes_it(
    repository: Path, size: tuple[int, int]
) -> None:
    async def run() -> None:
        app = Welcome(entrances(), repository, Memory(repository / "tui.toml"))
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            shown = text(app)
            for word in ("services/web", "port 8080", "services/worker", "no port exposed"):
                assert word in shown
            assert "I Write compartment.toml" in shown
            assert not (repository / "compartment.toml").exists(), "looking writes nothing"
            await pilot.press("I")
            await pilot.pause()
        assert app.return_value is not None
        assert app.return_value.file == repository / "compartment.toml"
        assert 'path = "services/web"' in app.return_value.file.read_text(encoding="utf-8")

    asyncio.run(run())


def test_the_welcome_can_be_left(repository: Path) -> None:
    async def run() -> None:
        app = Welcome(entrances(), repository, Memory(repository / "tui.toml"))
        async with app.run_test() as pilot:
            await pilot.press("q")
            await pilot.pause()
        assert app.return_value is None
        assert not (repository / "compartment.toml").exists()

    asyncio.run(run())


def test_a_file_that_came_meanwhile_is_left_alone(repository: Path) -> None:
    async def run() -> None:
        app = Welcome(entrances(), repository, Memory(repository / "tui.toml"))
        async with app.run_test(notifications=True) as pilot:
            await pilot.pause()
            (repository / "compartment.toml").write_text("theirs", encoding="utf-8")
            await pilot.press("I")
            await pilot.pause()
            assert "Not written" in text(app)
        assert (repository / "compartment.toml").read_text(encoding="utf-8") == "theirs"

    asyncio.run(run())


def test_a_survey_refuses_as_the_writing_does(repository: Path) -> None:
    assert survey_project(repository).ports == {"web": 8080}
    init_project(repository, None)
    with pytest.raises(UsageProblem):
        survey_project(repository)


def test_a_named_file_that_is_missing_is_no_welcome(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Welcome, "run", lambda _: pytest.fail("it welcomed"))
    with pytest.raises(NotFound):
        launching.launch(entrances(), file=Path("/nowhere/compartment.toml"))


def test_without_a_project_and_without_a_wish_nothing_opens(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Welcome, "run", lambda _: None)
    assert launching.launch(entrances()) == 0


def test_options_reach_the_application(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from compartment_tui.tui.app import CompartmentApp

    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    opened, _ = open_held()
    started: list[tuple[World, bool]] = []
    monkeypatch.setattr(
        CompartmentApp, "run", lambda app: started.append((app.world, app.board.read_only))
    )
    assert launching.launch(entrances(opened.world), read_only=True) == 0
    assert started == [(opened.world, True)]


# --- in a terminal -------------------------------------------------------------------------------


@dataclass
class Terminal:
    """The program on a terminal of its own; `seen` is everything it wrote."""

    program: "subprocess.Popen[bytes]"
    handle: int
    seen: bytes = field(default=b"")

    def until(self, wanted: bytes) -> None:
        deadline = time.monotonic() + WAIT_SECONDS
        while wanted not in self.seen:
            assert time.monotonic() < deadline, f"never seen: {wanted!r} in {self.seen[-2000:]!r}"
            if select.select([self.handle], [], [], 0.1)[0]:
                self.seen += os.read(self.handle, 65536)

    def press(self, keys: bytes) -> None:
        os.write(self.handle, keys)

    def end(self) -> int:
        """Its exit code, once it has ended and all it wrote was read."""
        deadline = time.monotonic() + WAIT_SECONDS
        with suppress(OSError):  # the terminal's other end is closed
            while time.monotonic() < deadline:
                self.seen += os.read(self.handle, 65536)
        os.close(self.handle)
        return self.program.wait(timeout=WAIT_SECONDS)


def start(directory: Path, *words: str, home: Path) -> Terminal:
    handle, end = pty.openpty()
    fcntl.ioctl(end, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "TERM": "xterm-256color",
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(ROOT),
        "DOCKER_HOST": NOWHERE,
    }
    program = subprocess.Popen(
        [sys.executable, "-m", "compartment_tui", *words],
        cwd=directory,
        env=environment,
        stdin=end,
        stdout=end,
        stderr=end,
        start_new_session=True,
    )
    os.close(end)
    return Terminal(program, handle)


def test_the_terminal_is_as_it_was(tmp_path: Path) -> None:
    terminal = start(tmp_path, "--demo", home=tmp_path)
    terminal.until(b"Quit")
    assert ENTER in terminal.seen
    during = termios.tcgetattr(terminal.handle)
    assert not during[3] & termios.ICANON, "it reads key by key"
    terminal.press(b"q")
    terminal.until(LEAVE)
    after = termios.tcgetattr(terminal.handle)
    assert terminal.end() == 0
    assert after[3] & termios.ECHO
    assert after[3] & termios.ICANON
    for switch in (b"1000", b"1003", b"2004"):
        assert terminal.seen.rindex(b"\x1b[?" + switch + b"l") > terminal.seen.rindex(
            b"\x1b[?" + switch + b"h"
        )


def test_from_an_empty_directory_to_the_main_screen(repository: Path) -> None:
    terminal = start(repository, home=repository)
    terminal.until(b"There is no compartment.toml here yet")
    terminal.press(b"I")
    terminal.until(b"Overview")
    terminal.until(b"no Docker engine answers")
    assert (repository / "compartment.toml").exists()
    terminal.press(b"q")
    assert terminal.end() == 0


def test_a_project_file_that_is_missing_is_said_without_a_screen(tmp_path: Path) -> None:
    terminal = start(tmp_path, "--file", "nothing.toml", home=tmp_path)
    assert terminal.end() == 7
    assert ENTER not in terminal.seen
    assert b"nothing.toml" in terminal.seen


# --- without one ---------------------------------------------------------------------------------


def without_terminal(*words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "compartment_tui", *words],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=WAIT_SECONDS,
    )


def test_without_a_terminal_there_is_help() -> None:
    done = without_terminal()
    assert done.returncode == 0
    assert "Usage: compartment-tui" in done.stdout
    assert "\x1b" not in done.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--demo",), "needs a terminal"),
        (("--read-only",), "needs a terminal"),
        (("--file", "x.toml", "status"), "status --file PATH"),
    ],
)
def test_options_in_the_wrong_place_say_so(words: tuple[str, ...], said: str) -> None:
    done = without_terminal(*words)
    assert done.returncode == 2
    assert said in " ".join(done.stderr.split())


def test_a_command_loads_no_toolkit(repository: Path) -> None:
    init_project(repository, None)
    program = (
        "import atexit, sys\n"
        "atexit.register(lambda: print(*sys.modules, file=sys.stderr))\n"
        "from compartment_tui.__main__ import main\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "status"],
        cwd=repository,
        env={**os.environ, "DOCKER_HOST": NOWHERE, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=WAIT_SECONDS,
    )
    loaded = set(done.stderr.split())
    assert "compartment_tui.operations.status" in loaded, done.stderr
    assert not {name for name in loaded if name.partition(".")[0] in ("textual", "rich")}
    assert not {name for name in loaded if name.startswith("compartment_tui.tui")}
