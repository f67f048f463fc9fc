"""What a piece of text means, so that a screen and a pipe can each say it in their own way."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TypeAlias


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


def signed(word: str, tone: Tone) -> Cell:
    """A word with the symbol of its tone before it."""
    return Cell(f"{SYMBOLS[tone]} {word}", tone)
