"""The main screen: environments above, services in the middle, one pane of detail below."""

from collections.abc import Iterable
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.binding import Binding
from textual.screen import Screen

from compartment_tui.domain.requests import (
    BeginMaintenance,
    DeleteEnvironment,
    Deploy,
    Discard,
    EndMaintenance,
    Promote,
    Redeploy,
    Request,
    Restart,
    Rollback,
    Start,
    Stop,
)
from compartment_tui.present.requests import services_of
from compartment_tui.present.text import show
from compartment_tui.tui import messages as news
from compartment_tui.tui.main.environment_bar import EnvironmentBar
from compartment_tui.tui.main.pane_bar import NODES, PaneBar, panes_of
from compartment_tui.tui.main.panes import Panes
from compartment_tui.tui.main.services_table import Services
from compartment_tui.tui.messages import ActWanted, EditorWanted
from compartment_tui.tui.shell.banner import Banner
from compartment_tui.tui.shell.key_bindings import environment_bindings
from compartment_tui.tui.shell.key_hints import Hints
from compartment_tui.tui.state.app_state import Board
from compartment_tui.tui.state.available_actions import SOMETIMES, possible
from compartment_tui.tui.state.command_log import Copyable, no_address, no_shell, openables

if TYPE_CHECKING:
    from compartment_tui.tui.kit.filter_line import Narrow
    from compartment_tui.tui.logs.log_pane import LogPane


class MainScreen(Screen[None]):
    """Draws the board; every key is an intent."""

    VERTICAL_BREAKPOINTS = [(0, "-short"), (30, "-tall")]

    BINDINGS = [
        *environment_bindings("env"),
        Binding(
            "less_than_sign",
            "environment_by(-1)",
            "Previous environment",
            show=False,
            id="env.previous",
        ),
        Binding(
            "greater_than_sign", "environment_by(1)", "Next environment", show=False, id="env.next"
        ),
        Binding("left_square_bracket", "pane_by(-1)", "Previous pane", show=False, id="pane.prev"),
        Binding("right_square_bracket", "pane_by(1)", "Next pane", show=False, id="pane.next"),
        Binding("l", "pane('logs')", "Logs", id="pane.logs"),
        Binding("u", "pane('routes')", "Routes", show=False, id="pane.routes"),
        Binding("r", "pane('releases')", "Releases", id="pane.releases"),
        Binding("v", "variables", "Variables", id="act.variables"),
        Binding("c", "pane('nodes')", "Nodes", show=False, id="pane.nodes"),
        Binding("i", "pane('overview')", "Inspect", show=False, id="pane.overview"),
        Binding("z", "zoom", "Zoom", show=False, id="view.zoom"),
        Binding("s", "shell", "Shell", id="act.shell"),
        Binding("o", "open", "Open", show=False, id="act.open"),
        Binding("d", "plan", "Diff", show=False, id="act.plan"),
        Binding("D", "deploy", "Deploy", id="act.deploy"),
        Binding("U", "roll_back", "Undo", id="act.rollback"),
        Binding("H", "hold", "Deploy and hold", show=False, id="act.hold"),
        Binding("P", "promote", "Promote", id="act.promote"),
        Binding("P", "across", "Promote from elsewhere", show=False, id="act.across"),
        Binding("K", "discard", "Discard", id="act.discard"),
        Binding("E", "redeploy", "Redeploy", show=False, id="act.redeploy"),
        Binding("S", "stop", "Stop", show=False, id="act.stop"),
        Binding("S", "start", "Start", id="act.start"),
        Binding("R", "restart", "Restart", show=False, id="act.restart"),
        Binding("N", "scale", "Number of replicas", show=False, id="act.scale"),
        Binding("M", "maintain", "Maintenance", show=False, id="act.maintain"),
        Binding("M", "let_in", "End maintenance", id="act.let_in"),
        Binding("X", "delete", "Remove environment", show=False, id="act.delete"),
        Binding("slash", "filter", "Filter services", show=False, id="view.filter"),
        Binding("escape", "show_all", "Show all services", show=False, id="view.show_all"),
        Binding("ctrl+r,f5", "refresh", "Refresh", show=False, id="view.refresh"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._stream: int | None = None
        self._stream_of: tuple[str, str | None, datetime | None] | None = None
        self._filter: Narrow | None = None
        self._possible: frozenset[str] = frozenset()
        self._since: datetime | None = None
        """From when a person wants to see log lines; None: the newest ones."""

    def compose(self) -> ComposeResult:
        yield EnvironmentBar(id="environments")
        yield Banner(id="banner")
        yield Services(id="services")
        yield PaneBar(id="panes")
        yield Panes(self.app.world.clock.now, id="detail")  # type: ignore[attr-defined]
        yield Hints(id="hints")

    def on_mount(self) -> None:
        self.query_one(Services).focus()

    # --- drawing ----------------------------------------------------------------------------------

    @property
    def parts(self) -> Iterable[object]:
        """Everything on the screen that draws a piece of the board."""
        kinds = (EnvironmentBar, Banner, Services, PaneBar, Panes)
        return [self.query_one(kind) for kind in kinds]

    def show(self, board: Board, before: Board) -> None:
        """Every part draws what differs."""
        now = self.app.world.clock.now()  # type: ignore[attr-defined]
        for part in self.parts:
            part.show(board, now)  # type: ignore[attr-defined]
        self._offer()
        self._keep_nodes(board, before)
        if (board.environment, board.service) != (before.environment, before.service):
            self._follow()

    def _offer(self) -> None:
        """The keys that mean something for what is chosen."""
        before, self._possible = self._possible, possible(self.board, self._meant())
        if self._possible != before:
            self.refresh_bindings()

    def on_services_marked(self) -> None:
        self._offer()

    def act_begun(self, request: Request) -> None:
        """Drop the marks: they were meant for the act that began."""
        rows = self.query_one(Services)
        if request.environment == self.board.environment and services_of(request) and rows.marked:
            rows.mark(frozenset())

    def take_lines(self, message: news.LogLinesArrived) -> None:
        """A batch of log lines; those of a stream that was left are late and dropped."""
        if message.stream != self._stream:
            return
        self.query_one(Panes).take_lines(message)

    # --- panes ------------------------------------------------------------------------------------

    @property
    def pane(self) -> str:
        return self.query_one(Panes).current or "overview"

    async def action_pane(self, name: str) -> None:
        await self.query_one(Panes).open(name)
        self.query_one(PaneBar).current = name
        self._follow()
        if name == NODES:
            self.app.feeds.nodes(self.board.environment)  # type: ignore[attr-defined]
        if name == "overview":
            self.query_one(Services).focus()
        else:
            self.query_one(f"#{name}").focus()

    async def action_pane_by(self, step: int) -> None:
        panes = panes_of(self.board)
        place = panes.index(self.pane) if self.pane in panes else 0
        await self.action_pane(panes[(place + step) % len(panes)])

    def _keep_nodes(self, board: Board, before: Board) -> None:
        """Ask for the machines of a Swarm with every look, while they can be seen."""
        if self.pane != NODES or board.status is before.status or board.status is None:
            return
        if board.on_swarm:
            self.app.feeds.nodes(board.environment)  # type: ignore[attr-defined]
        else:
            self.call_later(self.action_pane, "overview")

    def _follow(self) -> None:
        """Follow the logs of what is selected, while they can be seen."""
        feeds, board = self.app.feeds, self.app.board  # type: ignore[attr-defined]
        seen = self.pane == "logs"
        wanted = (board.environment, board.service, self._since) if seen else None
        if wanted == self._stream_of:
            return
        if self._stream is not None:
            feeds.unfollow(self._stream)
        self._stream, self._stream_of = None, wanted
        if wanted is not None and board.environment:
            self.query_one(Panes).forget_lines()
            services = (board.service,) if board.service else ()
            self._stream = feeds.follow(board.environment, services, since=self._since)

    def on_log_pane_since_changed(self, message: "LogPane.SinceChanged") -> None:
        """Older lines than are here may be wanted: fetch from then on."""
        self._since = message.since
        self._follow()

    # --- intents ----------------------------------------------------------------------------------

    @property
    def board(self) -> Board:
        board: Board = self.app.board  # type: ignore[attr-defined]
        return board

    def action_environment(self, number: int) -> None:
        names = [view.key.environment for view in self.board.environments]
        if number <= len(names):
            self.post_message(news.EnvironmentChosen(names[number - 1]))

    def action_environment_by(self, step: int) -> None:
        names = [view.key.environment for view in self.board.environments]
        if self.board.environment in names:
            place = (names.index(self.board.environment) + step) % len(names)
            self.post_message(news.EnvironmentChosen(names[place]))

    def action_plan(self) -> None:
        request = Deploy(environment=self.board.environment, services=self._marked())
        self.post_message(ActWanted(request, look_only=True))

    def action_deploy(self) -> None:
        self._want(Deploy(environment=self.board.environment, services=self._marked()))

    def action_roll_back(self) -> None:
        self._want(Rollback(environment=self.board.environment, services=self._marked()))

    def action_redeploy(self) -> None:
        self._want(Redeploy(environment=self.board.environment, services=self._marked()))

    def action_hold(self) -> None:
        self._want(Deploy(environment=self.board.environment, services=self._marked(), hold=True))

    def action_promote(self) -> None:
        self._want(Promote(environment=self.board.environment, services=self._marked()))

    def action_across(self) -> None:
        self.post_message(news.OriginWanted(self.board.environment, self._marked()))

    def action_discard(self) -> None:
        self._want(Discard(environment=self.board.environment, services=self._marked()))

    def action_stop(self) -> None:
        self._want(Stop(environment=self.board.environment, services=self._meant()))

    def action_start(self) -> None:
        self._want(Start(environment=self.board.environment, services=self._meant()))

    def action_restart(self) -> None:
        self._want(Restart(environment=self.board.environment, services=self._meant()))

    def action_scale(self) -> None:
        self.post_message(news.ScaleWanted(self.board.environment, self._meant()))

    def action_maintain(self) -> None:
        self._want(BeginMaintenance(environment=self.board.environment, services=self._meant()))

    def action_let_in(self) -> None:
        self._want(EndMaintenance(environment=self.board.environment, services=self._meant()))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Of two verbs under one key, the one that means something now; a pane that is there."""
        name = parameters[0] if action == "pane" and parameters else action
        return name not in SOMETIMES or name in self._possible

    def action_delete(self) -> None:
        self._want(DeleteEnvironment(environment=self.board.environment))

    def _marked(self) -> tuple[str, ...]:
        return self.query_one(Services).marked

    def _meant(self) -> tuple[str, ...]:
        """The marked services, or the selected one: what interrupts is never for all unsaid."""
        selected = (self.board.service,) if self.board.service else ()
        return self._marked() or selected

    def _want(self, request: Request) -> None:
        self.post_message(ActWanted(request))

    def action_variables(self) -> None:
        self.post_message(EditorWanted(self.board.service))

    def action_shell(self) -> None:
        """In its container; of several replicas that run, in the one that is chosen."""
        row = self.board.selected
        if row is None or row.active is None:
            self.notify(no_shell(self.board), severity="warning", markup=False)
            return
        wanted = partial(news.ShellWanted, self.board.environment, row.service, row.active.id)
        running = [one.number for one in row.replicas if one.running]
        if not row.several or len(running) < 2:
            self.post_message(wanted(running[0]) if row.several and running else wanted())
            return
        from compartment_tui.tui.kit.choose import ChooseScreen

        def chosen(name: str | None) -> None:
            if name is not None:
                self.post_message(wanted(int(name.rpartition(" ")[2])))

        names = [f"replica {number}" for number in running]
        self.app.push_screen(ChooseScreen(f"A shell in {show(row.service)}", names), chosen)

    def action_open(self) -> None:
        """Its address; with a candidate that waits, one of two."""
        found = openables(self.board)
        if len(found) < 2:
            self._open(found[0]) if found else self._no_address()
            return
        from compartment_tui.tui.kit.letter_menu import LetterMenu

        self.app.push_screen(LetterMenu(found, title="Open", does="opens"), self._open)

    def _open(self, chosen: Copyable | None) -> None:
        if chosen is not None:
            self.post_message(news.OpenWanted(chosen.text))

    def _no_address(self) -> None:
        self.notify(no_address(self.board), severity="warning", markup=False)

    def action_refresh(self) -> None:
        self.app.feeds.look()  # type: ignore[attr-defined]

    async def action_filter(self) -> None:
        if self._filter is None:
            from compartment_tui.tui.kit.filter_line import Narrow

            self._filter = Narrow(id="filter")
            await self.mount(self._filter, before="#services")
        self._filter.open()

    def action_show_all(self) -> None:
        """One level back: to the services, and all of them."""
        if self._filter is not None:
            self._filter.clear_all()
        self.query_one(Services).focus()

    def on_narrow_typed(self, message: "Narrow.Typed") -> None:
        self.query_one(Services).narrow(message.wanted)

    def on_narrow_left(self) -> None:
        self.query_one(Services).focus()

    def action_zoom(self) -> None:
        self.toggle_class("zoomed")
