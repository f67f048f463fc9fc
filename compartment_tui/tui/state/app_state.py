"""The state of the terminal application, and how each message changes it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeAlias

from compartment_tui.domain.deployment import Health, Sample
from compartment_tui.domain.detail_views import RouteView, RunView, SwarmView, Visit
from compartment_tui.domain.errors import CompartmentError, EngineProblem
from compartment_tui.domain.outcome import Failure
from compartment_tui.domain.proposal import Done
from compartment_tui.domain.requests import Request
from compartment_tui.domain.variables.views import VariableView
from compartment_tui.domain.views import EnvironmentStatus, EnvironmentView, ServiceStatus
from compartment_tui.present.text import clean
from compartment_tui.present.timeline import Timeline
from compartment_tui.tui.state.swarm_changes import SwarmChange, swarm_changes

Replica: TypeAlias = tuple[str, int]
"""A deployment, and the number of one of its replicas."""
SAMPLES_KEPT = 30
"""Samples per deployment: half a minute, which is what a sparkline shows."""
SWARM_CHANGES_KEPT = 50
SAMPLE_LASTS = timedelta(seconds=5)
"""A replica whose newest sample is so much older than that of another uses nothing any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One request being done, or done."""

    number: int
    request: Request
    started: datetime
    timeline: Timeline = Timeline()
    over: bool = False
    ended: datetime | None = None
    error: CompartmentError | None = None
    done: Done | None = None
    """The result of what tells no events."""
    http_port: int = 80
    """Where the edge listens: addresses of what went live end in it."""
    cancels: int = 0
    """The times it was asked to stop: once to revert or to end the drain, twice to leave it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """Everything the main screen shows. Environments are told apart by their names."""

    project: str = ""
    read_only: bool = False
    environments: tuple[EnvironmentView, ...] = ()
    environment: str = ""
    """The chosen one."""
    service: str | None = None
    """The selected one of its services."""
    statuses: Mapping[str, EnvironmentStatus] = field(default_factory=dict)
    histories: Mapping[str, tuple[RunView, ...]] = field(default_factory=dict)
    routes: tuple[RouteView, ...] = ()
    visits: Mapping[str, Visit] = field(default_factory=dict)
    variables: tuple[VariableView, ...] | None = None
    """Of the selected service; None until they are here."""
    samples: Mapping[str, tuple[Sample, ...]] = field(default_factory=dict)
    """By deployment, oldest first: what all its replicas use together."""
    newest: Mapping[Replica, Sample] = field(default_factory=dict)
    """What each replica used last."""
    swarm: SwarmView | None = None
    """The machines of the Swarm that the chosen environment is on, once somebody looked."""
    swarm_changes: tuple[SwarmChange, ...] = ()
    """What happened in Swarms since the screen was opened, oldest first."""
    jobs: Mapping[int, Job] = field(default_factory=dict)
    trouble: CompartmentError | None = None
    """Why the last look could not be had; what is shown is older than that."""

    @property
    def status(self) -> EnvironmentStatus | None:
        """The chosen environment's, once it is here."""
        return self.statuses.get(self.environment)

    @property
    def selected(self) -> ServiceStatus | None:
        """The selected service, if it is still there."""
        rows = self.status.services if self.status else ()
        return next((row for row in rows if row.service == self.service), None)

    @property
    def engine_away(self) -> bool:
        """Whether the newest look says that the engine does not answer."""
        stale = self.status is not None and self.status.stale is not None
        return stale or isinstance(self.trouble, EngineProblem)

    @property
    def on_swarm(self) -> bool:
        """Whether the chosen environment is on a Swarm, as far as was seen."""
        return self.status is not None and bool(self.status.nodes)

    @property
    def running_jobs(self) -> tuple[Job, ...]:
        return tuple(job for job in self.jobs.values() if not job.over)

    @property
    def several_engines(self) -> bool:
        return len({view.engine for view in self.environments}) > 1

    def engine_of(self, environment: str) -> str:
        """The engine it is on, by its name in the file."""
        views = (view for view in self.environments if view.key.environment == environment)
        return next((view.engine for view in views), "")

    def away_in(self, environment: EnvironmentView) -> bool:
        """Whether one of several engines, the one it is on, does not answer."""
        status = self.statuses.get(environment.key.environment)
        stale = status is not None and status.stale is not None
        return self.several_engines and (stale or environment.away is not None)

    def working_on(self, environment: str) -> bool:
        """Whether a job of ours is changing that environment."""
        return any(job.request.environment == environment for job in self.running_jobs)

    def health_of(self, environment: EnvironmentView) -> Health:
        """The worst health in an environment, from the newest look there is."""
        status = self.statuses.get(environment.key.environment)
        return status.worst if status else environment.health

    def stopped_in(self, environment: EnvironmentView) -> bool:
        """Whether all of an environment was stopped by hand, from the newest look there is."""
        status = self.statuses.get(environment.key.environment)
        return status.stopped if status else environment.stopped

    def unreadable_in(self, environment: EnvironmentView) -> bool:
        """Whether its record cannot be read, from the newest look there is."""
        status = self.statuses.get(environment.key.environment)
        return (status or environment).unreadable is not None

    def maintained_in(self, environment: EnvironmentView) -> bool:
        """Whether visitors of some of it get a page, from the newest look there is."""
        status = self.statuses.get(environment.key.environment)
        if status is None:
            return environment.maintenance
        return any(row.maintenance for row in status.services)

    def live_in(self, environment: EnvironmentView) -> bool:
        """Whether anything is live in an environment, from the newest look there is."""
        status = self.statuses.get(environment.key.environment)
        return any(row.active for row in status.services) if status else environment.active > 0

    def with_environments(self, found: tuple[EnvironmentView, ...]) -> "Board":
        """The tabs are known; the first is chosen when none was, or when it is gone."""
        names = [view.key.environment for view in found]
        chosen = self.environment if self.environment in names else (names[0] if names else "")
        away = any(view.away for view in found if view.key.environment == chosen)
        trouble = self.trouble if away else None
        return replace(self, environments=found, environment=chosen, trouble=trouble)

    def with_trouble(self, error: CompartmentError, environment: str) -> "Board":
        """A look could not be had: of an engine that is away, it is about its environments alone.

        `environment` is empty when it was no single one's.
        """
        board = self
        if environment and isinstance(error, EngineProblem) and self.several_engines:
            away = Failure(code=error.code, message=error.message, hint=error.hint)
            board = replace(self, environments=self._with_away(environment, away))
            if environment != self.environment:
                return board
        return replace(board, trouble=error)

    def choosing(self, environment: str) -> "Board":
        """Another environment; the selection stays on the service of the same name."""
        return replace(
            self, environment=environment, routes=(), visits={}, variables=None, swarm=None
        )

    def selecting(self, service: str | None) -> "Board":
        """Another service of the chosen environment."""
        if service == self.service:
            return self
        return replace(self, service=service, variables=None)

    def with_swarm_changes(self, status: EnvironmentStatus, now: datetime) -> "Board":
        """What happened in its Swarm since the look before this one; before `with_status`."""
        before = self.statuses.get(status.key.environment)
        if before is None:
            return self
        # Several environments on one Swarm see the same machines go and come.
        last = {one.node: one.words for one in self.swarm_changes if one.node}
        found = swarm_changes(before, status, now)
        new = [one for one in found if not one.node or last.get(one.node) != one.words]
        return replace(self, swarm_changes=(*self.swarm_changes, *new)[-SWARM_CHANGES_KEPT:])

    def with_status(self, status: EnvironmentStatus) -> "Board":
        """A newer look at one environment; the selection moves only if its service is gone.

        Then to one that is not well, if there is one.
        """
        if status.stale is not None:
            before = self.statuses.get(status.key.environment)
            status = replace(status, nodes=before.nodes if before else ())
        same = self.engine_of(status.key.environment) == self.engine_of(self.environment)
        board = replace(
            self,
            environments=self._with_away(status.key.environment, status.away),
            statuses={**self.statuses, status.key.environment: status},
            trouble=None if same and status.stale is None else self.trouble,
        )
        names = [row.service for row in status.services]
        if status.key.environment == self.environment and self.service not in names:
            sick = [row.service for row in status.services if row.health is Health.UNHEALTHY]
            return board.selecting(next(iter([*sick, *names]), None))
        return board

    def _with_away(self, environment: str, away: Failure | None) -> tuple[EnvironmentView, ...]:
        return tuple(
            replace(view, away=away) if view.key.environment == environment else view
            for view in self.environments
        )

    def with_history(self, environment: str, runs: tuple[RunView, ...]) -> "Board":
        return replace(self, histories={**self.histories, environment: runs})

    def with_samples(self, samples: Mapping[Replica, Sample]) -> "Board":
        """One more sample of each deployment: the sum of its replicas. The oldest ones go."""
        kept = dict(self.samples)
        newest = {**self.newest, **samples}
        for deployment in dict.fromkeys(deployment for deployment, _ in samples):
            mine = {one: sample for one, sample in newest.items() if one[0] == deployment}
            last = max(sample.at for sample in mine.values())
            for one, sample in mine.items():
                if last - sample.at > SAMPLE_LASTS:
                    del newest[one]
            together = _sum([sample for one, sample in mine.items() if one in newest])
            kept[deployment] = (*kept.get(deployment, ()), together)[-SAMPLES_KEPT:]
        return replace(self, samples=kept, newest=newest)

    def with_job(self, job: Job) -> "Board":
        """A job went on; with one that is over our own lock is gone, before anybody looks again."""
        statuses = dict(self.statuses)
        before = self.jobs.get(job.number)
        seen = statuses.get(job.request.environment)
        if seen is not None and job.over and (before is None or not before.over):
            statuses[job.request.environment] = replace(seen, holder=None)
        return replace(self, jobs={**self.jobs, job.number: job}, statuses=statuses)


def _sum(samples: Sequence[Sample]) -> Sample:
    """What replicas use together; of no limit where one of them has none."""
    if len(samples) == 1:
        return samples[0]
    limits = [one.limit for one in samples if one.limit is not None]
    return Sample(
        at=max(one.at for one in samples),
        cpu=sum(one.cpu for one in samples),
        memory=sum(one.memory for one in samples),
        limit=sum(limits) if len(limits) == len(samples) else None,
    )


def not_known_yet(board: Board) -> str:
    """Why nothing can be done while it is not even known which environments there are."""
    trouble = board.trouble
    if trouble is None:
        return "the project file is still being read: press it again in a moment"
    return "\n".join(clean(part) for part in (trouble.message, trouble.hint) if part)
