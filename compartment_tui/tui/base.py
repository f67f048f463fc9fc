"""What every screen may ask of the application it stands in."""

from typing import TYPE_CHECKING, Any

from textual.app import App
from textual.screen import Screen

from compartment_tui.ports import World
from compartment_tui.tui.state.app_state import Board
from compartment_tui.tui.state.job_output import JobOutput

if TYPE_CHECKING:
    from compartment_tui.tui.bridge import Bridge


def mounted_screens(app: App[None]) -> tuple[Screen[Any], ...]:
    """The screens whose widgets are there: not before they were composed, nor while they go."""
    return tuple(screen for screen in app.screen_stack if is_standing(screen))


def broadcast(app: App[None], how: str, *news: object) -> None:
    """To every screen that takes this kind of news; which kinds there are needs not be loaded."""
    for screen in mounted_screens(app):
        take = getattr(screen, how, None)
        if take is not None:
            take(*news)


def is_standing(screen: Screen[Any]) -> bool:
    """Whether its widgets are there."""
    return screen.is_mounted and screen.is_running and bool(screen.children)


class BoardApp(App[None]):
    """An application with a board, a bridge and a world."""

    world: World
    board: Board
    bridge: "Bridge"

    def show(self, board: Board) -> None:
        """The board changed."""
        raise NotImplementedError

    def output_of(self, job: int) -> JobOutput:
        """What a job wrote so far."""
        raise NotImplementedError

    def end_and_leave(self) -> None:
        """End every job and close then; called again, leave them to `resume`."""
        raise NotImplementedError

    def stay(self) -> None:
        """Do not close after all."""
        raise NotImplementedError
