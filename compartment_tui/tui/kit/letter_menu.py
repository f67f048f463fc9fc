"""A menu of things to copy or open, each chosen with one letter."""

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.events import Key
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from compartment_tui.present.text import fit, show
from compartment_tui.tui.state.command_log import Copyable

WHAT_COLUMNS = 18
TEXT_COLUMNS = 46


class LetterMenu(ModalScreen[Copyable | None]):
    """The result is what was chosen. `does` is what a letter does: `copies`."""

    BINDINGS = [Binding("escape,q,y,o", "dismiss", "Close")]

    def __init__(self, choices: tuple[Copyable, ...], *, title: str, does: str) -> None:
        super().__init__()
        self._title, self._does = title, does
        self._choices = choices

    def compose(self) -> ComposeResult:
        with Vertical(classes="sheet sheet-small") as sheet:
            sheet.border_title = self._title
            options = [Option(_row(choice), id=choice.letter) for choice in self._choices]
            nothing = Option("nothing is known yet", disabled=True)
            yield OptionList(*(options or [nothing]), classes="sheet-list", compact=True)
            yield Static(f"a letter or enter {self._does} · esc closes", classes="sheet-foot")

    def on_key(self, event: Key) -> None:
        chosen = next((choice for choice in self._choices if choice.letter == event.key), None)
        if chosen is not None:
            event.stop()
            self.dismiss(chosen)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._choices[event.option_index])


def _row(copyable: Copyable) -> Content:
    text = fit(show(copyable.text), TEXT_COLUMNS)
    return Content.assemble(
        (f" {copyable.letter} ", "bold $accent"),
        f" {copyable.what.ljust(WHAT_COLUMNS)}",
        (text, "$text-muted"),
    )
