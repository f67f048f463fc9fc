"""Plans and jobs: what a request would do, and its doing in a thread that is never cut off."""

import threading
from dataclasses import replace
from itertools import count

from textual.message import Message

from compartment_tui.domain.errors import Unexpected, expected
from compartment_tui.domain.planning.plan import Run
from compartment_tui.domain.proposal import Done, Proposed
from compartment_tui.domain.requests import EVERY_ENVIRONMENT, Request
from compartment_tui.operations import requests, runs
from compartment_tui.operations.engines import world_of
from compartment_tui.ports import World
from compartment_tui.present.plan import PlanContext
from compartment_tui.present.requests import command_line
from compartment_tui.present.timeline import Timeline
from compartment_tui.tui.background import BackgroundThreads
from compartment_tui.tui.runs.event_batcher import EventBatcher, JobCancel
from compartment_tui.tui.runs.messages import ActRefused, JobEnded, JobMoved, PlanReady
from compartment_tui.tui.state.job_output import OutputLine


class RunBridge:
    """Acts in threads; what comes of it are messages."""

    def __init__(self, background: BackgroundThreads) -> None:
        self._background = background
        self._numbers = count(1)
        self._cancels: dict[int, JobCancel] = {}

    def plan(self, request: Request) -> None:
        """Plan the request: answers `PlanReady` or `ActRefused`."""

        def ask() -> Message:
            try:
                return self._ready(request, requests.plan(self._background.world, request))
            except Exception as raised:
                error = expected(raised, self._background.world.error_log.write)
                return ActRefused(request, error)

        self._background.ask(ask)

    def start(self, request: Request) -> int:
        """Do it, as a job: `JobMoved` while it goes on, `JobEnded` at last."""
        job = next(self._numbers)
        cancel = self._cancels[job] = JobCancel()
        world = replace(self._background.world, cancel=cancel)
        # Not a daemon: whatever ends the application, the process waits until the job has reverted.
        threading.Thread(target=self._work, args=(job, request, world)).start()
        return job

    def cancel(self, job: int, times: int) -> None:
        """Ask the job to stop: 1 to revert or end the drain, 2 to leave it to `resume`."""
        cancel = self._cancels.get(job)
        if cancel is not None:
            cancel.requests = max(cancel.requests, times)

    def cancel_all(self, times: int) -> None:
        """Ask every job that goes on."""
        for job in tuple(self._cancels):
            self.cancel(job, times)

    @property
    def busy(self) -> bool:
        """Whether a job goes on."""
        return bool(self._cancels)

    def _ready(self, request: Request, plan: Proposed) -> PlanReady:
        """The plan with what it does not carry."""
        world = self._background.world
        if request.environment != EVERY_ENVIRONMENT:
            world = world_of(world, request.environment)
        config = world.project.config()
        run = plan if isinstance(plan, Run) else None
        context = PlanContext(
            http_port=config.edge.http_port,
            commits=runs.new_commits(self._background.world, run) if run else {},
            dirty=runs.uncommitted(self._background.world, run) if run else (),
            images=runs.known_images(self._background.world, run) if run else {},
        )
        protected = config.environment(request.environment).protected
        return PlanReady(request, plan, context, protected)

    def _work(self, job: int, request: Request, world: World) -> None:
        def tell(timeline: Timeline, said: tuple[OutputLine, ...], dropped: int) -> None:
            self._background.post(JobMoved(job, request, timeline, said, dropped))

        telling, error, done = EventBatcher(tell), None, None
        try:
            told = requests.execute(world, request)
            if isinstance(told, Done):
                done = told
            else:
                for event in told:
                    telling.take(event)
        except Exception as raised:  # a job must end on the screen, whatever ended it
            error = expected(raised, world.error_log.write)
            if isinstance(error, Unexpected):
                error.hint = f"{error.hint}; `{command_line(request)}` does the same"
        timeline = telling.close()
        self._cancels.pop(job, None)
        self._background.post(JobEnded(job, request, timeline, error, done))
