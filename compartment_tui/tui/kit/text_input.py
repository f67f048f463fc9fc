"""A value while it is typed: any text, line breaks and all, and where the next letter goes.

What is put in comes out the same, byte for byte; only what is drawn of it is made safe.
"""

from dataclasses import dataclass, replace

from compartment_tui.present.text import show, width
from compartment_tui.present.tone import Cell, Line, Tone

DOT = "•"
"""Stands for every character of a hidden value."""
BREAK = "↵"
"""Shown where a line of the value ends and another one follows."""
MOST_HIDDEN = 32
"""A hidden value shows no more dots than these: its length is nobody's business."""
FAR = 400
"""Characters around the cursor that are looked at to draw a line, however long that is."""


@dataclass(frozen=True, slots=True)
class TextInput:
    """`text` with a cursor before the character at `at`. Its repr does not show the text."""

    text: str = ""
    at: int = 0

    def __repr__(self) -> str:
        return f"Typing({len(self.text)} characters, at {self.at})"

    @classmethod
    def of(cls, text: str) -> "TextInput":
        """That text, the cursor at its end."""
        return cls(text, len(text))

    # --- changing --------------------------------------------------------------------------------

    def put(self, more: str) -> "TextInput":
        """Type or paste."""
        return TextInput(self.text[: self.at] + more + self.text[self.at :], self.at + len(more))

    def cut(self, start: int, end: int) -> "TextInput":
        """Without the characters from `start` up to `end`; the cursor stands where they were."""
        first, last = max(0, min(start, end)), min(len(self.text), max(start, end))
        return TextInput(self.text[:first] + self.text[last:], first)

    def back(self) -> "TextInput":
        return self.cut(self.at - 1, self.at)

    def delete(self) -> "TextInput":
        return self.cut(self.at, self.at + 1)

    def back_word(self) -> "TextInput":
        return self.cut(self.word(-1).at, self.at)

    def back_line(self) -> "TextInput":
        """Without what is between the beginning of the line and the cursor."""
        return self.cut(self.home().at, self.at)

    def rest_of_line(self) -> "TextInput":
        return self.cut(self.at, self.end().at)

    # --- moving ----------------------------------------------------------------------------------

    def move(self, step: int) -> "TextInput":
        return replace(self, at=min(max(self.at + step, 0), len(self.text)))

    def word(self, direction: int) -> "TextInput":
        """To the next or the previous beginning of a word."""
        at, text = self.at, self.text
        if direction < 0:
            while at > 0 and not text[at - 1].isalnum():
                at -= 1
            while at > 0 and text[at - 1].isalnum():
                at -= 1
        else:
            while at < len(text) and text[at].isalnum():
                at += 1
            while at < len(text) and not text[at].isalnum():
                at += 1
        return replace(self, at=at)

    def home(self) -> "TextInput":
        return replace(self, at=self.text.rfind("\n", 0, self.at) + 1)

    def end(self) -> "TextInput":
        found = self.text.find("\n", self.at)
        return replace(self, at=len(self.text) if found < 0 else found)

    def line(self, step: int) -> "TextInput":
        """A line up or down, in the same column as far as there is one."""
        column = self.at - self.home().at
        if step < 0:
            above = self.home().at - 1
            if above < 0:
                return self
            start = self.text.rfind("\n", 0, above) + 1
            return replace(self, at=min(start + column, above))
        below = self.end().at + 1
        if below > len(self.text):
            return self
        last = TextInput(self.text, below).end().at
        return replace(self, at=min(below + column, last))

    @property
    def lines(self) -> int:
        return self.text.count("\n") + 1

    # --- what is seen of it ----------------------------------------------------------------------

    def drawn(self, columns: int, rows: int, *, hidden: bool) -> tuple[Line, ...]:
        """At most so many lines of so many columns around the cursor, which is one cell of them.

        The cursor's cell is a `Caret`.
        """
        if hidden:
            return (_hidden(self, columns),)
        row = self.text.count("\n", 0, self.at)
        first = max(0, min(row - rows + 1, self.lines - rows))
        start = 0
        for _ in range(first):
            start = self.text.index("\n", start) + 1
        drawn: list[Line] = []
        while start <= len(self.text) and len(drawn) < rows:
            found = self.text.find("\n", start)
            end = len(self.text) if found < 0 else found
            drawn.append(self._line(start, end, columns))
            start = end + 1
        return tuple(drawn)

    def _line(self, start: int, end: int, columns: int) -> Line:
        """One line of the value; the part of it that has the cursor, else its beginning."""
        ends = BREAK if end < len(self.text) else ""
        if not start <= self.at <= end:
            shown = show(self.text[start : min(end, start + FAR)])
            return (Cell(shown), Cell(ends, Tone.QUIET))
        before = show(self.text[max(start, self.at - FAR) : self.at])
        under = show(self.text[self.at]) if self.at < end else (ends or " ")
        after = show(self.text[self.at + 1 : min(end, self.at + FAR)])
        return _around(before, under, after, ends if self.at < end else "", columns)


@dataclass(frozen=True, slots=True)
class Caret(Cell):
    """Where the next letter goes."""


def _around(before: str, under: str, after: str, ends: str, columns: int) -> Line:
    """The cursor in sight: what is too much is left out at the front."""
    room = max(0, columns - width(under) - 1)
    cut = False
    while width(before) > room:
        cut = True
        before = before[max(1, (width(before) - room) // 2) :]
    if cut:
        before = "…" + before[1:]
    return (Cell(before), Caret(under), Cell(after), Cell(ends, Tone.QUIET))


def _hidden(typing: TextInput, columns: int) -> Line:
    """Dots, and the cursor after them: where it is inside would tell the length."""
    dots = DOT * min(len(typing.text), MOST_HIDDEN, max(0, columns - 2))
    return (Cell(dots), Caret(" "))
