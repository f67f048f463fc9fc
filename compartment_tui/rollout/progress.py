"""Work under an environment's lock: its record, its downtime, and the stages as events."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from compartment_tui.domain.deployment import EnvironmentRecord, Instance, Stage
from compartment_tui.domain.errors import Cancelled
from compartment_tui.domain.events import Noted, StageFinished, StageStarted
from compartment_tui.domain.target import Target
from compartment_tui.ports import EnvironmentLock, World
from compartment_tui.rollout.downtime import Downtime


@dataclass(slots=True, kw_only=True)
class Progress:
    """Work in progress under the environment's lock.

    `record` is what lies on the engine: `save` writes before it remembers.
    """

    world: World
    lock: EnvironmentLock
    record: EnvironmentRecord
    working_on: tuple[Target, Stage] | None = None
    """What is being done at this moment: what an error is about."""
    started: dict[tuple[Target, Stage], timedelta] = field(default_factory=dict)
    proven: dict[str, tuple[Instance, ...]] = field(default_factory=dict)
    """By deployment: the replicas of a Swarm's service as they were when they were proven."""
    downtime: Downtime = field(init=False)
    waiting: Downtime = field(init=False)
    """Of services that are away while their requests wait at the edge."""

    def __post_init__(self) -> None:
        self.downtime = Downtime(clock=self.world.clock)
        self.waiting = Downtime(clock=self.world.clock)

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

    def begin(self, stage: Stage, target: Target) -> StageStarted:
        self.started[target, stage] = self.world.clock.monotonic()
        return StageStarted(at=self.now, target=target, stage=stage)

    def end(self, stage: Stage, target: Target, note: str = "") -> StageFinished:
        took = self.world.clock.monotonic() - self.started[target, stage]
        return StageFinished(at=self.now, target=target, stage=stage, took=took, note=note)

    def note(self, message: str, target: Target | None = None) -> Noted:
        return Noted(at=self.now, target=target, message=message)

    def work_on(self, stage: Stage, target: Target) -> None:
        """The next thing that fails is about this. Raises Cancelled when a person asked to stop."""
        self.working_on = (target, stage)
        self.check_cancel()

    def check_cancel(self) -> None:
        """Raises Cancelled when a person asked to stop."""
        if self.world.cancel.requests:
            raise Cancelled("stopped on request")
