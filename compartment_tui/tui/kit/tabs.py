"""Tabs on one line, of which not all may fit."""

from collections.abc import Sequence
from typing import Protocol


class AnyTab(Protocol):
    """A tab with its width in columns."""

    @property
    def chosen(self) -> bool: ...
    @property
    def width(self) -> int: ...


def range_in_sight(tabs: Sequence[AnyTab], room: int) -> tuple[int, int]:
    """The first of the tabs that fit around the chosen one, and the one after the last."""
    first = next((index for index, tab in enumerate(tabs) if tab.chosen), 0)
    last = first + 1
    taken = sum(tab.width for tab in tabs[first:last])
    while True:
        if last < len(tabs) and taken + tabs[last].width <= room:
            taken += tabs[last].width
            last += 1
        elif first > 0 and taken + tabs[first - 1].width <= room:
            first -= 1
            taken += tabs[first].width
        else:
            return first, last
