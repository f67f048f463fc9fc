"""Leaving while a job goes on: stay, or end it first. Until it has ended one can think again."""

from collections.abc import Callable
from time import monotonic

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Button, Static

from compartment_tui.tui.base import BoardApp
from compartment_tui.tui.kit.dialog import Dialog
from compartment_tui.tui.kit.styled_text import paragraph
from compartment_tui.tui.runs.job_words import leaving_question, quit_question
from compartment_tui.tui.state.app_state import Board


class QuitScreen(Dialog[None]):
    """Asks, then waits. The application closes when the last job has ended."""

    BINDINGS = [
        Binding("y", "leave", "Leave", id="quit.leave"),
        Binding("n,escape", "stay", "Stay", id="quit.stay"),
    ]
    asks = True
    app: BoardApp

    def __init__(self, *, end: Callable[[], None], stay: Callable[[], None]) -> None:
        super().__init__(classes="dialog")
        self._end, self._stay = end, stay
        self.waiting = False

    def compose(self) -> ComposeResult:
        with Vertical(classes="box"):
            with VerticalScroll(classes="body grows", can_focus=False):
                yield Static(markup=False, id="words")
            with Horizontal(classes="buttons"):
                yield Button(id="no", compact=True)
                yield Button(id="yes", compact=True)

    def on_mount(self) -> None:
        self._draw(self.app.board)
        self.query_one("#no").focus()

    def show(self, board: Board, _before: Board) -> None:
        """The jobs went on while the question stands."""
        self._draw(board)

    def _draw(self, board: Board) -> None:
        jobs = board.running_jobs
        question = leaving_question(jobs) if self.waiting else quit_question(jobs)
        self.query_one(".box").border_title = question.title
        self.query_one("#words", Static).update(paragraph(question.lines))
        self.put_label("#no", f"{question.no}  n")
        self.put_label("#yes", f"{question.yes}  y")
        self.fit()

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        event.stop()
        if event.button.id == "yes":
            self.action_leave()
        else:
            self.action_stay()

    def action_leave(self) -> None:
        """Once: end the jobs and wait. Again: leave them to `resume`."""
        self.waiting = True
        self.shown_at = monotonic()
        self._end()
        self._draw(self.app.board)

    def action_stay(self) -> None:
        """The application stays open; a job that was asked to end goes on ending."""
        self._stay()
        self.dismiss(None)
