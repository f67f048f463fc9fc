"""Plan and run: everything decided before anything is done.

A `Run` is a tuple of `Plan`s, one per service. `--plan`, a preview and the rollout read the same
value, and undo reads nothing else: every id and every name a container may bear is fixed here.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType

from compartment_tui.domain.carriage import ImageOrigin, NodeCarriage
from compartment_tui.domain.config import EdgeSettings, Kind, ServiceSpec
from compartment_tui.domain.deployment import (
    Deployment,
    Image,
    Journal,
    JournalEntry,
    Provenance,
    Purpose,
    Stage,
    Trigger,
)
from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.domain.own_certificate import OwnCertificate
from compartment_tui.domain.owner import Owner
from compartment_tui.domain.public_side import PublicChanges, WantedPublicSide
from compartment_tui.domain.routes import RouteTable
from compartment_tui.domain.target import Target
from compartment_tui.domain.variable import NameChanges, Secret, compare, exposed_keys

DEFAULT_PORT = 3000
"""The port of a routed service when neither file, variable nor image names one."""

RECIPES: Mapping[Trigger, tuple[Stage, ...]] = MappingProxyType(
    {
        Trigger.DEPLOY: (
            Stage.BUILDING,
            Stage.RELEASE,
            Stage.STARTING_CANDIDATE,
            Stage.CHECKING_READINESS,
            Stage.SWITCHING_ROUTE,
            Stage.DRAINING_PREVIOUS,
        ),
        Trigger.PROMOTE: (
            Stage.RELEASE,
            Stage.STARTING_CANDIDATE,
            Stage.CHECKING_READINESS,
            Stage.SWITCHING_ROUTE,
            Stage.DRAINING_PREVIOUS,
        ),
        Trigger.REDEPLOY: (
            Stage.STARTING_CANDIDATE,
            Stage.CHECKING_READINESS,
            Stage.SWITCHING_ROUTE,
            Stage.DRAINING_PREVIOUS,
        ),
        Trigger.ROLLBACK: (
            Stage.STARTING_CANDIDATE,
            Stage.CHECKING_READINESS,
            Stage.SWITCHING_ROUTE,
            Stage.DRAINING_PREVIOUS,
        ),
    }
)
"""The stages of a run by what started it, when all of it is to go live; see `Run.recipe`.

An effect of `release` is never undone, so nothing repeats it.
"""


class ImageSource(StrEnum):
    """Where a plan's image comes from."""

    BUILD = "build"
    PULL = "pull"
    KEPT_IMAGE = "kept_image"
    KEPT_CONTAINER = "kept_container"
    HELD_CANDIDATE = "held_candidate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One service of a run.

    What becomes of its candidate follows from where that comes from and what the run is for:

        verb            purpose  source          container  runs_release  starts_candidate
        --------------  -------  --------------  ---------  ------------  ----------------
        deploy          live     build, pull     new        if declared   yes
        deploy --hold   hold     build, pull     new        if declared   no if stop-first
        promote         live     held_candidate  from_hold  no            if stop-first
        promote --from  live     kept_image      new        if declared   yes
        redeploy        live     kept_image      new        no            yes
        rollback        live     kept_container  reused     no            yes
        rollback        live     kept_image      new        no            yes
        discard         discard  held_candidate  from_hold  no            no
        remove          remove   kept_container  reused     no            no

    A container that is not new is one that `reuses_container`. `has_downtime` is for a stop-first
    service that goes live while another of it runs; `superseded` for what brings something new.
    """

    key: EnvironmentKey
    run: str
    trigger: Trigger
    spec: ServiceSpec
    deployment: str
    source: ImageSource
    image: str | None = None
    """The image's id, where it is known before the run."""
    image_origin: ImageOrigin | None = None
    """The engine it is carried from: where it is, or is built; None is the run's own."""
    node_carriage: NodeCarriage | None = None
    """How the machines of a Swarm get it; None: one engine alone needs it."""
    previous: Deployment | None = None
    """The active deployment this one will replace."""
    copied_from: str | None = None
    """The deployment whose image runs again as this new one."""
    original: Mapping[str, str] = field(default_factory=dict)
    """Fingerprints of what that one was given."""
    values: Mapping[str, Secret] = field(default_factory=dict)
    fingerprints: Mapping[str, str] = field(default_factory=dict)
    sensitive: tuple[str, ...] | None = None
    """The keys whose values are sensitive; None where it is not known, as in older records."""
    build_secrets: Mapping[str, Secret] = field(default_factory=dict)
    """By id: those of `spec.build.secrets` that are variables."""
    host: str | None = None
    url: str = ""
    """Where it is reached once it is live, where that is not over plain HTTP at its host."""
    port: int | None = None
    """Where the file or the variables name it; else the image decides."""
    provenance: Provenance = Provenance()
    force: bool = False
    """Replace it even when nothing changed."""
    purpose: Purpose = Purpose.LIVE
    preview: str | None = None
    """The host a held candidate can be looked at: opened by a hold, closed by what follows it."""
    superseded: Deployment | None = None
    """The held candidate that goes when this one has succeeded."""
    can_wait: bool = False
    """The edge can let requests wait."""
    replicas: int = 1
    """How many of it are to run."""
    by_hand: int = 0
    """What the file says, where somebody asked for another number of replicas since."""
    root: Path | None = None
    """Where `spec.path` lies when that is not the project: a clean copy of a commit."""

    @property
    def service(self) -> str:
        return self.spec.name

    @property
    def target(self) -> Target:
        return Target(self.key.environment, self.spec.name)

    @property
    def reuses_container(self) -> bool:
        """The candidate is a container that is already there."""
        return self.source in (ImageSource.KEPT_CONTAINER, ImageSource.HELD_CANDIDATE)

    @property
    def makes_image(self) -> bool:
        """Whether the image is still to be made or to be carried."""
        made = self.source in (ImageSource.BUILD, ImageSource.PULL)
        return made or (self.image_origin is not None and not self.reuses_container)

    @property
    def from_hold(self) -> bool:
        """The candidate was held: proven once, and its release command has run."""
        return self.source is ImageSource.HELD_CANDIDATE

    @property
    def runs_release(self) -> bool:
        """Whether this run runs the service's release command."""
        stages = RECIPES[self.trigger]
        declared = self.spec.release is not None
        return declared and Stage.RELEASE in stages and not self.reuses_container

    @property
    def starts_candidate(self) -> bool:
        """Whether this run starts the candidate: a held one runs, unless it is stop-first."""
        if self.purpose is Purpose.LIVE:
            return self.spec.stop_first or not self.from_hold
        return self.purpose is Purpose.HOLD and not self.spec.stop_first

    @property
    def routed_host(self) -> str | None:
        """The host that this run leads to the candidate."""
        return self.host if self.purpose is Purpose.LIVE else self.opened_preview

    @property
    def opened_preview(self) -> str | None:
        """The preview's host, where this run opens it."""
        return self.preview if self.purpose is Purpose.HOLD else None

    @property
    def hosts(self) -> frozenset[str]:
        """Every host it needs: its own, and a preview that this run opens."""
        hosts = (self.host, self.opened_preview)
        return frozenset(host for host in hosts if host is not None)

    @property
    def removes(self) -> bool:
        """The run takes the service away: nothing is made, started or proven."""
        return self.purpose is Purpose.REMOVE

    @property
    def old_host(self) -> str | None:
        """The host of the active deployment that goes with this run; None when its host stays."""
        previous = self.previous
        if previous is None or previous.host is None:
            return None
        if self.removes:
            return previous.host
        moves = self.purpose is Purpose.LIVE and previous.host != self.host
        return previous.host if moves else None

    @property
    def has_downtime(self) -> bool:
        """Whether the service is away for a moment: the old one stops before the new one starts."""
        previous = self.previous
        replaces = self.spec.stop_first and previous is not None and not previous.resting
        return replaces and self.purpose is Purpose.LIVE

    @property
    def wait(self) -> int:
        """How many seconds requests may wait while the service is away; 0: they do not."""
        routed = self.host is not None and self.previous is not None and self.previous.host
        if not (self.can_wait and self.has_downtime and routed):
            return 0
        return math.ceil(self.spec.hold.total_seconds())

    @property
    def changes(self) -> NameChanges:
        """Variables that differ from what the active deployment has, by name."""
        previous = self.previous
        return compare(
            previous.fingerprints if previous else {},
            self.fingerprints,
            exposed=exposed_keys(
                previous.sensitive if previous else None, self.sensitive, self.fingerprints
            ),
        )

    @property
    def differs(self) -> NameChanges:
        """Variables of a copy that differ from what its original was given, by name."""
        return compare(self.original, self.fingerprints) if self.copied_from else NameChanges()

    def port_in(self, image: Image) -> int | None:
        """The container port: file, variable, image, default. None for a worker that names none."""
        if self.port is not None:
            return self.port
        if self.spec.kind is Kind.WORKER:
            return None
        return image.ports[0] if image.ports else DEFAULT_PORT

    def same_as_active(self, image: Image) -> bool:
        """Whether the active deployment already is what this plan would make."""
        active = self.previous
        return (
            not self.force
            and active is not None
            and active.image == image.id
            and active.replicas == self.replicas
            and active.spec == self.spec.text()
            and dict(active.fingerprints) == dict(self.fingerprints)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reroute:
    """A service that no plan of the run is about, and whose host changes with its switch."""

    service: str
    deployment: str
    port: int
    old_host: str
    host: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Infrastructure:
    """What is made before anything else, for a run to stand on; None is there already."""

    subnet: str | None = None
    """Of the environment's network."""
    edge: EdgeSettings | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What one action will do to one environment."""

    id: str
    key: EnvironmentKey
    trigger: Trigger
    created: datetime
    actor: str
    """Who, as `user@host`."""
    plans: tuple[Plan, ...]
    label: str = ""
    keep: int = 5
    """How many stopped deployments per service stay."""
    purpose: Purpose = Purpose.LIVE
    """For a discard, `trigger` says nothing."""
    origin: str = ""
    """The environment whose images these are, when that is another one."""
    ref: str = ""
    """The commit that services and build contexts are taken from, as it was asked for."""
    reroutes: tuple[Reroute, ...] = ()
    """Services that get another host because a plan takes theirs."""
    undeclared: tuple[str, ...] = ()
    """Services that are live, stay so, and are no longer in the project file."""
    left_stopped: tuple[str, ...] = ()
    """Services that were stopped by hand and not asked for by name: they stay as they are."""
    left_stranded: tuple[str, ...] = ()
    """Those of them that nobody can start any more."""
    notes: tuple[str, ...] = ()
    """What a person should know of the files it builds from, in words."""
    owner: Owner | None = None
    """Whose the environment is once this has succeeded."""
    taken_from: Owner | None = None
    """Whose it is until then, when that is another repository."""
    ground: Infrastructure = field(default_factory=Infrastructure)
    """Of a plan: when a run begins, all of it is there."""
    public: WantedPublicSide | None = None
    """What the file wants of the public side; None: it stays as it is."""
    public_changes: PublicChanges = PublicChanges()
    """What of it will be different, if every domain leads here."""
    certificates: tuple[OwnCertificate, ...] = ()
    """The project's own, which the edge is given before the switch."""
    engine: str = ""
    """Which of the file's engines it is on; empty: the docker command's."""

    @property
    def removes_only(self) -> bool:
        """Whether all it does is to take services away."""
        return bool(self.plans) and all(plan.removes for plan in self.plans)

    @property
    def builds(self) -> tuple[Plan, ...]:
        """Those whose image is built from files."""
        return tuple(plan for plan in self.plans if plan.source is ImageSource.BUILD)

    @property
    def recipe(self) -> tuple[Stage, ...]:
        """The stages this run goes through, in order."""
        if self.purpose is Purpose.DISCARD:
            return (self.purpose.switch_stage,)
        stages = RECIPES[self.trigger]
        if self.removes_only:
            return (Stage.SWITCHING_ROUTE, Stage.DRAINING_PREVIOUS)
        if self.purpose is Purpose.HOLD:
            stages = (*stages[: stages.index(Stage.SWITCHING_ROUTE)], Stage.HELD)
        if any(plan.makes_image for plan in self.plans) and Stage.BUILDING not in stages:
            stages = (Stage.BUILDING, *stages)
        left_out = set()
        if self.plans and all(plan.from_hold for plan in self.plans):
            left_out.add(Stage.RELEASE)
            if not any(plan.starts_candidate for plan in self.plans):
                left_out.add(Stage.STARTING_CANDIDATE)
        return tuple(stage for stage in stages if stage not in left_out)

    def journal(self, before: RouteTable) -> Journal:
        """What finishing or undoing this run needs, if we die in the middle.

        `before` are the routes as they are when it begins, read under the lock.
        """
        entries = tuple(
            JournalEntry(
                service=plan.service,
                deployment=plan.deployment,
                previous=plan.previous.id if plan.previous else None,
                kept=plan.reuses_container,
                stop_first=plan.spec.stop_first and not plan.removes,
                previous_rests=plan.previous is not None and plan.previous.resting,
                host=plan.routed_host,
                held=plan.from_hold,
                discards=plan.superseded.id if plan.superseded else None,
                removes=plan.removes,
                wait=plan.wait if plan.previous and before.leads_to(plan.previous.id) else 0,
            )
            for plan in self.plans
        )
        return Journal(
            run=self.id,
            trigger=self.trigger,
            started=self.created,
            entries=entries,
            before=before,
            stage=self.recipe[0],
            purpose=self.purpose,
            owner=self.owner,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerSpec:
    """A container about to be made: the plan, and what building it taught."""

    plan: Plan
    image: Image
    created: datetime
    inner: tuple[str, ...] = ()
    """The services that it is to reach through the edge."""

    @property
    def port(self) -> int | None:
        return self.plan.port_in(self.image)

    def environment(self) -> dict[str, Secret]:
        """Every environment variable of the container: the resolved values and what we inject."""
        plan = self.plan
        injected = {
            "COMPARTMENT_PROJECT": Secret(plan.key.project),
            "COMPARTMENT_ENVIRONMENT": Secret(plan.key.environment),
            "COMPARTMENT_SERVICE": Secret(plan.service),
            "COMPARTMENT_DEPLOYMENT_ID": Secret(plan.deployment),
        }
        port = {} if self.port is None else {"PORT": Secret(str(self.port))}
        return {**port, **plan.values, **injected}
