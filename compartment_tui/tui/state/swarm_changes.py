"""What happened in a Swarm between two looks: to its machines, and to replicas that moved."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from compartment_tui.domain.deployment import Instance
from compartment_tui.domain.engine import NodeInfo
from compartment_tui.domain.placement import PlacementKind, elapsed
from compartment_tui.domain.views import EnvironmentStatus
from compartment_tui.present.text import show, show_name
from compartment_tui.present.tone import Tone

_AVAILABLE = {
    "active": "is given tasks again",
    "pause": "is given no new tasks",
    "drain": "is drained: what runs there moves",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SwarmChange:
    """One of them, in words."""

    at: datetime
    words: str
    tone: Tone = Tone.PLAIN
    node: str = ""
    """The machine that it is all about."""


def swarm_changes(
    before: EnvironmentStatus, after: EnvironmentStatus, now: datetime
) -> Iterator[SwarmChange]:
    """What differs, machines first. Nothing where one of the two is no look at the engine."""
    if before.stale is not None or after.stale is not None:
        return
    known = {one.name: one for one in before.nodes}
    for node in after.nodes:
        if node.name in known:
            yield from _of_node(known[node.name], node, now)
    services = {one.service: one for one in before.services}
    for service in after.services:
        was = services.get(service.service)
        there = {(one.deployment, one.number): one for one in was.replicas} if was else {}
        for one in service.replicas:
            if (one.deployment, one.number) in there:
                name = _name(one, several=service.several)
                yield from _of_replica(name, there[one.deployment, one.number], one, now)


def _of_node(before: NodeInfo, after: NodeInfo, now: datetime) -> Iterator[SwarmChange]:
    name = show(after.name)
    if before.ready and not after.ready:
        yield SwarmChange(at=now, words=f"{name} went away", tone=Tone.BAD, node=name)
    if after.ready and not before.ready:
        yield SwarmChange(at=now, words=f"{name} is back", tone=Tone.GOOD, node=name)
    if before.availability != after.availability and after.availability in _AVAILABLE:
        words = f"{name} {_AVAILABLE[after.availability]}"
        yield SwarmChange(at=now, words=words, tone=Tone.WARN, node=name)


def _name(one: Instance, *, several: bool) -> str:
    number = f"/{one.number}" if several else ""
    return f"{show(one.service)}{number} in {show_name(one.key.environment)}"


def _of_replica(
    name: str, before: Instance, after: Instance, now: datetime
) -> Iterator[SwarmChange]:
    left = before.placement.left if before.placement is not None else before.node
    if after.node and left and after.node != left:
        since = before.placement.since if before.placement is not None else None
        took = f" after {elapsed(now - since)}" if since is not None else ""
        words = f"{name} moved from {show(left)} to {show(after.node)}{took}"
        yield SwarmChange(at=now, words=words)
    unplaced = after.placement is not None and after.placement.kind is PlacementKind.UNPLACED
    was = before.placement is not None and before.placement.kind is PlacementKind.UNPLACED
    if unplaced and not was:
        yield SwarmChange(at=now, words=f"no machine takes {name}", tone=Tone.BAD)
