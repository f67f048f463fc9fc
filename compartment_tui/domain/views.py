"""Views of an environment and its services: facts, not yet words or colours."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from compartment_tui.domain.config import Kind
from compartment_tui.domain.deployment import (
    Deployment,
    Health,
    Instance,
    Journal,
    RunRecord,
    ScaledByHand,
)
from compartment_tui.domain.engine import NodeInfo
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


def _running(instance: Instance | None) -> int:
    return sum(one.running for one in instance.replicas) if instance else 0


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

    seen: bool = True
    """Whether the engine could be asked."""

    @property
    def running(self) -> int | None:
        """How many of its replicas run; None when nobody could look."""
        return _running(self.instance) if self.seen else None


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
    scaled: ScaledByHand | None = None
    """How many of it a person asked for by hand, while the file says the same as then."""
    in_file: int | None = None
    """How many of it the file wants; None of a service that it does not name."""
    seen: bool = True
    """Whether the engine could be asked."""

    @property
    def rests(self) -> bool:
        """Whether it was stopped by hand, and is."""
        runs = self.instance is not None and self.instance.any_running
        return self.active is not None and self.active.resting and not runs

    @property
    def stranded(self) -> bool:
        """Whether it does not run, and no machine can start it: it has to be made anew."""
        return self.instance is not None and not self.instance.can_start

    @property
    def replicas(self) -> tuple[Instance, ...]:
        """The replicas of the active deployment that are there, by number."""
        return self.instance.replicas if self.instance is not None else ()

    @property
    def wanted(self) -> int:
        """How many replicas of the active deployment should run."""
        return self.active.replicas if self.active is not None else 0

    @property
    def running(self) -> int | None:
        """How many of them run; None when nobody could look."""
        return _running(self.instance) if self.seen else None

    @property
    def running_by_node(self) -> Mapping[str, int]:
        """How many of its replicas run on each machine of a Swarm that has any, by name."""
        return Counter(sorted(one.node for one in self.replicas if one.running and one.node))

    @property
    def several(self) -> bool:
        """Whether it has more than one replica, or should have."""
        return max(self.wanted, len(self.replicas)) > 1

    @property
    def started(self) -> datetime | None:
        """Since when it runs: the start of the oldest replica that does."""
        times = [one.started for one in self.replicas if one.running and one.started]
        return min(times, default=None)


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
    engine: str = ""
    """Which of the file's engines it is on; empty: the docker command's."""
    last_met: str = ""
    """The address of another engine where it is live, as a copy of its record says."""
    nodes: tuple[NodeInfo, ...] = ()
    """The machines of the Swarm it is on, by name; none where it is on a single machine."""
    swarm: bool = False
    """Whether the file says that its engine is the home of a Swarm, away or not."""

    @property
    def worst(self) -> Health:
        """Of what should run; what was stopped by hand does as it was told."""
        return worst_of(one.health for one in self.services if not one.rests)

    @property
    def away_nodes(self) -> tuple[NodeInfo, ...]:
        """The machines of the Swarm that its managers do not hear of."""
        return tuple(one for one in self.nodes if not one.ready)

    @property
    def moving(self) -> tuple[Instance, ...]:
        """The replicas of what is live that a Swarm is about to place or to start."""
        there = (one for service in self.services for one in service.replicas)
        return tuple(one for one in there if one.placement is not None)

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
    engine: str = ""
    """Which of the file's engines it is on; empty: the docker command's."""
    away: Failure | None = None
    """Why its engine cannot be asked: then all of this is from a copy of its record."""
    also_on: tuple[str, ...] = ()
    """Other engines that have an environment of that name, which the file does not mean."""

    @property
    def stopped(self) -> bool:
        """Whether everything that is live was stopped by hand."""
        return 0 < self.active == self.resting
