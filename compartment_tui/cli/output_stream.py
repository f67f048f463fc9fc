"""One of the two ways out, as it really is: a terminal or not, in colour or not, open or closed."""

import io
import os
from collections.abc import Mapping
from types import MappingProxyType
from typing import TextIO

from compartment_tui.cli.standard_streams import READER_LEFT, discard
from compartment_tui.present.text import fit, width
from compartment_tui.present.tone import Cell, Line, Tone

_CODES: Mapping[Tone, str] = MappingProxyType(
    {Tone.GOOD: "32", Tone.WARN: "33", Tone.BAD: "31", Tone.QUIET: "2"}
)


class OutputStream:
    """Writes text; once that fails, swallows it: a run must not die because nobody reads on.

    `closed` tells that it failed; `trouble` why, unless the reader simply left.
    """

    def __init__(self, stream: TextIO, environment: Mapping[str, str]) -> None:
        self._stream = stream
        self.terminal = stream.isatty()
        moving = self.terminal and environment.get("TERM") != "dumb"
        self.moving = moving
        """Whether lines can be drawn over."""
        self.coloured = moving and not environment.get("NO_COLOR")
        self.closed = False
        self.trouble: OSError | None = None
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")

    def write(self, text: str) -> None:
        if self.closed:
            return
        try:
            self._stream.write(text)
            self._stream.flush()
        except OSError as error:
            self.closed = True
            self.trouble = None if error.errno in READER_LEFT else error
            discard(self._stream)
        except ValueError:  # the stream was closed on our side
            self.closed = True

    def write_exactly(self, text: str) -> None:
        """A file for programs: UTF-8, whatever a terminal here would take."""
        if isinstance(self._stream, io.TextIOWrapper):
            self._stream.reconfigure(encoding="utf-8")
        self.write(text)

    def lines(self, lines: list[Line] | tuple[Line, ...]) -> None:
        """Whole lines, cut to nothing: a terminal wraps them."""
        self.write("".join(f"{self.painted(line)}\n" for line in lines))

    def painted(self, line: Line) -> str:
        return "".join(self.paint(cell) for cell in line)

    def paint(self, cell: Cell) -> str:
        code = _CODES.get(cell.tone)
        if code is None or not self.coloured or not cell.text:
            return cell.text
        return f"\x1b[{code}m{cell.text}\x1b[0m"

    def size(self) -> tuple[int, int]:
        """Columns and rows of the terminal; 80 by 24 when it does not say."""
        try:
            found = os.get_terminal_size(self._stream.fileno())
        except (OSError, ValueError):
            return 80, 24
        return found.columns or 80, found.lines or 24


def cut(line: Line, columns: int) -> Line:
    """The line in at most so many columns."""
    kept: list[Cell] = []
    left = columns
    for cell in line:
        if left <= 0:
            break
        text = fit(cell.text, left)
        kept.append(Cell(text, cell.tone))
        left -= width(text)
    return tuple(kept)
