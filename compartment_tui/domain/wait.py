"""Requests that waited at the edge while their service was replaced."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitCount:
    """How many requests waited, and how many of them the edge answered with an error of 5xx."""

    requests: int
    failed: int


def summed(counts: Iterable[WaitCount]) -> WaitCount:
    """Those of several hosts as one."""
    counts = tuple(counts)
    return WaitCount(
        requests=sum(one.requests for one in counts), failed=sum(one.failed for one in counts)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """What came of the requests to one service."""

    longest: timedelta
    """From the moment in which they began to wait to their release: none waited longer."""
    count: WaitCount | None = None
    """None where the edge could not be asked."""
