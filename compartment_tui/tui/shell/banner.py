"""The banner above everything else; it takes no line of the screen when there is nothing to say."""

from datetime import datetime

from compartment_tui.present.tone import Cell
from compartment_tui.tui.kit.text_lines import TextLines
from compartment_tui.tui.shell.banner_model import banner_lines
from compartment_tui.tui.state.app_state import Board


class Banner(TextLines):
    """At most two lines, hidden when empty."""

    DEFAULT_CSS = """
    Banner { padding: 0; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - the toolkit's name
        super().__init__(id=id)
        self.display = False
        self._seen: datetime | None = None
        self._shown: tuple[Board, datetime] | None = None

    def show(self, board: Board, now: datetime) -> None:
        """Draw what differs. While all is well it remembers when that was."""
        if board.trouble is None and board.status is not None:
            self._seen = now
        self._shown = board, now
        self._draw()

    def _draw(self) -> None:
        if self._shown is None:
            return
        # Hidden it has no width of its own.
        room = max(0, self.app.size.width - 2)
        lines = banner_lines(*self._shown, room, self._seen)
        self.put(*((Cell(" "), *pieces) for pieces in lines))
        self.display = bool(self.lines)

    def on_resize(self) -> None:
        self._draw()
