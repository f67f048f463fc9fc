"""The machines of the Swarm that the chosen environment is on."""

from datetime import datetime

from compartment_tui.tui.kit.key_table import KeyTable
from compartment_tui.tui.main.nodes_model import nodes_grid, nodes_notes
from compartment_tui.tui.state.app_state import Board


class NodesTable(KeyTable):
    """Which machine is away, which replica is where, and what moved lately."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - the toolkit's name
        super().__init__(id=id)
        self._board: Board | None = None
        self._now: datetime | None = None

    def show(self, board: Board, now: datetime) -> None:
        """Draw what differs."""
        self._board, self._now = board, now
        self._draw()

    def _draw(self) -> None:
        if self._board is None or self._now is None or not self.size.width:
            return
        room = self.room
        self.put(nodes_grid(self._board, room), nodes_notes(self._board, self._now, room))

    def on_resize(self) -> None:
        self._draw()
        super().on_resize()
