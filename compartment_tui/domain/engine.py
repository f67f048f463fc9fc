"""Facts about a Docker engine, and about what lies on it beside deployments."""

from dataclasses import dataclass
from datetime import datetime

from compartment_tui.domain.names import EnvironmentKey


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineInfo:
    """The Docker engine we talk to. `host` is where published ports are reached from here."""

    version: str
    api: str
    address: str
    """`unix:///var/run/docker.sock`, `tcp://…`, `ssh://…`."""
    host: str
    live_restore: bool = False
    builder: str = ""
    """`buildkit` or `classic`, and the command that is used."""
    builder_takes: tuple[str, ...] = ()
    """What of newer Dockerfiles it can build, in the Dockerfile's words."""
    builder_lacks: tuple[str, ...] = ()
    builder_hint: str = ""
    """What would bring it."""
    chosen_by: str = ""
    """What named it, in words: a setting of the docker command."""
    unsafe: str = ""
    """Why the way to it is open to others, in words; empty when it is not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineIdentity:
    """What tells one engine from all others: its own id, and the address it has from here."""

    address: str
    id: str
    machine: str = ""
    """Its machine's name and its directory there: copied machines have one id between them."""

    @property
    def key(self) -> str:
        """What no other engine has."""
        return f"{self.id} {self.machine}".rstrip()


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeInfo:
    """A machine of a Swarm, as its managers know it."""

    name: str
    address: str
    manager: bool = False
    leader: bool = False
    """The managers do what it says."""
    home: bool = False
    """It has the edge, the locks, the records and the routes."""
    former_home: bool = False
    """It was the home before another machine adopted that, and may have its edge still."""
    state: str = "ready"
    """`ready`, `down`, `disconnected` or `unknown`, in the managers' words."""
    availability: str = "active"
    """`active`, `pause` or `drain`: whether it is given tasks, and keeps those it has."""

    @property
    def ready(self) -> bool:
        """Whether the managers hear of it."""
        return self.state == "ready"


@dataclass(frozen=True, slots=True, kw_only=True)
class Misfit:
    """Something of somebody else's that has labels or a name of ours, and is left out."""

    kind: str
    """`container`, `network`, `image`."""
    name: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LockInfo:
    """Who changes an environment now. `holder` is `user@host`, `purpose` the verb."""

    key: EnvironmentKey
    holder: str
    purpose: str
    since: datetime
