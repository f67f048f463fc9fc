"""The home of a Swarm, and what is known of it where another machine is to become it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from compartment_tui.domain.deployment import EnvironmentRecord, Instance
from compartment_tui.domain.errors import RecordInvalid, Refused
from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.domain.routes import RouteTable

READY = "ready"
LOST = "down"
"""What the managers say of a machine that they have given up."""
ENOUGH_MANAGERS = 3
"""With so many, one may be lost: more than half must be there."""
REMOVED = "removed"
"""Of a machine that is no longer in the Swarm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordCopy:
    """What the managers keep of an environment: its record and its routes, as they were once."""

    record: EnvironmentRecord
    table: RouteTable
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SwarmHome:
    """The home as the manager sees it that is addressed, which may be another machine."""

    node: str
    """Its id."""
    name: str
    address: str
    state: str
    """`ready`, `down`, `disconnected` or `unknown`, in the managers' words; or `removed`."""
    addressed: str
    """The name of the machine that is addressed."""
    here: bool
    """Whether that is the home."""
    machines: tuple[str, ...] = ()
    """The names of all machines of the Swarm."""
    managers: int = 0
    """How many managers there are: without more than half of them nobody can be asked."""
    former: tuple[str, ...] = ()
    """The names of other machines that were the home, and have not been seen to since."""
    copies: Mapping[EnvironmentKey, RecordCopy | RecordInvalid] = field(default_factory=dict)
    instances: tuple[Instance, ...] = ()
    """Every deployment that the Swarm has a service of."""

    @property
    def keys(self) -> tuple[EnvironmentKey, ...]:
        """The environments that anything is known of."""
        return tuple(sorted({*self.copies, *(one.key for one in self.instances)}))


def former_home_words(name: str, home: str) -> tuple[str, str]:
    """What there is to say of a machine that was the home before, and is back; the way on."""
    return (
        f"{name} was the home before, and is back: it may have its edge still",
        f"`compartment-tui edge adopt --node {home}` takes that away",
    )


ADOPT_WHERE_LOST = (
    "if that machine is lost, address another manager, then"
    " `compartment-tui edge adopt --node NAME`"
)
"""The way on where the home of a Swarm does not answer, and nobody else was asked."""


def home_elsewhere(name: str, address: str, addressed: str, state: str) -> Refused:
    """Another manager is addressed than the home; what helps, by what the managers say of that.

    An empty state: they do not say anything.
    """
    adopt = f"`compartment-tui edge adopt --node {addressed}`"
    if state in (LOST, REMOVED):
        return Refused(
            f"{name}, the home of this Swarm, is lost",
            hint=f"{adopt} makes {addressed} the home, with edge and records",
        )
    hint = f'let the engine\'s `address` lead there, as "ssh://USER@{address}"'
    return Refused(
        f"the edge and the records of this Swarm are on {name} ({address}), and {addressed} is"
        " addressed",
        hint=hint if state == READY else f"{hint}; or, where {name} is lost, {adopt}",
    )


def single_machine() -> Refused:
    """What is about machines was asked of a single one."""
    return Refused(
        "the engine is a single machine",
        hint="`swarm = true` in its table of [engines] makes deployments services of a Swarm",
    )
