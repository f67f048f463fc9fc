"""What an environment comes to when the home of its Swarm is lost: from a copy, and from labels."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from compartment_tui.domain.deployment import (
    AuditLine,
    Deployment,
    EnvironmentRecord,
    Instance,
    Stage,
    Status,
)
from compartment_tui.domain.errors import RecordInvalid
from compartment_tui.domain.home import RecordCopy
from compartment_tui.domain.names import EnvironmentKey, active_name
from compartment_tui.domain.planning.lifecycle import mark_stopped
from compartment_tui.domain.planning.rollback_targets import spec_of
from compartment_tui.domain.record.rebuild import rebuild
from compartment_tui.domain.routes import Route, RouteTable

CUT_SHORT = "the home was lost while it was being deployed"


@dataclass(frozen=True, slots=True, kw_only=True)
class AdoptedEnvironment:
    """An environment as it will be on the new home."""

    record: EnvironmentRecord
    table: RouteTable
    copied: datetime | None = None
    """When the copy was made that it comes from; None: from labels alone."""
    older: tuple[str, ...] = ()
    """The services of which the Swarm runs something else than the copy says."""
    problem: str = ""
    """Why there is no copy that can be read, where there is one."""
    strays: tuple[str, ...] = ()
    """Deployments that a run was about to make live when the home was lost: they never were."""
    left_behind: tuple[str, ...] = ()
    """Services whose volumes are on the machine that is lost: they are stopped, as if by hand.

    Whether they are to begin anew, with empty ones, a person must say.
    """

    @property
    def key(self) -> EnvironmentKey:
        """Which environment it is."""
        return self.record.key

    @property
    def hosts(self) -> tuple[str, ...]:
        """All hosts that will be answered again."""
        return tuple(sorted(self.table.hosts))


def adopted(
    key: EnvironmentKey,
    copy: RecordCopy | RecordInvalid | None,
    instances: Iterable[Instance],
    now: datetime,
) -> AdoptedEnvironment:
    """The record and the routes of an environment, by what its Swarm still holds.

    Where the copy and the services differ, the services are right: they are younger. Then it is
    made again from labels, with the copy's hosts. Raises RecordInvalid, as `rebuild`.
    """
    found = {one.deployment: one for one in instances if one.key == key}
    known = copy if isinstance(copy, RecordCopy) else None
    problem = copy.message if isinstance(copy, RecordInvalid) else ""
    older = () if known is None else _older(known.record, found)
    if known is not None and not older:
        strays = _strays(known.record, found)
        record, table = _with_strays(known.record, strays, found, now), known.table
    else:
        table = RouteTable() if known is None else _moved(known, found)
        strays = ()
        record = _from_labels(key, known, table, found, now)
    left_behind = left_behind_of(record)
    if record.journal is None:
        record, table = stopped(record, table, left_behind, table.marker or "")
    return AdoptedEnvironment(
        record=record,
        table=table,
        copied=known.at if known else None,
        older=older,
        problem=problem,
        strays=strays,
        left_behind=left_behind,
    )


def left_behind_of(record: EnvironmentRecord) -> tuple[str, ...]:
    """The services that are live and have volumes: they were on the home, and so was their data."""
    return tuple(sorted(name for name in record.active if _has_volumes(record, name)))


def stopped(
    record: EnvironmentRecord, table: RouteTable, services: Iterable[str], marker: str
) -> tuple[EnvironmentRecord, RouteTable]:
    """Both as if these services had been stopped by hand: the edge answers in their place."""
    names = {record.active[service]: service for service in services}
    if names and table.routes:
        table = table.marked(marker, names)
    return mark_stopped(record, names.values()), table


def _has_volumes(record: EnvironmentRecord, service: str) -> bool:
    active = record.active_deployment(service)
    return active is not None and bool(spec_of(active).volumes)


def _labelled(found: Mapping[str, Instance]) -> dict[str, str]:
    """Service to deployment: what the services' labels say is active."""
    return {
        one.service: one.deployment
        for one in found.values()
        if one.name == active_name(one.service, one.key)
    }


def _older(record: EnvironmentRecord, found: Mapping[str, Instance]) -> tuple[str, ...]:
    """The services of which something else is live than a record says.

    A record with a journal is right in any case: whoever recovers the run finds out.
    """
    if record.journal is not None:
        return ()
    now = _labelled(found)
    there = {*record.active.values(), *record.held.values()}
    differing = {name for name in now if record.active.get(name) != now[name]}
    # Taken away since: nothing bears its name, and nothing of it runs.
    differing |= {
        name
        for name, deployment in record.active.items()
        if name not in now and not (deployment in found and found[deployment].any_running)
    }
    differing |= {record.deployments[one].service for one in there if one not in found}
    return tuple(sorted(differing))


def _moved(copy: RecordCopy, found: Mapping[str, Instance]) -> RouteTable:
    """The copy's routes, led to what is live now; what leads to nothing goes."""
    now = _labelled(found)
    routes = (_led(route, copy.record, now, found) for route in copy.table.routes)
    return replace(copy.table, routes=tuple(sorted(one for one in routes if one is not None)))


def _led(
    route: Route,
    record: EnvironmentRecord,
    now: Mapping[str, str],
    found: Mapping[str, Instance],
) -> Route | None:
    old = record.deployments.get(route.deployment)
    if old is None or record.active.get(old.service) != old.id:
        return route if route.deployment in found else None
    instance = found.get(now.get(old.service, ""))
    if instance is None:
        return None
    if instance.deployment == old.id:
        return route
    return replace(
        route,
        deployment=instance.deployment,
        port=instance.port or route.port,
        replicas=len(instance.replicas),
        stopped="" if instance.any_running else route.stopped,
    )


def _from_labels(
    key: EnvironmentKey,
    copy: RecordCopy | None,
    table: RouteTable,
    found: Mapping[str, Instance],
    now: datetime,
) -> EnvironmentRecord:
    record = rebuild(key, found.values(), table, now)
    if copy is None:
        return record
    before = copy.record
    return replace(
        record,
        audit=(*before.audit, *record.audit),
        owner=before.owner,
        orders=before.orders,
        scales=before.scales,
    )


def _strays(record: EnvironmentRecord, found: Mapping[str, Instance]) -> tuple[str, ...]:
    """What runs and is neither live nor held, and what the copy does not know: a run's."""
    if record.journal is not None:
        return ()
    wanted = {*record.active.values(), *record.held.values()}
    running = {name for name, one in found.items() if one.any_running and name not in wanted}
    return tuple(sorted(running | (found.keys() - record.deployments.keys())))


def _with_strays(
    record: EnvironmentRecord,
    strays: Iterable[str],
    found: Mapping[str, Instance],
    now: datetime,
) -> EnvironmentRecord:
    told = rebuild(record.key, found.values(), RouteTable(), now).deployments
    for one in strays:
        if one not in record.deployments:
            record = record.with_deployment(_cut_short(told[one]))
    return record


def _cut_short(deployment: Deployment) -> Deployment:
    return replace(
        deployment,
        status=Status.FAILED,
        stage=Stage.STARTING_CANDIDATE,
        activated=None,
        completed=None,
        preview=None,
        failure=CUT_SHORT,
    )


def adoption_line(
    environment: AdoptedEnvironment, actor: str, node: str, at: datetime
) -> AuditLine:
    """What the record says of it."""
    source = "labels alone" if environment.copied is None else "the copy in the Swarm"
    return AuditLine(at=at, actor=actor, verb="edge adopt", detail=f"by {node}, from {source}")
