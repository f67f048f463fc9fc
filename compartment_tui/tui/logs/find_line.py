"""The line in which one types what to find in a log, or what alone to show of it."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Label


class Seeking(StrEnum):
    """The use of the text that is typed."""

    FIND = "find"
    ONLY = "only"


_HINTS: Mapping[Seeking, str] = MappingProxyType(
    {
        Seeking.FIND: "text · enter, then n N · tab: show only · esc",
        Seeking.ONLY: "text, or !text to leave it out · enter · tab: find · esc",
    }
)


class _Words(Input):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "other", "Find or only", show=False),
        Binding("escape", "leave", "Leave", show=False),
    ]

    class Other(Message):
        pass

    class Left(Message):
        pass

    def action_other(self) -> None:
        self.post_message(self.Other())

    def action_leave(self) -> None:
        self.post_message(self.Left())


class LogFind(Horizontal):
    """Hidden until it is opened. Says what is typed as it is typed."""

    class Typed(Message):
        """The text as it is now."""

        def __init__(self, seeking: Seeking, text: str) -> None:
            super().__init__()
            self.seeking = seeking
            self.text = text

    class Entered(Message):
        """It is as wanted."""

        def __init__(self, seeking: Seeking) -> None:
            super().__init__()
            self.seeking = seeking

    class Left(Message):
        """Not wanted after all: `before` stood there when it was opened."""

        def __init__(self, seeking: Seeking, before: str) -> None:
            super().__init__()
            self.seeking = seeking
            self.before = before

    DEFAULT_CSS = """
    LogFind {
        height: 1;
        display: none;
        background: $surface;
        &.-open { display: block; }
        & > Label { width: 7; padding: 0 1; color: $text-accent; }
        & > Input, & > Input:focus { width: 1fr; background: $surface; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._seeking = Seeking.FIND
        self._before = ""

    def compose(self) -> ComposeResult:
        yield Label(self._seeking, markup=False)
        words = _Words(compact=True, select_on_focus=False)
        words.cursor_blink = False
        yield words

    def open(self, seeking: Seeking, text: str) -> None:
        """Begin with the text that is in force."""
        self._before = text
        self._turn(seeking)
        words = self.query_one(_Words)
        with self.prevent(Input.Changed):
            words.value = text
        words.cursor_position = len(text)
        self.add_class("-open")
        words.focus()

    @property
    def typing(self) -> bool:
        """Whether it is open."""
        return self.has_class("-open")

    def close(self) -> None:
        self.remove_class("-open")

    def _turn(self, seeking: Seeking) -> None:
        self._seeking = seeking
        self.query_one(Label).update(seeking.value)
        self.query_one(_Words).placeholder = _HINTS[seeking]

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Typed(self._seeking, event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.close()
        self.post_message(self.Entered(self._seeking))

    def on__words_other(self) -> None:
        other = Seeking.ONLY if self._seeking is Seeking.FIND else Seeking.FIND
        self.post_message(self.Typed(self._seeking, self._before))
        self._before = ""
        self._turn(other)
        self.post_message(self.Typed(other, self.query_one(_Words).value))

    def on__words_left(self) -> None:
        self.close()
        self.post_message(self.Left(self._seeking, self._before))
