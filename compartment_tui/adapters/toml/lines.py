"""Which line of a TOML text a key stands on: neither tomllib nor tomlkit remembers.

The text has been accepted by tomllib before it comes here, so this reads what is there and checks
nothing.
"""

import re
import tomllib
from bisect import bisect_right
from collections.abc import Mapping
from typing import TypeAlias

KeyPath: TypeAlias = tuple[str, ...]

_BLANK = re.compile(r"(?:[ \t\r\n,]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}(?!")'
    r"|'''.*?'{3,5}(?!')"
    r'|"(?:[^"\\]|\\.)*"'
    r"|'[^']*'",
    re.DOTALL,
)
_SCALAR = re.compile(r"[^,\]}#\r\n]+")


def key_lines(text: str) -> Mapping[KeyPath, int]:
    """The line, from 1, of every table and key of a valid TOML text.

    A table that only its sub-tables imply stands where it is implied first. Tables of an array
    share one path: the first one's line.
    """
    return _Scanner(text).scan()


def line_of(lines: Mapping[KeyPath, int], path: KeyPath) -> int:
    """The line of `path`, else of the nearest table around it, else 1."""
    while path:
        if path in lines:
            return lines[path]
        path = path[:-1]
    return 1


class _Scanner:
    """Walks the text once, remembering where each key began."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]
        self._written: dict[KeyPath, int] = {}
        self._implied: dict[KeyPath, int] = {}

    def scan(self) -> dict[KeyPath, int]:
        table: KeyPath = ()
        while self._skip(_BLANK):
            if self._text[self._at] == "[":
                table = self._header()
            else:
                self._pair(table)
        return {**self._implied, **self._written}

    def _header(self) -> KeyPath:
        line = self._line()
        while self._text[self._at] == "[":
            self._at += 1
        path = self._key()
        while self._text[self._at : self._at + 1] == "]":
            self._at += 1
        self._remember((), path, line)
        return path

    def _pair(self, table: KeyPath) -> None:
        line = self._line()
        key = self._key()
        self._remember(table, key, line)
        self._at += 1  # the equals sign
        self._skip(_SPACE)
        self._value((*table, *key))

    def _key(self) -> KeyPath:
        parts = []
        while True:
            self._skip(_SPACE)
            quoted = self._text[self._at] in "\"'"
            word = self._take(_STRING if quoted else _BARE_KEY)
            parts.append(str(tomllib.loads(f"key = {word}")["key"]) if quoted else word)
            self._skip(_SPACE)
            if self._text[self._at] != ".":
                return tuple(parts)
            self._at += 1

    def _value(self, path: KeyPath) -> None:
        opening = self._text[self._at]
        if opening in "[{":
            self._at += 1
            while self._skip(_BLANK) and self._text[self._at] not in "]}":
                inside = self._value if opening == "[" else self._pair
                inside(path)
            self._at += 1
        else:
            self._take(_STRING if opening in "\"'" else _SCALAR)

    def _remember(self, table: KeyPath, key: KeyPath, line: int) -> None:
        self._written.setdefault((*table, *key), line)
        for depth in range(1, len(key)):
            self._implied.setdefault((*table, *key[:depth]), line)

    def _take(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self._text, self._at)
        if match is None:
            raise ValueError(f"not valid TOML at line {self._line()}")
        self._at = match.end()
        return match.group()

    def _skip(self, pattern: re.Pattern[str]) -> bool:
        """Pass over what may stand here; whether any text is left."""
        self._take(pattern)
        return self._at < len(self._text)

    def _line(self) -> int:
        return bisect_right(self._starts, self._at)
