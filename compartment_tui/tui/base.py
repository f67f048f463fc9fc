"""The application as its screens and parts see it."""

from typing import Any, Protocol, runtime_checkable

from textual.app import App
from textual.screen import Screen

from compartment_tui.ports import World
from compartment_tui.tui.feed_bridge import FeedBridge
from compartment_tui.tui.messages import LogLinesArrived
from compartment_tui.tui.state.app_state import Board, not_known_yet


@runtime_checkable
class TakesBoard(Protocol):
    """A screen that shows pieces of the board."""

    def show(self, board: Board, before: Board) -> None:
        """The board changed."""


@runtime_checkable
class TakesLines(Protocol):
    """A screen that follows logs."""

    def take_lines(self, message: LogLinesArrived) -> None:
        """A batch of one stream, perhaps of one that is not its own."""


def mounted_screens(app: App[None]) -> tuple[Screen[Any], ...]:
    """The screens whose widgets are there: not before they were composed, nor while they go."""
    return tuple(screen for screen in app.screen_stack if is_standing(screen))


def is_standing(screen: Screen[Any]) -> bool:
    """Whether its widgets are there."""
    return screen.is_mounted and screen.is_running and bool(screen.children)


class BoardApp(App[None]):
    """An application with a world, a board, and looks at the machine."""

    def __init__(self, world: World, board: Board, feeds: FeedBridge) -> None:
        super().__init__()
        self.world = world
        self.board = board
        self.feeds = feeds

    def show(self, board: Board) -> None:
        """The board changed: whoever shows a piece of it that differs draws it again."""
        before, self.board = self.board, board
        for screen in mounted_screens(self):
            if isinstance(screen, TakesBoard):
                screen.show(board, before)


class Part:
    """A part of the application, with what it may use of it."""

    def __init__(self, app: BoardApp) -> None:
        self.app = app
        self.world = app.world
        self.feeds = app.feeds
        self.show = app.show
        self.notify = app.notify
        self.push_screen = app.push_screen
        self.pop_screen = app.pop_screen
        self.post_message = app.post_message
        self.exit = app.exit

    @property
    def board(self) -> Board:
        return self.app.board

    @property
    def screen(self) -> Screen[object]:
        """The one on top."""
        return self.app.screen

    def say_not_known_yet(self) -> None:
        """Nothing can be asked of an environment before the project file was read."""
        self.notify(not_known_yet(self.board), severity="warning", markup=False)
