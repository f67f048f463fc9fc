"""Answers of the verbs that look closer than `status`; apart, so that `status` loads little."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from compartment_tui.domain.config import EdgeSettings, ServiceSpec
from compartment_tui.domain.deployment import Deployment, Instance, RunRecord
from compartment_tui.domain.domain_proof import CertificateOrder
from compartment_tui.domain.engine import NodeInfo
from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.domain.public_side import CertificateSource
from compartment_tui.domain.record.adoption import AdoptedEnvironment
from compartment_tui.domain.routes import Route
from compartment_tui.domain.variable import (
    NameChanges,
)
from compartment_tui.domain.views import ServiceStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentView:
    """A deployment with what is known of it beyond its record."""

    deployment: Deployment
    active: bool
    available: str
    """`container`, `image` or `gone`: what a rollback could use. See `Left`."""
    instance: Instance | None = None
    url: str | None = None
    drift: NameChanges = NameChanges()
    """Variables in the file that differ from what it was given."""

    @property
    def replicas(self) -> tuple[Instance, ...]:
        """Those of its replicas that are there, by number."""
        return self.instance.replicas if self.instance is not None else ()

    @property
    def running(self) -> int:
        """How many of them run."""
        return sum(one.running for one in self.replicas)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """A run and the deployments it made, activated or took away."""

    run: RunRecord
    deployments: tuple[DeploymentView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteView:
    """An address as it lies in the route document, and what stands behind it."""

    key: EnvironmentKey
    service: str
    route: Route
    """With the host of the address: a route may have several."""
    url: str
    container: str | None
    running: bool
    path: str = ""
    """Of a rule: the paths it is for, as they are written."""
    elsewhere: str = ""
    """The host that all its requests are redirected to."""
    secured: bool = False
    """It answers over HTTPS, and plain requests are redirected there."""
    ordered: bool = False
    """Its certificate is on its way."""
    until: datetime | None = None
    """When its certificate ends, as far as it can be seen from here."""
    maintenance: bool = False
    """Visitors get a page of the edge."""
    left_out: bool = False
    """A domain of the file that no route has yet."""
    replicas: tuple[Instance, ...] = ()
    """Those that are there of the replicas it leads to."""

    @property
    def address(self) -> str:
        """What tells it from the others of its environment."""
        return f"{self.route.host}{self.path}"


class DomainState(StrEnum):
    """How far a domain is."""

    SECURED = "secured"
    """It answers over HTTPS."""
    ORDERED = "ordered"
    """Its certificate is on its way."""
    PLAIN = "plain"
    """It answers over plain HTTP: nobody is asked for a certificate, or nobody gave one."""
    LEFT_OUT = "left_out"
    """The routes do not have it: it did not lead here, or was not deployed since."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainView:
    """A domain that the file or the routes have, and where it leads."""

    key: EnvironmentKey
    service: str
    host: str
    state: DomainState
    declared: bool = True
    """Whether the project file has it."""
    elsewhere: str = ""
    """The host that it is redirected to."""
    certificate: CertificateSource = CertificateSource.NONE
    """Where its certificate comes from, or is to come from."""
    addresses: tuple[str, ...] = ()
    """What it resolves to."""
    problem: str = ""
    """Why it does not lead to this edge; empty when it does."""
    hint: str = ""
    until: datetime | None = None
    """When its certificate ends, as far as it can be seen from here."""
    order: CertificateOrder | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainsChecked:
    """What came of looking at domains again."""

    domains: tuple[DomainView, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MaintenanceChange:
    """Services whose visitors get a page in place of them, or do so no longer."""

    key: EnvironmentKey
    on: bool
    services: tuple[str, ...]
    unchanged: tuple[str, ...] = ()
    """Those for which it was so already."""
    message: str = ""
    urls: tuple[str, ...] = ()
    """Where visitors notice."""
    engine: str = ""
    """Which of the file's engines it is on; empty: the docker command's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Adoption:
    """What `edge adopt` brings to the new home of a Swarm, and what it cannot."""

    node: str
    """The machine that becomes the home."""
    lost: str
    """The one that was it; empty where the new one is it already."""
    environments: tuple[AdoptedEnvironment, ...] = ()
    """Those whose record and routes are written."""
    former: tuple[str, ...] = ()
    """Machines that were the home before and are back in the Swarm: their edge goes."""
    managers: int = 0
    """How many there are left, with it."""
    engine: str = ""
    """Which of the file's engines the Swarm is; empty: the docker command's."""
    notes: tuple[str, ...] = ()
    """What of it was not done, and what came of a run that was under way."""
    failed: tuple[EnvironmentKey, ...] = ()
    """Environments that could not be brought: the same verb does what is left."""

    @property
    def empty(self) -> bool:
        """Whether there is nothing to do."""
        return not (self.lost or self.environments or self.former)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deletion:
    """Exactly what `environment delete` takes away."""

    key: EnvironmentKey
    hosts: tuple[str, ...]
    containers: tuple[str, ...]
    network: bool
    record: bool
    volumes: tuple[str, ...]
    """Named volumes it has; they go only when asked for."""
    variables: tuple[tuple[str | None, str], ...] = ()
    """What the file gives it: the service (None: everyone's) and the key. Only when asked for."""
    declared: bool = False
    """Whether the file says anything of it: that goes with its variables."""
    engine: str = ""
    """Which of the file's engines it goes from; empty: the docker command's."""

    @property
    def deployed(self) -> bool:
        """Whether there is anything of it on the engine."""
        here = self.containers or self.network or self.record or self.hosts or self.volumes
        return bool(here)


class Grade(StrEnum):
    """How a `doctor` check ended."""

    GOOD = "good"
    WARN = "warn"
    BAD = "bad"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing `doctor` looked at; `hint` is the way on when it is not good."""

    name: str
    grade: Grade
    message: str
    hint: str = ""
    engine: str = ""
    """Which engine it is about, as a person calls it; empty where there is but one, or none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeView:
    """A machine of a Swarm, and what of the project runs there."""

    node: NodeInfo
    replicas: tuple[Instance, ...]
    """Those that run, each alone."""
    lost: tuple[Instance, ...] = ()
    """Those that ran there and are brought back elsewhere, until they run."""
    starting: tuple[Instance, ...] = ()
    """Those that were given to it and do not run yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SwarmView:
    """The machines of a Swarm, and what it is about to bring somewhere."""

    nodes: tuple[NodeView, ...]
    moving: tuple[Instance, ...] = ()
    """Deployments of which replicas are to be placed or started, each with all its replicas."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeView:
    """The edge and who depends on it."""

    running: bool
    settings: EdgeSettings
    image: str
    since: datetime | None
    environments: tuple[EnvironmentKey, ...]
    hosts: int
    open: tuple[str, ...] = ()
    """In words, what it can do that one made now could not."""
    lacks: tuple[str, ...] = ()
    """In words, what one made now has and this one has not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectView:
    """Everything about one service: what the file says, what runs, and how it is reached."""

    status: ServiceStatus
    spec: ServiceSpec | None
    """As the file has it now."""
    running_spec: ServiceSpec | None
    """As the active deployment was made."""
    variables: tuple[str, ...] = ()
    """Names of the variables the active deployment has."""
    upstream: str | None = None
    internal: str | None = None
    """`http://service:port` inside the environment."""
    history: tuple[DeploymentView, ...] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """What a visitor of a host got.

    `status` is None when there was no answer; `detail` says it in words either way: `Not Found`,
    `connection refused`.
    """

    status: int | None
    detail: str
    took: timedelta
