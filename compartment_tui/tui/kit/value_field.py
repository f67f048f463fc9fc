"""A field for a value: any text, line breaks and all, shown escaped or hidden while typed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from rich.style import Style
from textual import events
from textual.message import Message
from textual.strip import Strip

from compartment_tui.domain.variable import Secret
from compartment_tui.present.tone import Cell, Tone
from compartment_tui.tui.kit.painted import Painted
from compartment_tui.tui.kit.text_input import Caret, TextInput

MOST_ROWS = 5
NEW_LINE = ("ctrl+j", "alt+enter", "shift+enter")
_MOVES: Mapping[str, Callable[[TextInput], TextInput]] = {
    "left": lambda typing: typing.move(-1),
    "right": lambda typing: typing.move(1),
    "up": lambda typing: typing.line(-1),
    "down": lambda typing: typing.line(1),
    "home": TextInput.home,
    "ctrl+a": TextInput.home,
    "end": TextInput.end,
    "ctrl+e": TextInput.end,
    "ctrl+left": lambda typing: typing.word(-1),
    "ctrl+right": lambda typing: typing.word(1),
}
_CHANGES: Mapping[str, Callable[[TextInput], TextInput]] = {
    **dict.fromkeys(NEW_LINE, lambda typing: typing.put("\n")),
    "backspace": TextInput.back,
    "delete": TextInput.delete,
    "ctrl+d": TextInput.delete,
    "ctrl+w": TextInput.back_word,
    "ctrl+u": TextInput.back_line,
    "ctrl+k": TextInput.rest_of_line,
}


class ValueField(Painted, can_focus=True):
    """Enter is done; ctrl+j begins another line. A paste is taken whole, line breaks and all.

    What was typed leaves it as a `Secret`, and no message carries it.
    """

    DEFAULT_CSS = """
    ValueField { height: 1; padding: 0 1; background: $panel; }
    ValueField:focus { background: $primary 18%; }
    """

    @dataclass
    class Changed(Message):
        """Another text is in it."""

        field: "ValueField"

    @dataclass
    class Submitted(Message):
        """Enter was pressed."""

        field: "ValueField"

    def __init__(
        self,
        text: str = "",
        *,
        hidden: bool = False,
        words: str = "",
        id: str | None = None,  # noqa: A002 - the toolkit's name
    ) -> None:
        super().__init__(id=id)
        self._typing = TextInput.of(text)
        self._hidden = hidden
        self._words = words
        """Stands there while nothing else does."""

    @property
    def value(self) -> Secret:
        return Secret(self._typing.text)

    @property
    def text(self) -> str:
        """As it was typed, for whoever reads it at once; a value is taken as `value`."""
        return self._typing.text

    @property
    def empty(self) -> bool:
        return not self._typing.text

    @property
    def hidden(self) -> bool:
        return self._hidden

    def hide(self, hidden: bool, *, words: str = "") -> None:
        """Show dots, or the text. What was typed while it was hidden is not shown: it is gone.

        `words`, where others are to stand there from now on while nothing is typed.
        """
        if self._hidden and not hidden:
            self._typing = TextInput()
        self._hidden = hidden
        self._words = words or self._words
        self._fit()

    def begin(self, text: str) -> None:
        """Another text, the cursor at its end; nobody is told."""
        self._typing = TextInput.of(text)
        self._fit()

    def on_mount(self) -> None:
        self._fit()

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """Letters are typed here, whatever else they mean around it."""
        return character is not None and character.isprintable()

    def on_key(self, event: events.Key) -> None:
        key = event.key
        if key == "enter":
            self.post_message(self.Submitted(self))
        elif key in _CHANGES:
            self._become(_CHANGES[key](self._typing))
        elif key in _MOVES:
            moved = _MOVES[key](self._typing)
            if moved == self._typing and key in ("up", "down"):
                return  # to whoever moves between fields
            self._typing = moved
            self.refresh()
        elif event.is_printable and event.character:
            self._become(self._typing.put(event.character))
        else:
            return
        event.stop()
        event.prevent_default()

    def on_paste(self, event: events.Paste) -> None:
        # Terminals send a carriage return for every line break of what is pasted.
        self._become(self._typing.put(event.text.replace("\r\n", "\n").replace("\r", "\n")))
        event.stop()
        event.prevent_default()

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()

    def render_line(self, y: int) -> Strip:
        columns = self.content_size.width
        if self.empty and not self.has_focus:
            words = self._words if y == 0 else ""
            return self.strip((Cell(words, Tone.QUIET),), columns)
        lines = self._typing.drawn(columns, self._rows(), hidden=self._hidden)
        return self.strip(lines[y] if y < len(lines) else (), columns)

    def _style(self, piece: Cell, under: Style) -> Style:
        if isinstance(piece, Caret):
            return under + Style(reverse=True) if self.has_focus else under
        return super()._style(piece, under)

    def _rows(self) -> int:
        return 1 if self._hidden else min(self._typing.lines, MOST_ROWS)

    def _become(self, typing: TextInput) -> None:
        changed = typing.text != self._typing.text
        self._typing = typing
        self._fit()
        if changed:
            self.post_message(self.Changed(self))

    def _fit(self) -> None:
        self.styles.height = self._rows()
        self.refresh()
