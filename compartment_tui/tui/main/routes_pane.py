"""The routes of the chosen environment."""

from collections.abc import Mapping
from datetime import datetime

from textual.binding import Binding

from compartment_tui.domain.detail_views import Visit
from compartment_tui.domain.requests import CheckDomains
from compartment_tui.tui.kit.key_table import KeyTable
from compartment_tui.tui.main.routes_model import no_routes, routes_grid
from compartment_tui.tui.messages import ActWanted, CopyWanted, OpenWanted
from compartment_tui.tui.state.app_state import Board


class Routes(KeyTable):
    """Where each address leads, and what its last visitor got."""

    BINDINGS = [
        Binding("enter,o", "open", "Open", id="routes.open"),
        Binding("y", "copy", "Copy", id="routes.copy"),
        Binding("C", "check", "Check domains", show=False, id="routes.check"),
    ]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - the toolkit's name
        super().__init__(id=id)
        self._board: Board | None = None
        self._now: datetime | None = None
        self._visited: tuple[Mapping[str, Visit], datetime] | None = None

    def show(self, board: Board, now: datetime) -> None:
        """Draw what differs; the answers are as old as they are on the board."""
        if self._visited is None or self._visited[0] is not board.visits:
            self._visited = board.visits, now
        self._board, self._now = board, now
        self._draw()

    def _draw(self) -> None:
        if self._board is None or self._now is None or not self._visited or not self.size.width:
            return
        grid = routes_grid(
            self._board.routes,
            self._board.visits,
            visited=self._visited[1],
            now=self._now,
            room=self.room,
        )
        self.put(grid, () if grid.rows else no_routes(self._board))

    def on_resize(self) -> None:
        self._draw()
        super().on_resize()

    def opened(self, key: str) -> None:
        url = self._url(key)
        if url:
            self.post_message(OpenWanted(url))

    def action_copy(self) -> None:
        url = self._url(self.cursor)
        if url:
            self.post_message(CopyWanted(url, "address"))

    def action_check(self) -> None:
        if self._board is not None and self._board.environment:
            self.post_message(ActWanted(CheckDomains(environment=self._board.environment)))

    def _url(self, address: str | None) -> str:
        routes = self._board.routes if self._board else ()
        return next((view.url for view in routes if view.address == address), "")
