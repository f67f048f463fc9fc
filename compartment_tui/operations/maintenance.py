"""Maintenance: visitors get a page of the edge, while the containers run on.

It is of the route, and no deployment's: it outlives deploys, until somebody ends it. Callers inside
and previews notice nothing.
"""

from collections.abc import Sequence
from dataclasses import replace

from compartment_tui.domain.deployment import EnvironmentRecord
from compartment_tui.domain.detail_views import MaintenanceChange
from compartment_tui.domain.errors import NotFound, Refused
from compartment_tui.domain.names import show
from compartment_tui.domain.record.transitions import audited
from compartment_tui.domain.requests import BeginMaintenance, MaintenanceRequest
from compartment_tui.domain.routes import RouteTable
from compartment_tui.operations.environment_record import key_and_config, record_of
from compartment_tui.operations.owner import refuse_others_environment, with_owner
from compartment_tui.operations.recovery import keep_copy, recovered
from compartment_tui.ports import World
from compartment_tui.rollout.infrastructure import REPLACE_EDGE, ensure_infrastructure
from compartment_tui.rollout.progress import Progress
from compartment_tui.rollout.switch import await_in_force, hosts_of_services


def plan_maintenance(world: World, request: MaintenanceRequest) -> MaintenanceChange:
    """What would change; nothing is touched. Raises NotFound, OwnedElsewhere, Refused."""
    key, config = key_and_config(world, request.environment)
    record = record_of(world, key)
    refuse_others_environment(world, record, take_over=request.take_over)
    _refuse_old_edge(world, request)
    table = world.edge.tables().get(key, RouteTable())
    change = _change(record, table, request, config.edge.http_port)
    return replace(change, engine=world.engine_name)


def change_maintenance(world: World, request: MaintenanceRequest) -> MaintenanceChange:
    """Begin it or end it, confirmed by the edge.

    Raises NotFound, OwnedElsewhere, Refused (the edge is too old), Locked, EdgeNotConfirmed.
    """
    plan_maintenance(world, request)
    key, config = key_and_config(world, request.environment)
    ensure_infrastructure(world, key, config)
    with world.locks.environment(key, actor=world.actor, purpose=request.purpose) as lock:
        try:
            record = recovered(world, lock, [])
            record = with_owner(world, record, take_over=request.take_over)
            before = lock.routes()
            change = _change(record, before, request, config.edge.http_port)
            if change.services:
                progress = Progress(world=world, lock=lock, record=record)
                _write(progress, before, change, config.edge.http_port, config.edge.https_port)
        finally:
            keep_copy(world, lock)
    return replace(change, engine=world.engine_name)


def _write(
    progress: Progress, before: RouteTable, change: MaintenanceChange, http: int, https: int
) -> None:
    world, record = progress.world, progress.record
    hosts = hosts_of_services(record, before)
    public = before.public
    for name in change.services:
        treatment = public.treatment(hosts[name])
        public = public.with_treatment(
            replace(treatment, maintenance=change.on, message=change.message)
        )
    public = replace(public, http_port=http, https_port=https).simplified
    table = replace(before, marker=world.clock.new_id("run"), public=public)
    progress.lock.write_routes(table)
    try:
        await_in_force(world, progress.lock, table)
    except Exception:
        progress.lock.write_routes(before)
        raise
    verb = f"maintenance {'on' if change.on else 'off'}"
    names = ", ".join(change.services)
    record = audited(record, world.actor, world.clock.now(), verb, names)
    progress.save(replace(record, public=public))


def _change(
    record: EnvironmentRecord, table: RouteTable, request: MaintenanceRequest, http_port: int
) -> MaintenanceChange:
    """Raises NotFound: nothing that is live has a route, or one that is named has none."""
    hosts = hosts_of_services(record, table)
    names = _named(record, hosts, request.services)
    on = isinstance(request, BeginMaintenance)
    message = request.message if isinstance(request, BeginMaintenance) else ""
    wanted = (on, message)
    now = {name: table.public.treatment(hosts[name]) for name in names}
    changing = tuple(n for n in names if (now[n].maintenance, now[n].message) != wanted)
    return MaintenanceChange(
        key=record.key,
        on=on,
        services=changing,
        unchanged=tuple(name for name in names if name not in changing),
        message=message,
        urls=tuple(
            table.public.url(host, http_port)
            for name in changing
            for host in table.public.hosts_of(hosts[name])
        ),
    )


def _named(
    record: EnvironmentRecord, hosts: dict[str, str], services: Sequence[str]
) -> tuple[str, ...]:
    where = show(record.key.environment)
    if not hosts:
        raise NotFound(
            f"nothing that is live in {where} has a route", hint="`compartment-tui deploy` makes it"
        )
    for name in services:
        if name not in hosts:
            there = ", ".join(sorted(hosts))
            raise NotFound(f"{show(name)} has no route in {where}", hint=f"there are: {there}")
    return tuple(services) or tuple(sorted(hosts))


def _refuse_old_edge(world: World, request: MaintenanceRequest) -> None:
    """An edge of an earlier version has no such page, and would not take the route."""
    edge = world.edge.info()
    if isinstance(request, BeginMaintenance) and edge is not None and not edge.maintenance_page:
        raise Refused(
            "an earlier version made the edge, and it has no page for maintenance",
            hint=REPLACE_EDGE,
        )
