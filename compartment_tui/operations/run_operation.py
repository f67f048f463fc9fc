"""A request as a run: planned and refused early, planned again under the lock, executed."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

from compartment_tui.domain.carriage import ImageOrigin
from compartment_tui.domain.commits import Checkout
from compartment_tui.domain.config import ProjectConfig
from compartment_tui.domain.deployment import EnvironmentRecord, Instance, Provenance, Purpose
from compartment_tui.domain.events import Event, Noted
from compartment_tui.domain.inner_calls import notes_on, refuse_unmovable
from compartment_tui.domain.names import EnvironmentKey, show
from compartment_tui.domain.own_certificate import OwnCertificate
from compartment_tui.domain.owner import Origin, Owner, refuse_other
from compartment_tui.domain.planning.plan import Run
from compartment_tui.domain.planning.planning_context import PlanningContext
from compartment_tui.domain.public_side import WantedPublicSide, changes
from compartment_tui.domain.requests import Deploy, RunRequest
from compartment_tui.operations.engines import last_met
from compartment_tui.operations.environment_record import key_and_config, record_of
from compartment_tui.operations.image_origin import build_place, node_carriage
from compartment_tui.operations.owner import taken_from
from compartment_tui.operations.public_side import own_certificates, wanted_public
from compartment_tui.operations.recovery import keep_copy, recover_first
from compartment_tui.operations.runs import check_options, run_of
from compartment_tui.ports import EnvironmentLock, World
from compartment_tui.rollout.build import builds_ahead
from compartment_tui.rollout.infrastructure import (
    edge_notes,
    ensure_infrastructure,
    lets_wait,
    missing_infrastructure,
)
from compartment_tui.rollout.runner import execute
from compartment_tui.rollout.switch import refuse_taken_hosts


def plan_run(world: World, request: RunRequest) -> Run:
    """What would be done; nothing is touched. Raises what is refused."""
    check_options(request)
    key, config = key_and_config(world, request.environment)
    with _checked_out(world, request) as tree:
        source = _source(world, config, key, request, tree)
        record = record_of(world, key)
        run = _refused_early(world, source, record, request)
        notes = _notes(world, source, run, record, _inner_ports(world, config, key))
        return replace(run, notes=notes, ground=missing_infrastructure(world, key, config))


def execute_run(world: World, request: RunRequest) -> Iterator[Event]:
    """Do it. Failures are events; exceptions mean that it was refused before it began."""
    check_options(request)
    return _executed(world, request)


def _executed(world: World, request: RunRequest) -> Iterator[Event]:
    key, config = key_and_config(world, request.environment)
    _warm_up(world, key, request)
    with ExitStack() as begun:
        ahead = world.locks.ahead(key, actor=world.actor, purpose=request.purpose)
        begun.enter_context(ahead)
        tree = begun.enter_context(_checked_out(world, request))
        source = _source(world, config, key, request, tree)
        planned = _refused_early(world, source, record_of(world, key), request)
        begun.enter_context(builds_ahead(world, planned.builds))
        ensure_infrastructure(world, key, config)
        with world.locks.environment(key, actor=world.actor, purpose=request.purpose) as lock:
            yield from _under_lock(world, lock, source, request)


def _warm_up(world: World, key: EnvironmentKey, request: RunRequest) -> None:
    """Have asked meanwhile what takes longest to be answered."""
    world.engine.warm_up()
    world.records.warm_up(key)
    world.source.warm_up()
    if isinstance(request, Deploy):
        # The command line did, before it loaded this; nothing of it depends on the engine.
        world.builder.warm_up()


def _under_lock(
    world: World, lock: EnvironmentLock, source: "_Source", request: RunRequest
) -> Iterator[Event]:
    try:
        world.edge.look_ahead()
        record = yield from recover_first(world, lock)
        if record.journal is None:
            run = _run(world, source, record, request)
            notes = _notes(world, source, run, record, lock.inner_ports())
            run = replace(run, notes=notes)
            for note in notes:
                yield Noted(at=world.clock.now(), target=None, message=note)
            yield from execute(world, lock, record, run)
    finally:
        keep_copy(world, lock)


def _notes(
    world: World,
    source: "_Source",
    run: Run,
    record: EnvironmentRecord,
    ports: tuple[int, ...],
) -> tuple[str, ...]:
    """What is to be known of a run beforehand. Raises Refused, as `_inner_calls`."""
    inner = _inner_calls(world, source.config, run, record, ports)
    met = last_met(world, source.config, record)
    if not met:
        return (*source.notes, *inner)
    where = show(record.key.environment)
    moved = f"{where} was last seen on {show(met)}: what runs there stays there"
    return (moved, *source.notes, *inner)


def _inner_ports(world: World, config: ProjectConfig, key: EnvironmentKey) -> tuple[int, ...]:
    """Where the edge takes inner calls; as one would be made, where there is none."""
    edge = world.edge.info()
    if edge is None:
        return config.edge_for_services.inner_ports
    fresh = key not in edge.attached and edge.takes_inner_calls
    return edge.settings.inner_ports if fresh or key in edge.inside else ()


def _inner_calls(
    world: World,
    config: ProjectConfig,
    run: Run,
    record: EnvironmentRecord,
    ports: tuple[int, ...],
) -> tuple[str, ...]:
    """What is to be known of them. Raises Refused when they would not follow."""
    move = world.engine.moves_names()
    if not move:
        names = {*record.active, *(spec.name for spec in config.services)}
        refuse_unmovable(run, names, ports)
    return tuple(notes_on(run, record, ports, names_move=move))


def _checked_out(world: World, request: RunRequest) -> AbstractContextManager[Checkout | None]:
    ref = _ref(request)
    return nullcontext() if ref is None else world.source.check_out(ref)


def _ref(request: RunRequest) -> str | None:
    return request.ref if isinstance(request, Deploy) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """What a run is planned from, beside the record: the same before the lock and under it."""

    config: ProjectConfig
    provenance: Provenance
    root: Path | None
    ref: str
    origin: Origin
    notes: tuple[str, ...] = ()
    certificates: tuple[OwnCertificate, ...] = ()
    """The project's own."""
    built_at: ImageOrigin | None = None
    """Where images are built, when that is not the environment's engine."""

    def context(self, world: World, record: EnvironmentRecord) -> PlanningContext:
        engine = world.engine
        return PlanningContext(
            config=self.config,
            record=record,
            now=world.clock.now(),
            actor=world.actor,
            new_id=world.clock.new_id,
            fingerprint_key=world.records.fingerprint_key(),
            provenance=self.provenance,
            can_start=lambda deployment: _can_start(engine.instance(deployment)),
            has_image=lambda image: engine.image(image) is not None,
            identity=world.secrets.identity,
            root=self.root,
            ref=self.ref,
            built_at=self.built_at,
            node_carriage=node_carriage(world, self.config),
        )


def _source(
    world: World,
    config: ProjectConfig,
    key: EnvironmentKey,
    request: RunRequest,
    tree: Checkout | None,
) -> _Source:
    origin = world.source.origin()
    certificates = own_certificates(world, config, key)
    built_at = build_place(world, config) if isinstance(request, Deploy) else None
    notes = edge_notes(world, config)
    if tree is None:
        files = world.source.working_tree()
        problem = files.problem if isinstance(request, Deploy) else ""
        return _Source(
            config=config,
            provenance=files.provenance,
            root=None,
            ref="",
            origin=origin,
            notes=(*notes, problem) if problem else notes,
            certificates=certificates,
            built_at=built_at,
        )
    return _Source(
        config=replace(config, services=world.project.services_in(tree.root)),
        provenance=tree.provenance,
        root=tree.root,
        ref=_ref(request) or "",
        notes=(*notes, *tree.notes),
        origin=origin,
        certificates=certificates,
        built_at=built_at,
    )


def _run(world: World, source: _Source, record: EnvironmentRecord, request: RunRequest) -> Run:
    """Raises OwnedElsewhere, and what the plan refuses."""
    if not request.take_over:
        refuse_other(record.key, record.owner, source.origin)
    context = source.context(world, record)
    run = run_of(world, request, context)
    left = [name for name in run.left_stopped if not context.can_start(record.active[name])]
    run = replace(run, left_stranded=tuple(left))
    live, downtime = run.purpose is Purpose.LIVE, any(plan.has_downtime for plan in run.plans)
    edge = world.edge.info() if live or downtime else None
    if downtime and lets_wait(world, edge):
        run = replace(run, plans=tuple(replace(plan, can_wait=True) for plan in run.plans))
    if live:
        wanted = wanted_public(world, source.config, record.key, source.certificates, edge=edge)
        run = _with_public_side(run, record, wanted, source)
    owner = Owner(origin=source.origin, actor=world.actor, at=run.created)
    return replace(
        run, owner=owner, taken_from=taken_from(record, source.origin), engine=world.engine_name
    )


def _can_start(instance: Instance | None) -> bool:
    return instance is not None and instance.can_start


def _with_public_side(
    run: Run, record: EnvironmentRecord, wanted: WantedPublicSide, source: _Source
) -> Run:
    """The run with what the file wants of the public side, and where that has people go."""
    now, port = record.public, source.config.edge.http_port
    then = wanted.side(_hosts(record, run), now)
    plans = tuple(
        replace(plan, url=then.url(wanted.main_host(plan.service, plan.host, now), port))
        if plan.host and not then.plain
        else plan
        for plan in run.plans
    )
    return replace(
        run,
        plans=plans,
        public=wanted,
        public_changes=changes(now, then),
        certificates=source.certificates,
    )


def _hosts(record: EnvironmentRecord, run: Run) -> dict[str, str]:
    """The host of each service's route once the run has gone live."""
    actives = (record.active_deployment(name) for name in record.active)
    hosts = {one.service: one.host for one in actives if one is not None and one.host}
    hosts |= {moved.service: moved.host for moved in run.reroutes}
    for plan in run.plans:
        hosts.pop(plan.service, None)
        if plan.host is not None and not plan.removes:
            hosts[plan.service] = plan.host
    return hosts


def _refused_early(
    world: World, source: _Source, record: EnvironmentRecord, request: RunRequest
) -> Run:
    run = _run(world, source, record, request)
    # What is live here is claimed already, so a usual deploy need not ask what others have.
    live = {one.host for name in record.active if (one := record.active_deployment(name))}
    live |= {domain.host for domain in record.public.domains}
    wanted = {host for plan in run.plans for host in plan.hosts}
    if run.public is not None:
        wanted |= set(run.public.hosts)
    new = frozenset(wanted | {moved.host for moved in run.reroutes}) - live
    if new:
        refuse_taken_hosts(record.key, new, world.edge.tables())
    return run
