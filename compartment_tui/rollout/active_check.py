"""The check that what is live serves, before a service counts as unchanged."""

from collections.abc import Generator
from datetime import timedelta

from compartment_tui.domain.config import UNDECLARED, ServiceSpec
from compartment_tui.domain.deployment import Health, Instance
from compartment_tui.domain.errors import InstanceGone
from compartment_tui.domain.events import Event
from compartment_tui.domain.planning.plan import Plan
from compartment_tui.rollout.context import Rollout

ATTEMPTS = 3
"""How often it is asked before it counts as not serving: one missed answer replaces nothing."""
PAUSE = timedelta(milliseconds=300)


def active_serves(rollout: Rollout, plan: Plan) -> Generator[Event, None, bool]:
    """Whether the active deployment runs and is ready; one that is not is replaced by its equal."""
    clock = rollout.world.clock
    reason = "it does not run"
    for attempt in range(ATTEMPTS):
        instance = rollout.world.engine.instance(plan.previous.id) if plan.previous else None
        if instance is None or not instance.running:
            break
        refusal = _reason(rollout, plan.spec, instance)
        if refusal is None:
            return True
        reason = refusal
        rollout.check_cancel()
        if attempt < ATTEMPTS - 1:
            clock.sleep(PAUSE)
    if plan.previous is not None and not plan.previous.resting:
        message = f"what is live does not serve ({reason}): it is replaced"
        yield rollout.note(message, plan.target)
    return False


def _reason(rollout: Rollout, spec: ServiceSpec, instance: Instance) -> str | None:
    """Why it is not ready, in words; None when it is."""
    if spec.readiness is None and instance.checked is Health.UNHEALTHY:
        return f"its HEALTHCHECK: {instance.check_output or 'unhealthy'}"
    if spec.readiness is None and not spec.kind.routed:
        return None
    try:
        refusal = rollout.lock.ready(instance, spec.readiness or UNDECLARED, instance.port)
    except InstanceGone:
        return "it is gone"
    return refusal.detail if refusal else None
