"""What stopping, starting and restarting share: who is away, what failed, the marks on routes."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from compartment_tui.domain.deployment import Deployment, EnvironmentRecord, Stage, Trigger
from compartment_tui.domain.errors import CompartmentError, EdgeNotConfirmed
from compartment_tui.domain.events import Noted, StageFailed, StageFinished, StageStarted
from compartment_tui.domain.names import Target
from compartment_tui.domain.outcome import Failure
from compartment_tui.domain.planning.lifecycle import LifecyclePlan
from compartment_tui.domain.planning.plan import ImageSource, Plan, Run
from compartment_tui.domain.planning.rollback_targets import spec_of
from compartment_tui.ports import EnvironmentLock, World
from compartment_tui.rollout.context import Rollout
from compartment_tui.rollout.retirement import killed_notes
from compartment_tui.rollout.runner import failure_of
from compartment_tui.rollout.switch import await_in_force


@dataclass(slots=True, kw_only=True)
class LifecycleContext:
    """One verb in progress. `rollout` keeps the record, and lends its proof of readiness."""

    handling: LifecyclePlan
    rollout: Rollout
    failures: list[Failure] = field(default_factory=list)
    done: list[str] = field(default_factory=list)

    @property
    def world(self) -> World:
        return self.rollout.world

    def target(self, service: str) -> Target:
        return Target(self.handling.key.environment, service)

    def plan(self, service: str) -> Plan:
        return next(plan for plan in self.rollout.run.plans if plan.service == service)

    def begin(self, stage: Stage, service: str) -> StageStarted:
        clock = self.world.clock
        self.rollout.started[service, stage] = clock.monotonic()
        return StageStarted(at=clock.now(), target=self.target(service), stage=stage)

    def end(self, stage: Stage, service: str) -> StageFinished:
        return self.rollout.leave(stage, self.plan(service))

    def fail(self, stage: Stage, service: str, error: CompartmentError, hint: str) -> StageFailed:
        told = failure_of(error)
        failure = Failure(code=told.code, message=told.message, hint=hint, tail=told.tail)
        self.failures.append(failure)
        now = self.world.clock.now()
        return StageFailed(at=now, target=self.target(service), stage=stage, failure=failure)

    def mark(self, services: Iterable[str], *, stopped: bool) -> None:
        """Let the edge answer for these, or lead to them again; confirmed. Raises EdgeNotConfirmed.

        A table that the edge does not take is put back.
        """
        lock, active = self.rollout.lock, self.rollout.record.active
        before = lock.routes()
        marks = {active[name]: name if stopped else "" for name in services}
        marks = {id_: name for id_, name in marks.items() if before.leads_to(id_)}
        table = before.marked(self.world.clock.new_id("run"), marks)
        if not marks:
            return
        if table.routes == before.routes:
            # Somebody wrote it and went before the edge had taken it.
            await_in_force(self.world, lock, before)
            return
        try:
            lock.write_routes(table)
            await_in_force(self.world, lock, table)
        except EdgeNotConfirmed as error:
            lock.write_routes(before)
            hint = "if an earlier version made the edge: `compartment-tui edge remove`, then deploy"
            raise EdgeNotConfirmed(error.message, hint=hint) from error
        except Exception:
            lock.write_routes(before)
            raise

    def killed(self, deployments: Iterable[Deployment]) -> tuple[Noted, ...]:
        """Who took the whole grace."""
        return killed_notes(self.handling.key, deployments, self.world.clock.now())

    def note(self, message: str) -> Noted:
        return Noted(at=self.world.clock.now(), target=None, message=message)


def rollout_of(
    world: World, lock: EnvironmentLock, record: EnvironmentRecord, handling: LifecyclePlan
) -> Rollout:
    """The same containers again, as a run would know them; it is never put on the record."""
    plans = tuple(
        Plan(
            key=handling.key,
            run="",
            trigger=Trigger.REDEPLOY,
            spec=spec_of(one.active),
            deployment=one.active.id,
            source=ImageSource.KEPT_CONTAINER,
            image=one.active.image,
            host=one.active.host,
            port=one.active.port,
        )
        for one in handling.services
    )
    run = Run(
        id="",
        key=handling.key,
        trigger=Trigger.REDEPLOY,
        created=world.clock.now(),
        actor=world.actor,
        plans=plans,
    )
    return Rollout(world=world, lock=lock, run=run, record=record, pending=plans)
