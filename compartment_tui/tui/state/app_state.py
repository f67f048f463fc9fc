"""The state of the terminal application, and how each message changes it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from compartment_tui.domain.deployment import Health, Sample
from compartment_tui.domain.detail_views import RouteView, RunView, Visit
from compartment_tui.domain.errors import CompartmentError, EngineProblem
from compartment_tui.domain.proposal import Done
from compartment_tui.domain.requests import Request
from compartment_tui.domain.variables.views import VariableView
from compartment_tui.domain.views import EnvironmentStatus, EnvironmentView, ServiceStatus
from compartment_tui.present.text import clean
from compartment_tui.present.timeline import Timeline

SAMPLES_KEPT = 30
"""Samples per deployment: half a minute, which is what a sparkline shows."""


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
    """By deployment, oldest first."""
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
    def running_jobs(self) -> tuple[Job, ...]:
        return tuple(job for job in self.jobs.values() if not job.over)

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
        return replace(self, environments=found, environment=chosen, trouble=None)

    def choosing(self, environment: str) -> "Board":
        """Another environment; the selection stays on the service of the same name."""
        return replace(self, environment=environment, routes=(), visits={}, variables=None)

    def selecting(self, service: str | None) -> "Board":
        """Another service of the chosen environment."""
        if service == self.service:
            return self
        return replace(self, service=service, variables=None)

    def with_status(self, status: EnvironmentStatus) -> "Board":
        """A newer look at one environment; the selection moves only if its service is gone.

        Then to one that is not well, if there is one.
        """
        board = replace(
            self,
            statuses={**self.statuses, status.key.environment: status},
            trouble=None if status.stale is None else self.trouble,
        )
        names = [row.service for row in status.services]
        if status.key.environment == self.environment and self.service not in names:
            sick = [row.service for row in status.services if row.health is Health.UNHEALTHY]
            return board.selecting(next(iter([*sick, *names]), None))
        return board

    def with_history(self, environment: str, runs: tuple[RunView, ...]) -> "Board":
        return replace(self, histories={**self.histories, environment: runs})

    def with_samples(self, samples: Mapping[str, Sample]) -> "Board":
        """One more sample of each; the oldest ones go."""
        kept = dict(self.samples)
        for deployment, sample in samples.items():
            kept[deployment] = (*kept.get(deployment, ()), sample)[-SAMPLES_KEPT:]
        return replace(self, samples=kept)

    def with_job(self, job: Job) -> "Board":
        """A job went on; with one that is over our own lock is gone, before anybody looks again."""
        statuses = dict(self.statuses)
        before = self.jobs.get(job.number)
        seen = statuses.get(job.request.environment)
        if seen is not None and job.over and (before is None or not before.over):
            statuses[job.request.environment] = replace(seen, holder=None)
        return replace(self, jobs={**self.jobs, job.number: job}, statuses=statuses)


def not_known_yet(board: Board) -> str:
    """Why nothing can be done while it is not even known which environments there are."""
    trouble = board.trouble
    if trouble is None:
        return "the project file is still being read: press it again in a moment"
    return "\n".join(clean(part) for part in (trouble.message, trouble.hint) if part)
