"""The commands that would have done the same as this session."""

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from compartment_tui.present.text import pad, show
from compartment_tui.present.tone import Tone
from compartment_tui.tui import messages as news
from compartment_tui.tui.state.command_log import LoggedCommand

OUTCOME_COLUMNS = 18
STYLES = {
    Tone.GOOD: "$text-success",
    Tone.WARN: "$text-warning",
    Tone.BAD: "$text-error",
    Tone.QUIET: "$text-muted",
}


class CommandLogScreen(ModalScreen[None]):
    """Newest first; enter copies one, `a` all of them, oldest first, as a script."""

    BINDINGS = [
        Binding("escape,q,dollar_sign", "dismiss", "Close"),
        Binding("y", "copy", "Copy"),
        Binding("a", "copy_all", "Copy all"),
        Binding("j", "move('cursor_down')", "Down", show=False),
        Binding("k", "move('cursor_up')", "Up", show=False),
    ]

    def __init__(self, entries: tuple[LoggedCommand, ...]) -> None:
        super().__init__()
        self._entries = entries

    def compose(self) -> ComposeResult:
        with Vertical(classes="sheet sheet-wide") as sheet:
            sheet.border_title = "What this was as a command"
            options = [Option(_row(entry)) for entry in self._entries]
            nothing = Option("nothing was done yet: every act will stand here", disabled=True)
            yield OptionList(*(options or [nothing]), classes="sheet-list")
            words = "enter or y copies · a copies all · esc closes"
            yield Static(words, classes="sheet-foot", markup=False)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self._copy(self._entries[event.option_index].command, "command")

    def action_copy(self) -> None:
        place = self.query_one(OptionList).highlighted
        if place is not None and self._entries:
            self._copy(self._entries[place].command, "command")

    def action_copy_all(self) -> None:
        if self._entries:
            lines = [entry.command for entry in reversed(self._entries)]
            self._copy("\n".join(lines) + "\n", "commands")

    def action_move(self, how: str) -> None:
        getattr(self.query_one(OptionList), f"action_{how}")()

    def _copy(self, text: str, what: str) -> None:
        self.app.post_message(news.CopyWanted(text, what))


def _row(entry: LoggedCommand) -> Content:
    outcome = pad(entry.outcome.text, OUTCOME_COLUMNS)
    return Content.assemble(
        (f"{entry.at.astimezone():%H:%M:%S}  ", "$text-muted"),
        (outcome, STYLES.get(entry.outcome.tone, "")),
        show(entry.command),
    )
