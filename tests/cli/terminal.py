"""A terminal, as far as our output uses one."""

import io
import re
from dataclasses import dataclass, field

SEQUENCE = re.compile(r"\x1b\[(\d*)([A-Za-z])")


class Terminal(io.StringIO):
    """A stream that says that it is a terminal; `Screen` shows what stands on it."""

    def __init__(self, text: str = "") -> None:
        super().__init__(text)

    def isatty(self) -> bool:
        return True


@dataclass
class Page:
    """What stands on a terminal, and where its cursor is."""

    columns: int
    lines: list[list[str]] = field(default_factory=lambda: [[]])
    row: int = 0
    column: int = 0

    def obey(self, count: str, letter: str) -> None:
        if letter == "A":
            self.row = max(0, self.row - int(count or 1))
        elif letter in "JK":
            del self.lines[self.row][self.column :]
            if letter == "J":
                del self.lines[self.row + 1 :]
        elif letter != "m":
            raise ValueError(f"unknown sequence {count}{letter}")

    def put(self, char: str) -> None:
        if char == "\n" or (char.isprintable() and self.column == self.columns):
            self.row, self.column = self.row + 1, 0
        self.lines += [[] for _ in range(self.row + 1 - len(self.lines))]
        if char == "\r":
            self.column = 0
        elif char != "\n":
            if not char.isprintable():
                raise ValueError(f"unknown character {char!r}")
            line = self.lines[self.row]
            line += [" "] * (self.column + 1 - len(line))
            line[self.column] = char
            self.column += 1


def screen(text: str, columns: int = 80) -> list[str]:
    """The lines that a terminal shows after this text; raises on what it does not know."""
    page, place = Page(columns=columns), 0
    while place < len(text):
        found = SEQUENCE.match(text, place)
        if found:
            page.obey(found[1], found[2])
            place = found.end()
        else:
            page.put(text[place])
            place += 1
    return ["".join(line).rstrip() for line in page.lines]
