"""The scopes of the variable editor, as tabs: everyone's, then service by service."""

from dataclasses import dataclass

from textual import events
from textual.message import Message
from textual.strip import Strip

from compartment_tui.present.tone import Cell, Tone
from compartment_tui.tui.kit.painted import Painted
from compartment_tui.tui.kit.tabs import range_in_sight
from compartment_tui.tui.variables.editor_table import ScopeTab

EDGE = 3
"""Columns at either end, for what says that there are more."""


class ScopeBar(Painted):
    """As many tabs as fit around the chosen one. A click chooses."""

    DEFAULT_CSS = "ScopeBar { height: 1; }"

    @dataclass
    class Chosen(Message):
        """A scope was clicked."""

        service: str | None

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - the toolkit's name
        super().__init__(id=id)
        self._tabs: tuple[ScopeTab, ...] = ()
        self._places: list[tuple[int, int, str | None]] = []

    def put(self, tabs: tuple[ScopeTab, ...]) -> None:
        """Show these instead."""
        if tabs != self._tabs:
            self._tabs = tabs
            self.refresh()

    def render_line(self, y: int) -> Strip:
        columns, at = self.size.width, EDGE
        if not self._tabs:
            return Strip.blank(columns, self.part("plain"))
        first, last = range_in_sight(self._tabs, columns - 2 * EDGE)
        strips = [self._piece(" \u2039 " if first else "   ")]
        self._places = []
        for tab in self._tabs[first:last]:
            part = self.part("chosen" if tab.chosen else "plain")
            strips.append(self.strip(tab.pieces, tab.width, part))
            self._places.append((at, at + tab.width, tab.service))
            at += tab.width
        strips.append(self._piece(" \u203a " if last < len(self._tabs) else ""))
        return Strip.join(strips).adjust_cell_length(columns, self.part("plain"))

    def _piece(self, words: str) -> Strip:
        return self.strip((Cell(words, Tone.QUIET),), len(words))

    def on_click(self, event: events.Click) -> None:
        for start, end, service in self._places:
            if start <= event.x < end:
                self.post_message(self.Chosen(service))
