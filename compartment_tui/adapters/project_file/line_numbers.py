"""Which line of a TOML text a key stands on, for those who have to say where something is wrong."""

import re
from bisect import bisect_right
from collections.abc import Mapping

from compartment_tui.adapters.project_file.token_positions import KeyPath, pieces, walk


def key_lines(text: str) -> Mapping[KeyPath, int]:
    """The line, from 1, of every table and key of a valid TOML text.

    A table that only its sub-tables imply stands where it is implied first. Tables of an array
    share one path: the first one's line.
    """
    starts = [0, *(match.end() for match in re.finditer("\n", text))]
    written: dict[KeyPath, int] = {}
    implied: dict[KeyPath, int] = {}
    for piece in walk(pieces(text)):
        if not piece.own:
            continue
        line = bisect_right(starts, piece.start)
        written.setdefault(piece.path, line)
        for depth in range(len(piece.path) - piece.own + 1, len(piece.path)):
            implied.setdefault(piece.path[:depth], line)
    return {**implied, **written}


def line_of(lines: Mapping[KeyPath, int], path: KeyPath) -> int:
    """The line of `path`, else of the nearest table around it, else 1."""
    while path:
        if path in lines:
            return lines[path]
        path = path[:-1]
    return 1
