"""The output that is kept of each job."""

from collections import deque
from dataclasses import dataclass

from compartment_tui.present.tone import Line

WAITING_LIMIT = 5_000
"""Lines that may wait for the next telling; beyond that the oldest are dropped, and counted."""


@dataclass(frozen=True, slots=True)
class OutputLine:
    """One line, safe to print. An empty service: the whole run's."""

    service: str
    line: Line


class JobOutput:
    """The last lines of one job, for whoever opens its screen later."""

    def __init__(self) -> None:
        self._lines: deque[OutputLine] = deque(maxlen=WAITING_LIMIT)
        self.dropped = 0

    def add(self, said: tuple[OutputLine, ...], dropped: int) -> None:
        """More of it; what does not fit any more is counted."""
        over = max(0, len(self._lines) + len(said) - WAITING_LIMIT)
        self.dropped += dropped + over
        self._lines.extend(said)

    def of(self, service: str | None) -> tuple[Line, ...]:
        """Lines of that service and of the whole run."""
        return tuple(one.line for one in self._lines if one.service in ("", service))
