"""Lines at the end of a terminal's output that are drawn over until they are left standing."""

from collections.abc import Sequence

from compartment_tui.cli.output_stream import OutputStream, cut
from compartment_tui.present.tone import Cell, Line, Tone, line_width


class Region:
    """A few lines of a terminal. It changes no mode of it, so there is none to restore."""

    def __init__(self, stream: OutputStream) -> None:
        self._stream = stream
        self._widths: list[int] = []

    def draw(self, lines: Sequence[Line]) -> None:
        """Replace what is shown. Lines that do not fit are cut, those too many are counted."""
        columns, rows = self._stream.size()
        shown = [cut(line, columns - 1) for line in _limited(lines, rows - 1)]
        body = "".join(f"{self._stream.painted(line)}\x1b[K\n" for line in shown)
        self._stream.write(f"{self._back(columns)}{body}\x1b[J")
        self._widths = [line_width(line) for line in shown]

    def clear(self) -> None:
        if self._widths:
            self._stream.write(f"{self._back(self._stream.size()[0])}\x1b[J")
            self._widths = []

    def leave(self) -> None:
        """What is shown now stays."""
        self._widths = []

    def _back(self, columns: int) -> str:
        """To the region's first line; a terminal made narrower has wrapped its lines."""
        height = sum(max(1, -(-used // columns)) for used in self._widths)
        return f"\r\x1b[{height}A" if height else "\r"


def _limited(lines: Sequence[Line], rows: int) -> Sequence[Line]:
    if len(lines) <= rows or rows < 2:
        return lines[: max(rows, 1)]
    hidden = len(lines) - rows + 1
    return [*lines[: rows - 1], (Cell(f"  and {hidden} more", Tone.QUIET),)]
