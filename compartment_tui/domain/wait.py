"""Requests that waited at the edge while their service was replaced."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitCount:
    """How many requests waited, and how many of them the edge answered with an error of 5xx.

    Those of visitors and those of callers inside.
    """

    requests: int
    failed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """What came of the requests to one service."""

    longest: timedelta
    """From the moment in which they began to wait to their release: none waited longer."""
    count: WaitCount | None = None
    """None where the edge could not be asked."""
