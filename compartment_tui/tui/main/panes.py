"""The panes of detail, one at a time: each is made when it is first looked at."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from textual.widget import Widget
from textual.widgets import ContentSwitcher

from compartment_tui.tui.main.detail_pane import Overview
from compartment_tui.tui.messages import LogLinesArrived
from compartment_tui.tui.state.app_state import Board

if TYPE_CHECKING:
    from compartment_tui.tui.logs.log_pane import LogPane


class Panes(ContentSwitcher):
    """Knows how to make each pane: the first frame shows one, and waits for no other."""

    def __init__(
        self,
        clock: Callable[[], datetime],
        *,
        id: str | None = None,  # noqa: A002 - the toolkit's name
    ) -> None:
        super().__init__(Overview(id="overview"), id=id, initial="overview")
        self._clock = clock
        self._board: Board | None = None
        self._logs: LogPane | None = None

    async def open(self, name: str) -> None:
        """Show that pane, made first if nobody has looked at it yet."""
        if not self.query(f"#{name}"):
            await self.add_content(self._made(name))
            if self._board is not None:
                self.show(self._board, self._clock())
        self.current = name

    def show(self, board: Board, now: datetime) -> None:
        """Every pane that was made draws what differs. The log lives on its lines alone."""
        self._board = board
        for pane in self.children:
            if pane is not self._logs:
                pane.show(board, now)  # type: ignore[attr-defined]

    def take_lines(self, message: LogLinesArrived) -> None:
        """A batch of log lines, and why no more follow."""
        if self._logs is None:
            return
        self._logs.feed(message.lines, message.dropped)
        if message.ended:
            self._logs.ended(message.ended)

    def forget_lines(self) -> None:
        """Another stream of log lines begins."""
        if self._logs is not None:
            self._logs.reset()

    def _made(self, name: str) -> Widget:
        match name:
            case "logs":
                from compartment_tui.tui.logs.log_pane import LogPane

                self._logs = LogPane(id=name, now=self._clock)
                return self._logs
            case "routes":
                from compartment_tui.tui.main.routes_pane import Routes

                return Routes(id=name)
            case "releases":
                from compartment_tui.tui.main.history_pane import Releases

                return Releases(id=name)
            case "nodes":
                from compartment_tui.tui.main.nodes_pane import NodesTable

                return NodesTable(id=name)
            case "variables":
                from compartment_tui.tui.main.variables_pane import Variables

                return Variables(id=name)
        raise KeyError(name)
