"""The parts of the application, each alone in one that has nothing else."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import ModuleType

import pytest
from textual.message import Message
from textual.pilot import Pilot

from compartment_tui.domain.requests import Deploy
from compartment_tui.domain.views import EnvironmentView
from compartment_tui.operations import environments as environments_operations
from compartment_tui.ports import World
from compartment_tui.present.tone import line_text
from compartment_tui.tui import messages
from compartment_tui.tui.app import CompartmentApp
from compartment_tui.tui.base import BoardApp
from compartment_tui.tui.bridge import Bridge
from compartment_tui.tui.kit.text_lines import TextLines
from compartment_tui.tui.main.board_controller import BoardController
from compartment_tui.tui.messages import ActWanted, EditorWanted, EnvironmentsArrived, ShellWanted
from compartment_tui.tui.runs import messages as run_messages
from compartment_tui.tui.runs.run_controller import RunController
from compartment_tui.tui.shell.app_commands import AppCommands
from compartment_tui.tui.shell.external_programs import ExternalPrograms
from compartment_tui.tui.shell.themes import CHOICE, Memory
from compartment_tui.tui.state.app_state import Board
from compartment_tui.tui.variables import messages as variable_messages
from compartment_tui.tui.variables.editor_controller import VariableEditorController
from compartment_tui.tui.variables.editor_rows import EditorRows
from compartment_tui.tui.variables.editor_view import EditorView
from tests.present.test_editor import editor as of_values
from tests.present.test_editor import plain, production, put
from tests.tui.acting_world import open_held
from tests.tui.widget_host import On, on

DEPLOY = Deploy(environment="production")
Play = Callable[["Bare", Pilot[None]], Awaitable[None]]


class Bare(BoardApp):
    """Has a board and a bridge, and hears nothing."""

    def __init__(self, world: World, *, read_only: bool = False) -> None:
        self.bridge = Bridge(world, self.post_message)
        super().__init__(world, Board(read_only=read_only), self.bridge.feeds)

    def said(self) -> list[str]:
        return [notification.message for notification in self._notifications]

    def on_unmount(self) -> None:
        self.bridge.close()


def play(act: Play, *, read_only: bool = False) -> None:
    async def run() -> None:
        opened, _ = open_held()
        app = Bare(opened.world, read_only=read_only)
        async with app.run_test(notifications=True) as pilot:
            await act(app, pilot)

    asyncio.run(run())


def environments(app: Bare) -> tuple[EnvironmentView, ...]:
    return environments_operations.declared_environments(app.world)


def test_runs_plan_nothing_where_nothing_is_changed() -> None:
    async def act(app: Bare, pilot: Pilot[None]) -> None:
        runs = RunController(app, app.bridge.runs)
        runs.want(ActWanted(DEPLOY))
        await pilot.pause()
        assert len(app.screen_stack) == 1
        assert app.said() == ["read-only: nothing is changed"]

    play(act, read_only=True)


def test_runs_put_a_job_on_the_board_and_leave_after_its_end() -> None:
    async def act(app: Bare, pilot: Pilot[None]) -> None:
        runs = RunController(app, app.bridge.runs)
        job = runs.begin(DEPLOY)
        assert app.board.running_jobs == (job,)
        runs.cancel_job(job.number)
        assert app.board.jobs[job.number].cancels == 1
        while app.bridge.runs.busy:
            await pilot.pause(0.02)

    play(act)


def test_the_board_chooses_the_first_environment_and_watches_it() -> None:
    async def act(app: Bare, pilot: Pilot[None]) -> None:
        watched: list[str] = []
        app.feeds.watch = watched.append  # type: ignore[method-assign, assignment]
        controller = BoardController(app)
        controller.take_environments(EnvironmentsArrived(environments(app)))
        assert app.board.environment == "production"
        assert watched == ["production"]

    play(act)


def test_the_editor_opens_once_and_nothing_staged_lets_one_leave() -> None:
    async def act(app: Bare, pilot: Pilot[None]) -> None:
        editor = VariableEditorController(app, app.bridge.variables)
        left: list[bool] = []
        editor.open(EditorWanted(None))
        await pilot.pause()
        assert app.said() == ["the project file is still being read: press it again in a moment"]
        app.show(app.board.with_environments(environments(app)))
        editor.open(EditorWanted(None))
        await pilot.pause()
        screen = editor.open_screen
        assert screen is not None
        editor.open(EditorWanted(None))
        assert app.screen is screen
        editor.leave(lambda: left.append(True))
        assert left == [True]

    play(act)


def test_commands_choose_a_theme_and_remember_it(tmp_path: Path) -> None:
    async def act(app: Bare, pilot: Pilot[None]) -> None:
        shell = AppCommands(app, ExternalPrograms(app))
        memory = Memory(tmp_path / "tui.toml")
        shell.recall_theme(memory)
        shell.choose_theme(CHOICE[-1])
        assert app.theme == CHOICE[-1] == memory.recall()

    play(act)


def test_programs_open_no_shell_where_nothing_is_changed() -> None:
    async def act(app: Bare, pilot: Pilot[None]) -> None:
        programs = ExternalPrograms(app)
        programs.open_shell(ShellWanted("production", "web", "dep_1"))
        await pilot.pause()
        assert not programs.looks
        assert app.said() == ["read-only: no shell here"]

    play(act, read_only=True)


def test_the_view_of_the_editor_draws_one_and_changes_nothing() -> None:
    editor = of_values(production(web=plain(LEVEL="warn"), LEVEL="info", REGION="eu"))

    def text(it: On[EditorView], lines: str) -> list[str]:
        return [line_text(line) for line in it.widget.query_one(lines, TextLines).lines]

    async def test(it: On[EditorView]) -> None:
        view, staging = it.widget, put("LEVEL", "debug")
        view.put(editor, Board(environment="production"))
        await it.pilot.pause()
        assert view.query_one(EditorRows).grid_shown.keys == ("LEVEL", "REGION")
        view.point_at("REGION")
        assert view.cursor == "REGION"
        assert "REGION" in text(it, "#headline")[0]
        view.take_keys()
        await it.press("up")
        assert "LEVEL" in text(it, "#headline")[0]
        assert any("web" in line and "warn" in line for line in text(it, "#gets"))
        assert "nothing staged" in text(it, "#where")[0]
        view.put(editor.staging((staging,)), Board(environment="production", read_only=True))
        assert "1 edit staged" in text(it, "#where")[0]
        assert "read-only" in text(it, "#where")[0]
        assert view.cursor == "LEVEL"
        assert not editor.staged

    on(EditorView(), test)


@pytest.mark.parametrize("module", [messages, run_messages, variable_messages])
def test_the_application_hears_every_message(module: ModuleType) -> None:
    kinds = [
        kind
        for kind in vars(module).values()
        if isinstance(kind, type)
        and issubclass(kind, Message)
        and kind.__module__ == module.__name__
    ]
    assert kinds
    assert [kind for kind in kinds if not hasattr(CompartmentApp, kind.handler_name)] == []
