"""What a Swarm does for a replica that does not run: where it was, where it goes, since when."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum

from compartment_tui.domain.shell_quotes import option_for

STRANDED = "its volumes are on a machine that is no longer in the Swarm"


class PlacementKind(IntEnum):
    """What there is to say of it, the gravest first."""

    UNPLACED = 1
    """No machine takes it."""
    REFUSED = 2
    """The machine that it was given to cannot start it."""
    RESCHEDULING = 3
    """It ran elsewhere, and is brought back."""
    STARTING = 4
    """It never ran before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """How far the Swarm is with a replica that does not run."""

    state: str
    """The Swarm's word for its task: `pending`, `assigned`, `preparing`, `starting`, `rejected`…"""
    since: datetime | None = None
    """Since when it does not run, by the managers' clock; None where they do not tell yet."""
    left: str = ""
    """The machine it ran on before; empty for one that never ran."""
    node: str = ""
    """The machine it was given to; empty while none was found."""
    message: str = ""
    """Why it is not placed or not started, in the Swarm's words."""

    @property
    def kind(self) -> PlacementKind:
        """What there is to say of it."""
        if self.message:
            return PlacementKind.REFUSED if self.node else PlacementKind.UNPLACED
        return PlacementKind.RESCHEDULING if self.left else PlacementKind.STARTING


def placement_words(found: Iterable[Placement], of: int, now: datetime) -> str:
    """`rescheduling 1 of 3 from n2, 9 s`: what goes on, those together that are in one state."""
    groups: dict[tuple[PlacementKind, str], list[Placement]] = {}
    for one in found:
        groups.setdefault((one.kind, _told(one)), []).append(one)
    return "; ".join(_sentence(*key, ones, of, now) for key, ones in sorted(groups.items()))


def elapsed(span: timedelta) -> str:
    """How long, in one unit: `9 s`, `3 min`, `2 h`, `4 d`."""
    seconds = max(0, int(span.total_seconds()))
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds // length} {unit}"
    return f"{seconds} s"


def _told(one: Placement) -> str:
    """What tells it from others of its kind."""
    match one.kind:
        case PlacementKind.UNPLACED:
            return f": {one.message}"
        case PlacementKind.REFUSED:
            return f" on {one.node}: {one.message}"
        case PlacementKind.RESCHEDULING:
            return f" from {one.left}"
        case PlacementKind.STARTING:
            return f" on {one.node}" if one.node else ""


def _sentence(kind: PlacementKind, told: str, ones: list[Placement], of: int, now: datetime) -> str:
    which = f"{len(ones)} of {of}" if of > 1 else "it"
    what = {
        PlacementKind.UNPLACED: f"{which} cannot be placed",
        PlacementKind.REFUSED: f"{which} cannot start",
        PlacementKind.RESCHEDULING: f"rescheduling {which}",
        PlacementKind.STARTING: f"starting {which}",
    }[kind]
    times = [one.since for one in ones if one.since is not None]
    return f"{what}{told}" + (f", {elapsed(now - min(times))}" if times else "")


def anew_command(service: str, environment: str) -> str:
    """The way on with a service whose volumes are on a machine that is lost."""
    return f"compartment-tui deploy -s {service}{option_for(environment)}"


def anew_hint(service: str, environment: str) -> str:
    """The same in words."""
    return f"`{anew_command(service, environment)}` makes it anew, without that data"
