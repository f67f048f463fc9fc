"""The application: it keeps the board and hands each message to the part that knows of it."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from textual import events
from textual.filter import LineFilter
from textual.screen import Screen

from compartment_tui.ports import World
from compartment_tui.tui import messages as news
from compartment_tui.tui.base import BoardApp
from compartment_tui.tui.bridge import Bridge
from compartment_tui.tui.main.board_controller import BoardController
from compartment_tui.tui.main.main_screen import MainScreen
from compartment_tui.tui.runs import messages as run_news
from compartment_tui.tui.runs.run_controller import RunController
from compartment_tui.tui.shell.app_commands import AppCommands, Copied, palette_provider
from compartment_tui.tui.shell.external_programs import ExternalPrograms
from compartment_tui.tui.shell.keyboard import Keyboard
from compartment_tui.tui.state.app_state import Board
from compartment_tui.tui.variables import messages as variable_news
from compartment_tui.tui.variables.editor_controller import VariableEditorController

if TYPE_CHECKING:
    from compartment_tui.tui.shell.palette import PaletteCommand


class CompartmentApp(BoardApp):
    """One project's environments, live, and everything a person does to them."""

    TITLE = "compartment-tui"
    CSS_PATH = ["app.tcss", "runs/runs.tcss", "shell/shell.tcss", "variables/variables.tcss"]
    ENABLE_COMMAND_PALETTE = True
    COMMANDS = {palette_provider}
    BINDINGS = [*RunController.BINDINGS, *AppCommands.BINDINGS]

    def __init__(self, world: World, *, read_only: bool = False) -> None:
        self.bridge = Bridge(world, self.post_message)
        super().__init__(world, Board(read_only=read_only), self.bridge.feeds)
        self.animation_level = "none"
        self.watching = BoardController(self)
        self.runs = RunController(self, self.bridge.runs)
        self.editor = VariableEditorController(self, self.bridge.variables)
        self.programs = ExternalPrograms(self)
        self.shell = AppCommands(self, self.programs)
        self.main = MainScreen()
        self._keyboard = Keyboard(self, super().on_event)

    # --- life ------------------------------------------------------------------------------------

    async def on_mount(self) -> None:
        """The screen first; what is on it arrives when the engine has answered."""
        await self.push_screen(self.main)
        self.run_worker(self._keyboard.run())
        self.runs.heed_signals()
        self.feeds.look()

    async def on_event(self, event: events.Event) -> None:
        """Keys and pastes one after the other; the rest as it comes."""
        if isinstance(event, events.Key | events.Paste) and not event.is_forwarded:
            self._keyboard.take(event)
        else:
            await super().on_event(event)

    def on_unmount(self) -> None:
        self.bridge.close()
        self.runs.close()

    def get_line_filters(self) -> list[LineFilter]:
        return [*super().get_line_filters(), *self.shell.filters]

    # --- what is known ---------------------------------------------------------------------------

    def on_environments_arrived(self, message: news.EnvironmentsArrived) -> None:
        self.watching.take_environments(message)

    def on_status_arrived(self, message: news.StatusArrived) -> None:
        self.watching.take_status(message.status)

    def on_refresh_failed(self, message: news.RefreshFailed) -> None:
        self.watching.take_trouble(message)

    def on_history_arrived(self, message: news.HistoryArrived) -> None:
        self.show(self.board.with_history(message.environment, message.runs))

    def on_routes_arrived(self, message: news.RoutesArrived) -> None:
        self.watching.take_routes(message)

    def on_nodes_arrived(self, message: news.NodesArrived) -> None:
        self.watching.take_nodes(message)

    def on_variables_arrived(self, message: news.VariablesArrived) -> None:
        self.watching.take_variables(message)

    def on_samples_arrived(self, message: news.SamplesArrived) -> None:
        self.show(self.board.with_samples(message.samples))

    def on_log_lines_arrived(self, message: news.LogLinesArrived) -> None:
        self.watching.take_lines(message)

    def on_environment_chosen(self, message: news.EnvironmentChosen) -> None:
        self.watching.choose_environment(message.environment)

    def on_service_chosen(self, message: news.ServiceChosen) -> None:
        self.watching.choose_service(message.service)

    def on_services_in_view(self, message: news.ServicesInView) -> None:
        self.watching.see(message.services)

    # --- runs ------------------------------------------------------------------------------------

    def on_act_wanted(self, message: news.ActWanted) -> None:
        self.runs.want(message)

    def on_origin_wanted(self, message: news.OriginWanted) -> None:
        self.runs.pick_origin(message)

    def on_scale_wanted(self, message: news.ScaleWanted) -> None:
        self.runs.pick_scale(message)

    def on_plan_ready(self, message: run_news.PlanReady) -> None:
        self.runs.take_plan(message)

    def on_act_refused(self, message: run_news.ActRefused) -> None:
        self.runs.refuse(message)

    def on_job_moved(self, message: run_news.JobMoved) -> None:
        self.runs.move_job(message)

    def on_job_ended(self, message: run_news.JobEnded) -> None:
        self.runs.end_job(message)

    def on_cancel_wanted(self, message: run_news.CancelWanted) -> None:
        self.runs.cancel_job(message.job)

    def action_activity(self) -> None:
        self.runs.open_activity()

    def action_leave(self) -> None:
        """Quit; neither a job nor what is staged is dropped without a word."""
        self.editor.leave(self.runs.leave)

    # --- variables -------------------------------------------------------------------------------

    def on_editor_wanted(self, message: news.EditorWanted) -> None:
        self.editor.open(message)

    def on_sheet_arrived(self, message: variable_news.SheetArrived) -> None:
        if self.editor.take_sheet(message.sheet):
            self.runs.say_old_seals()

    def on_import_read(self, message: variable_news.ImportRead) -> None:
        self.editor.take_import(message)

    def on_write_wanted(self, message: variable_news.WriteWanted) -> None:
        self.editor.write(message)

    def on_variables_written(self, message: variable_news.VariablesWritten) -> None:
        self.editor.take_written(message)

    def on_write_refused(self, message: variable_news.WriteRefused) -> None:
        self.editor.refuse(message)

    # --- around every screen ---------------------------------------------------------------------

    def commands(self, screen: Screen[object]) -> "Iterable[PaletteCommand]":
        return self.shell.commands(screen)

    def on_open_wanted(self, message: news.OpenWanted) -> None:
        self.programs.open_address(message.url)

    def on_shell_wanted(self, message: news.ShellWanted) -> None:
        self.programs.open_shell(message)

    def on_copy_wanted(self, message: news.CopyWanted) -> None:
        self.shell.copy(message)

    def on_copied(self, message: Copied) -> None:
        self.shell.say_copied(message)

    def on_save_wanted(self, message: news.SaveWanted) -> None:
        self.shell.save(message.text, message.what, f"Saved the {message.what}")

    def action_help(self) -> None:
        self.shell.open_help()

    def action_theme(self) -> None:
        self.shell.choose_next_theme()

    def action_command_log(self) -> None:
        self.shell.open_command_log()

    def action_copy(self) -> None:
        self.shell.open_copy_menu()
