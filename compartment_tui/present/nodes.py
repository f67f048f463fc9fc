"""The machines of a Swarm in words: what each is, how it does, and what runs there."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from compartment_tui.domain.home import former_home_words
from compartment_tui.domain.placement import placement_words
from compartment_tui.present.tables import EMPTY, Table
from compartment_tui.present.text import clean, listed, show, show_name
from compartment_tui.present.tone import Cell, Line, Tone, line, with_symbol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from compartment_tui.domain.deployment import Instance
    from compartment_tui.domain.detail_views import NodeView, SwarmView
    from compartment_tui.domain.engine import NodeInfo

_IDLE = {"pause": "takes nothing new", "drain": "drained"}


def nodes_table(found: Iterable[NodeView]) -> Table:
    """A row for each machine."""
    return Table(
        columns=("node", "role", "state", "address", "runs"),
        rows=tuple(
            (
                Cell(show(one.node.name)),
                Cell(role_words(one.node)),
                state_cell(one.node),
                Cell(clean(one.node.address), Tone.QUIET),
                runs_cell(one),
            )
            for one in found
        ),
    )


def role_words(node: NodeInfo) -> str:
    """`home, leader`: the home has the edge and the records; `was home` of one before it."""
    role = "leader" if node.leader else "manager" if node.manager else "worker"
    before = "home, " if node.home else "was home, " if node.former_home else ""
    return before + role


def state_cell(node: NodeInfo) -> Cell:
    """Whether it is there, and is given tasks."""
    if not node.ready:
        return with_symbol(f"away ({clean(node.state)})", Tone.BAD)
    idle = _IDLE.get(node.availability)
    return with_symbol(idle, Tone.WARN) if idle else with_symbol("ready", Tone.GOOD)


def runs_cell(view: NodeView) -> Cell:
    """`2 web, 1 api in staging; starting 1 web; lost 1 web`: by service and environment."""
    moved = {one.key.environment for one in (*view.lost, *view.starting)}
    places = moved | {one.key.environment for one in view.replicas}
    said = (
        ("", view.replicas),
        ("starting ", view.starting),
        ("lost ", view.lost),
    )
    words = [f"{what}{_counts(ones, several=len(places) > 1)}" for what, ones in said if ones]
    if not words:
        return EMPTY
    return Cell("; ".join(words), Tone.BAD if view.lost else Tone.PLAIN)


def away_line(nodes: Iterable[NodeInfo]) -> Line | None:
    """`n2 is away`: the machines that the managers do not hear of; None where there are none."""
    names = [show(one.name) for one in nodes if not one.ready]
    if not names:
        return None
    verb = "is" if len(names) == 1 else "are"
    return (with_symbol(f"{listed(names)} {verb} away", Tone.WARN),)


def swarm_notes(view: SwarmView, now: datetime) -> Iterator[Line]:
    """Machines that were the home before; what the Swarm does at this moment, a line a deployment.

    One that was the home and is away has nothing that could be taken away now.
    """
    home = next((show(one.node.name) for one in view.nodes if one.node.home), "")
    for one in view.nodes:
        if one.node.former_home and one.node.ready:
            words, way_on = former_home_words(show(one.node.name), home)
            yield (with_symbol(words, Tone.WARN),)
            yield line(f"  {way_on}", Tone.QUIET)
    for instance in view.moving:
        found = [one.placement for one in instance.replicas if one.placement is not None]
        words = placement_words(found, len(instance.replicas), now)
        where = f"{show(instance.service)} in {show_name(instance.key.environment)}"
        yield with_symbol(where, Tone.BAD), Cell(f": {clean(words)}")


def _counts(replicas: Iterable[Instance], *, several: bool) -> str:
    counts = Counter((one.key.environment, one.service) for one in replicas)
    return ", ".join(
        f"{number} {show(service)}" + (f" in {show_name(place)}" if several else "")
        for (place, service), number in sorted(counts.items())
    )
