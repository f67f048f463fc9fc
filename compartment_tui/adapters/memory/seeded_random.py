"""Chance that is the same every time."""

import hashlib
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


def chance(*what: object) -> float:
    """A number from 0 to 1 that belongs to these things."""
    digest = hashlib.blake2b(repr(what).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


def choose(among: Sequence[T], *what: object) -> T:
    """One of several, the one that belongs to these things."""
    return among[int(chance(*what) * len(among))]
