"""An act from the wish to its end: its plan first, then a job that is watched, ended, left."""

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Protocol, runtime_checkable

from textual.binding import Binding, BindingType

from compartment_tui.domain.errors import CompartmentError
from compartment_tui.domain.requests import Request, Rollback
from compartment_tui.present.text import show_name
from compartment_tui.present.tone import Tone
from compartment_tui.tui.base import BoardApp, Part, mounted_screens
from compartment_tui.tui.messages import ActWanted, OriginWanted, ScaleWanted
from compartment_tui.tui.runs.job_words import job_title, toast
from compartment_tui.tui.runs.messages import (
    ActRefused,
    CancelWanted,
    JobEnded,
    JobMoved,
    PlanReady,
)
from compartment_tui.tui.runs.rollback_choices import choices, nothing_to_go_back_to
from compartment_tui.tui.runs.run_bridge import RunBridge
from compartment_tui.tui.signals import SignalHandler
from compartment_tui.tui.state.app_state import Job
from compartment_tui.tui.state.job_output import JobOutput

if TYPE_CHECKING:
    from textual.notifications import SeverityLevel

    from compartment_tui.tui.runs.plan_screen import Decision

_SEVERITIES: dict[Tone, "SeverityLevel"] = {Tone.WARN: "warning", Tone.BAD: "error"}
TOAST_SECONDS = 10
OLD_SEAL_SECONDS = 20


@runtime_checkable
class TakesPlan(Protocol):
    """A screen that waits for the plan of an act."""

    def take_plan(self, ready: PlanReady) -> None:
        """The plan, perhaps of another act."""

    def refuse(self, act: Request, error: CompartmentError) -> None:
        """The act cannot be done, and nothing was touched."""


@runtime_checkable
class TakesOutput(Protocol):
    """A screen that shows what a job writes."""

    def take_said(self, message: JobMoved) -> None:
        """A job went on, perhaps another one."""


@runtime_checkable
class TakesBeginning(Protocol):
    """A screen that has a stake in what is begun."""

    def act_begun(self, act: Request) -> None:
        """This was begun."""


class RunController(Part):
    """The part of the application that changes things, and so also the part that ends it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("b", "activity", "Activity", show=False, id="app.activity"),
        Binding("q", "leave", "Quit", id="app.quit"),
        Binding("ctrl+q", "leave", "Quit", show=False, id="app.quit.always", priority=True),
    ]

    def __init__(self, app: BoardApp, bridge: RunBridge) -> None:
        super().__init__(app)
        self.bridge = bridge
        self._transcripts: defaultdict[int, JobOutput] = defaultdict(JobOutput)
        self._leaving = False
        self._told_of_old_seals = False
        self._ending: SignalHandler | None = None

    # --- before it begins ------------------------------------------------------------------------

    def want(self, message: ActWanted) -> None:
        """Look first: nothing is done before its plan was seen."""
        request = message.request
        if self._refuses(request.environment, look_only=message.look_only):
            return
        if message.look_only:
            self._propose(request, look_only=True)
        elif isinstance(request, Rollback) and request.to is None and request.run is None:
            self._pick_back(request)
        else:
            self._propose(request)

    def _refuses(self, environment: str, *, look_only: bool = False) -> bool:
        """Whether nothing can be changed here and now, which is said."""
        if self.board.read_only and not look_only:
            self.notify("read-only: nothing is changed", severity="warning")
        elif not environment:
            self.say_not_known_yet()
        else:
            return False
        return True

    def _pick_back(self, request: Rollback) -> None:
        """Where to go back to."""
        from compartment_tui.tui.runs.pick_screen import PickScreen

        here = request.environment == self.board.environment
        found = choices(
            self.board.statuses.get(request.environment),
            self.board.histories.get(request.environment, ()),
            environment=request.environment,
            marked=request.services,
            selected=self.board.service if here else None,
            now=self.world.clock.now(),
        )
        title = f"Roll back in {show_name(request.environment)}"
        nothing = nothing_to_go_back_to(request.environment)
        self.push_screen(PickScreen(title, found, nothing=nothing), self._picked)

    def pick_origin(self, message: OriginWanted) -> None:
        """Whose images to take is chosen first."""
        from compartment_tui.tui.runs.pick_screen import PickScreen
        from compartment_tui.tui.runs.promotion_choices import nothing_to_promote, promotion_choices

        if self._refuses(message.environment):
            return
        now, where = self.world.clock.now(), message.environment
        found = promotion_choices(self.board, where, message.services, now)
        title = f"Promote to {show_name(where)}, from where?"
        nothing = nothing_to_promote(self.board)
        self.push_screen(PickScreen(title, found, nothing=nothing), self._picked)

    def pick_scale(self, message: ScaleWanted) -> None:
        """How many of them is asked first."""
        from compartment_tui.tui.runs.scale_screen import ScaleScreen

        if self._refuses(message.environment):
            return
        status = self.board.statuses.get(message.environment)
        rows = status.services if status else ()
        live = [row for row in rows if row.service in message.services and row.active]
        if live:
            self.push_screen(ScaleScreen(message.environment, live), self._picked)
        else:
            self.notify("nothing of it is live: there is nothing to scale", severity="warning")

    def _picked(self, request: Request | None) -> None:
        if request is not None:
            self._propose(request)

    def _propose(self, request: Request, *, look_only: bool = False) -> None:
        from compartment_tui.tui.runs.plan_screen import PlanScreen

        # The dialog opens before its plan is there, so that no key meant for the screen below
        # can answer it by chance: until then it answers to nothing but leaving.
        self.push_screen(PlanScreen(request, self.bridge.plan, look_only=look_only), self._decided)
        self.bridge.plan(request)

    def take_plan(self, message: PlanReady) -> None:
        """To the dialog that waits for it."""
        for screen in mounted_screens(self.app):
            if isinstance(screen, TakesPlan):
                screen.take_plan(message)
        self.say_old_seals()

    def say_old_seals(self) -> None:
        """Once: of values that were opened and would open anywhere."""
        places = self.world.secrets.old_seals()
        if places and not self._told_of_old_seals:
            from compartment_tui.present.recipients import old_seal_words

            self._told_of_old_seals = True
            words = old_seal_words(places)
            self.notify(words, severity="warning", timeout=OLD_SEAL_SECONDS, markup=False)

    def refuse(self, message: ActRefused) -> None:
        """To the dialog that waits for its plan."""
        for screen in mounted_screens(self.app):
            if isinstance(screen, TakesPlan):
                screen.refuse(message.request, message.error)

    async def _decided(self, decision: "Decision | None") -> None:
        if decision is not None:
            job = self.begin(decision.request, http_port=decision.http_port)
            for screen in mounted_screens(self.app):
                if isinstance(screen, TakesBeginning):
                    screen.act_begun(decision.request)
            await self.open_job(job.number)

    # --- while it goes on ------------------------------------------------------------------------

    def begin(self, request: Request, *, http_port: int = 80) -> Job:
        """Do it now."""
        began = self.world.clock.now()
        number = self.bridge.start(request)
        job = Job(number=number, request=request, started=began, http_port=http_port)
        self.show(self.board.with_job(job))
        return job

    async def open_job(self, number: int | None) -> None:
        """Its screen, instead of that of another job."""
        from compartment_tui.tui.runs.run_screen import RunScreen

        if number is None or number not in self.board.jobs:
            return
        if isinstance(self.screen, RunScreen):
            if self.screen.number == number:
                return
            await self.pop_screen()
        await self.push_screen(RunScreen(number, self._transcripts[number]))

    def move_job(self, message: JobMoved) -> None:
        """It went on: whoever shows it hears of it."""
        job = self.board.jobs.get(message.job)
        if job is None:
            return
        for screen in mounted_screens(self.app):
            if isinstance(screen, TakesOutput):
                screen.take_said(message)
        self._transcripts[message.job].add(message.said, message.dropped)
        self.show(self.board.with_job(replace(job, timeline=message.timeline)))

    def end_job(self, message: JobEnded) -> None:
        """Keep how it ended, say so, and look at what it changed."""
        job = self.board.jobs.get(message.job)
        if job is None:
            return
        ended = replace(
            job,
            timeline=message.timeline,
            over=True,
            ended=self.world.clock.now(),
            error=message.error,
            done=message.done,
        )
        self.show(self.board.with_job(ended))
        if self._leaving and not self.board.running_jobs:
            self.exit()
            return
        self._tell(ended)
        self.feeds.look_again(message.request.environment)
        self.feeds.look()
        self.feeds.history(message.request.environment)
        if self.board.environment:
            self.feeds.routes(self.board.environment)

    def _tell(self, job: Job) -> None:
        """Notify a person who looks at something else of how it ended."""
        from compartment_tui.tui.runs.run_screen import RunScreen

        screens = [screen for screen in self.app.screen_stack if isinstance(screen, RunScreen)]
        if any(screen.number == job.number for screen in screens):
            return
        words, tone = toast(job)
        severity = _SEVERITIES.get(tone, "information")
        self.notify(
            words, title=job_title(job), severity=severity, timeout=TOAST_SECONDS, markup=False
        )

    def cancel_job(self, number: int) -> None:
        """Ask it to stop; asked again, it is left to `resume`."""
        job = self.board.jobs.get(number)
        if job is not None and not job.over:
            requests = job.cancels + 1
            self.bridge.cancel(job.number, requests)
            self.show(self.board.with_job(replace(job, cancels=requests)))

    def open_activity(self) -> None:
        """The jobs of this session."""
        from compartment_tui.tui.runs.activity_screen import ActivityScreen

        self.push_screen(ActivityScreen(), self.open_job)

    # --- leaving ---------------------------------------------------------------------------------

    def leave(self) -> None:
        """Quit; what to do about a job that goes on is asked first."""
        if not self.board.running_jobs:
            self.exit()
            return
        from compartment_tui.tui.runs.quit_screen import QuitScreen

        if not any(isinstance(screen, QuitScreen) for screen in self.app.screen_stack):
            self.push_screen(QuitScreen(end=self.end_and_leave, stay=self.stay))

    def end_and_leave(self) -> None:
        """Ask every job to end, and close when the last one has. Again: leave them to `resume`."""
        self._leaving = True
        if not self.board.running_jobs:
            self.exit()
        for job in self.board.running_jobs:
            self.post_message(CancelWanted(job.number))

    def stay(self) -> None:
        """Do not close when the jobs have ended."""
        self._leaving = False

    def heed_signals(self) -> None:
        """A request to end, or a terminal that is gone, reverts what goes on and then ends us."""
        self._ending = SignalHandler(self.bridge.cancel_all, lambda: self.bridge.busy)
        self._ending.heed(self._told_to_end)

    def _told_to_end(self, requests: int) -> None:
        """The jobs know already: say so, and close when they have ended."""
        self._leaving = True
        running = self.board.running_jobs
        for job in running:
            self.show(self.board.with_job(replace(job, cancels=max(job.cancels, requests))))
        if not running:
            self.exit()

    def close(self) -> None:
        """Signals mean again what they meant before."""
        if self._ending is not None:
            self._ending.over()
