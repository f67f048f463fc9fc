"""The staged diff before it is written; a protected environment wants its name instead of `y`."""

import unicodedata
from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Button, Input, Static

from compartment_tui.present.text import show
from compartment_tui.present.tone import Tone, line, with_symbol
from compartment_tui.tui.kit.dialog import Dialog
from compartment_tui.tui.kit.question import Question
from compartment_tui.tui.kit.styled_text import paragraph


class WriteScreen(Dialog[bool]):
    """True when it is to be written. The protected environments are named one after the other."""

    BINDINGS = [
        Binding("y", "confirm", "Write", id="write.confirm"),
        Binding("n,escape,q", "leave", "Leave", id="write.leave"),
        Binding("j,down", "scroll_by(1)", "Down", show=False, id="write.down"),
        Binding("k,up", "scroll_by(-1)", "Up", show=False, id="write.up"),
        Binding("ctrl+d,pagedown", "scroll_by(8)", "Page down", show=False, id="write.pagedown"),
        Binding("ctrl+u,pageup", "scroll_by(-8)", "Page up", show=False, id="write.pageup"),
    ]

    asks = True

    def __init__(self, question: Question, protected: Sequence[str]) -> None:
        super().__init__(classes="dialog plan")
        self._question = question
        self._names = list(protected)
        """Still to be typed."""

    def compose(self) -> ComposeResult:
        with Vertical(classes="box") as box:
            box.border_title = Content(self._question.title)
            with VerticalScroll(classes="body grows", can_focus=False):
                yield Static(paragraph(self._question.lines), markup=False, id="words")
            yield Static(markup=False, id="ask")
            field = Input(id="name", compact=True)
            field.cursor_blink = False
            yield field
            with Horizontal(classes="buttons"):
                yield Button(id="no", compact=True)
                yield Button(f"{self._question.yes}  y", id="yes", compact=True)

    def on_mount(self) -> None:
        self._draw()
        self.query_one("#name" if self._names else "#no").focus()

    def _draw(self, wrong: str = "") -> None:
        asked = bool(self._names)
        ask = self.query_one("#ask", Static)
        ask.display = self.query_one("#name").display = asked
        self.query_one("#yes").display = not asked
        self.put_label("#no", f"{self._question.no}  {'esc' if asked else 'n'}")
        if asked:
            words = f"{show(self._names[0])} is protected: type its name, then enter"
            said = (with_symbol(wrong, Tone.BAD),) if wrong else line(words, Tone.WARN)
            ask.update(paragraph((said,)))
        self.fit()

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        if not self._names:
            return
        if unicodedata.normalize("NFC", event.value.strip()) != self._names[0]:
            self._draw(f"that is not its name: type {show(self._names[0])}, or leave with esc")
            return
        self._names.pop(0)
        event.input.value = ""
        if self._names:
            self._draw()
        else:
            self.dismiss(True)

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        event.stop()
        self.action_confirm() if event.button.id == "yes" else self.action_leave()

    def action_confirm(self) -> None:
        if not self._names:
            self.dismiss(True)

    def action_leave(self) -> None:
        self.dismiss(False)

    def action_scroll_by(self, rows: int) -> None:
        self.query_one(".body").scroll_relative(y=rows, animate=False)
