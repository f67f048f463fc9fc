"""The outcome of a run, and its failure."""

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """How a run ended."""

    LIVE = "live"
    HELD = "held"
    """The candidates are proven and wait; what was live still is."""
    DISCARDED = "discarded"
    """Held candidates are gone."""
    UNCHANGED = "unchanged"
    STOPPED = "stopped"
    """Stopped by hand, as it was asked."""
    REVERTED = "reverted"
    """What an earlier run had begun is undone, as it was asked."""
    FAILED = "failed"
    CANCELLED = "cancelled"
    NEEDS_ATTENTION = "needs_attention"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a step failed: a stable code, one sentence, the way on, and the last lines of output."""

    code: str
    message: str
    hint: str = ""
    tail: tuple[str, ...] = ()
