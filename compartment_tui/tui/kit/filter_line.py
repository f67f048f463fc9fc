"""The line that narrows the services down, above them while it is used."""

from dataclasses import dataclass

from textual.binding import Binding
from textual.message import Message
from textual.widgets import Input


class Narrow(Input):
    """Opened by `/`. Enter keeps what was typed and leaves, esc takes it away."""

    BINDINGS = [
        Binding("escape", "clear", "Show all", id="filter.clear"),
        Binding("enter,down", "keep", "Keep it", id="filter.keep"),
    ]
    DEFAULT_CSS = """
    Narrow { height: 1; border: none; padding: 0 2; background: $panel; color: $foreground; }
    Narrow:focus { border: none; background: $panel; background-tint: transparent; }
    """

    @dataclass
    class Typed(Message):
        """The filter as it is now; empty for everything."""

        wanted: str

    @dataclass
    class Left(Message):
        """The keys belong to the services again."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - the toolkit's name
        words = "filter: letters of a name, !not, status:unhealthy, kind:worker"
        super().__init__(id=id, placeholder=words, compact=True)
        self.cursor_blink = False
        self.display = False

    def open(self) -> None:
        """Take the keys."""
        self.display = True
        self.focus()

    def clear_all(self) -> None:
        """Everything is wanted again, and the line is gone."""
        self.value = ""
        self.display = False

    def watch_value(self, value: str) -> None:
        self.post_message(self.Typed(value))

    def action_clear(self) -> None:
        self.clear_all()
        self.post_message(self.Left())

    def action_keep(self) -> None:
        self.display = bool(self.value.strip())
        self.post_message(self.Left())
