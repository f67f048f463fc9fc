"""Suggestions of the name that was meant, when one is near enough to be a slip."""

from collections.abc import Iterable

SHORTEST_BEGINNING = 3
"""Of a longer name, in characters: what is counted as meaning it."""


def nearest(name: str, known: Iterable[str]) -> str:
    """`; did you mean …?` when one of `known` is near to `name`, else nothing."""
    near = nearest_name(name, known)
    return "" if near is None else f"; did you mean `{near}`?"


def nearest_name(name: str, known: Iterable[str]) -> str | None:
    """The nearest of `known`, the first of equals; None when none is near.

    Near is a slip or so every four letters (one left out, put in, changed, or two swapped), not
    counting case, dashes and underscores; or a beginning of it.
    """
    typed = _plain(name)
    best: tuple[int, str] | None = None
    for candidate in known:
        word = _plain(candidate)
        slips = distance(typed, word)
        if not _is_near(typed, word, slips):
            continue
        if best is None or slips < best[0]:
            best = slips, candidate
    return None if best is None else best[1]


def distance(left: str, right: str) -> int:
    """How many slips lie between two words."""
    before: list[int] = []
    row = list(range(len(right) + 1))
    for i, letter in enumerate(left, 1):
        previous, row = row, [i]
        for j, other in enumerate(right, 1):
            step = min(previous[j] + 1, row[j - 1] + 1, previous[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == right[j - 2] and other == left[i - 2]:
                step = min(step, before[j - 2] + 1)
            row.append(step)
        before = previous
    return row[-1]


def _is_near(typed: str, word: str, slips: int) -> bool:
    shorter, longer = sorted((len(typed), len(word)))
    if slips == 0:
        return True
    if shorter >= SHORTEST_BEGINNING and word.startswith(typed):
        return True
    return shorter >= 2 and slips <= max(1, longer * 2 // 7)


def _plain(name: str) -> str:
    return name.casefold().replace("-", "").replace("_", "")
