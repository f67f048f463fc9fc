"""The check that what is live serves, before a service counts as unchanged."""

from collections.abc import Callable, Generator, Iterable, Iterator
from datetime import timedelta

from compartment_tui.domain.config import UNDECLARED, ServiceSpec
from compartment_tui.domain.deployment import EnvironmentRecord, Health, Instance
from compartment_tui.domain.errors import InstanceGone
from compartment_tui.domain.events import Event, Noted
from compartment_tui.domain.planning.plan import Plan
from compartment_tui.domain.planning.rollback_targets import spec_of
from compartment_tui.domain.target import Target
from compartment_tui.ports import EnvironmentLock, World
from compartment_tui.rollout.context import Rollout

ATTEMPTS = 3
"""How often it is asked before it counts as not serving: one missed answer replaces nothing."""
PAUSE = timedelta(milliseconds=300)
NOT_RUNNING = "it does not run"


def active_serves(rollout: Rollout, plan: Plan) -> Generator[Event, None, bool]:
    """Whether the active deployment runs and is ready; one that is not is replaced by its equal."""
    reason = NOT_RUNNING
    if plan.previous is not None:
        world, lock = rollout.world, rollout.lock
        silent = why_silent(world, lock, plan.previous.id, plan.spec, rollout.check_cancel)
        if silent is None:
            return True
        reason = silent
    if plan.previous is not None and not plan.previous.resting:
        message = f"what is live does not serve ({reason}): it is replaced"
        yield rollout.note(message, plan.target)
    return False


def silent_notes(
    world: World, lock: EnvironmentLock, record: EnvironmentRecord, services: Iterable[str]
) -> Iterator[Event]:
    """A note for each of the services that are to serve, and do not."""
    for service in services:
        active = record.deployments.get(record.active.get(service, ""))
        if active is None or active.resting:
            continue
        reason = why_silent(world, lock, active.id, spec_of(active))
        if reason is not None:
            yield Noted(
                at=world.clock.now(),
                target=Target(record.key.environment, service),
                message=f"it does not serve now ({reason}): a deploy replaces it",
            )


def why_silent(
    world: World,
    lock: EnvironmentLock,
    deployment: str,
    spec: ServiceSpec,
    check_cancel: Callable[[], None] = lambda: None,
) -> str | None:
    """Why a deployment does not take traffic, in words; None when it does."""
    reason = NOT_RUNNING
    for attempt in range(ATTEMPTS):
        instance = world.engine.instance(deployment)
        if instance is None or not instance.all_running:
            break
        reasons = (_reason(lock, spec, replica) for replica in instance.replicas)
        refusal = next((one for one in reasons if one is not None), None)
        if refusal is None:
            return None
        reason = refusal
        check_cancel()
        if attempt < ATTEMPTS - 1:
            world.clock.sleep(PAUSE)
    return reason


def _reason(lock: EnvironmentLock, spec: ServiceSpec, instance: Instance) -> str | None:
    """Why it is not ready, in words; None when it is."""
    if spec.readiness is None and instance.checked is Health.UNHEALTHY:
        return f"its HEALTHCHECK: {instance.check_output or 'unhealthy'}"
    if spec.readiness is None and not spec.kind.routed:
        return None
    try:
        refusal = lock.ready(instance, spec.readiness or UNDECLARED, instance.port)
    except InstanceGone:
        return "it is gone"
    return refusal.detail if refusal else None
