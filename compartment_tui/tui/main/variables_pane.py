"""The variables of the selected service, as they resolve; enter opens the editor."""

from datetime import datetime

from textual.binding import Binding

from compartment_tui.tui.kit.key_table import KeyTable
from compartment_tui.tui.main.variables_model import variable_notes, variables_grid
from compartment_tui.tui.messages import CopyWanted, EditorWanted
from compartment_tui.tui.state.app_state import Board


class Variables(KeyTable):
    """One row a key: the value in force, where it comes from, what it shadows, what runs."""

    BINDINGS = [
        Binding("enter,e", "open", "Edit", id="variables.open"),
        Binding("y", "copy", "Copy name", id="variables.copy"),
    ]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - the toolkit's name
        super().__init__(id=id)
        self._board: Board | None = None

    def show(self, board: Board, now: datetime) -> None:
        """Draw what differs: thousands of rows are not laid out again for one more sample."""
        before, self._board = self._board, board
        shown = before and (before.variables, before.service)
        if shown != (board.variables, board.service):
            self._draw()

    def _draw(self) -> None:
        if self._board is not None and self.size.width:
            self.put(variables_grid(self._board, self.room), variable_notes(self._board))

    def on_resize(self) -> None:
        self._draw()
        super().on_resize()

    def opened(self, key: str) -> None:
        """The editor, at this key."""
        if self._board is not None:
            self.post_message(EditorWanted(self._board.service, key))

    def action_copy(self) -> None:
        if self.cursor is not None:
            self.post_message(CopyWanted(self.cursor, "name"))
