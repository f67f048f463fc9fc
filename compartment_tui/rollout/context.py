"""The state of one run, shared by its steps."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from compartment_tui.domain.deployment import EnvironmentRecord, Instance, Stage
from compartment_tui.domain.events import Output, StageStarted
from compartment_tui.domain.planning.plan import ContainerSpec, Plan, Run
from compartment_tui.domain.record.transitions import (
    bases_known,
    containers_known,
    entered,
    image_known,
    inner_known,
    without_unchanged,
)
from compartment_tui.domain.routes import RouteTable
from compartment_tui.domain.wait import Wait
from compartment_tui.ports import ConnectionCount
from compartment_tui.rollout.progress import Progress


@dataclass(slots=True, kw_only=True)
class Rollout(Progress):
    """One run in progress.

    Undo reads the record and nothing else from here, so it works as well after a crash.
    """

    run: Run
    before: RouteTable
    """The routes as the run found them."""
    after: RouteTable = field(default_factory=RouteTable)
    """The routes as the run's switch left them."""
    pending: tuple[Plan, ...]
    """The plans still to be carried out: unchanged services leave after the build."""
    unchanged: tuple[Plan, ...] = ()
    """The plans of those services. Their routes may move all the same."""
    births: dict[str, ContainerSpec] = field(default_factory=dict)
    bases: dict[str, str] = field(default_factory=dict)
    """By deployment: the image of others that it was made on, by reference and digest."""
    made: dict[str, Instance] = field(default_factory=dict)
    """By deployment: what was made in this run."""
    inner_ports: tuple[int, ...] = ()
    """Where the edge takes calls of the environment's own services."""
    inner: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """By deployment: the services that its container reaches through the edge."""
    counts: dict[str, ConnectionCount] = field(default_factory=dict)
    """By deployment: the connections to what is to drain."""
    waits: dict[str, Wait] = field(default_factory=dict)
    """By service: what came of the requests that waited, once it is known."""
    unproven: frozenset[str] = frozenset()
    """Domains that do not lead here: they are left out."""
    plain: frozenset[str] = frozenset()
    """Domains whose certificate nobody is asked for now."""
    committed: bool = False
    """The edge has the new routes: from here nothing is reverted by an error."""

    def enter(self, stage: Stage, plans: Iterable[Plan]) -> list[StageStarted]:
        """A stage begins for these services: on the record first, then in the events returned."""
        plans = tuple(plans)
        self.save(self.entered_record(stage, plans))
        return [self.begin(stage, plan.target) for plan in plans]

    def save_with_routes(self, stage: Stage, plans: tuple[Plan, ...], table: RouteTable) -> bool:
        """A stage whose work is that this table is written: on the record, then that.

        Whether every route document can be read, so that the edge can take it.
        """
        # Remembered first: should it break off, undo must take it for done.
        self.record = self.entered_record(stage, plans)
        return self.lock.write_record_and_routes(self.record, table)

    def entered_record(self, stage: Stage, plans: tuple[Plan, ...]) -> EnvironmentRecord:
        """What the record says once a stage has begun for these services."""
        return entered(self.record_with_images(), stage, plans)

    def record_with_images(self) -> EnvironmentRecord:
        """The record with what was made or set aside since: written along with the next stage."""
        record = without_unchanged(self.record, self.unchanged)
        for birth in self.births.values():
            record = image_known(record, birth)
        record = inner_known(bases_known(record, self.bases), self.inner)
        return containers_known(record, self.made.values())

    def output(self, plan: Plan, stage: Stage, line: str) -> Output:
        return Output(at=self.now, target=plan.target, stage=stage, line=line)

    def birth(self, plan: Plan) -> ContainerSpec | None:
        """What the plan's container is made from; None until its image is known."""
        return self.births.get(plan.service)

    def forget_unchanged(self, services: Iterable[str]) -> None:
        gone = set(services)
        self.unchanged += tuple(plan for plan in self.pending if plan.service in gone)
        self.pending = tuple(plan for plan in self.pending if plan.service not in gone)
        self.run = replace(self.run, plans=self.pending)
