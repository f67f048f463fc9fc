"""What a piece of text means, so that a screen and a pipe can each say it in their own way."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TypeAlias

from compartment_tui.present.text import width


class Tone(StrEnum):
    """How good the news is. Never told by colour alone: the word and its symbol say it too."""

    PLAIN = "plain"
    GOOD = "good"
    WARN = "warn"
    BAD = "bad"
    QUIET = "quiet"


SYMBOLS: Mapping[Tone, str] = MappingProxyType(
    {Tone.PLAIN: "·", Tone.GOOD: "✓", Tone.WARN: "!", Tone.BAD: "✗", Tone.QUIET: "○"}
)

ASCII_SYMBOLS: Mapping[Tone, str] = MappingProxyType(
    {Tone.PLAIN: "-", Tone.GOOD: "+", Tone.WARN: "!", Tone.BAD: "x", Tone.QUIET: "o"}
)
"""The same for terminals that have nothing else."""
_LIKENESSES = (
    ("●◉◌◐◑◒◓•\u00d7", "*@o****.x"),
    ("▸▶▾▼▴▲◂◀\u276f\u276e→←↑↓", ">>vv^^<<><><^v"),
    ("▁▂▃▄▅▆▇█▀░▒▓■□", "__--==###.:%#o"),
    ("▏▎▍▌▋▊▉▐▔", "||||||||-"),
    ("─━═╌╍┄┅╴╶╸╺", "-----------"),
    ("│┃║╎╏┆┇╵╷╹╻▕", "||||||||||||"),
    ("┌┐└┘├┤┬┴┼╭╮╰╯╔╗╚╝╠╣╦╩╬┏┓┗┛┣┫", "++++++++++++++++++++++++++++"),
    ("≠◇▣↩\u2039\u203a", "~*#<<>"),
    ("…—“”\xa0", '.-"" '),
)
_ASCII = {
    **{ord(SYMBOLS[tone]): ASCII_SYMBOLS[tone] for tone in Tone},
    **{
        ord(char): plain
        for chars, plains in _LIKENESSES
        for char, plain in zip(chars, plains, strict=True)
    },
}


@dataclass(frozen=True, slots=True)
class Cell:
    """Text that is safe to print, and its tone."""

    text: str
    tone: Tone = Tone.PLAIN


Line: TypeAlias = tuple[Cell, ...]
"""Pieces that follow each other without a gap."""


def line(text: str, tone: Tone = Tone.PLAIN) -> Line:
    """A line of one piece."""
    return (Cell(text, tone),)


def line_text(pieces: Iterable[Cell]) -> str:
    """A line without its tones."""
    return "".join(piece.text for piece in pieces)


def line_width(pieces: Iterable[Cell]) -> int:
    """How many columns of a terminal a line takes."""
    return sum(width(piece.text) for piece in pieces)


def with_symbol(word: str, tone: Tone) -> Cell:
    """A word with the symbol of its tone before it."""
    return Cell(f"{SYMBOLS[tone]} {word}", tone)


def in_ascii(text: str) -> str:
    """The text in ASCII, as wide as it was: what has no likeness becomes question marks."""
    known = text.translate(_ASCII)
    return "".join(char if char.isascii() else "?" * width(char) for char in known)
