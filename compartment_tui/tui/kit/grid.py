"""Tables for a screen: rows with keys, and columns that know what to give up when room is short."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from compartment_tui.present.text import NOTHING, width
from compartment_tui.present.tone import Line, line_text, line_width


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column. Its width is that of its widest cell, between `least` and `most`."""

    title: str
    least: int = 1
    most: int = 999
    rank: int = 0
    """0 is always there; the others only with something in them, the highest going first."""
    gap: int = 2
    """Blank columns before it."""
    right: bool = False
    steady: bool = False
    """Never narrower than `least`: nothing moves sideways when its numbers change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row; `key` says which, whatever its place is. As many cells as there are columns."""

    key: str
    cells: tuple[Line, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Columns with their widths, and rows under them."""

    columns: tuple[Column, ...]
    widths: tuple[int, ...]
    rows: tuple[Row, ...]

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(row.key for row in self.rows)


def grid(columns: Sequence[Column], rows: Sequence[Row], room: int) -> Grid:
    """The table as it fits into `room` columns: some of its own narrower, some left out."""
    natural = [_natural(column, place, rows) for place, column in enumerate(columns)]
    there = [p for p, column in enumerate(columns) if not column.rank or _says(p, rows)]
    kept = _kept(columns, natural, there, room)
    widths = {place: min(columns[place].least, natural[place]) for place in kept}
    spare = room - _taken(columns, widths)
    for place in sorted(kept, key=lambda place: columns[place].rank):
        more = max(0, min(spare, natural[place] - widths[place]))
        widths[place] += more
        spare -= more
    return Grid(
        columns=tuple(columns[place] for place in kept),
        widths=tuple(widths[place] for place in kept),
        rows=tuple(rows) if len(kept) == len(columns) else tuple(_with_cells(rows, kept)),
    )


def _with_cells(rows: Sequence[Row], kept: Sequence[int]) -> Iterator[Row]:
    for row in rows:
        yield replace(row, cells=tuple(row.cells[place] for place in kept))


def _natural(column: Column, place: int, rows: Sequence[Row]) -> int:
    widest = max((line_width(row.cells[place]) for row in rows), default=0)
    floor = column.least if column.steady else 0
    return min(max(width(column.title), widest, floor), column.most)


def _kept(
    columns: Sequence[Column], natural: Sequence[int], there: list[int], room: int
) -> list[int]:
    kept = there
    while True:
        least = {place: min(columns[place].least, natural[place]) for place in kept}
        rank = max((columns[place].rank for place in kept), default=0)
        if rank == 0 or _taken(columns, least) <= room:
            return kept
        kept = [place for place in kept if columns[place].rank < rank]


def _says(place: int, rows: Sequence[Row]) -> bool:
    """Whether a column has anything in it; else it need not be there."""
    said = (line_text(row.cells[place]).strip() for row in rows)
    return not rows or any(text not in ("", NOTHING) for text in said)


def _taken(columns: Sequence[Column], widths: dict[int, int]) -> int:
    gaps = sum(columns[place].gap for place in list(widths)[1:])
    return sum(widths.values()) + gaps
