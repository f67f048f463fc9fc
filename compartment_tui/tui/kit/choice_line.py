"""A few things on one line, of which one is chosen."""

from dataclasses import dataclass

from textual import events
from textual.binding import Binding
from textual.message import Message
from textual.strip import Strip

from compartment_tui.tui.kit.choice import Choice
from compartment_tui.tui.kit.painted import Painted


class ChoiceLine(Painted, can_focus=True):
    """Left and right choose, and so do space and a click."""

    BINDINGS = [
        Binding("right,space", "by(1)", "Next choice", show=False),
        Binding("left", "by(-1)", "Previous choice", show=False),
    ]
    DEFAULT_CSS = """
    ChoiceLine { height: 1; padding: 0 1; }
    ChoiceLine:focus { background: $primary 18%; }
    """

    @dataclass
    class Changed(Message):
        """Another one is chosen."""

        line: "ChoiceLine"

    def __init__(self, choice: Choice, *, id: str | None = None) -> None:  # noqa: A002 - the toolkit's name
        super().__init__(id=id)
        self._choice = choice

    @property
    def chosen(self) -> int:
        return self._choice.chosen

    def action_by(self, step: int) -> None:
        self._choice = self._choice.by(step)
        self.refresh()
        self.post_message(self.Changed(self))

    def on_click(self, event: events.Click) -> None:
        event.stop()
        self.action_by(1)

    def render_line(self, y: int) -> Strip:
        columns = self.content_size.width
        return self.strip(self._choice.drawn(columns) if y == 0 else (), columns)
