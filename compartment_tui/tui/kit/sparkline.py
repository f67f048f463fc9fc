"""Numbers over time, drawn with block characters: small ones for a cell, taller ones for a pane."""

from collections.abc import Sequence

BLOCKS = " ▁▂▃▄▅▆▇█"
STEPS = len(BLOCKS) - 1


def sparkline(values: Sequence[float], columns: int, top: float) -> str:
    """The newest values, one a column, newest last; exactly so many columns.

    It fills from the left. `top` fills a block; every value shows at least the lowest one.
    """
    return graph(values, columns, 1, top)[0]


def graph(values: Sequence[float], columns: int, rows: int, top: float) -> tuple[str, ...]:
    """As `sparkline`, so many lines high, highest first."""
    shown = list(values)[-columns:] if columns > 0 else []
    heights = [_height(value, top, rows) for value in shown]
    blank = " " * (columns - len(shown))
    return tuple(
        "".join(BLOCKS[min(max(height - row * STEPS, 0), STEPS)] for height in heights) + blank
        for row in reversed(range(rows))
    )


def _height(value: float, top: float, rows: int) -> int:
    share = min(max(value / top, 0.0), 1.0) if top > 0 else 0.0
    return max(1, round(share * rows * STEPS))
