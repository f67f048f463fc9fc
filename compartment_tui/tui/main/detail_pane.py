"""The selected service, in full."""

from datetime import datetime

from compartment_tui.tui.kit.lines_pane import Lines
from compartment_tui.tui.main.service_detail import overview
from compartment_tui.tui.state.app_state import Board


class Overview(Lines):
    """Health with its reason, what helps, what runs, what was before it."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - the toolkit's name
        super().__init__(id=id)
        self._board: Board | None = None
        self._now: datetime | None = None

    def show(self, board: Board, now: datetime) -> None:
        """Draw what differs; another service begins at its top."""
        before, self._board, self._now = self._board, board, now
        self._draw()
        if before is None or (before.environment, before.service) != (
            board.environment,
            board.service,
        ):
            self.scroll_home(animate=False)

    def _draw(self) -> None:
        if self._board is not None and self._now is not None and self.size.width:
            self.put(overview(self._board, self._now, self.room))

    def on_resize(self) -> None:
        self._draw()
