"""Text on its way out: which way is taken, what is said about it, what lands where."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from stat import S_IMODE

import pytest

from compartment_tui.domain.errors import InstanceGone
from compartment_tui.domain.requests import Deploy
from compartment_tui.operations import requests
from compartment_tui.tui import messages as news
from compartment_tui.tui.kit.letter_menu import LetterMenu
from compartment_tui.tui.shell import clipboard
from compartment_tui.tui.shell.command_log_screen import CommandLogScreen
from tests.tui.acting_world import Stage, open_held, stage

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
FAR = {"SSH_CONNECTION": "1"}


@pytest.mark.parametrize(
    ("environment", "platform", "names"),
    [
        ({}, "darwin", ["pbcopy"]),
        ({}, "linux", []),
        ({"WAYLAND_DISPLAY": "wayland-0", "DISPLAY": ":0"}, "linux", ["wl-copy", "xclip", "xsel"]),
        ({"WSL_DISTRO_NAME": "Debian"}, "linux", ["clip.exe"]),
        ({"TMUX": "/tmp/tmux"}, "linux", ["tmux"]),
        (FAR, "darwin", []),
        ({**FAR, "DISPLAY": ":0", "WAYLAND_DISPLAY": "wayland-0"}, "linux", []),
        ({**FAR, "DISPLAY": "localhost:10.0"}, "linux", ["xclip", "xsel"]),
        ({**FAR, "TMUX": "/tmp/tmux"}, "linux", ["tmux"]),
    ],
)
def test_only_tools_that_reach_the_person_are_used(
    environment: dict[str, str], platform: str, names: list[str]
) -> None:
    found = clipboard.tools(environment, platform=platform, find=lambda name: f"/bin/{name}")
    assert [tool.name for tool in found] == names
    assert clipboard.tools(environment, platform=platform, find=lambda _: None) == ()


def script(path: Path, body: str) -> clipboard.Tool:
    path.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    path.chmod(0o755)
    return clipboard.Tool(name=path.name, words=(str(path),))


def test_the_first_tool_that_takes_it_is_named(tmp_path: Path) -> None:
    broken = script(tmp_path / "broken", "exit 1")
    missing = clipboard.Tool(name="missing", words=(str(tmp_path / "missing"),))
    works = script(tmp_path / "works", f"cat > {tmp_path}/clipboard")
    assert clipboard.copy("héllo", (missing, broken, works)) == "works"
    assert (tmp_path / "clipboard").read_text(encoding="utf-8") == "héllo"
    assert clipboard.copy("héllo", (missing, broken)) is None


def test_a_tool_that_stays_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clipboard, "TOOL_SECONDS", 0.2)
    assert not clipboard.copy_with(script(tmp_path / "stays", "exec sleep 5"), "x")
    forks = script(tmp_path / "forks", "cat > /dev/null; sleep 5 & exit 0")
    assert clipboard.copy_with(forks, "x")


def test_saved_files_are_the_users_own_and_never_overwritten(tmp_path: Path) -> None:
    directory = tmp_path / "not" / "yet"
    first = clipboard.save(directory, "logs of ../web", "one\n", NOON)
    second = clipboard.save(directory, "logs of ../web", "two\n", NOON)
    assert first != second
    assert first.parent == second.parent == directory
    assert (first.read_text(), second.read_text()) == ("one\n", "two\n")
    assert S_IMODE(first.stat().st_mode) == 0o600
    assert S_IMODE(directory.stat().st_mode) == 0o700


@pytest.fixture
def quiet(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """No tool of this machine takes part."""
    monkeypatch.setattr(clipboard, "tools", lambda: ())
    return monkeypatch


def play(act: Callable[[Stage], Awaitable[None]], saved: Path) -> None:
    async def run() -> None:
        opened, clock = open_held()
        list(requests.execute(opened.world, Deploy(environment="production")))
        async with stage(opened, clock) as one:
            one.app.shell.saved = saved
            await act(one)

    asyncio.run(run())


def test_one_letter_copies_and_a_toast_says_how(quiet: pytest.MonkeyPatch, tmp_path: Path) -> None:
    quiet.setattr(clipboard, "tools", lambda: (script(tmp_path / "wl-copy", "cat >&2"),))

    async def act(one: Stage) -> None:
        url = one.app.board.selected.url  # type: ignore[union-attr]
        assert url is not None
        await one.press("y")
        await one.screen(LetterMenu)
        await one.reads(url, "deployment id", "commit")
        await one.press("u")
        await one.reads("Copied the address", "wl-copy and the terminal (OSC 52)")
        assert one.app.clipboard == url

    play(act, tmp_path)


def test_too_much_for_the_terminal_goes_into_a_file(
    quiet: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async def act(one: Stage) -> None:
        text = "line\n" * clipboard.TERMINAL_LIMIT
        one.app.post_message(news.CopyWanted(text, "logs"))
        await one.reads("Too much for the terminal")
        (file,) = tmp_path.iterdir()
        assert file.read_text() == text
        assert one.app.clipboard != text

    play(act, tmp_path)


def test_a_file_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    async def act(one: Stage) -> None:
        one.app.post_message(news.SaveWanted("text", "logs"))
        await one.reads("Not saved")

    play(act, tmp_path / "file" / "below")


def test_a_picture_is_a_new_file_that_only_the_user_can_read(tmp_path: Path) -> None:
    async def act(one: Stage) -> None:
        one.app.shell.save_picture()
        await one.reads("Saved a picture")
        (file,) = tmp_path.iterdir()
        assert file.suffix == ".svg"
        assert file.stat().st_mode & 0o077 == 0
        assert file.read_text(encoding="utf-8").startswith("<svg")

    play(act, tmp_path)


def test_without_a_browser_the_address_is_said_and_copied(
    quiet: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    quiet.delenv("DISPLAY", raising=False)
    quiet.delenv("WAYLAND_DISPLAY", raising=False)
    quiet.setattr(sys, "platform", "linux")

    async def act(one: Stage) -> None:
        await one.press("o")
        await one.reads("No browser here", "Copied the address")
        await one.press("dollar_sign")
        await one.screen(CommandLogScreen)
        await one.reads("compartment-tui open -s web")

    play(act, tmp_path)


def test_a_shell_that_fails_leaves_the_application_standing(
    quiet: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async def act(one: Stage) -> None:
        def shell(*_: object) -> int:
            raise InstanceGone("the container [/b] is gone", hint="deploy again")

        quiet.setattr(one.app, "suspend", nullcontext)
        quiet.setattr(one.app.feeds, "shell", shell)
        await one.press("s")
        await one.reads("No shell", "the container [/b] is gone", "deploy again")

    play(act, tmp_path)


def test_a_shell_gets_the_terminal_and_is_noted(quiet: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: list[tuple[object, ...]] = []

    async def act(one: Stage) -> None:
        def shell(*words: object) -> int:
            asked.append(words)
            return 0

        quiet.setattr(one.app, "suspend", nullcontext)
        quiet.setattr(one.app.feeds, "shell", shell)
        row = one.app.board.selected
        assert row is not None
        assert row.active is not None
        await one.press("s")
        await one.until(lambda: bool(asked))
        assert asked == [("production", row.service, row.active.id, None)]
        await one.press("dollar_sign", "a")
        await one.reads("Copied the commands")
        assert one.app.clipboard == f"compartment-tui exec -s {row.service} -- sh\n"

    play(act, tmp_path)


def test_the_command_log_tells_what_was_done(quiet: pytest.MonkeyPatch, tmp_path: Path) -> None:
    async def act(one: Stage) -> None:
        await one.press("dollar_sign")
        await one.reads("nothing was done yet")
        await one.press("escape", "E")
        await one.reads("Redeploy")
        await one.press("y")
        await one.until(lambda: any(job.over for job in one.app.board.jobs.values()), "the job")
        assert [entry.command for entry in one.app.shell.log_entries()] == [
            "compartment-tui redeploy"
        ]
        assert one.app.shell.log_entries()[0].outcome.text == "✓ live"

    play(act, tmp_path)


def test_where_saved_files_go() -> None:
    assert clipboard.users_directory({"XDG_STATE_HOME": "/state"}) == Path("/state/compartment-tui")
    home = clipboard.users_directory({})
    assert home == Path("~/.local/state/compartment-tui").expanduser()
