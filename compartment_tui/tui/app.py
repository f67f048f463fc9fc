"""The application: it keeps the board, sends intents to the bridge and shows what comes back."""

from dataclasses import replace

from textual import events
from textual.timer import Timer

from compartment_tui.domain.views import EnvironmentStatus
from compartment_tui.ports import World
from compartment_tui.tui import messages as news
from compartment_tui.tui.base import broadcast
from compartment_tui.tui.bridge import Bridge
from compartment_tui.tui.main.main_screen import MainScreen
from compartment_tui.tui.shell.app_commands import Frame
from compartment_tui.tui.shell.keyboard import Keyboard
from compartment_tui.tui.state.app_state import Board
from compartment_tui.tui.variables.editor_controller import Editing

TAB_PAUSE = 0.15
"""Seconds on a tab before its environment is watched: who goes through many means the last."""


class CompartmentApp(Frame, Editing):
    """One project's environments, live, and everything a person does to them."""

    TITLE = "compartment-tui"
    CSS_PATH = ["app.tcss", "runs/runs.tcss", "shell/shell.tcss", "variables/variables.tcss"]
    ENABLE_COMMAND_PALETTE = True

    def __init__(self, world: World, *, read_only: bool = False) -> None:
        super().__init__()
        self.animation_level = "none"
        self.world = world
        self.board = Board(read_only=read_only)
        self.bridge = Bridge(world, self.post_message)
        self.main = MainScreen()
        self._keyboard = Keyboard(self, super().on_event)
        self._in_view: tuple[str, ...] = ()
        self._passing: Timer | None = None
        """Runs while somebody may only be passing through a tab."""

    # --- life ------------------------------------------------------------------------------------

    async def on_mount(self) -> None:
        """The screen first; what is on it arrives when the engine has answered."""
        await self.push_screen(self.main)
        self.run_worker(self._keyboard.run())
        self.heed_signals()
        self.bridge.look()

    async def on_event(self, event: events.Event) -> None:
        """Keys and pastes one after the other; the rest as it comes."""
        if isinstance(event, events.Key | events.Paste) and not event.is_forwarded:
            self._keyboard.take(event)
        else:
            await super().on_event(event)

    def on_unmount(self) -> None:
        self.bridge.close()

    def show(self, board: Board) -> None:
        """The board changed: whoever shows a piece of it that differs draws it again."""
        before, self.board = self.board, board
        broadcast(self, "show", board, before)

    # --- results ---------------------------------------------------------------------------------

    def on_environments_arrived(self, message: news.EnvironmentsArrived) -> None:
        first = not self.board.environments
        if message.from_file and not first:
            return
        name = message.environments[0].key.project if message.environments else ""
        board = replace(self.board, project=name).with_environments(message.environments)
        changed = board.environment != self.board.environment
        self.show(board)
        if first or changed:
            self._watch()

    def on_status_arrived(self, message: news.StatusArrived) -> None:
        before, away = self.board.status, self.board.engine_away
        self.show(self.board.with_status(message.status))
        if away and not self.board.engine_away:
            self.bridge.look()
        environment = message.status.key.environment
        if environment not in [one.key.environment for one in self.board.environments]:
            self.bridge.look()  # somebody else made it
        if environment != self.board.environment:
            return
        self._sample()
        if before is None or _moved(before, message.status):
            self.bridge.history(environment)
            self.bridge.routes(environment)
            self._read_variables()

    def on_refresh_failed(self, message: news.RefreshFailed) -> None:
        self.show(replace(self.board, trouble=message.error))

    def on_history_arrived(self, message: news.HistoryArrived) -> None:
        self.show(self.board.with_history(message.environment, message.runs))

    def on_routes_arrived(self, message: news.RoutesArrived) -> None:
        self.show(replace(self.board, routes=message.routes, visits=message.visits))

    def on_variables_arrived(self, message: news.VariablesArrived) -> None:
        if (message.environment, message.service) == (self.board.environment, self.board.service):
            self.show(replace(self.board, variables=message.variables))

    def on_samples_arrived(self, message: news.SamplesArrived) -> None:
        self.show(self.board.with_samples(message.samples))

    def on_log_lines_arrived(self, message: news.LogLinesArrived) -> None:
        broadcast(self, "take_lines", message)

    # --- choosing --------------------------------------------------------------------------------

    def on_environment_chosen(self, message: news.EnvironmentChosen) -> None:
        if message.environment != self.board.environment:
            self.show(self.board.choosing(message.environment))
            if self._passing is not None:
                self._passing.stop()
            self._passing = self.set_timer(TAB_PAUSE, self._watch)

    def on_service_chosen(self, message: news.ServiceChosen) -> None:
        if message.service != self.board.service:
            self.show(self.board.selecting(message.service))
            self._sample()
            self._read_variables()

    def on_services_in_view(self, message: news.ServicesInView) -> None:
        self._in_view = message.services
        self._sample()

    def _sample(self) -> None:
        """CPU and memory of what can be seen: the rows in view, and the one the panes tell of."""
        seen = {*self._in_view, self.board.service}
        rows = self.board.status.services if self.board.status else ()
        self.bridge.sample(
            [row.active.id for row in rows if row.service in seen and row.active and row.instance]
        )

    def _watch(self) -> None:
        environment = self.board.environment
        if not environment:
            return
        self.bridge.watch(environment)
        self.bridge.history(environment)
        self.bridge.routes(environment)

    def _read_variables(self) -> None:
        if self.board.service is not None:
            self.bridge.variables(self.board.environment, self.board.service)


def _moved(before: EnvironmentStatus, after: EnvironmentStatus) -> bool:
    """Whether something went live, went away or was configured anew: ages do not count."""
    return _essence(before) != _essence(after)


def _essence(status: EnvironmentStatus) -> list[object]:
    return [(row.service, row.active and row.active.id, row.drift) for row in status.services]
