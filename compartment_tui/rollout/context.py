"""What the steps of one run share."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from compartment_tui.domain.deployment import EnvironmentRecord, Stage
from compartment_tui.domain.errors import Cancelled
from compartment_tui.domain.events import Noted, Output, StageFinished, StageStarted
from compartment_tui.domain.names import Target
from compartment_tui.domain.planning.plan import ContainerSpec, Plan, Run
from compartment_tui.domain.record.transitions import (
    bases_known,
    containers_known,
    entered,
    image_known,
)
from compartment_tui.ports import EnvironmentLock, World
from compartment_tui.rollout.downtime import Downtime


@dataclass(slots=True, kw_only=True)
class Rollout:
    """One run in progress under the environment's lock.

    `record` is always what lies on the engine: `save` writes before it remembers. Undo reads
    nothing else from here, so it works as well after a crash.
    """

    world: World
    lock: EnvironmentLock
    run: Run
    record: EnvironmentRecord
    pending: tuple[Plan, ...]
    """The plans still to be carried out: unchanged services leave after the build."""
    unchanged: tuple[Plan, ...] = ()
    """The plans of those services. Their routes may move all the same."""
    births: dict[str, ContainerSpec] = field(default_factory=dict)
    bases: dict[str, str] = field(default_factory=dict)
    """By deployment: the image of others that it was made on, by reference and digest."""
    containers: dict[str, str] = field(default_factory=dict)
    """By deployment: the containers that were made in this run."""
    working_on: tuple[Plan, Stage] | None = None
    """What is being done at this moment: what an error is about."""
    started: dict[tuple[str, Stage], timedelta] = field(default_factory=dict)
    gaps: Downtime = field(init=False)
    committed: bool = False
    """The edge has the new routes: from here nothing is reverted by an error."""

    def __post_init__(self) -> None:
        self.gaps = Downtime(clock=self.world.clock)

    @property
    def now(self) -> datetime:
        return self.world.clock.now()

    def save(self, record: EnvironmentRecord) -> None:
        """Write the record; that it can be written proves that the lock is ours.

        Nothing is written when that is what lies there: each writing is felt.
        """
        if record != self.record:
            self.lock.write_record(record)
            self.record = record

    def enter(self, stage: Stage, plans: Iterable[Plan]) -> list[StageStarted]:
        """A stage begins for these services: on the record first, then in the events returned."""
        plans = tuple(plans)
        self.save(entered(self.learnt(), stage, plans))
        began = self.world.clock.monotonic()
        for plan in plans:
            self.started[plan.service, stage] = began
        return [StageStarted(at=self.now, target=plan.target, stage=stage) for plan in plans]

    def learnt(self) -> EnvironmentRecord:
        """The record with what was made since: written along with the next stage."""
        record = self.record
        for birth in self.births.values():
            record = image_known(record, birth)
        return containers_known(bases_known(record, self.bases), self.containers)

    def leave(self, stage: Stage, plan: Plan, note: str = "") -> StageFinished:
        took = self.world.clock.monotonic() - self.started[plan.service, stage]
        return StageFinished(at=self.now, target=plan.target, stage=stage, took=took, note=note)

    def output(self, plan: Plan, stage: Stage, line: str) -> Output:
        return Output(at=self.now, target=plan.target, stage=stage, line=line)

    def note(self, message: str, target: Target | None = None) -> Noted:
        return Noted(at=self.now, target=target, message=message)

    def on(self, plan: Plan, stage: Stage) -> None:
        """The next thing that fails is about this. Raises Cancelled when a person asked to stop."""
        self.working_on = (plan, stage)
        self.check_cancel()

    def check_cancel(self) -> None:
        """Raises Cancelled when a person asked to stop."""
        if self.world.cancel.requests:
            raise Cancelled("stopped on request")

    def birth(self, plan: Plan) -> ContainerSpec | None:
        """What the plan's container is made from; None until its image is known."""
        return self.births.get(plan.service)

    def forget_unchanged(self, services: Iterable[str]) -> None:
        gone = set(services)
        self.unchanged += tuple(plan for plan in self.pending if plan.service in gone)
        self.pending = tuple(plan for plan in self.pending if plan.service not in gone)
        self.run = replace(self.run, plans=self.pending)
