"""Which line of a TOML text a key stands on, for those who have to say where something is wrong."""

import re
from bisect import bisect_right
from collections.abc import Mapping

from compartment_tui.adapters.project_file.read_tables import Item
from compartment_tui.adapters.project_file.token_positions import KeyPath, Piece, pieces


def key_lines(text: str) -> Mapping[KeyPath, int]:
    """The line, from 1, of every table, key and element of a list of a valid TOML text.

    A table that only its sub-tables imply stands where it is implied first.
    """
    lines = _Lines(text)
    table: KeyPath = ()
    for piece in pieces(text):
        if piece.header:
            table = lines.open(piece)
        else:
            lines.note(piece, table)
    return {**lines.implied, **lines.written}


def line_of(lines: Mapping[KeyPath, int], path: KeyPath) -> int:
    """The line of `path`, else of the nearest table around it, else 1."""
    while path:
        if path in lines:
            return lines[path]
        path = path[:-1]
    return 1


class _Lines:
    """What was found so far."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]
        self._count: dict[KeyPath, int] = {}
        """By array of tables: how many it has so far."""
        self.written: dict[KeyPath, int] = {}
        self.implied: dict[KeyPath, int] = {}

    def open(self, header: Piece) -> KeyPath:
        """The path of a header's table, with the elements it leads through."""
        line, path = self._line(header), header.path
        around: KeyPath = ()
        for name in path[:-1]:
            around = self._inside((*around, name))
            self.implied.setdefault(around, line)
        table = (*around, path[-1])
        self.written.setdefault(table, line)
        if self._text.startswith("[[", header.start):
            self._count[table] = self._count.get(table, 0) + 1
            table = self._inside(table)
            self.written[table] = line
        return table

    def note(self, piece: Piece, around: KeyPath) -> None:
        """A pair, and what stands in its braces or brackets."""
        line = self._line(piece)
        names = piece.path[len(piece.path) - piece.own :]
        for depth in range(1, len(names)):
            self.implied.setdefault((*around, *names[:depth]), line)
        self._note_value(piece, (*around, *names), line)

    def _note_value(self, piece: Piece, path: KeyPath, line: int) -> None:
        self.written.setdefault(path, line)
        for index, inner in enumerate(piece.inside):
            if inner.own:
                self.note(inner, path)
            else:
                self._note_value(inner, (*path, Item(index)), self._line(inner))

    def _inside(self, path: KeyPath) -> KeyPath:
        """The path itself; of an array of tables, its last element."""
        return (*path, Item(self._count[path] - 1)) if path in self._count else path

    def _line(self, piece: Piece) -> int:
        return bisect_right(self._starts, piece.start)
