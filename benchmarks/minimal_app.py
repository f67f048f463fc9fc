"""The least that the toolkit can do, to be measured on a terminal. It loads nothing of ours."""

from typing import ClassVar

from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.widgets import OptionList, Static


class Minimal(App[None]):
    """A word, and rows that a cursor moves over."""

    BINDINGS: ClassVar[list[BindingType]] = [
        ("q", "quit", "Quit"),
        ("j", "down", "Down"),
        ("k", "up", "Up"),
    ]
    ENABLE_COMMAND_PALETTE = False

    def compose(self) -> ComposeResult:
        """Show the two."""
        yield Static("minimal")
        yield OptionList(*(f"row {number}" for number in range(6)))

    def action_down(self) -> None:
        """Move the cursor to the next row."""
        self.query_one(OptionList).action_cursor_down()

    def action_up(self) -> None:
        """Move the cursor to the row before."""
        self.query_one(OptionList).action_cursor_up()


if __name__ == "__main__":
    Minimal().run()
