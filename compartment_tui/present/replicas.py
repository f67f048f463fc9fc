"""Replicas of a service in words: how many run, and how each of them does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compartment_tui.domain.deployment import Health, InstanceState
from compartment_tui.domain.placement import Placement, PlacementKind, elapsed
from compartment_tui.present.text import NOTHING, age, counted, duration, show
from compartment_tui.present.tone import Cell, Tone, with_symbol

if TYPE_CHECKING:
    from datetime import datetime

    from compartment_tui.domain.deployment import Instance
    from compartment_tui.domain.views import ServiceStatus


def replicas_cell(service: ServiceStatus) -> Cell:
    """`3/3`: how many of its replicas run, of those that should."""
    if service.active is None:
        return Cell(NOTHING, Tone.QUIET)
    if service.running is None:
        return Cell(f"{NOTHING}/{service.wanted}", Tone.QUIET)
    missing = service.running < service.wanted and not service.active.resting
    return Cell(f"{service.running}/{service.wanted}", Tone.BAD if missing else Tone.PLAIN)


def by_node_words(service: ServiceStatus) -> str:
    """`n1 2 · n3 1`: on which machines of a Swarm its replicas run; empty elsewhere."""
    counts = service.running_by_node.items()
    return " · ".join(f"{show(node)} {number}" for node, number in counts)


def replica_cell(one: Instance, now: datetime) -> Cell:
    """How one replica does, and since when: `running for 5m, 2 restarts`."""
    again = f", {counted(one.restarts, 'restart')}" if one.restarts else ""
    if one.running:
        place = f" on {show(one.node)}" if one.node else ""
        since = f"{place} for {duration(now - one.started)}" if one.started else place
        ill = one.checked is Health.UNHEALTHY
        check = ", its HEALTHCHECK fails" if ill else ""
        tone = Tone.BAD if ill else Tone.WARN if one.restarts else Tone.GOOD
        return with_symbol(f"running{since}{check}{again}", tone)
    if one.placement is not None:
        return placement_cell(one.placement, now)
    if one.state in (InstanceState.EXITED, InstanceState.RESTARTING):
        code = "" if one.exit_code is None else f" with code {one.exit_code}"
        memory = ", out of memory" if one.out_of_memory else ""
        when = f", {age(one.finished, now)}" if one.finished else ""
        what = "exited" if one.state is InstanceState.EXITED else "restarting: exited"
        return with_symbol(f"{what}{code}{memory}{when}{again}", Tone.BAD)
    return with_symbol(one.state.value, Tone.WARN)


def placement_cell(one: Placement, now: datetime) -> Cell:
    """What a Swarm does for one: `rescheduling from n2 to n3 (preparing), 9 s`."""
    left, node = show(one.left), show(one.node)
    given = f"{node} ({show(one.state)})" if node else ""
    words = {
        PlacementKind.UNPLACED: "no machine takes it" + (f", it was on {left}" if left else ""),
        PlacementKind.REFUSED: f"{node} cannot start it",
        PlacementKind.RESCHEDULING: f"rescheduling from {left}" + (f" to {given}" if given else ""),
        PlacementKind.STARTING: "starting" + (f" on {given}" if given else ""),
    }[one.kind]
    since = f", {elapsed(now - one.since)}" if one.since else ""
    bad = one.kind is not PlacementKind.STARTING
    return with_symbol(f"{words}{since}", Tone.BAD if bad else Tone.WARN)


def has_ended_ones(service: ServiceStatus) -> bool:
    """Whether some of its replicas ended, and nobody but a person brings them back."""
    ended = any(one.state is InstanceState.EXITED for one in service.replicas)
    return ended and bool(service.running)


def by_hand_words(service: ServiceStatus) -> str:
    """Why it has another number of replicas than the file says; empty when it has not."""
    if service.active is None or service.in_file in (None, service.wanted):
        return ""
    if service.scaled is not None and service.scaled.replicas == service.wanted:
        return f"as it was scaled by hand; the file says {service.in_file}"
    return f"the file says {service.in_file}, as the next deploy will have it"
