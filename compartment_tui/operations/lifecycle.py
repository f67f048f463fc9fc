"""Stop, start and restart what is live, without making anything new; and the plan of each."""

from collections.abc import Iterator, Sequence

from compartment_tui.domain.deployment import EnvironmentRecord
from compartment_tui.domain.events import Event
from compartment_tui.domain.planning.lifecycle import LifecyclePlan, LifecycleVerb, plan_lifecycle
from compartment_tui.domain.routes import RouteTable
from compartment_tui.operations.environment_record import key_and_config, record_of
from compartment_tui.operations.owner import refuse_others_environment, with_owner
from compartment_tui.operations.recovery import keep_copy, recover_first
from compartment_tui.ports import World
from compartment_tui.rollout.infrastructure import ensure_infrastructure
from compartment_tui.rollout.lifecycle import handle


def plan(
    world: World,
    verb: LifecycleVerb,
    *,
    environment: str,
    services: Sequence[str] = (),
    take_over: bool = False,
) -> LifecyclePlan:
    """What the verb would do; nothing is touched. Raises NotFound, OwnedElsewhere."""
    key, _ = key_and_config(world, environment)
    record = record_of(world, key)
    refuse_others_environment(world, record, take_over=take_over)
    return _plan(world, record, verb, services)


def stop(
    world: World, *, environment: str, services: Sequence[str] = (), take_over: bool = False
) -> Iterator[Event]:
    """Stop them, and keep them stopped until `start`; their routes stay, and the edge says so."""
    return _carry_out(world, LifecycleVerb.STOP, environment, services, take_over=take_over)


def start(
    world: World, *, environment: str, services: Sequence[str] = (), take_over: bool = False
) -> Iterator[Event]:
    """Start what does not run, and prove that it is ready before visitors get to it."""
    return _carry_out(world, LifecycleVerb.START, environment, services, take_over=take_over)


def restart(
    world: World, *, environment: str, services: Sequence[str] = (), take_over: bool = False
) -> Iterator[Event]:
    """Stop and start the same containers: it interrupts, and says for how long.

    Without `services` those that were stopped by hand stay so.
    """
    return _carry_out(world, LifecycleVerb.RESTART, environment, services, take_over=take_over)


def _carry_out(
    world: World, verb: LifecycleVerb, environment: str, services: Sequence[str], *, take_over: bool
) -> Iterator[Event]:
    key, config = key_and_config(world, environment)
    record = record_of(world, key)
    refuse_others_environment(world, record, take_over=take_over)
    _plan(world, record, verb, services)
    ensure_infrastructure(world, key, config)
    with world.locks.environment(key, actor=world.actor, purpose=verb.value) as lock:
        try:
            record = yield from recover_first(world, lock)
            if record.journal is None:
                record = with_owner(world, record, take_over=take_over)
                yield from handle(world, lock, record, _plan(world, record, verb, services))
        finally:
            keep_copy(world, lock)


def _plan(
    world: World, record: EnvironmentRecord, verb: LifecycleVerb, services: Sequence[str]
) -> LifecyclePlan:
    order = [spec.name for spec in world.project.config().services]
    instances = world.engine.instances(record.key)
    table = world.edge.tables().get(record.key, RouteTable())
    return plan_lifecycle(record, instances, table, verb, services=services, order=order)
