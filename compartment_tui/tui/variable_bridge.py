"""The bridge's half that is about the project file's variables, and how it asks in threads."""

import threading
from collections.abc import Callable

from textual.message import Message

from compartment_tui.domain.edits import VariableEdit
from compartment_tui.domain.errors import CompartmentError
from compartment_tui.operations import variables
from compartment_tui.operations.sheet import sheet
from compartment_tui.ports import World
from compartment_tui.tui import messages as news

Post = Callable[[Message], object]


class VariableBridge:
    """What is asked and written of variables; nothing that is posted shows a sensitive value."""

    def __init__(self, world: World, post: Post) -> None:
        self._world = world
        self._post = post

    def variables(self, environment: str, service: str) -> None:
        """What the service gets in that environment."""
        self._ask(
            lambda: news.VariablesArrived(
                environment,
                service,
                variables.resolved(self._world, environment=environment, service=service),
            )
        )

    def sheet(self, environment: str) -> None:
        """All variables of the environment, for the editor."""
        self._ask(lambda: news.SheetArrived(sheet(self._world, environment=environment)))

    def write(self, edits: tuple[VariableEdit, ...]) -> None:
        """Write these edits together, as `VariablesWritten`; or `WriteRefused`."""

        def ask() -> Message:
            try:
                variables.write(self._world, edits)
            except CompartmentError as error:
                return news.WriteRefused(edits, error)
            return news.VariablesWritten(edits)

        self._ask(ask)

    def _ask(self, ask: Callable[[], Message]) -> None:
        def run() -> None:
            try:
                self._post(ask())
            except CompartmentError as error:
                self._post(news.LookFailed(error))

        self._start(run)

    def _start(self, work: Callable[[], None]) -> None:
        threading.Thread(target=work, daemon=True).start()
