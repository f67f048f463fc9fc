"""Events of a run while it goes on.

What an event claims is on disk before the event is yielded.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeAlias

from compartment_tui.domain.callers import Connections
from compartment_tui.domain.deployment import Stage
from compartment_tui.domain.outcome import Failure, Outcome
from compartment_tui.domain.planning.lifecycle import LifecyclePlan
from compartment_tui.domain.planning.plan import Run
from compartment_tui.domain.target import Target
from compartment_tui.domain.wait import Wait


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One answer to "can you take traffic?". `detail` is in words: `503`, `connection refused`."""

    number: int
    ready: bool
    detail: str
    took: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPlanned:
    """What a run is going to do."""

    at: datetime
    run: Run


@dataclass(frozen=True, slots=True, kw_only=True)
class StageStarted:
    """A stage of one service begins; the journal says so already."""

    at: datetime
    target: Target
    stage: Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """One line that a build, a pull or a release command printed. Foreign text."""

    at: datetime
    target: Target
    stage: Stage
    line: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Probed:
    """One readiness attempt."""

    at: datetime
    target: Target
    attempt: Attempt


@dataclass(frozen=True, slots=True, kw_only=True)
class StageFinished:
    """A stage of one service is done."""

    at: datetime
    target: Target
    stage: Stage
    took: timedelta
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StageFailed:
    """A stage of one service failed; what was done is reverted next."""

    at: datetime
    target: Target
    stage: Stage
    failure: Failure


@dataclass(frozen=True, slots=True, kw_only=True)
class StageReverted:
    """What a stage of one service did is undone."""

    at: datetime
    target: Target
    stage: Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceUnchanged:
    """The active deployment already is what this run would make: left alone."""

    at: datetime
    target: Target
    deployment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteMoved:
    """A service that was left alone answers at another host now."""

    at: datetime
    target: Target
    host: str
    old_host: str
    """Where it does not answer any more; empty when nothing led to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """Something a person should know that stops nothing."""

    at: datetime
    target: Target | None
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WentLive:
    """The commit point: visitors get these deployments from now on.

    What follows only ends what was there before them.
    """

    at: datetime
    run: str
    environment: str
    after: timedelta
    """Since the run began."""
    services: tuple[str, ...]
    ending: Mapping[str, str] = field(default_factory=dict)
    """The deployments that still run beside them, by service."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DrainWaits:
    """Who is still connected to a service's previous deployment: told when that changes."""

    at: datetime
    target: Target
    connections: Connections
    cut_off_after: timedelta
    """How long the whole drain may take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFinished:
    """Nothing follows."""

    at: datetime
    run: str
    outcome: Outcome
    took: timedelta
    failure: Failure | None = None
    gaps: Mapping[str, timedelta] = field(default_factory=dict)
    """Services that were away for a while, and how long: stop-first ones, restarted ones."""
    waits: Mapping[str, Wait] = field(default_factory=dict)
    """Services whose requests waited meanwhile."""
    live_after: timedelta | None = None
    """When it went live, counted from its beginning; None when it did not, or was not told."""
    handling: LifecyclePlan | None = None
    """What was done by hand to what is there, where that was no run."""


Event: TypeAlias = (
    RunPlanned
    | StageStarted
    | Output
    | Probed
    | StageFinished
    | StageFailed
    | StageReverted
    | ServiceUnchanged
    | RouteMoved
    | Noted
    | WentLive
    | DrainWaits
    | RunFinished
)
