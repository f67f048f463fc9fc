"""What must hold on the pretended machine at every moment, whatever was interrupted."""

from collections.abc import Iterable, Iterator, Mapping

from compartment_tui.adapters.memory.container import Container
from compartment_tui.domain.config import Internal
from compartment_tui.domain.deployment import EnvironmentRecord, Stage
from compartment_tui.domain.names import EnvironmentKey, active_name, is_preview
from compartment_tui.domain.planning.rollback_targets import spec_of
from compartment_tui.domain.routes import RouteTable


def problems(
    containers: Iterable[Container],
    tables: Mapping[EnvironmentKey, RouteTable],
    records: Mapping[EnvironmentKey, EnvironmentRecord],
) -> Iterator[str]:
    """Everything that is wrong, in words. `tables` are those in force in the edge."""
    everything = tuple(containers)
    known = {one.deployment: one for one in everything if one.number == 1}
    for key, table in tables.items():
        yield from _dead_routes(key, table, known)
        yield from _dead_replicas(key, table, everything)
    yield from _shared_names(everything)
    for container in everything:
        yield from _unexplained(container, records.get(container.key))
    for key, state in records.items():
        if state.journal is None:
            yield from _disagreements(state, tables.get(key, RouteTable()), known)
            yield from _miscounted(state, tables.get(key, RouteTable()), everything)


def _dead_routes(
    key: EnvironmentKey, table: RouteTable, known: Mapping[str, Container]
) -> Iterator[str]:
    for route in table.routes:
        container = known.get(route.deployment)
        if route.stopped or route.waiting:
            continue  # the edge answers itself, or waits for somebody else
        if container is None:
            yield f"{key.text}: {route.host} leads to {route.deployment}, which is gone"
        elif not container.running and container.always:
            yield f"{key.text}: {route.host} leads to {route.deployment}, which crashed"
        elif not container.running:
            yield f"{key.text}: {route.host} leads to {route.deployment}, which does not run"


def _dead_replicas(
    key: EnvironmentKey, table: RouteTable, containers: Iterable[Container]
) -> Iterator[str]:
    running = {(one.deployment, one.number) for one in containers if one.running}
    for route in table.routes:
        for number in range(2, route.replicas + 1):
            away = (route.deployment, number) not in running
            if away and not (route.stopped or route.waiting):
                yield f"{key.text}: {route.host} leads to replica {number}, which does not run"


def _miscounted(
    state: EnvironmentRecord, table: RouteTable, containers: Iterable[Container]
) -> Iterator[str]:
    """Where there are more or fewer replicas than the record wants."""
    numbers: dict[str, set[int]] = {}
    for one in containers:
        if one.running:
            numbers.setdefault(one.deployment, set()).add(one.number)
    for service, deployment in state.active.items():
        recorded = state.deployments.get(deployment)
        if recorded is None or recorded.resting:
            continue
        place, wanted = state.key.text, set(range(1, recorded.replicas + 1))
        there = numbers.get(deployment, set())
        if there != wanted:
            yield f"{place}: {service} has the replicas {there}, and not {wanted}"
        if len(recorded.containers) not in (0, recorded.replicas):
            yield f"{place}: {service} has {recorded.replicas} replicas, and not all on the record"
        for route in table.routes:
            if route.deployment == deployment and route.replicas != recorded.replicas:
                yield f"{place}: {route.host} is shared out among {route.replicas}"


def _shared_names(containers: Iterable[Container]) -> Iterator[str]:
    seen: dict[str, str] = {}
    for container in containers:
        if container.name in seen:
            first = seen[container.name]
            yield f"{container.name} is the name of {first} and of {container.deployment}"
        seen[container.name] = container.deployment


def _unexplained(container: Container, state: EnvironmentRecord | None) -> Iterator[str]:
    if not container.running or container.deployment in _explained(state):
        return
    yield f"{container.key.text}: {container.deployment} runs and no record says why"


def _explained(state: EnvironmentRecord | None) -> set[str]:
    if state is None:
        return set()
    entries = state.journal.entries if state.journal else ()
    in_progress = {entry.deployment for entry in entries}
    replaced = {one for entry in entries for one in (entry.previous, entry.discards) if one}
    return {*state.active.values(), *state.held.values(), *in_progress, *replaced}


def _disagreements(
    state: EnvironmentRecord, table: RouteTable, known: Mapping[str, Container]
) -> Iterator[str]:
    """Where a record at rest says something else than the machine."""
    place = state.key.text
    for service, deployment in state.active.items():
        recorded, container = state.deployments.get(deployment), known.get(deployment)
        if recorded is None:
            yield f"{place}: {deployment} is active for {service} and has no history"
            continue
        if recorded.host is not None and not table.leads_to(deployment, recorded.host):
            yield f"{place}: {deployment} is active for {service} and has no route in force"
        if recorded.host is not None and table.answered_for(deployment) != recorded.resting:
            yield f"{place}: {deployment} is active for {service} and its route says otherwise"
        if recorded.resting:
            if container is not None and (container.running or container.always):
                yield f"{place}: {deployment} was stopped by hand and runs"
            continue
        if container is None or not (container.running or container.always):
            yield f"{place}: {deployment} is active for {service} and does not run"
        elif container.name != active_name(service, state.key):
            yield f"{place}: {deployment} is active for {service} under the name {container.name}"
    yield from _unanswered(state, table, known)
    yield from _held_disagreements(state, table, known)
    for route in table.routes:
        if route.waiting:
            yield f"{place}: requests to {route.host} wait, and nobody will answer them"
        held = state.held.values() if is_preview(route.host, route.deployment) else ()
        if not state.is_active(route.deployment) and route.deployment not in held:
            yield f"{place}: {route.host} leads to {route.deployment}, which is not active"


def _unanswered(
    state: EnvironmentRecord, table: RouteTable, known: Mapping[str, Container]
) -> Iterator[str]:
    """Who was told at its birth to call an active service through the edge, and finds none."""
    inside = {route.inside for route in table.routes}
    through_edge = {
        name
        for name in state.active
        if (one := state.active_deployment(name)) is not None
        and spec_of(one).internal is Internal.EDGE
    }
    for service, deployment in state.active.items():
        container = known.get(deployment)
        names = container.birth.inner if container is not None else ()
        for name in through_edge.intersection(names) - inside:
            yield f"{state.key.text}: {service} calls {name} through the edge, and finds nobody"


def _held_disagreements(
    state: EnvironmentRecord, table: RouteTable, known: Mapping[str, Container]
) -> Iterator[str]:
    place = state.key.text
    for service, deployment in state.held.items():
        recorded = state.held_deployment(service)
        if recorded is None or recorded.stage is not Stage.HELD:
            yield f"{place}: {deployment} is held for {service} and its history says otherwise"
        elif deployment not in known:
            yield f"{place}: {deployment} is held for {service} and is gone"
        elif recorded.preview and not table.leads_to(deployment, recorded.preview):
            yield f"{place}: {deployment} is held for {service} and has no preview in force"
        elif state.is_active(deployment):
            yield f"{place}: {deployment} is both held and active for {service}"
