"""Numbers over time, drawn with block characters: small ones for a cell, taller ones for a pane."""

from collections.abc import Sequence

BLOCKS = " ▁▂▃▄▅▆▇█"
STEPS = len(BLOCKS) - 1


def graph(values: Sequence[float], columns: int, rows: int, top: float) -> tuple[str, ...]:
    """The newest values, one a column, newest last: lines of so many columns, highest first.

    It fills from the left. `top` fills a block; every value shows at least the lowest one.
    """
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
