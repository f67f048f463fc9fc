"""Where everything stands in a TOML text: neither tomllib nor anything else remembers.

The text has been accepted by tomllib before it comes here, so this reads what is there and checks
nothing. Line endings may be of either kind.
"""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

KeyPath: TypeAlias = tuple[str, ...]

_BLANK = re.compile(r"(?:[ \t\r\n,\ufeff]|#[^\n]*)*")
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
_USUAL = re.compile(
    r"""([A-Za-z0-9_-]+)([ \t]*=[ \t]*)("(?:[^"\\\r\n]|\\.)*"(?!")|'[^'\r\n]*'(?!'))"""
    r"""[ \t]*(?:#[^\n]*)?(?=[\r\n]|\Z)"""
)
"""A line as nearly all are: a bare key and a string on one line. Only to be quick."""


@dataclass(slots=True)
class Piece:
    """A table's header, a key with its value, or a bare value of a list.

    Positions count characters. `path` is from the document's root; `words` are its parts as they
    are written. A header has no value: `value` is where it ends, twice.
    """

    path: KeyPath
    words: tuple[str, ...]
    start: int
    key_end: int
    value: tuple[int, int]
    header: bool = False
    own: int = 0
    """How many parts of the path the piece itself names; those before it are its table's."""
    inside: list["Piece"] = field(default_factory=list)
    """What stands in the braces or brackets of its value."""

    @property
    def end(self) -> int:
        return self.value[1]


def pieces(text: str) -> list[Piece]:
    """Every header and pair of the text in its order; what is in braces hangs on its pair."""
    return list(_Scanner(text).scan())


class _Scanner:
    """Walks the text once."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def scan(self) -> Iterator[Piece]:
        table: KeyPath = ()
        words: tuple[str, ...] = ()
        while self._skip(_BLANK):
            if self._text[self._at] == "[":
                header = self._header()
                table, words = header.path, header.words
                yield header
            else:
                yield self._pair(table, words)

    def _header(self) -> Piece:
        start = self._at
        while self._text[self._at] == "[":
            self._at += 1
        path, words, _ = self._key()
        while self._text[self._at : self._at + 1] == "]":
            self._at += 1
        end = (self._at, self._at)
        return Piece(path, words, start, self._at, end, header=True, own=len(path))

    def _pair(self, table: KeyPath, words: tuple[str, ...]) -> Piece:
        start = self._at
        usual = _USUAL.match(self._text, start)
        if usual is not None:
            key, value = usual[1], usual.span(3)
            self._at = value[1]
            return Piece((*table, key), (*words, key), start, usual.end(1), value, own=1)
        key, own, key_end = self._key()
        self._at += 1  # the equals sign
        self._skip(_SPACE)
        path, written = (*table, *key), (*words, *own)
        begins = self._at
        inside = self._value(path, written)
        return Piece(path, written, start, key_end, (begins, self._at), own=len(key), inside=inside)

    def _key(self) -> tuple[KeyPath, tuple[str, ...], int]:
        """Its parts, as they are written too, and where the last one ends."""
        parts, words = [], []
        while True:
            self._skip(_SPACE)
            quoted = self._text[self._at] in "\"'"
            word = self._take(_STRING if quoted else _BARE_KEY)
            end = self._at
            parts.append(str(tomllib.loads(f"key = {word}")["key"]) if quoted else word)
            words.append(word)
            self._skip(_SPACE)
            if self._text[self._at] != ".":
                return tuple(parts), tuple(words), end
            self._at += 1

    def _value(self, path: KeyPath, words: tuple[str, ...]) -> list[Piece]:
        opening = self._text[self._at]
        found: list[Piece] = []
        if opening not in "[{":
            self._take(_STRING if opening in "\"'" else _SCALAR)
            return found
        self._at += 1
        while self._skip(_BLANK) and self._text[self._at] not in "]}":
            if opening == "{":
                found.append(self._pair(path, words))
                continue
            start = self._at
            inside = self._value(path, words)
            found.append(Piece(path, words, start, start, (start, self._at), inside=inside))
        self._at += 1
        return found

    def _take(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self._text, self._at)
        if match is None:
            raise ValueError(f"not valid TOML at character {self._at}")
        self._at = match.end()
        return match.group()

    def _skip(self, pattern: re.Pattern[str]) -> bool:
        """Pass over what may stand here; whether any text is left."""
        self._take(pattern)
        return self._at < len(self._text)
