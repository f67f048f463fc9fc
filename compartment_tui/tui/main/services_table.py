"""The services of the chosen environment, live."""

from datetime import datetime

from textual import events
from textual.binding import Binding
from textual.message import Message

from compartment_tui.tui.kit.key_table import GUTTER, KeyTable
from compartment_tui.tui.main.service_filter import narrowed
from compartment_tui.tui.main.services_model import no_services, none_fits, services_grid
from compartment_tui.tui.messages import ServiceChosen, ServicesInView
from compartment_tui.tui.state.app_state import Board


class Services(KeyTable):
    """One row a service. The selection is the board's; moving it posts `ServiceChosen`."""

    class Marked(Message):
        """Other services are marked now."""

    BINDINGS = [
        Binding("space", "mark", "Mark", show=False, id="services.mark"),
        Binding("a", "mark_all", "Mark all or none", show=False, id="services.mark.all"),
        Binding("enter", "open", "Details", show=False, id="services.open"),
    ]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - the toolkit's name
        super().__init__(id=id)
        self._board: Board | None = None
        self._now: datetime | None = None
        self._wanted = ""
        self._seen: tuple[str, ...] = ()

    @property
    def marked(self) -> tuple[str, ...]:
        """The marked services, in the order of the rows, hidden ones too; empty when none is."""
        status = self._board.status if self._board else None
        return (
            tuple(row.service for row in status.services if row.service in self._marks)
            if status
            else ()
        )

    def mark(self, marks: frozenset[str]) -> None:
        """Mark exactly these, and say so."""
        super().mark(marks)
        self.post_message(self.Marked())

    def narrow(self, wanted: str) -> None:
        """Show only the services that fit. A selection that is hidden moves to the first shown."""
        self._wanted = wanted
        self._draw()
        keys = self.grid_shown.keys
        if self._board is not None and keys and self._board.service not in keys:
            # Later: a message posted while the screen handles one of its own does not leave it.
            self.call_later(self.chosen, keys[0])

    def show(self, board: Board, now: datetime) -> None:
        """Draw what differs. Marks are of one environment: in another one there are none."""
        if self._board is not None and self._board.environment != board.environment:
            self.mark(frozenset())
        self._board, self._now = board, now
        self._draw()

    def _draw(self) -> None:
        if self._board is None or self._now is None or not self.size.width:
            return
        board = narrowed(self._board, self._wanted)
        grid = services_grid(board, self._now, self.room)
        hidden = bool(self._board.status and self._board.status.services)
        notes = none_fits(self._wanted) if hidden else no_services(self._board)
        self.put(grid, () if grid.rows else notes)
        self.point_at(self._board.service)
        self._tell_view()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Other rows are in view now."""
        super().watch_scroll_y(old_value, new_value)
        self._tell_view()

    def _tell_view(self) -> None:
        if self.in_view != self._seen:
            self._seen = self.in_view
            self.call_later(self.post_message, ServicesInView(self._seen))

    def on_resize(self) -> None:
        self._draw()
        super().on_resize()

    def on_click(self, event: events.Click) -> None:
        """A click before the row marks it."""
        key = self.row_at(event.y)
        if key is not None and event.x < GUTTER:
            self.mark(self._marks ^ {key})
            event.stop()
            return
        super().on_click(event)

    def chosen(self, key: str) -> None:
        self.post_message(ServiceChosen(key))

    def opened(self, key: str) -> None:
        self.call_later(self.run_action, "screen.pane('overview')")

    def action_mark(self) -> None:
        """Mark the row or take the mark away, and go on to the next."""
        if self.cursor is not None:
            self.mark(self._marks ^ {self.cursor})
            self.action_move(1)

    def action_mark_all(self) -> None:
        """Mark every row; none, when all are."""
        keys = frozenset(self.grid_shown.keys)
        self.mark(frozenset() if keys <= self._marks else keys)
