"""One lifecycle verb in progress: its marks in the routes, its starts, its proofs, its failures."""

from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from compartment_tui.domain.deployment import EnvironmentRecord, Stage
from compartment_tui.domain.errors import Cancelled, CompartmentError, EdgeNotConfirmed
from compartment_tui.domain.events import Event, StageFailed, StageFinished
from compartment_tui.domain.outcome import Failure
from compartment_tui.domain.planning.lifecycle import LifecyclePlan, LifecycleStep, LifecycleVerb
from compartment_tui.domain.planning.rollback_targets import spec_of
from compartment_tui.domain.routes import RouteTable
from compartment_tui.domain.target import Target
from compartment_tui.rollout.errors import as_expected, failure_of
from compartment_tui.rollout.progress import Progress
from compartment_tui.rollout.readiness import Proof, prove
from compartment_tui.rollout.switch import await_in_force

Steps: TypeAlias = tuple[LifecycleStep, ...]
_LEFT = {
    LifecycleVerb.STOP: "it was stopped",
    LifecycleVerb.START: "it was stopped",
    LifecycleVerb.RESTART: "it was left running",
    LifecycleVerb.SCALE: "those that ran before serve, the new ones were removed",
}
"""What became of one that failed."""


@dataclass(slots=True, kw_only=True)
class LifecycleProgress(Progress):
    """One verb in progress."""

    plan: LifecyclePlan
    before: EnvironmentRecord
    """The record as the verb found it."""
    failures: list[Failure] = field(default_factory=list)
    done: list[str] = field(default_factory=list)

    def target(self, service: str) -> Target:
        return Target(self.plan.key.environment, service)

    def fail(self, stage: Stage, step: LifecycleStep, error: CompartmentError) -> StageFailed:
        told = failure_of(error)
        hint = _hint(self.plan, step)
        failure = Failure(code=told.code, message=told.message, hint=hint, tail=told.tail)
        self.failures.append(failure)
        target = self.target(step.service)
        return StageFailed(at=self.now, target=target, stage=stage, failure=failure)

    def mark(self, services: Iterable[str], *, stopped: bool) -> None:
        """Let the edge answer for these, or lead to them again; confirmed. Raises EdgeNotConfirmed.

        A table that the edge does not take is put back.
        """
        lock, active = self.lock, self.record.active
        before = lock.routes()
        marks = {active[name]: name if stopped else "" for name in services}
        marks = {id_: name for id_, name in marks.items() if before.leads_to(id_)}
        if marks:
            self.put_in_force(before, before.marked(self.world.clock.new_id("run"), marks))

    def put_in_force(self, before: RouteTable, table: RouteTable) -> None:
        """Have this table in force in place of the one before. Raises EdgeNotConfirmed.

        One that the edge does not take is put back.
        """
        lock = self.lock
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


def start_containers(
    progress: LifecycleProgress, steps: Steps
) -> Generator[Event, None, list[LifecycleStep]]:
    """Start them; one that cannot be started keeps none of the others away.

    On a Swarm all are asked for before the first is waited for.
    """
    engine = progress.world.engine
    started, awaited = [], []
    for step in steps:
        progress.check_cancel()
        target = progress.target(step.service)
        yield progress.begin(Stage.STARTING, target)
        try:
            running = engine.start(step.active.id)
        except Exception as raised:
            yield _not_started(progress, step, raised)
            continue
        if running:
            started.append(step)
            yield progress.end(Stage.STARTING, target)
        else:
            awaited.append(step)
    for step in awaited:
        progress.check_cancel()
        try:
            engine.await_running(step.active.id)
        except Exception as raised:
            yield _not_started(progress, step, raised)
            continue
        started.append(step)
        yield progress.end(Stage.STARTING, progress.target(step.service))
    return started


def _not_started(
    progress: LifecycleProgress, step: LifecycleStep, raised: Exception
) -> StageFailed:
    return progress.fail(Stage.STARTING, step, as_expected(progress.world, raised))


def prove_steps(
    progress: LifecycleProgress, steps: Iterable[LifecycleStep]
) -> Generator[Event, None, list[LifecycleStep]]:
    """Ask them in turn; one that does not get ready keeps none of the others away."""
    proven = set[str]()
    asked = {step.service: step for step in steps}
    while asked:
        try:
            for event in _prove_all(progress, tuple(asked.values())):
                if isinstance(event, StageFinished):
                    proven.add(event.target.service)
                    del asked[event.target.service]
                yield event
        except Cancelled:
            raise
        except Exception as raised:
            error = as_expected(progress.world, raised)
            name = progress.working_on[0].service if progress.working_on else next(iter(asked))
            yield progress.fail(Stage.CHECKING_READINESS, asked.pop(name), error)
    return [step for step in progress.plan.services if step.service in proven]


def _prove_all(progress: LifecycleProgress, steps: Steps) -> Iterator[Event]:
    for step in steps:
        yield progress.begin(Stage.CHECKING_READINESS, progress.target(step.service))
    began = progress.world.clock.monotonic()
    proofs = [
        Proof(
            progress=progress,
            target=progress.target(step.service),
            deployment=step.active.id,
            spec=spec_of(step.active),
            began=began,
            host=step.active.host,
            port=step.active.port,
        )
        for step in steps
    ]
    yield from prove(progress, proofs)


def _hint(plan: LifecyclePlan, step: LifecycleStep) -> str:
    left = _LEFT[plan.verb]
    short = step.active.id[-10:].lower()
    environment = plan.key.environment
    return f"{left}: `compartment-tui deployment logs {short} -e {environment}` has its output"
