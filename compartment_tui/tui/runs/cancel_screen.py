"""Asks before a job is cancelled; while it stands, it says what that means by now."""

from time import monotonic

from textual import on
from textual.events import ScreenResume
from textual.widgets import Static

from compartment_tui.tui.base import BoardApp
from compartment_tui.tui.kit.confirm import AskScreen
from compartment_tui.tui.kit.styled_text import paragraph
from compartment_tui.tui.runs.job_words import cancel_question
from compartment_tui.tui.state.app_state import Board


class CancelScreen(AskScreen):
    """True when the answer was yes, to what it asked last; it goes when the job is over."""

    app: BoardApp

    def __init__(self, board: Board, number: int) -> None:
        super().__init__(cancel_question(board.jobs[number]))
        self._number = number

    def show(self, board: Board, _before: Board) -> None:
        """The job went on: an answer to what was asked before is none to what is asked now."""
        job = board.jobs[self._number]
        if job.over:
            if self.is_current:
                self.dismiss(False)
            return
        question = cancel_question(job)
        if question == self.question:
            return
        self.question = question
        self.shown_at = monotonic()
        self.query_one("#words", Static).update(paragraph(question.lines))
        self.put_label("#no", f"{question.no}  n")
        self.put_label("#yes", f"{question.yes}  y")
        self.fit()

    @on(ScreenResume)
    def _in_front_again(self) -> None:
        self.show(self.app.board, self.app.board)
