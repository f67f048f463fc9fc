"""One of a few names."""

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from compartment_tui.present.text import show
from compartment_tui.tui.kit.dialog import Dialog


class ChooseScreen(Dialog[str | None]):
    """The chosen name, or None."""

    BINDINGS = [
        Binding("escape,q", "leave", "Back", id="choose.leave"),
        Binding("j", "move(1)", "Next", show=False, id="choose.next"),
        Binding("k", "move(-1)", "Previous", show=False, id="choose.previous"),
    ]

    def __init__(self, title: str, names: Sequence[str]) -> None:
        super().__init__(classes="dialog")
        self._title = title
        self._names = tuple(names)

    def compose(self) -> ComposeResult:
        with Vertical(classes="box") as box:
            box.border_title = Content(self._title)
            box.border_subtitle = "enter chooses · esc leaves"
            options = [Option(Content(show(name))) for name in self._names]
            yield OptionList(*options, classes="grows", markup=False, compact=True)

    def on_mount(self) -> None:
        listed = self.query_one(OptionList)
        listed.highlighted = 0 if self._names else None
        listed.focus()
        self.fit()

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.dismiss(self._names[event.option_index])

    def action_move(self, step: int) -> None:
        listed = self.query_one(OptionList)
        listed.action_cursor_down() if step > 0 else listed.action_cursor_up()

    def action_leave(self) -> None:
        self.dismiss(None)
