"""The exit code of every outcome and of every error."""

from collections.abc import Mapping
from types import MappingProxyType

from compartment_tui.domain.errors import (
    Cancelled,
    CompartmentError,
    DiskFull,
    EngineProblem,
    InvalidFile,
    Locked,
    LockLost,
    NeedsAttention,
    NotFound,
    Refused,
    StepFailed,
    UsageProblem,
)
from compartment_tui.domain.outcome import Outcome

UNEXPECTED = 1
ENGINE_AWAY = 4
CANCELLED = 130

EXIT_OF_OUTCOME: Mapping[Outcome, int] = MappingProxyType(
    {
        Outcome.LIVE: 0,
        Outcome.HELD: 0,
        Outcome.DISCARDED: 0,
        Outcome.UNCHANGED: 0,
        Outcome.STOPPED: 0,
        Outcome.REVERTED: 0,
        Outcome.FAILED: 5,
        Outcome.NEEDS_ATTENTION: 8,
        Outcome.CANCELLED: CANCELLED,
    }
)

EXIT_OF_ERROR: tuple[tuple[type[CompartmentError], int], ...] = (
    (UsageProblem, 2),
    (InvalidFile, 3),
    (DiskFull, 5),
    (EngineProblem, 4),
    (Refused, 5),
    (StepFailed, 5),
    (Locked, 6),
    (NotFound, 7),
    (LockLost, 8),
    (NeedsAttention, 8),
    (Cancelled, CANCELLED),
)
"""The first that fits counts."""


def exit_code(error: CompartmentError) -> int:
    """What the program ends with after this error."""
    fitting = (code for kind, code in EXIT_OF_ERROR if isinstance(error, kind))
    return next(fitting, UNEXPECTED)
