"""Deployments, runs, the journal and the record of an environment."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from compartment_tui.domain.domain_proof import CertificateOrder
from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.domain.owner import Owner
from compartment_tui.domain.placement import Placement
from compartment_tui.domain.public_side import PublicSide
from compartment_tui.domain.routes import RouteTable


class Stage(StrEnum):
    """Promotion stage, in order; from `active` on it is where a deployment can end.

    `starting` belongs to no promotion: what is live is started again by hand. `stopping_previous`
    is only told, as the second half of `draining_previous`: no record and no journal has it.
    """

    BUILDING = "building"
    RELEASE = "release"
    STARTING_CANDIDATE = "starting_candidate"
    CHECKING_READINESS = "checking_readiness"
    SWITCHING_ROUTE = "switching_route"
    DRAINING_PREVIOUS = "draining_previous"
    ACTIVE = "active"
    HELD = "held"
    STOPPED = "stopped"
    ROLLED_BACK = "rolled_back"
    STARTING = "starting"
    STOPPING_PREVIOUS = "stopping_previous"


class Status(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    STOPPED = "stopped"


class Health(StrEnum):
    PENDING = "pending"
    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"


class Trigger(StrEnum):
    DEPLOY = "deploy"
    PROMOTE = "promote"
    ROLLBACK = "rollback"
    REDEPLOY = "redeploy"


class Purpose(StrEnum):
    """What a rollout is to end with."""

    LIVE = "live"
    """The candidates have the routes."""
    HOLD = "hold"
    """They are proven and wait, reachable at their previews at most."""
    DISCARD = "discard"
    """Held ones are gone. Not a run: nothing is made or activated, so no history has it."""
    REMOVE = "remove"
    """The service is taken away: its route goes, its container is stopped and kept."""

    @property
    def switch_stage(self) -> Stage:
        """The stage of a run for it that switches the routes: the commit point."""
        if self is Purpose.HOLD:
            return Stage.HELD
        if self is Purpose.DISCARD:
            return Stage.STOPPED
        return Stage.SWITCHING_ROUTE


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Where the source came from. All empty outside a git repository."""

    commit: str = ""
    branch: str = ""
    dirty: bool = False
    author: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthCheck:
    """An image's HEALTHCHECK, as the engine runs it."""

    command: tuple[str, ...]
    """Program and arguments; the shell's own where the image has it run by a shell."""
    interval: timedelta = timedelta(seconds=30)
    timeout: timedelta = timedelta(seconds=30)
    start_period: timedelta = timedelta()


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """An image on the engine, with what it declares."""

    id: str
    ports: tuple[int, ...] = ()
    """Exposed tcp ports, the one that was written first at the head."""
    check: HealthCheck | None = None
    volumes: tuple[str, ...] = ()
    """Where it declares a VOLUME: without a named one there, each container has an empty one."""
    user: str = ""
    entrypoint: tuple[str, ...] = ()
    """What runs in front of every command."""
    stop_signal: str = ""
    """Empty: SIGTERM."""

    @property
    def checked(self) -> bool:
        """Whether it has a HEALTHCHECK."""
        return self.check is not None


class InstanceState(StrEnum):
    """What the engine says of a container."""

    CREATED = "created"
    RUNNING = "running"
    RESTARTING = "restarting"
    PAUSED = "paused"
    EXITED = "exited"


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """A deployment's container, as the engine has it now.

    Everything but the state is fixed at birth. It is the first of its replicas; `more` are the
    others.
    """

    key: EnvironmentKey
    service: str
    deployment: str
    run: str
    container: str
    """The container's full id."""
    name: str
    image: str
    """The image's id."""
    port: int | None
    spec: str
    """`ServiceSpec.text()` as it was."""
    provenance: Provenance = Provenance()
    fingerprints: Mapping[str, str] = field(default_factory=dict)
    sensitive: tuple[str, ...] | None = None
    """The keys whose values are sensitive; None where it is not known, as in older records."""
    previous: str | None = None
    """What was active when it was made."""
    inner: tuple[str, ...] = ()
    """The services that it reaches through the edge."""
    created: datetime
    state: InstanceState
    exit_code: int | None = None
    out_of_memory: bool = False
    started: datetime | None = None
    finished: datetime | None = None
    restarts: int = 0
    checked: Health | None = None
    """What the image's HEALTHCHECK says; None when it has none."""
    check_output: str = ""
    """What that check printed last."""
    address: str | None = None
    """Its address on the environment's network, only while it runs. Never store it."""
    number: int = 1
    """Which replica of its deployment it is."""
    one_name: bool = False
    """All replicas are found by the first one's name, wherever they run: a Swarm service's."""
    node: str = ""
    """The machine of a Swarm that it runs on."""
    placement: Placement | None = None
    """What the Swarm does for it while it does not run; None elsewhere, and of one that runs."""
    stranded: bool = False
    """Its volumes are on a machine that is no longer in the Swarm: nobody can start it."""
    more: tuple["Instance", ...] = ()
    """The deployment's other replicas, by number; a replica alone has none."""

    @property
    def running(self) -> bool:
        return self.state is InstanceState.RUNNING

    @property
    def replicas(self) -> tuple["Instance", ...]:
        """All replicas of the deployment, each alone, by number."""
        return (replace(self, more=()) if self.more else self, *self.more)

    @property
    def any_running(self) -> bool:
        """Whether one of its replicas runs."""
        return any(one.running for one in self.replicas)

    @property
    def all_running(self) -> bool:
        """Whether every one of its replicas runs."""
        return all(one.running for one in self.replicas)

    @property
    def at_rest(self) -> bool:
        """Whether none of its replicas runs, or is on the way to."""
        up = (InstanceState.RUNNING, InstanceState.RESTARTING)
        return all(one.state not in up for one in self.replicas)

    @property
    def can_start(self) -> bool:
        """Whether it runs, or there is a machine that may run it."""
        return self.any_running or not self.stranded

    @property
    def containers(self) -> tuple[str, ...]:
        """The ids of all replicas' containers, by number."""
        return tuple(one.container for one in self.replicas)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What a container used at one moment."""

    at: datetime
    cpu: float
    """As a share of one core: 1.0 is one core busy all the time, 2.0 are two."""
    memory: int
    """Bytes, without the page cache."""
    limit: int | None = None
    """The bytes it may use; None when nobody said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """One image with one set of values run as one service in one environment: its history."""

    id: str
    run: str
    service: str
    created: datetime
    trigger: Trigger
    spec: str
    image: str = ""
    made_on: str = ""
    """`REFERENCE@sha256:…`: where a tag of others led, of what was pulled or is static."""
    container: str = ""
    """Its container's full id; empty before that is made, and in records of earlier versions."""
    port: int | None = None
    host: str | None = None
    provenance: Provenance = Provenance()
    fingerprints: Mapping[str, str] = field(default_factory=dict)
    sensitive: tuple[str, ...] | None = None
    """The keys whose values are sensitive; None where it is not known, as in older records."""
    status: Status = Status.QUEUED
    stage: Stage = Stage.BUILDING
    completed: datetime | None = None
    previous: str | None = None
    """The deployment that was active when this one was first activated. Never rewritten."""
    activated: datetime | None = None
    activated_run: str = ""
    """The run that first made it live: a held one is promoted by another run than made it."""
    source: str | None = None
    """The deployment whose image this one runs again; it may be another environment's."""
    preview: str | None = None
    """The host that leads to it, beside its own, while it is held."""
    inner: tuple[str, ...] = ()
    """The services that its container reaches through the edge: known to it from its birth."""
    replicas: int = 1
    """How many of it should run."""
    others: tuple[str, ...] = ()
    """The full ids of its other replicas' containers, by number from the second on."""
    one_name: bool = False
    """All of them are found by the first one's name: it is a Swarm service."""
    failure: str = ""

    @property
    def containers(self) -> tuple[str, ...]:
        """The ids of its replicas' containers, by number; none where the record has none."""
        return (self.container, *self.others) if self.container else ()

    @property
    def resting(self) -> bool:
        """Stopped by hand while it was live: it is still the active one."""
        stopped = self.status is Status.STOPPED and self.stage is Stage.STOPPED
        return stopped and self.activated is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """What one action made or activated."""

    id: str
    trigger: Trigger
    created: datetime
    actor: str
    services: tuple[str, ...]
    covered: tuple[str, ...] = ()
    """Services that were unchanged and left alone."""
    deployments: Mapping[str, str] = field(default_factory=dict)
    """Service to deployment: what the run activated, or meant to."""
    removed: Mapping[str, str] = field(default_factory=dict)
    """Service to deployment: what the run took away, or meant to."""
    status: Status = Status.RUNNING
    completed: datetime | None = None
    label: str = ""
    failure: str = ""

    @property
    def removes_only(self) -> bool:
        """Whether all it did was to take services away."""
        return bool(self.removed) and not self.services and not self.covered


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalEntry:
    """What undoing or finishing one service of a run needs to know, fixed before it begins.

    `kept`, `held` and `discards` are a plan's `reuses_container`, `from_hold` and `superseded`.
    """

    service: str
    deployment: str
    previous: str | None
    kept: bool
    """The candidate's container existed before the run: undo stops it, and does not remove it."""
    stop_first: bool
    previous_rests: bool = False
    """The previous one was stopped by hand: undo leaves it so."""
    port: int | None = None
    host: str | None = None
    """The host that the run routes to the candidate; for a hold that is its preview's."""
    held: bool = False
    """The candidate was held before the run: undo leaves it held."""
    discards: str | None = None
    """The held candidate that goes when the run has succeeded."""
    removes: bool = False
    """The service is taken away: there is no candidate, `deployment` is `previous`."""
    wait: int = 0
    """How many seconds requests to the service may wait at the edge while it is replaced."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Journal:
    """A rollout in progress.

    Only a hint: the edge is asked which side of the commit point we are on.
    """

    run: str
    trigger: Trigger
    started: datetime
    entries: tuple[JournalEntry, ...]
    before: RouteTable
    """The routes as they were."""
    stage: Stage = Stage.BUILDING
    purpose: Purpose = Purpose.LIVE
    owner: Owner | None = None
    """Whose the environment is once this has succeeded."""

    @property
    def incoming(self) -> tuple[JournalEntry, ...]:
        """The entries that have a candidate: all but those of services that are taken away."""
        return tuple(entry for entry in self.entries if not entry.removes)

    @property
    def waited_for(self) -> tuple[JournalEntry, ...]:
        """The entries of services whose requests wait while they are replaced."""
        return tuple(entry for entry in self.entries if entry.wait)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditLine:
    """Who did what when, kept when the environment itself is gone."""

    at: datetime
    actor: str
    verb: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaledByHand:
    """How many replicas of a service a person asked for by hand; until the file says otherwise."""

    replicas: int
    file: int
    """What the file said when that was asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentRecord:
    """The record of one environment: what changes, beside the labels that cannot."""

    key: EnvironmentKey
    active: Mapping[str, str] = field(default_factory=dict)
    """Service to the id of its active deployment."""
    held: Mapping[str, str] = field(default_factory=dict)
    """Service to the id of its held candidate."""
    deployments: Mapping[str, Deployment] = field(default_factory=dict)
    runs: tuple[RunRecord, ...] = ()
    """Oldest first."""
    journal: Journal | None = None
    audit: tuple[AuditLine, ...] = ()
    rebuilt: bool = False
    """Made again from routes and labels: failed runs, outcomes and audit before that are lost."""
    owner: Owner | None = None
    """Whose it is; None before anybody's first run, and in records of earlier versions."""
    public: PublicSide = PublicSide()
    """The public side as it was put in force last."""
    orders: Mapping[str, CertificateOrder] = field(default_factory=dict)
    """By domain: what came of the last order of its certificate."""
    scales: Mapping[str, ScaledByHand] = field(default_factory=dict)
    """By service: what was asked for by hand."""

    @property
    def journal_entries(self) -> tuple[JournalEntry, ...]:
        """The entries of the run in progress; none while there is none."""
        return self.journal.entries if self.journal else ()

    def active_deployment(self, service: str) -> Deployment | None:
        return self.deployments.get(self.active.get(service, ""))

    def held_deployment(self, service: str) -> Deployment | None:
        return self.deployments.get(self.held.get(service, ""))

    def wanted_replicas(self, service: str, file: int) -> int:
        """How many of a service should run: as asked for by hand, while the file says the same.

        `file` is what it says now.
        """
        scale = self.scales.get(service)
        return scale.replicas if scale is not None and scale.file == file else file

    def removed_deployment(self, service: str) -> Deployment | None:
        """What was live of a service when a run took it away; None while one is live."""
        if service in self.active:
            return None
        runs = (run for run in reversed(self.runs) if run.status is Status.SUCCEEDED)
        ids = (run.removed[service] for run in runs if service in run.removed)
        return self.deployments.get(next(ids, ""))

    def is_active(self, deployment: str) -> bool:
        return deployment in self.active.values()

    def of_service(self, service: str) -> tuple[Deployment, ...]:
        """Newest first."""
        mine = (one for one in self.deployments.values() if one.service == service)
        return tuple(sorted(mine, key=lambda one: one.id, reverse=True))

    def run(self, run_id: str) -> RunRecord | None:
        return next((run for run in self.runs if run.id == run_id), None)

    def with_deployment(self, deployment: Deployment) -> "EnvironmentRecord":
        return replace(self, deployments={**self.deployments, deployment.id: deployment})

    def with_run(self, run: RunRecord) -> "EnvironmentRecord":
        """The record with `run` in place of the one with its id, or added."""
        if any(known.id == run.id for known in self.runs):
            return replace(self, runs=tuple(run if r.id == run.id else r for r in self.runs))
        return replace(self, runs=(*self.runs, run))
