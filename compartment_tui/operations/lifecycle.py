"""Stop, start, restart and scale what is live, without a new deployment; and the plan of each."""

from collections.abc import Iterator
from dataclasses import replace

from compartment_tui.domain.deployment import EnvironmentRecord
from compartment_tui.domain.events import Event, Noted
from compartment_tui.domain.planning.lifecycle import LifecyclePlan, LifecycleVerb, plan_lifecycle
from compartment_tui.domain.planning.scale import plan_scale
from compartment_tui.domain.requests import LifecycleRequest, Scale
from compartment_tui.domain.routes import RouteTable
from compartment_tui.operations.environment_record import key_and_config, record_of
from compartment_tui.operations.owner import refuse_others_environment, with_owner
from compartment_tui.operations.recovery import keep_copy, recover_first
from compartment_tui.ports import World
from compartment_tui.rollout.infrastructure import edge_note, ensure_infrastructure
from compartment_tui.rollout.lifecycle import handle


def lifecycle_plan(world: World, request: LifecycleRequest) -> LifecyclePlan:
    """What the verb would do; nothing is touched. Raises NotFound, OwnedElsewhere."""
    key, _ = key_and_config(world, request.environment)
    record = record_of(world, key)
    refuse_others_environment(world, record, take_over=request.take_over)
    return _plan(world, record, request)


def execute_lifecycle(world: World, request: LifecycleRequest) -> Iterator[Event]:
    """Stop, start, restart or scale it; it is all refused before anything is touched, or told."""
    key, config = key_and_config(world, request.environment)
    record = record_of(world, key)
    refuse_others_environment(world, record, take_over=request.take_over)
    _plan(world, record, request)
    ensure_infrastructure(world, key, config)
    if of_edge := edge_note(world):
        yield Noted(at=world.clock.now(), target=None, message=of_edge)
    with world.locks.environment(key, actor=world.actor, purpose=request.purpose) as lock:
        try:
            record = yield from recover_first(world, lock)
            if record.journal is None:
                record = with_owner(world, record, take_over=request.take_over)
                yield from handle(world, lock, record, _plan(world, record, request))
        finally:
            keep_copy(world, lock)


def _plan(world: World, record: EnvironmentRecord, request: LifecycleRequest) -> LifecyclePlan:
    config = world.project.config()
    instances = world.engine.instances(record.key)
    table = world.edge.tables().get(record.key, RouteTable())
    if isinstance(request, Scale):
        plan = plan_scale(record, instances, table, dict(request.replicas), config)
    else:
        order = [spec.name for spec in config.services]
        verb = LifecycleVerb(request.command)
        plan = plan_lifecycle(
            record, instances, table, verb, services=request.services, order=order
        )
    return replace(plan, engine=world.engine_name)
