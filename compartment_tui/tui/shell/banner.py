"""What must be said above everything else; no line of the screen when there is nothing."""

from datetime import datetime

from textual.strip import Strip

from compartment_tui.present.tone import Cell, Line
from compartment_tui.tui.kit.painted import Painted
from compartment_tui.tui.shell.banner_model import banner_lines
from compartment_tui.tui.state.app_state import Board


class Banner(Painted):
    """At most two lines, hidden when empty."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - the toolkit's name
        super().__init__(id=id)
        self.display = False
        self._lines: tuple[Line, ...] = ()
        self._seen: datetime | None = None
        self._shown: tuple[Board, datetime] | None = None

    @property
    def lines(self) -> tuple[Line, ...]:
        return self._lines

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
        if lines == self._lines:
            return
        before, self._lines = self._lines, lines
        if len(before) != len(lines):
            self.styles.height = len(lines)
            self.display = bool(lines)
        self.refresh()

    def on_resize(self) -> None:
        self._draw()

    def render_line(self, y: int) -> Strip:
        pieces = self._lines[y] if y < len(self._lines) else ()
        return self.strip((Cell(" "), *pieces), self.size.width)
