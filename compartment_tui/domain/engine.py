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
