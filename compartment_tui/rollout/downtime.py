"""The downtime of services, from the stop of the old one until the new one serves."""

from dataclasses import dataclass, field
from datetime import timedelta

from compartment_tui.ports import Clock


@dataclass(slots=True, kw_only=True)
class Downtime:
    clock: Clock
    measured: dict[str, timedelta] = field(default_factory=dict)
    """Services that are back, and how long they were away."""
    _since: dict[str, timedelta] = field(default_factory=dict)

    def begin(self, *services: str) -> None:
        """These do not serve any more from now on, if they did."""
        for service in services:
            self._since.setdefault(service, self.clock.monotonic())

    def end(self, *services: str) -> None:
        """These serve again; nothing for one that was never away."""
        for service in services:
            began = self._since.pop(service, None)
            if began is not None:
                self.measured[service] = self.clock.monotonic() - began

    def end_all(self) -> None:
        self.end(*tuple(self._since))
