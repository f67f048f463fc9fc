"""What the core asks of the outside, in the core's words.

Adapters implement these; `World` holds them; operations are plain functions of a `World`. Every
method that talks to Docker may raise EngineUnreachable; the docstrings name what else can happen. A
deployment is always named by its id: adapters find its container by the id that its record has, and
by label where it has none. Then ContainerClaimed is raised when several say that they are it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, Self, TypeVar, cast

from compartment_tui.domain.names import no_such_engine

# Only names in signatures: a command that looks around need not load what plans and edits are.
if TYPE_CHECKING:
    from collections.abc import Collection, Generator, Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime, timedelta

    from compartment_tui.domain.callers import Caller
    from compartment_tui.domain.carriage import Carriage
    from compartment_tui.domain.commits import Checkout, CommitRange, WorkingTree
    from compartment_tui.domain.config import (
        CertificateSpec,
        EdgeSettings,
        EngineSpec,
        NetworkSettings,
        ProjectConfig,
        Readiness,
        ServiceSpec,
    )
    from compartment_tui.domain.deployment import (
        EnvironmentRecord,
        Image,
        Instance,
        Sample,
    )
    from compartment_tui.domain.detail_views import Visit
    from compartment_tui.domain.domain_proof import DomainLook
    from compartment_tui.domain.engine import EngineIdentity, EngineInfo, LockInfo, Misfit, NodeInfo
    from compartment_tui.domain.errors import RecordInvalid
    from compartment_tui.domain.home import SwarmHome
    from compartment_tui.domain.names import EnvironmentKey
    from compartment_tui.domain.own_certificate import OwnCertificate
    from compartment_tui.domain.owner import Origin
    from compartment_tui.domain.planning.plan import ContainerSpec, Plan
    from compartment_tui.domain.readiness_advice import Listener
    from compartment_tui.domain.refusal import Refusal
    from compartment_tui.domain.routes import RouteTable
    from compartment_tui.domain.seals import SealPlace
    from compartment_tui.domain.variable import Secret
    from compartment_tui.domain.variables.dotenv import DotenvContent
    from compartment_tui.domain.variables.edits import Edit
    from compartment_tui.domain.variables.views import Identity, Unsealed
    from compartment_tui.domain.wait import WaitCount

T_co = TypeVar("T_co", covariant=True)


class Feed(Protocol[T_co]):
    """An endless iterator that another thread can end: a blocked read returns when it is closed."""

    def __iter__(self) -> Iterator[T_co]: ...
    def __next__(self) -> T_co: ...
    def close(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """One line a container wrote. `message` is foreign text; `stream` is `stdout` or `stderr`."""

    at: datetime
    service: str
    deployment: str
    stream: str
    message: str
    replica: int = 1
    several: bool = False
    """Whether its deployment has other replicas, too; only who reads all of them knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineEvent:
    """Something happened to one of our containers: `start`, `die`, `health`, `destroy`.

    Without a service it is the lock of an environment; without a `key` either it is the edge, or a
    machine of a Swarm that has a `node`: `away`, `back`, or `update`.
    """

    at: datetime
    action: str
    key: EnvironmentKey | None
    service: str
    deployment: str
    replica: int = 1
    node: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeInfo:
    """The reverse proxy as it is now."""

    running: bool
    settings: EdgeSettings
    image: str
    container: str
    attached: frozenset[EnvironmentKey] = frozenset()
    """Environments whose network it is on."""
    inside: frozenset[EnvironmentKey] = frozenset()
    """Those of them where it takes calls of the environment's own services."""
    started: datetime | None = None
    open: tuple[str, ...] = ()
    """In words, what it can do that one made now could not; of an earlier version's."""
    lacks: tuple[str, ...] = ()
    """In words, what one made now has and this one has not; of an earlier version's."""
    https: bool = True
    """Whether it can serve HTTPS."""
    takes_inner_calls: bool = True
    """Whether it takes calls of services to each other, and can let requests wait."""
    maintenance_page: bool = True
    """Whether it has a page for services that are being worked on."""
    made_on: str = ""
    """`REFERENCE@sha256:…`: which image its tag led to when it was made."""


class ConnectionCount(Protocol):
    """Counts a deployment's established connections in its own network namespaces. Close it."""

    def now(self) -> tuple[str, ...]:
        """Where each connection to its port comes from right now, by address.

        Raises InstanceGone.
        """

    def close(self) -> None:
        """End it. What counted is gone by the time the environment's lock is given back."""


class ImageArchive(Protocol):
    """An image on its way to another engine, in a file that nobody else can read. Close it."""

    @property
    def image(self) -> str:
        """Its id on the engine it comes from."""

    def close(self) -> None:
        """Nothing of it is left here."""


class Engine(Protocol):
    """One Docker engine."""

    def info(self) -> EngineInfo:
        """Raises EngineTooOld under 20.10."""

    def address(self) -> str:
        """What it is called from here, without asking it anything.

        Raises EngineUnreachable when not even that is known.
        """

    def identity(self) -> EngineIdentity:
        """Which one it is: the same engine says the same, whatever its address."""

    def moves_names(self) -> bool:
        """Whether a container that is renamed is found by its new name: not in Swarm mode.

        Raises Refused on a Swarm that cannot be changed from here: another manager is its home.
        """

    def nodes(self) -> tuple[NodeInfo, ...]:
        """The machines of its Swarm, by name; none where deployments are plain containers.

        Raises Refused, as `moves_names` does.
        """

    def home(self) -> SwarmHome | None:
        """Which machine of its Swarm is the home, and what is known beside it; from any manager.

        None on a single machine, and before anything was made. Raises Refused (it is no manager).
        """

    def adopt(self, home: SwarmHome) -> tuple[str, ...]:
        """Have the machine that is addressed be the home in place of that one, which is lost.

        The lost one is taken out of the Swarm. One that was the home before, and is back, loses
        the edge that it has: what of that could not be done is returned in words. Repeated, it
        does what is left. Raises Refused when another machine has become the home meanwhile,
        EngineProblem when the lost one cannot be taken out: then nothing may be made yet.
        """

    def warm_up(self) -> None:
        """A change will follow: get ready to be asked for more, meanwhile. Returns at once."""

    def resolves(self, host: str) -> bool:
        """Whether this machine finds the address of a public host by itself."""

    def instances(
        self, key: EnvironmentKey | None = None, *, project: str | None = None
    ) -> tuple[Instance, ...]:
        """Every service container we made, running or not: all, a project's, an environment's.

        But for an environment's, only young ones are sure to come with their times and restarts.
        """

    def instance(self, deployment: str) -> Instance | None:
        """One deployment's container, if it is still there, with those of its other replicas."""

    def fingerprints(self, deployment: str, key: bytes) -> Mapping[str, str]:
        """The fingerprints by that key of all values that a deployment was given, by name.

        For where the key is another one than they were made by. None if it is gone.
        """

    def look_ahead(self, deployments: Iterable[str]) -> None:
        """Have these looked at meanwhile. Returns at once.

        If it comes soon, the next `instance` of each may tell what was so since now.
        """

    def list_ahead(self, key: EnvironmentKey) -> None:
        """Have the environment's containers listed meanwhile. Returns at once.

        If it comes soon, the next of `instances`, `name_active` and `end_stepping_aside` may go by
        what was so since now.
        """

    def misfits(self, project: str) -> tuple[Misfit, ...]:
        """What has labels or names of ours on the engine and is left out everywhere else.

        Labels that make no sense, copies of a container that a record names, names that are taken;
        of images, those that were made of the project's containers.
        """

    def networks(self) -> frozenset[EnvironmentKey]:
        """Environments that have a network."""

    def make_network(self, key: EnvironmentKey, settings: NetworkSettings) -> None:
        """Make the environment's network on the next free subnet; nothing if it is there.

        The caller holds the engine's lock. Raises Refused when the pool is used up, or holds what
        the engine's machine needs itself: its name server, its gateway.
        """

    def next_subnet(self, settings: NetworkSettings) -> str:
        """The subnet that `make_network` would take now, as far as can be told from here.

        Raises Refused, as that does.
        """

    def image(self, reference: str) -> Image | None:
        """An image that is on the engine."""

    def digests(self, reference: str) -> tuple[str, ...]:
        """Exactly which image is behind a reference: by its registry's digest, and by its id.

        `sha256:…`, the most telling first; one that was made here has only its id. Empty when there
        is none on the engine.
        """

    def image_size(self, image: str) -> int | None:
        """About how many bytes an image has; None when it is not on the engine."""

    def save_image(self, image: str, cancel: Cancel) -> Generator[Carriage, None, ImageArchive]:
        """Read an image out of the engine, for another one to load. Closing it leaves nothing here.

        Raises ImageUnavailable (it is not there), DiskFull (there, or here), Cancelled.
        """

    def load_image(
        self, archive: ImageArchive, plan: Plan, cancel: Cancel
    ) -> Generator[Carriage, None, Image]:
        """Take an image of another engine, under a name of ours; what is there is not sent.

        Until all of it has come, nothing of it is there. Raises ImageUnavailable (`plan` names the
        image, and it would be another one there), DiskFull, Cancelled.
        """

    def push_image(
        self, image: str, plan: Plan, registry: str, cancel: Cancel
    ) -> Generator[Carriage, None, str]:
        """Hand an image to a registry; the reference by which exactly this one is pulled from it.

        What it is called for that is taken off it again. Raises ImageUnavailable, Cancelled.
        """

    def pull_image(
        self, reference: str, plan: Plan, cancel: Cancel
    ) -> Generator[Carriage, None, Image]:
        """Take an image from a registry, under a name of ours; what is there is not sent.

        Raises ImageUnavailable, DiskFull, Cancelled.
        """

    def spread_image(self, image: str, plan: Plan, cancel: Cancel) -> Generator[str, None, None]:
        """Have the machines of a Swarm have an image of its home that a plan's service runs from.

        What is done, in lines, the first before anything is sent. Nothing on a single machine, and
        of what runs on the home alone. Who cannot be reached is named, and gets nothing of what
        runs from it. Raises ImageUnavailable, DiskFull, Cancelled.
        """

    def create(self, birth: ContainerSpec) -> Instance:
        """Make the deployment's containers, not started, on its network, each under its own alias.

        Of a Swarm's machines those may run it that its image was spread to.
        The services in `birth.inner` lead to the edge. Where names do not move, a stop-first one
        has its service's from its birth. Those already there are taken as they are. Restart
        policy `no` until `keep_running`.
        Raises DiskFull, ImageUnavailable.
        """

    def set_replicas(self, deployment: str, replicas: int) -> Instance:
        """Have exactly so many containers of it: removed at once are those with higher numbers.

        Those that are missing are made as copies of the first: image, values and settings, not
        started, restart policy `no`. Raises InstanceGone, DiskFull, ImageUnavailable.
        """

    def start(self, deployment: str) -> bool:
        """Start all its replicas (nothing of one that runs); whether they run by now.

        On a Swarm they are only asked for, so that others can be meanwhile: `await_running` waits.
        Raises InstanceGone, CandidateExited (cannot be started).
        """

    def await_running(self, deployment: str) -> None:
        """Until all replicas run that were started. Nothing where `start` waits for that.

        Raises InstanceGone, CandidateExited (cannot be started, ended at once, finds no machine).
        """

    def keep_running(self, deployment: str) -> None:
        """Restart policy `always`: from now on the engine brings all its replicas back.

        Raises InstanceGone.
        """

    def retire(self, deployment: str, grace: timedelta) -> bool:
        """Restart policy `no`, SIGTERM, `grace`, SIGKILL; its containers stay. Nothing if gone.

        All replicas end side by side. Whether one took the whole grace and had to be killed; no
        grace at all is never taken.
        """

    def retire_all(self, graces: Mapping[str, timedelta]) -> frozenset[str]:
        """`retire` several side by side, each with its own grace; those that had to be killed.

        One that fails keeps none of the others from being stopped; its error is raised after that.
        """

    def retire_replicas(self, deployment: str, above: int, grace: timedelta) -> None:
        """As `retire`, of the replicas with higher numbers; then they are removed."""

    def remove(self, deployment: str) -> None:
        """Stop at once and remove its containers with their anonymous volumes. Nothing if gone."""

    def remove_image(self, image: str) -> None:
        """Remove an image by id; nothing if it is gone, in use, or neither built nor carried."""

    def built_images(self, project: str) -> frozenset[str]:
        """Ids of the images on the engine that we built for a project, or carried there."""

    def disk_use(self) -> int:
        """Bytes that all images and containers on the engine take, what they share counted once."""

    def run_release(self, birth: ContainerSpec, cancel: Cancel) -> Iterator[str]:
        """Run the release command once in the new image with its values; yield its output lines.

        The container is always removed. Raises ReleaseFailed (exit code, time-out, last lines),
        Cancelled.
        """

    def name_active(self, key: EnvironmentKey, active: Mapping[str, str | None]) -> None:
        """Give each service's active deployment (service to id) the internal name; idempotent.

        Whoever bears the name steps aside first, so that callers inside still find somebody, until
        `end_stepping_aside`. None: nobody bears it any more.
        """

    def name_awaited(self, key: EnvironmentKey, awaited: Mapping[str, str]) -> None:
        """Give each service's deployment the name that waiting requests ask for; idempotent.

        It is the one of who steps aside, so callers inside find it, too. Whoever has it takes its
        own; one that is not there is passed over.
        """

    def end_stepping_aside(self, key: EnvironmentKey, services: Iterable[str]) -> None:
        """Whoever stepped aside for these services takes its own deployment's name; idempotent."""

    def tail(self, deployment: str, lines: int, *, replica: int = 1) -> tuple[str, ...]:
        """The last lines a replica's container wrote, both streams in order; empty if gone."""

    def logs(
        self,
        deployment: str,
        *,
        follow: bool,
        tail: int | None,
        since: datetime | None,
        replica: int = 1,
    ) -> Feed[LogLine]:
        """Lines of one replica, oldest first; ends when it stopped, unless it is to be followed.

        A followed feed ends when the container is stopped; a last line without an end may be
        missing from it, and is there when it is read again. Raises InstanceGone.
        """

    def stats(self, deployment: str, *, replica: int = 1) -> Feed[Sample]:
        """What a replica's container uses, about once a second; ends when the container stopped.

        Raises InstanceGone (it does not run).
        """

    def events(self, project: str) -> Feed[EngineEvent]:
        """What happens to the project's containers and locks and to the edge, from now on."""

    def count_connections(self, deployment: str, port: int, *, above: int = 0) -> ConnectionCount:
        """Those to all replicas that run and have a higher number.

        It may be returned at once, and begin meanwhile: then `now` waits for that, and raises what
        beginning raises. Raises InstanceGone (there is none).
        """

    def callers(self, key: EnvironmentKey) -> Mapping[str, Caller]:
        """Who has which address on the environment's network now: its services and the edge."""

    def listeners(self, deployment: str) -> tuple[Listener, ...]:
        """Where its first container accepts TCP connections, by its own socket table.

        Raises InstanceGone (it does not run).
        """

    def execute(
        self, deployment: str, command: tuple[str, ...], *, terminal: bool, replica: int = 1
    ) -> int:
        """Run a command in a replica's container on this process's stdin, stdout and stderr.

        Its exit code. Raises InstanceGone.
        """

    def remove_helpers(self, key: EnvironmentKey) -> None:
        """Remove the helper containers that a killed run made and did not come to start.

        The caller holds the environment's lock: nobody else is about to start them.
        """

    def remove_environment(self, key: EnvironmentKey, *, volumes: bool) -> None:
        """Remove what is left of an environment: containers, network, volumes if asked."""

    def volumes(self, key: EnvironmentKey) -> tuple[str, ...]:
        """Names of the environment's named volumes."""


class Builder(Protocol):
    """Makes images."""

    def warm_up(self) -> None:
        """A build will follow: find out how, meanwhile. Returns at once."""

    def ahead(self, plans: tuple[Plan, ...], cancel: Cancel) -> AbstractContextManager[None]:
        """Begin these builds side by side; `build` then hands over what they say, plan by plan.

        A plan made anew of the same things finds the build of the one before. Leaving the context
        ends those that still go on.
        """

    def build(self, plan: Plan, cancel: Cancel) -> Generator[str, None, Image]:
        """Yield output lines, return the image.

        Raises BuildFailed (the step, its last lines), DiskFull, Cancelled. `.git` and
        `.compartment` never enter the context.
        """

    def pull(self, plan: Plan, cancel: Cancel) -> Generator[str, None, Image]:
        """Pull `spec.image`, yield output lines, return the image.

        10 s without progress is a failure; then the local one is used, and a line says so.
        Raises ImageUnavailable, Cancelled.
        """


class Edge(Protocol):
    """The engine's one reverse proxy."""

    def warm_up(self) -> None:
        """`tables` will be asked for: fetch them meanwhile. Returns at once."""

    def info(self) -> EdgeInfo | None:
        """None when there is no edge container."""

    def look_ahead(self) -> None:
        """Have that looked at meanwhile. Returns at once.

        If it comes soon, the next `info` may tell what was so since now.
        """

    def ensure(self, settings: EdgeSettings) -> bool:
        """Make it, or start it again; on every environment's network; True if anything was done.

        The caller holds the engine's lock. When the routes' volume is empty the documents are made
        again from the records. Raises EdgeConflict (other settings), PortTaken (by whom),
        ImageUnavailable.
        """

    def attach(self, key: EnvironmentKey) -> None:
        """Join the environment's network; nothing if joined."""

    def tables(self) -> Mapping[EnvironmentKey, RouteTable]:
        """All route documents as they lie on the engine. An unreadable one is left out."""

    def visit(self, host: str, path: str = "/", *, secured: bool = False) -> Visit:
        """One GET through it, as a visitor of that host, over HTTPS if `secured`; at most 2 s.

        Redirects are not followed. No answer is an answer, not an error.
        """

    def certificate_ends(self, hosts: Collection[str]) -> Mapping[str, datetime]:
        """By host, until when the certificate that visitors are shown is good.

        Left out: those that are shown one of another name, and all when nobody here can ask.
        """

    def proof(self) -> str:
        """The token by which it says which one it is; empty before that was first asked for."""

    def unreadable(self) -> tuple[str, ...]:
        """Route documents that cannot be parsed, by file name.

        Whoever holds the engine's lock may move them aside with `set_aside`.
        """

    def set_aside(self, document: str) -> None:
        """Move an unreadable document out of the watched directory."""

    def forget(self, key: EnvironmentKey) -> None:
        """Remove the environment's route document; its network may go afterwards."""

    def restart(self, settings: EdgeSettings | None = None) -> None:
        """Restart it; with settings, as one made now with those. It interrupts every project.

        Where those cannot be had (PortTaken, ImageUnavailable), it goes on as it was.
        """

    def remove(self) -> None:
        """Remove the container; the routes' volume stays."""


class Lock(Protocol):
    """A lock that is ours, and given back at the end of its context."""

    def __enter__(self) -> Self: ...
    def __exit__(self, *error: object) -> None: ...


class EnvironmentLock(Lock, Protocol):
    """The environment's lock while it is ours: the only way to write its record and routes.

    Every method raises LockLost when the lock is no longer ours.
    """

    def confirm(self) -> None:
        """Nothing, if the lock is ours."""

    def read_record(self) -> EnvironmentRecord:
        """The record as it lies on the engine, an empty one at first, rebuilt when lost.

        Raises RecordInvalid, also for one that a newer version wrote: writing it would drop what
        this one does not know.
        """

    def read_ahead(self) -> None:
        """Have record and routes read meanwhile. Returns at once.

        Nobody else writes them, so the next reading of each may tell what was so since now.
        """

    def write_record(self, state: EnvironmentRecord) -> None:
        """Replace the record by rename. Raises DiskFull."""

    def archive(self, old: EnvironmentRecord) -> None:
        """Put old history where it does not cost every reading of the record. Raises DiskFull."""

    def routes(self) -> RouteTable:
        """The environment's route document as it lies on the engine."""

    def write_routes(self, table: RouteTable) -> None:
        """Replace the route document by rename. Raises DiskFull."""

    def write_record_and_routes(self, state: EnvironmentRecord, table: RouteTable) -> bool:
        """As `write_record`, then `write_routes`, without anything in between.

        The routes are never written where the record was not. Then, what `documents_readable` says.
        Raises DiskFull.
        """

    def keep_copy(self) -> str:
        """Have a copy of record and routes where the loss of this machine does not take it.

        Nothing where there is no such place. Why it could not be, in words, else nothing; a lock
        that is no longer ours is such a reason, too.
        """

    def inner_ports(self) -> tuple[int, ...]:
        """Where the edge takes calls of the environment's own services; nowhere if it is too old.

        As it was when the lock was taken.
        """

    def proof(self) -> str:
        """The token by which the edge says which one it is; made when first asked for.

        Raises EdgeNotConfirmed when it does not say it.
        """

    def certificates(self) -> Mapping[str, datetime]:
        """The names that the edge has certificates for, and until when; `*.` stands for a label."""

    def write_certificates(self, certificates: Sequence[OwnCertificate]) -> bool:
        """Have the edge show exactly these of the environment's own; whether that is new.

        Raises DiskFull.
        """

    def order_failures(self, within: timedelta) -> Mapping[str, str]:
        """By host, why the edge got no certificate lately, in the words of who was asked."""

    def documents_readable(self) -> bool:
        """Whether every route document on the engine can be parsed: one quick look.

        False may also mean that one was just being replaced; `Edge.unreadable` knows for sure.
        """

    def in_force(self, table: RouteTable) -> bool:
        """Whether the edge says that exactly this table is in force.

        Raises EdgeNotConfirmed when the edge cannot be asked at all.
        """

    def waited(self, hosts: Mapping[str, Collection[str]]) -> Mapping[str, WaitCount]:
        """By service, the requests that waited at the edge: to be asked once, when they do not.

        Those of visitors to its `hosts`, and those of callers inside.
        """

    def ready(self, instance: Instance, readiness: Readiness, port: int | None) -> Refusal | None:
        """Ask once whether it can take traffic; None when ready, else why not.

        `port` is where to ask, unless `readiness` names another. Waits at most
        `readiness.attempt_timeout`. A refused connection is "not yet", not an error.
        """


class EngineLock(Lock, Protocol):
    """The engine-wide lock: making or changing the edge, claiming hosts, choosing subnets."""


class Locks(Protocol):
    """Locks that live on the engine and die with their holder."""

    def ahead(
        self, key: EnvironmentKey, *, actor: str, purpose: str
    ) -> AbstractContextManager[None]:
        """Begin to take the environment's lock; `environment` then hands over what came of it.

        Nothing is begun where the edge is not on the environment's network yet. Leaving the context
        gives back what nobody asked for.
        """

    def environment(self, key: EnvironmentKey, *, actor: str, purpose: str) -> EnvironmentLock:
        """Take the environment's lock. The edge must run. Raises Locked (who, where, since)."""

    def engine(self, *, actor: str) -> EngineLock:
        """Take the engine-wide lock, waiting up to 60 s for others. Raises Locked."""

    def holder(self, key: EnvironmentKey) -> LockInfo | None:
        """Who has it now, if anyone."""

    def break_lock(self, key: EnvironmentKey) -> bool:
        """Take it away from whoever has it; True if there was one."""


class Records(Protocol):
    """Reading what the engine remembers. Writing takes a `EnvironmentLock`."""

    def warm_up(self, key: EnvironmentKey) -> None:
        """Its record will be read: fetch it meanwhile. Returns at once."""

    def read(self, key: EnvironmentKey) -> EnvironmentRecord | None:
        """None when there is no record. Raises RecordInvalid."""

    def archived(self, key: EnvironmentKey) -> tuple[EnvironmentRecord | RecordInvalid, ...]:
        """The history that was put away, newest first; at least 1,000 deployments per service.

        A spoilt file of it stands there as what is wrong with it.
        """

    def environments(self, project: str) -> tuple[EnvironmentKey, ...]:
        """Environments of a project that have a record."""

    def read_all(self, project: str) -> Mapping[EnvironmentKey, EnvironmentRecord | RecordInvalid]:
        """Every record of a project, in one question however many there are."""

    def read_ahead(self) -> None:
        """Have all records fetched meanwhile. Returns at once.

        If it comes soon, the next `read_all` may tell what was so since now.
        """

    def unreadable(self) -> tuple[str, ...]:
        """Entries of the engine's index of records that name no environment, by file name."""

    def fingerprint_key(self) -> bytes:
        """The engine's 32 bytes for fingerprints; made when first asked for."""

    def forget(self, key: EnvironmentKey) -> None:
        """Remove the record, keeping its audit lines. The caller holds the environment's lock."""


class Project(Protocol):
    """The repository and its compartment.toml."""

    @property
    def root(self) -> Path: ...

    @property
    def file(self) -> Path: ...

    def config(self) -> ProjectConfig:
        """Raises ProjectFileInvalid, NotFound (no such file)."""

    def services_in(self, root: Path) -> tuple[ServiceSpec, ...]:
        """The services that the project file in another copy of this repository declares.

        Raises ProjectFileInvalid, NotFound (it has no such file).
        """

    def named_text(self, path: str) -> str:
        """The text of a file that the project file names: relative to it, absolute or with `~`.

        Raises UsageProblem when it cannot be read.
        """

    def changes(self) -> Feed[None]:
        """One item every time the project file was written, from now on."""

    def keep_copy(self, state: EnvironmentRecord, engine: EngineIdentity) -> None:
        """Keep a copy of the record on that engine, in the user's own state directory.

        A failure to do so is not worth a word.
        """

    def copy(self, key: EnvironmentKey, address: str) -> tuple[EnvironmentRecord, datetime] | None:
        """The copy of the engine last met at that address, and when it was written."""

    def copies_elsewhere(
        self, key: EnvironmentKey, engine: EngineIdentity
    ) -> Mapping[str, EnvironmentRecord]:
        """By address: the copies of its record on other engines. Never raises."""

    def known_recipients(self) -> frozenset[str]:
        """Whom this person sealed for last in this project, from here. Never raises."""

    def remember_recipients(self, recipients: Collection[str]) -> None:
        """Keep that this person sealed for these, in the user's own state directory.

        A failure to do so is not worth a word: they are asked about again.
        """

    def edit(
        self, edits: Sequence[Edit], *, readers: Collection[str] | None = None
    ) -> ProjectConfig:
        """Make these edits in the file as it is by now; what it says afterwards.

        Small and in place: what is not edited stays byte for byte. All of them or none; two who
        edit at once wait for each other. Sensitive values are encrypted for the file's recipients,
        and for where they stand; with `readers` only if all recipients are among them.
        Raises ProjectFileInvalid, NotFound (no such file, no such service), UsageProblem (a key or
        a value that cannot be, nobody who could read a sensitive one, a recipient that is not among
        `readers`, no permission to write), SensitiveUnreadable (a value to be encrypted again
        cannot be read, or was sealed for another place).
        """


class Secrets(Protocol):
    """Encrypting sensitive values, and reading them where we may."""

    def identity(self) -> Identity:
        """Ours, as it is now. Never raises."""

    def make_identity(self) -> Identity:
        """Ours, made first when there is none. Raises UsageProblem when that cannot be."""

    def check_recipient(self, recipient: str) -> str:
        """The recipient, trimmed, if it is one. Raises UsageProblem."""

    def seal(self, value: Secret, recipients: Sequence[str], place: SealPlace) -> str:
        """The value encrypted for them and for this place alone, as text.

        Raises UsageProblem (none, or not recipients).
        """

    def unseal(self, sealed: str, place: SealPlace) -> Unsealed:
        """What an encrypted text is worth in that place. Never raises.

        One in the old form, which names no place, opens anywhere, and is then in `old_seals`.
        """

    def old_seals(self) -> tuple[SealPlace, ...]:
        """Where texts in the old form were opened, as far as they were not sealed again since."""


class TextForm(StrEnum):
    """What is to read a text of variables."""

    DOTENV = "dotenv"
    """What reads dotenv files, we among them, and a POSIX shell."""
    SHELL = "shell"
    """The same, less what a shell cannot say."""
    DOCKER = "docker"
    """`docker run --env-file`: what stands behind the sign, to the end of the line."""


class Dotenv(Protocol):
    """Variables as the text of a file."""

    def load(self, file: Path) -> bytes:
        """What is in a file that a person named. Raises UsageProblem; never waits for nothing."""

    def read(self, text: str, form: TextForm = TextForm.DOTENV) -> DotenvContent:
        """Every key with its value, in the text's order.

        Raises UsageProblem for what is no assignment, a key that cannot be or comes twice, and when
        there are none: with line numbers, never with the line.
        """

    def text(self, values: Mapping[str, Secret], form: TextForm = TextForm.DOTENV) -> str:
        """A text from which `read` makes exactly these values.

        Raises UsageProblem with the keys that the form cannot say.
        """


class Programs(Protocol):
    """Programs on this machine."""

    def run(self, command: Sequence[str], values: Mapping[str, Secret]) -> int:
        """Run it in this process's place, with these variables on top of ours; its exit code.

        Ours without those that begin with COMPARTMENT_. It has our terminal, and gets our signals;
        a real one does not return. Raises NotFound (there is no such program, or it cannot be run).
        """


class Source(Protocol):
    """The version control of the repository."""

    def warm_up(self) -> None:
        """`working_tree` and `origin` will be asked for: find out meanwhile. Returns at once."""

    def working_tree(self) -> WorkingTree:
        """Where the files as they are come from, and what of that cannot be told."""

    def origin(self) -> Origin:
        """Which repository it is, and where it lies here; outside git, only where."""

    def dirty_files(self) -> tuple[str, ...]:
        """What differs from the commit, below the project's root; empty outside git."""

    def commits_between(self, older: str, newer: str) -> CommitRange:
        """What leads from the one to the other, backwards too; empty when unknown."""

    def check_out(self, ref: str) -> AbstractContextManager[Checkout]:
        """The files of a commit, a branch or a tag below the project's root; gone at the end.

        They are what `git checkout` of it gives, submodules included. Nothing of the working tree
        gets in, nor does it change; nothing is fetched, and nothing that the repository names is
        run. Raises NotFound (no git repository, no such commit, a part of it is not here).
        """


class DomainNames(Protocol):
    """Domains, as the public sees them from this machine."""

    def look(self, hosts: Collection[str]) -> Mapping[str, DomainLook]:
        """Where each leads, and which edge answers there; side by side, at most some seconds."""

    def addresses(self, bind: str, engine_host: str) -> tuple[str, ...]:
        """Where the public reaches an edge that listens at `bind`; empty: nobody here knows."""


class Certificates(Protocol):
    """Certificates that a project brings along."""

    def read(self, spec: CertificateSpec, secret: Secret | None = None) -> OwnCertificate:
        """One of them with its key: readable, of each other, and good today.

        `secret` is the value of its variable, where it has one. Raises CertificateInvalid,
        MissingVariables (there is no such value), UsageProblem (a file cannot be read).
        """

    def authority(self, file: str) -> str:
        """The certificates of a file that the project file names, and nothing else that is in it.

        Raises CertificateInvalid (there is none), UsageProblem (it cannot be read).
        """


class Clock(Protocol):
    """Time, and chance."""

    def now(self) -> datetime:
        """Aware, UTC."""

    def monotonic(self) -> timedelta: ...
    def sleep(self, pause: timedelta) -> None: ...
    def new_id(self, prefix: str) -> str: ...


class ErrorLog(Protocol):
    """Where the details of what nobody foresaw are kept, for whoever mends it."""

    def write(self, error: BaseException) -> str:
        """Keep its traceback; where, or nothing when that could not be. Never raises."""


class Cancel(Protocol):
    """How often a person asked to stop: 0, 1, or 2 and more (leave it to `resume`)."""

    @property
    def requests(self) -> int: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class EnginePorts:
    """The ports that are of one engine; see `World`."""

    engine: Engine
    builder: Builder
    edge: Edge
    locks: Locks
    records: Records


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Everything outside, as the operations see it: at one engine."""

    engine: Engine
    builder: Builder
    edge: Edge
    locks: Locks
    records: Records
    project: Project
    secrets: Secrets
    dotenv: Dotenv
    programs: Programs
    source: Source
    domain_names: DomainNames
    certificates: Certificates
    clock: Clock
    cancel: Cancel
    error_log: ErrorLog
    actor: str
    """Who acts, as `user@host`."""
    open_engine: Callable[[EngineSpec | None], EnginePorts]
    """The ports of a named engine, or of the docker command's; each opened once, when asked."""
    engine_name: str = ""
    """Which of the project file's engines it is at; empty: the docker command's."""

    def at(self, name: str) -> World:
        """The same world at another engine of the project file; empty: the docker command's.

        Nothing is asked of it yet. Raises NotFound, ProjectFileInvalid.
        """
        if name == self.engine_name:
            return self
        config = self.project.config()
        spec = config.engine(name)
        if name and spec is None:
            raise no_such_engine(name, (one.name for one in config.engines))
        ports = self.open_engine(spec)
        whole = self.project.project if isinstance(self.project, ProjectAt) else self.project
        return replace(
            self,
            project=cast("Project", ProjectAt(whole, name)),
            engine=ports.engine,
            builder=ports.builder,
            edge=ports.edge,
            locks=ports.locks,
            records=ports.records,
            engine_name=name,
        )


class ProjectAt:
    """`Project`, with the edge that the file gives one of its engines."""

    def __init__(self, project: Project, engine: str) -> None:
        self.project = project
        self._engine = engine

    def config(self) -> ProjectConfig:
        """See `Project.config`."""
        return self.project.config().at_engine(self._engine)

    def __getattr__(self, name: str) -> object:
        return getattr(self.project, name)


OpenWorld = Callable[[Path | None], World]
"""Opens the world for the project file given, or found by walking up from the working directory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectSurvey:
    """A project file, written or still to be, and what was found to put into it."""

    file: Path
    name: str
    services: tuple[tuple[str, str], ...]
    """Service and path."""
    ports: Mapping[str, int] = field(default_factory=dict)
    """By service: what its Dockerfile exposes."""
    dockerfiles: Mapping[str, str] = field(default_factory=dict)
    """By service, relative to its path: where it is not the one called Dockerfile there."""
    notes: tuple[str, ...] = ()
    """What a person should know of it: what was seen and not taken, too."""
    recipient: str | None = None
    """Who may read its sensitive values: whoever wrote it."""


InitProject = Callable[[Path, str | None], ProjectSurvey]
"""Writes compartment.toml into a directory, with a name or one derived from the directory.

Whoever does may read its sensitive values; an identity is made where there is none.
Raises UsageProblem when there is one already or the name is no project name."""

SurveyProject = Callable[[Path], ProjectSurvey]
"""What `InitProject` would write there; nothing is written. Raises as it does."""

OpenDemo = Callable[[], World]
"""Opens a pretended machine with services that live, for trying things out without Docker."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Factories:
    """What a front end is given: nothing is opened before a command needs it."""

    open_world: OpenWorld
    init_project: InitProject
    survey_project: SurveyProject
    open_demo: OpenDemo
    file_schema: Callable[[], Mapping[str, object]]
    """What compartment.toml may say, as a JSON Schema."""
    hash_password: Callable[[Secret], str]
    """A password's hash, as the edge compares it. Raises UsageProblem when it can have none."""
