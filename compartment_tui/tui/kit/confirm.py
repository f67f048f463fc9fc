"""A question with a yes and a no: no has the focus, and esc means no."""

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Button, Static

from compartment_tui.tui.kit.dialog import Dialog
from compartment_tui.tui.kit.question import Question
from compartment_tui.tui.kit.styled_text import paragraph


class AskScreen(Dialog[bool]):
    """True when the answer was yes."""

    BINDINGS = [
        Binding("y", "answer(True)", "Yes", id="ask.yes"),
        Binding("n,escape,q", "answer(False)", "No", id="ask.no"),
    ]

    asks = True

    def __init__(self, question: Question) -> None:
        super().__init__(classes="dialog")
        self.question = question

    def compose(self) -> ComposeResult:
        with Vertical(classes="box") as box:
            box.border_title = Content(self.question.title)
            with VerticalScroll(classes="body grows", can_focus=False):
                yield Static(paragraph(self.question.lines), markup=False, id="words")
            with Horizontal(classes="buttons"):
                yield Button(f"{self.question.no}  n", id="no", compact=True)
                yield Button(f"{self.question.yes}  y", id="yes", compact=True)

    def on_mount(self) -> None:
        self.query_one("#no").focus()

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        event.stop()
        self.action_answer(event.button.id == "yes")

    def action_answer(self, yes: bool) -> None:
        self.dismiss(yes)
