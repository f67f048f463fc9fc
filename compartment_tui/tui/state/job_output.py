"""The output that is kept of each job."""

from dataclasses import dataclass

from compartment_tui.present.tone import Line
from compartment_tui.tui.batcher import Newest

WAITING_LIMIT = 5_000
"""Lines that may wait for the next telling, and lines that are kept."""


@dataclass(frozen=True, slots=True)
class OutputLine:
    """One line, safe to print. An empty service: the whole run's."""

    service: str
    line: Line


class JobOutput(Newest[OutputLine]):
    """The last lines of one job, for whoever opens its screen later."""

    def __init__(self) -> None:
        super().__init__(WAITING_LIMIT)

    def of(self, service: str | None) -> tuple[Line, ...]:
        """Lines of that service and of the whole run."""
        wanted = ("", service)
        return tuple(said.line for said in self.items if said.service in wanted)
