"""The target of a plan."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Target:
    """One service in one environment: the unit of planning and of events."""

    environment: str
    service: str
