"""The status of an environment: what is live, and its health."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from compartment_tui.background import Background
from compartment_tui.domain.config import ProjectConfig
from compartment_tui.domain.deployment import EnvironmentRecord, Health
from compartment_tui.domain.domain_proof import ending_soon
from compartment_tui.domain.errors import EngineUnreachable
from compartment_tui.domain.health import judge
from compartment_tui.domain.home import ADOPT_WHERE_LOST
from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.domain.outcome import Failure
from compartment_tui.domain.routes import RouteTable
from compartment_tui.domain.views import (
    EndingCertificate,
    EnvironmentStatus,
    HeldCandidate,
    ServiceStatus,
)
from compartment_tui.operations.engines import last_met, world_of
from compartment_tui.operations.environment_record import copy_of, key_and_config, visible_record
from compartment_tui.operations.status_rows import (
    StatusRows,
    active_and_latest,
    kind_of,
    service_names,
)
from compartment_tui.ports import World


def status(world: World, *, environment: str, services: Sequence[str] = ()) -> EnvironmentStatus:
    """What is live now; with the engine away, what the copy of its record says, marked stale.

    A record that cannot be read is said, beside what is known without it. Raises NotFound (no such
    service), EngineUnreachable (and there is no copy of this engine's).
    """
    world = world_of(world, environment)
    key, config = key_and_config(world, environment)
    try:
        return _status(world, config, key, services)
    except EngineUnreachable as error:
        engine = config.engine(world.engine_name)
        swarm = engine is not None and engine.swarm
        if swarm:
            error.hint = "; ".join(part for part in (error.hint, ADOPT_WHERE_LOST) if part)
        copy = copy_of(world, key)
        if copy is None:
            raise
        away = Failure(code=error.code, message=error.message, hint=error.hint)
        record, written = copy
        names = service_names(config, record, services)
        rows = tuple(_recorded_only(config, record, name) for name in names)
        protected = config.environment(key.environment).protected
        return EnvironmentStatus(
            key=key,
            services=rows,
            protected=protected,
            stale=written,
            away=away,
            engine=world.engine_name,
            swarm=swarm,
        )


def _status(
    world: World, config: ProjectConfig, key: EnvironmentKey, services: Sequence[str]
) -> EnvironmentStatus:
    on_record = Background(lambda: visible_record(world, key))
    tables = Background(world.edge.tables)
    about_edge = Background(world.edge.info)
    about_lock = Background(lambda: world.locks.holder(key))
    nodes = Background(world.engine.nodes)
    instances = world.engine.instances(key)
    edge, holder = about_edge.answer(), about_lock.answer()
    record, unreadable = on_record.answer()
    table = tables.answer().get(key, RouteTable())
    secured = [one.host for one in table.public.domains if one.secured]
    ends = Background(lambda: world.edge.certificate_ends(secured)) if secured else None
    changing = holder is not None
    around = StatusRows(world, config, record, instances, table, edge, changing=changing)
    names = service_names(config, record, services)
    return EnvironmentStatus(
        key=key,
        services=tuple(around.service(name) for name in names),
        protected=config.environment(key.environment).protected,
        holder=holder.holder if holder else None,
        journal=None if holder else record.journal,
        rebuilt=record.rebuilt,
        unreadable=unreadable,
        ending=_ending(table, ends.answer(), world.clock.now()) if ends else (),
        engine=world.engine_name,
        last_met=last_met(world, config, record),
        nodes=nodes.answer(),
    )


def _ending(
    table: RouteTable, ends: Mapping[str, datetime], now: datetime
) -> tuple[EndingCertificate, ...]:
    found: dict[tuple[datetime, bool], list[str]] = {}
    for host, until in sorted(ending_soon(ends, now).items()):
        domain = table.public.domain(host)
        own = domain is not None and not domain.certificate.ordered
        found.setdefault((until, own), []).append(host)
    return tuple(
        EndingCertificate(hosts=tuple(hosts), until=until, own=own)
        for (until, own), hosts in sorted(found.items())
    )


def _recorded_only(config: ProjectConfig, record: EnvironmentRecord, name: str) -> ServiceStatus:
    active, latest = active_and_latest(record, name)
    health, reason = judge(active=active, latest=latest)
    return ServiceStatus(
        service=name,
        kind=kind_of(active or latest),
        active=active,
        latest=latest,
        instance=None,
        health=health,
        reason=reason,
        url=None,
        declared=config.service(name) is not None,
        in_file=config.replicas_of(record.key.environment, name) if config.service(name) else None,
        held=_recorded_held(record, name),
        seen=False,
    )


def _recorded_held(record: EnvironmentRecord, name: str) -> HeldCandidate | None:
    held = record.held_deployment(name)
    if held is None:
        return None
    reason = "held; not known while the engine is away"
    return HeldCandidate(
        deployment=held, health=Health.PENDING, reason=reason, url=None, seen=False
    )
