"""Views of an environment and its services: facts, not yet words or colours."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from compartment_tui.domain.config import Kind
from compartment_tui.domain.deployment import Deployment, Health, Instance, Journal, RunRecord
from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.domain.outcome import Failure
from compartment_tui.domain.owner import Owner
from compartment_tui.domain.public_side import Access
from compartment_tui.domain.variable import NameChanges


class Left(StrEnum):
    """What of a deployment is there on the engine, for going back to it."""

    CONTAINER = "container"
    """Kept, with the values it had."""
    IMAGE = "image"
    """It would be made again, with the values of today."""
    GONE = "gone"


LEFT_WORDS: Mapping[Left, str] = MappingProxyType(
    {Left.CONTAINER: "kept", Left.IMAGE: "image only", Left.GONE: "gone"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldCandidate:
    """A candidate that waits to be promoted or discarded, now."""

    deployment: Deployment
    health: Health
    reason: str
    url: str | None
    """Its preview; None when it was held without one, or is stop-first."""
    instance: Instance | None = None
    changes: NameChanges = NameChanges()
    """Variables that differ from what the active deployment has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceStatus:
    """One service of one environment, now."""

    service: str
    kind: Kind
    active: Deployment | None
    latest: Deployment | None
    """The newest deployment, active or not: a failed one explains itself here."""
    instance: Instance | None
    """The active deployment's container."""
    health: Health
    reason: str
    """Why that health, in words."""
    url: str | None
    declared: bool = True
    """Whether the project file still names it."""
    drift: NameChanges = NameChanges()
    """Variables in the file that differ from what runs."""
    rollback_to: str | None = None
    """The deployment one rollback leads to, if it is still there."""
    rollback_left: Left | None = None
    """What is left of that one; None when there is none before it, or nobody looked."""
    held: HeldCandidate | None = None
    maintenance: bool = False
    """Its visitors get a page of the edge, while it runs."""
    domains: tuple[str, ...] = ()
    """Where it is reached beside its URL, in full."""
    access: Access = Access()
    """Who is let in."""

    @property
    def rests(self) -> bool:
        """Whether it was stopped by hand, and is."""
        runs = self.instance is not None and self.instance.running
        return self.active is not None and self.active.resting and not runs


@dataclass(frozen=True, slots=True, kw_only=True)
class EndingCertificate:
    """Hosts whose certificates end at one moment, which is near."""

    hosts: tuple[str, ...]
    until: datetime
    own: bool
    """The project brought it along; else the edge should have had it renewed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentStatus:
    """One environment, now; or, with `stale`, as it was when a copy of its record was written."""

    key: EnvironmentKey
    services: tuple[ServiceStatus, ...]
    protected: bool = False
    holder: str | None = None
    """Who is changing it at this moment."""
    journal: Journal | None = None
    """A rollout that neither finished nor reverted, when nobody is changing it."""
    rebuilt: bool = False
    stale: datetime | None = None
    away: Failure | None = None
    """Why it is stale: the engine cannot be asked."""
    unreadable: Failure | None = None
    """Why its record cannot be read: then all of this is from routes and labels alone."""
    ending: tuple[EndingCertificate, ...] = ()
    """Certificates that end soon."""

    @property
    def worst(self) -> Health:
        """Of what should run; what was stopped by hand does as it was told."""
        return worst_of(one.health for one in self.services if not one.rests)

    @property
    def stopped(self) -> bool:
        """Whether everything that is live was stopped by hand."""
        live = [one for one in self.services if one.active is not None]
        return bool(live) and all(one.rests for one in live)


def worst_of(healths: Iterable[Health]) -> Health:
    """How an environment does whose services do like that."""
    present = set(healths)
    order = (Health.UNHEALTHY, Health.PENDING, Health.HEALTHY)
    return next((health for health in order if health in present), Health.PENDING)


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentView:
    """One line of `environment list`."""

    key: EnvironmentKey
    protected: bool
    declared: bool
    active: int
    """How many services have an active deployment."""
    health: Health
    last: RunRecord | None
    owner: Owner | None = None
    resting: int = 0
    """How many of those were stopped by hand."""
    maintenance: bool = False
    """Visitors of some of it get a page of the edge."""
    unreadable: Failure | None = None
    """Why its record cannot be read: then all of this is from routes and labels alone."""

    @property
    def stopped(self) -> bool:
        """Whether everything that is live was stopped by hand."""
        return 0 < self.active == self.resting
