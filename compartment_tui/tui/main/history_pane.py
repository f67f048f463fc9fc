"""The runs of the chosen environment: what was live, and what one can go back to."""

from datetime import datetime

from textual.binding import Binding

from compartment_tui.domain.detail_views import RunView
from compartment_tui.tui.kit.key_table import KeyTable
from compartment_tui.tui.main.history_model import (
    HistoryRow,
    history_grid,
    history_notes,
    history_rows,
    way_back,
)
from compartment_tui.tui.messages import ActWanted, CopyWanted
from compartment_tui.tui.state.app_state import Board


class Releases(KeyTable):
    """One row a run, its services under it; enter asks for the rollback to it."""

    BINDINGS = [
        Binding("enter", "open", "Go back to it", id="releases.back"),
        Binding("y", "copy", "Copy id", id="releases.copy"),
    ]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - the toolkit's name
        super().__init__(id=id)
        self._board: Board | None = None
        self._now: datetime | None = None

    def show(self, board: Board, now: datetime) -> None:
        """Draw what differs; another environment begins at its newest run."""
        elsewhere = self._board is not None and self._board.environment != board.environment
        self._board, self._now = board, now
        self._draw()
        if elsewhere and self.grid_shown.rows:
            self.point_at(self.grid_shown.keys[0])

    @property
    def runs(self) -> tuple[RunView, ...]:
        board = self._board
        return board.histories.get(board.environment, ()) if board else ()

    def _draw(self) -> None:
        if self._board is not None and self._now is not None and self.size.width:
            grid = history_grid(self.runs, self._now, self.room)
            self.put(grid, history_notes(self._board))

    def on_resize(self) -> None:
        self._draw()
        super().on_resize()

    def opened(self, key: str) -> None:
        release, board = self._release(key), self._board
        request = way_back(release, self.runs, board.environment) if release and board else None
        if request is None:
            self.notify("there is nothing to go back to here", markup=False)
        else:
            self.post_message(ActWanted(request))

    def action_copy(self) -> None:
        release = self._release(self.cursor)
        if release is not None and release.view is not None:
            self.post_message(CopyWanted(release.view.deployment.id, "deployment id"))
        elif release is not None:
            self.post_message(CopyWanted(release.run.id, "run id"))

    def _release(self, key: str | None) -> HistoryRow | None:
        return history_rows(self.runs).get(key or "")
