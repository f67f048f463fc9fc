"""What a person can ask to be changed: one value for each verb, the same from every front end."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    """What every verb has."""

    command: ClassVar[str]
    """How the verb begins on the command line."""
    environment: str
    take_over: bool = False
    """Go on though the environment is another repository's."""

    @property
    def purpose(self) -> str:
        """What the lock says that it is held for."""
        return self.command


@dataclass(frozen=True, slots=True, kw_only=True)
class _OfServices(_Change):
    """A verb about services: these, or all it can be about."""

    services: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Labelled(_OfServices):
    """A verb whose run stands in the history."""

    label: str = ""
    """A name for the run there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deploy(_Labelled):
    """Build, prove, switch, drain."""

    command = "deploy"
    force: bool = False
    """Replace services that have not changed, too."""
    hold: bool = False
    """Build and prove, then wait to be promoted."""
    preview: bool = True
    """What is held gets an address of its own."""
    remove_undeclared: bool = False
    """Take away what the project file no longer has, by the same switch."""
    ref: str | None = None
    """Services and build contexts come from this commit instead of the working tree."""

    @property
    def purpose(self) -> str:
        return "deploy --hold" if self.hold else self.command


@dataclass(frozen=True, slots=True, kw_only=True)
class Promote(_Labelled):
    """Prove what is held once more, then make it live."""

    command = "promote"


@dataclass(frozen=True, slots=True, kw_only=True)
class PromoteFrom(_Labelled):
    """Make the images that are live in another environment live in this one, with its values."""

    command = "promote"
    origin: str
    deployment: str | None = None
    """Of one service: the image of this deployment there instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Discard(_OfServices):
    """Drop what is held: previews first, then containers."""

    command = "discard"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollback(_Labelled):
    """Bring earlier deployments back; without options, undo the newest run."""

    command = "rollback"
    to: str | None = None
    """Of one service: exactly this deployment."""
    run: str | None = None
    """Everything, as this run left it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Redeploy(_Labelled):
    """The recorded images again, with today's values."""

    command = "redeploy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Remove(_Labelled):
    """Take services away: those named, or all that are live and no longer in the file."""

    command = "remove"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop(_OfServices):
    """Stop what is live until `start`; its routes stay, and the edge answers for it."""

    command = "stop"


@dataclass(frozen=True, slots=True, kw_only=True)
class Start(_OfServices):
    """Start what does not run, and prove that it is ready before visitors get to it."""

    command = "start"


@dataclass(frozen=True, slots=True, kw_only=True)
class Restart(_OfServices):
    """Stop and start the same containers, which interrupts."""

    command = "restart"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale(_Change):
    """So many replicas of what is live, at once; until the file says otherwise."""

    command = "scale"
    replicas: tuple[tuple[str, int], ...] = ()
    """Service and number, in the order in which they were named."""

    @property
    def services(self) -> tuple[str, ...]:
        """Those named."""
        return tuple(service for service, _ in self.replicas)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resume(_Change):
    """Finish or revert what a crash, a second Ctrl-C or a lost engine left behind."""

    command = "resume"


EVERY_ENVIRONMENT = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prune(_Change):
    """Remove what is beyond retention, of one environment or of every one not protected."""

    command = "prune"
    environment: str = EVERY_ENVIRONMENT
    before: datetime | None = None
    """Kept containers made before this moment instead, whatever retention says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteEnvironment(_Change):
    """Remove an environment: routes, containers, network and record."""

    command = "environment delete"
    volumes: bool = False
    """Its volumes too, with their data."""
    variables: bool = False
    """What the project file says of it, too."""
    engine: str | None = None
    """The one it is deleted on, where the file says that it is on another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckDomains(_Change):
    """Look whether domains lead here, and serve those that do, with their certificates."""

    command = "domain check"
    hosts: tuple[str, ...] = ()
    """Only these; none: all that the file gives the environment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BeginMaintenance(_OfServices):
    """Have the edge answer visitors with a page, while the containers run on."""

    command = "maintenance on"
    message: str = ""
    """What the page says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndMaintenance(_OfServices):
    """Let visitors through again."""

    command = "maintenance off"


@dataclass(frozen=True, slots=True, kw_only=True)
class AdoptEdge:
    """Have another machine of a Swarm be its home, when the home is lost: edge, records, routes."""

    command: ClassVar[str] = "edge adopt"
    environment: ClassVar[str] = EVERY_ENVIRONMENT
    take_over: ClassVar[bool] = False
    """The edge is everybody's."""
    node: str
    """The machine, which must be the manager that is addressed."""
    engine: str | None = None
    """The engine that is the Swarm, where the file has several."""


RunRequest: TypeAlias = Deploy | Promote | PromoteFrom | Discard | Rollback | Redeploy | Remove
"""Verbs that make a run."""
LifecycleRequest: TypeAlias = Stop | Start | Restart | Scale
"""Verbs about the containers that are live."""
LabelledRequest: TypeAlias = Deploy | Promote | PromoteFrom | Rollback | Redeploy | Remove
"""Verbs whose run stands in the history, under a name if it is given one."""
FollowedRequest: TypeAlias = RunRequest | LifecycleRequest | Resume
"""Verbs that are told as events while they go on."""
MaintenanceRequest: TypeAlias = BeginMaintenance | EndMaintenance
"""Verbs about what visitors get while the containers run on."""
UpkeepRequest: TypeAlias = Prune | DeleteEnvironment | CheckDomains | AdoptEdge
"""Verbs that are done at once, and tell what they did when it is done."""
Request: TypeAlias = FollowedRequest | UpkeepRequest | MaintenanceRequest
