"""The environments as numbered tabs on one line."""

from datetime import datetime

from textual import events
from textual.strip import Strip

from compartment_tui.present.text import fit, show
from compartment_tui.present.tone import Cell, Line, Tone, line_width
from compartment_tui.tui.kit.painted import Painted
from compartment_tui.tui.main.environment_tabs import (
    Tab,
    TabsInSight,
    environment_tabs,
    standing_words,
    tabs_in_sight,
)
from compartment_tui.tui.messages import EnvironmentChosen
from compartment_tui.tui.state.app_state import Board

LONGEST_PROJECT = 24
MORE_BEFORE = "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK} "
MORE_AFTER = " \N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}"


class EnvironmentBar(Painted):
    """Project, tabs, and what holds for the chosen one. A click chooses."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - the toolkit's name
        super().__init__(id=id)
        self._project = ""
        self._tabs: tuple[Tab, ...] = ()
        self._words: Line = ()
        self._places: list[tuple[int, int, str]] = []

    def show(self, board: Board, now: datetime) -> None:
        """Draw it again if it differs."""
        shown = (board.project, environment_tabs(board), standing_words(board))
        if shown != (self._project, self._tabs, self._words):
            self._project, self._tabs, self._words = shown
            self.refresh()

    def render_line(self, y: int) -> Strip:
        columns = self.size.width
        strips = [self._cells((Cell(f" {fit(show(self._project), LONGEST_PROJECT)} "),), "head")]
        at = strips[0].cell_length
        in_sight = tabs_in_sight(self._tabs, columns - at - line_width(self._words) - 1)
        self._places = []
        if in_sight.more_before:
            strips.append(self._cells((Cell(MORE_BEFORE, Tone.QUIET),), "plain"))
            at += len(MORE_BEFORE)
        for tab in in_sight.tabs:
            strips.append(self._cells(tab.pieces, "chosen" if tab.chosen else "plain"))
            self._places.append((at, at + tab.width, tab.environment))
            at += tab.width
        strips += self._end(in_sight, columns - at)
        return Strip.join(strips).adjust_cell_length(columns, self.part("plain"))

    def _end(self, in_sight: TabsInSight, room: int) -> list[Strip]:
        after = MORE_AFTER if in_sight.more_after else ""
        blank = max(0, room - len(after) - line_width(self._words))
        pieces = (Cell(after, Tone.QUIET), Cell(" " * blank), *self._words)
        return [self._cells(pieces, "plain")]

    def _cells(self, pieces: Line, part: str) -> Strip:
        return self.strip(pieces, line_width(pieces), self.part(part))

    def on_click(self, event: events.Click) -> None:
        for start, end, environment in self._places:
            if start <= event.x < end:
                self.post_message(EnvironmentChosen(environment))
