"""The names of the panes, on the line that parts them from the services."""

from datetime import datetime

from textual import events
from textual.reactive import reactive
from textual.strip import Strip

from compartment_tui.present.text import fit, show
from compartment_tui.present.tone import Cell, Line, Tone, line_width
from compartment_tui.tui.kit.painted import Painted
from compartment_tui.tui.kit.styled_lines import KeyCap, Strong
from compartment_tui.tui.state.app_state import Board

PANES: tuple[str, ...] = ("overview", "logs", "routes", "releases", "variables")
NODES = "nodes"
"""The pane of an environment that is on a Swarm."""
OF_ENVIRONMENT = ("routes", "releases", NODES)
"""Panes that are about the whole environment."""
_KEYS = {
    "overview": "i",
    "logs": "l",
    "routes": "u",
    "releases": "r",
    "variables": "v",
    NODES: "c",
}
LONGEST_NAME = 24
RULE = "─"


def panes_of(board: Board) -> tuple[str, ...]:
    """The panes there are, in the order of the line."""
    return (*PANES, NODES) if board.on_swarm else PANES


class PaneBar(Painted):
    """The panes by name with their keys, the current one marked. A click chooses."""

    current: reactive[str] = reactive(PANES[0])

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - the toolkit's name
        super().__init__(id=id)
        self._service = self._environment = ""
        self._panes = PANES
        self._places: list[tuple[int, int, str]] = []

    def show(self, board: Board, now: datetime) -> None:
        """Draw it again if something else is chosen."""
        shown = (board.service or "", board.environment, panes_of(board))
        if shown != (self._service, self._environment, self._panes):
            self._service, self._environment, self._panes = shown
            self.refresh()

    def render_line(self, y: int) -> Strip:
        columns, at = self.size.width, 2
        strips = [self._cells((Cell(RULE * 2, Tone.QUIET),), "plain")]
        self._places = []
        for pane in self._panes:
            pieces = self._tab(pane)
            width = line_width(pieces)
            strips.append(self._cells(pieces, "chosen" if pane == self.current else "plain"))
            self._places.append((at, at + width, pane))
            at += width
        about = self._environment if self.current in OF_ENVIRONMENT else self._service
        name = f" {fit(show(about), LONGEST_NAME)} " if about else ""
        rule = max(0, columns - at - line_width((Cell(name),)) - 2)
        end = (Cell(RULE * rule, Tone.QUIET), Strong(name), Cell(RULE * 2, Tone.QUIET))
        strips.append(self._cells(end, "plain"))
        return Strip.join(strips).adjust_cell_length(columns, self.part("plain"))

    def _tab(self, pane: str) -> Line:
        key = _KEYS.get(pane, "")
        head = (KeyCap(f" {key}"),) if key else ()
        return (*head, Cell(f" {pane.capitalize()} "))

    def _cells(self, pieces: Line, part: str) -> Strip:
        return self.strip(pieces, line_width(pieces), self.part(part))

    async def on_click(self, event: events.Click) -> None:
        for start, end, pane in self._places:
            if start <= event.x < end:
                await self.run_action(f"screen.pane({pane!r})")
