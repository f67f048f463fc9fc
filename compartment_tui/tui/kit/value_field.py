"""A field for a value: any text, line breaks and all, shown with its controls, or hidden."""

from dataclasses import dataclass

from rich.text import Text
from textual import events
from textual.actions import SkipAction
from textual.binding import Binding
from textual.content import Content
from textual.message import Message
from textual.strip import Strip
from textual.widgets import TextArea
from textual.widgets.text_area import (
    Document,
    DocumentNavigator,
    EditResult,
    Location,
    WrappedDocument,
)

from compartment_tui.domain.variable import Secret

MOST_ROWS = 5
NEW_LINE = ("ctrl+j", "alt+enter", "shift+enter")
BREAK = "↵"
"""Shown where a line of the value ends and another one follows."""
CONTROL_PICTURES = 0x2400
"""Where the pictures of the control characters begin."""

TYPED = "typed, and hidden"
"""Stands for a hidden value, whatever its length."""
_SELECTING = Binding.Group("Select")


class ValueDocument(Document):
    """Lines end at a line feed and nowhere else: what is put in comes out, byte for byte."""

    def __init__(self, text: str) -> None:
        super().__init__("")
        self._lines = text.split("\n")

    def replace_range(self, start: Location, end: Location, text: str) -> EditResult:
        (top, left), (bottom, right) = sorted((start, end))
        replaced = self.get_text_range(start, end)
        before, after = self._lines[top][:left], self._lines[bottom][right:]
        lines = (before + text).split("\n")
        stop = (top + len(lines) - 1, len(lines[-1]))
        lines[-1] += after
        self._lines[top : bottom + 1] = lines
        return EditResult(stop, replaced)


class ValueField(TextArea):
    """Enter is done; ctrl+j begins another line. A paste is taken whole, line breaks and all.

    What was typed leaves it as a `Secret`, and no message carries it. Hidden, it shows nothing of
    it, not even how long it is, and hands nothing to the clipboard.
    """

    BINDINGS = [
        Binding("ctrl+z", "undo", "Undo", show=False, id="value.undo"),
        Binding("ctrl+y", "redo", "Redo", show=False, id="value.redo"),
        *(
            Binding(
                f"shift+{way}",
                f"cursor_{way}(True)",
                "Select",
                show=False,
                id=f"value.select.{way}",
                group=_SELECTING,
            )
            for way in ("left", "right", "up", "down")
        ),
        Binding("f7", "select_all", "Select all", show=False, id="value.select_all"),
    ]
    DEFAULT_CSS = """
    ValueField {
        height: 1;
        padding: 0 1;
        border: none;
        background: $panel;
        scrollbar-size: 0 0;
        &:focus { border: none; background: $primary 18%; }
        & .text-area--cursor, &:dark .text-area--cursor, &:light .text-area--cursor {
            color: $foreground;
            background: transparent;
            text-style: reverse;
        }
        & .text-area--placeholder { color: $text-muted; }
    }
    """

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
        self._hidden = hidden
        super().__init__(
            text,
            id=id,
            soft_wrap=False,
            compact=True,
            highlight_cursor_line=False,
            placeholder=words,
        )
        self.cursor_blink = False
        self.match_cursor_bracket = False
        self.move_cursor(self.document.end)

    @property
    def value(self) -> Secret:
        return Secret(self.text)

    @property
    def empty(self) -> bool:
        return not self.text

    @property
    def hidden(self) -> bool:
        return self._hidden

    def hide(self, hidden: bool, *, words: str = "") -> None:
        """Show nothing, or the text. What was typed while it was hidden is gone, undo and all.

        `words`, where others are to stand there from now on while nothing is typed.
        """
        if self._hidden and not hidden:
            self.load_text("")
        self._hidden = hidden
        self.placeholder = words or self.placeholder
        self._fit()

    def on_mount(self) -> None:
        self._fit()

    # --- typing ----------------------------------------------------------------------------------

    async def _on_key(self, event: events.Key) -> None:
        if event.key == "enter":
            self.post_message(self.Submitted(self))
        elif event.key in NEW_LINE:
            self._put("\n")
        else:
            await super()._on_key(event)
            return
        event.stop()
        event.prevent_default()

    async def _on_paste(self, event: events.Paste) -> None:
        # Terminals send a carriage return for every line break of what is pasted.
        self._put(event.text.replace("\r\n", "\n").replace("\r", "\n"))
        event.stop()
        event.prevent_default()

    def _put(self, text: str) -> None:
        """In the place of what is selected, if anything is."""
        self.replace(text, *self.selection, maintain_selection_offset=False)

    def action_cursor_up(self, select: bool = False) -> None:
        """A line up; from the first to whoever moves between fields."""
        if self.cursor_at_first_line and not select:
            raise SkipAction
        super().action_cursor_up(select)

    def action_cursor_down(self, select: bool = False) -> None:
        if self.cursor_at_last_line and not select:
            raise SkipAction
        super().action_cursor_down(select)

    def action_copy(self) -> None:
        """The selected text; empty for a hidden value."""
        if not self._hidden:
            super().action_copy()

    def action_cut(self) -> None:
        if not self._hidden:
            super().action_cut()

    # --- drawing ---------------------------------------------------------------------------------

    def get_line(self, line_index: int) -> Text:
        """A line of the value as it is drawn, its controls as pictures."""
        line = self.document.get_line(line_index)
        ends = BREAK if line_index < self.document.line_count - 1 else ""
        if not line.isprintable():
            line = "".join(_visible(character) for character in line)
        return Text.assemble((line, ""), (ends, "dim"), end="", no_wrap=True)

    def render_line(self, y: int) -> Strip:
        if not self._hidden or self.empty:
            return super().render_line(y)
        words = Content.styled(TYPED, "dim")
        return Strip(words.render_segments(self.visual_style), words.cell_length)

    def _set_document(self, text: str, language: str | None) -> None:
        super()._set_document("", language)
        self.document = ValueDocument(text)
        self.wrapped_document = WrappedDocument(self.document, tab_width=self.indent_width)
        self.navigator = DocumentNavigator(self.wrapped_document)
        self._rewrap_and_refresh_virtual_size()
        self._fit()

    def _on_text_area_changed(self) -> None:
        self._fit()

    def _fit(self) -> None:
        self.styles.height = 1 if self._hidden else min(self.document.line_count, MOST_ROWS)
        self.refresh()


def _visible(character: str) -> str:
    """In one cell: what cannot be printed has a picture or a mark, so that it is not drawn."""
    if character.isprintable() or character == "\t":
        return character
    number = ord(character)
    return chr(CONTROL_PICTURES + number) if number < 0x20 else "�"
