"""Between the application and the operations: the only module here that calls them.

Everything that blocks runs in a daemon thread of its own and answers by a message, so the screen
never waits, and quitting never does. (The toolkit's own thread workers come from a small pool, and
the application does not end before they do.)
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import count

from textual.message import Message

from compartment_tui.domain.detail_views import Deletion
from compartment_tui.domain.errors import Unexpected, expected
from compartment_tui.domain.planning.plan import Run
from compartment_tui.domain.planning.retention import Pruning
from compartment_tui.domain.requests import Request
from compartment_tui.operations import inspect, requests, runs
from compartment_tui.ports import Feed, LogLine, World
from compartment_tui.present.plan import PlanContext
from compartment_tui.present.requests import command_line
from compartment_tui.present.timeline import Timeline
from compartment_tui.tui import messages as news
from compartment_tui.tui.feed_batchers import EventWatcher, LineBatcher, SampleBatcher
from compartment_tui.tui.runs.event_batcher import EventBatcher, JobCancel
from compartment_tui.tui.runs.messages import ActRefused, JobEnded, JobMoved, PlanReady
from compartment_tui.tui.runs.plan_model import Proposed
from compartment_tui.tui.state.job_output import OutputLine
from compartment_tui.tui.variables.editor_bridge import Post, VariableBridge

HISTORY_LIMIT = 50
FOLLOWED_TAIL = 500
BACK_OFF = 2.0
"""Seconds until a look that failed is tried again."""


class Bridge(VariableBridge):
    """Asks and acts in threads. `post` must be safe to call from any of them."""

    def __init__(self, world: World, post: Post) -> None:
        super().__init__(world, post)
        self._numbers = count(1)
        self._watched: inspect.Watch | None = None
        self._streams: dict[int, LineBatcher] = {}
        self._sampling = SampleBatcher(world, lambda samples: post(news.SamplesArrived(samples)))
        self._stirring = EventWatcher(world, self._glance)
        self._in_view = ""
        self._cancels: dict[int, JobCancel] = {}
        self._looked = False
        self._looking = threading.Lock()
        self._closed = threading.Event()
        self._on_screen = threading.Event()
        """Not set while something else has the terminal and nobody takes messages."""
        self._on_screen.set()

    # --- looking ---------------------------------------------------------------------------------

    def look(self) -> None:
        """All environments; the first time those of the file before, and as often as it takes."""
        if self._looking.locked() and not self._looked:
            return
        self._start(self._look)

    def watch(self, environment: str) -> None:
        """The environment's status now and after every change; the one before is left."""
        if self._watched is not None:
            self._watched.close()
        else:
            self._stirring.start()
        self._in_view = environment
        feed = self._watched = inspect.watch(self._world, environment=environment)

        def read() -> None:
            while not self._closed.is_set() and self._watched is feed:
                try:
                    for status in feed:
                        self._post(news.StatusArrived(status))
                    return
                except Exception as raised:
                    error = expected(raised, self._world.error_log.write)
                    self._post(news.RefreshFailed(error))
                    self._closed.wait(BACK_OFF)

        self._start(read)

    def look_again(self, environment: str) -> None:
        """At one environment, after any look that goes on."""
        if environment == self._in_view and self._watched is not None:
            self._watched.look_again()
        else:
            self._start(lambda: self._glance(environment))

    def _glance(self, environment: str) -> None:
        """At one that is not in view, so that its tab stays true."""
        if environment == self._in_view:
            return
        try:
            self._post(news.StatusArrived(inspect.status(self._world, environment=environment)))
        except Exception as raised:
            error = expected(raised, self._world.error_log.write)
            self._post(news.RefreshFailed(error))

    def history(self, environment: str) -> None:
        """The environment's newest runs."""
        self._ask(
            lambda: news.HistoryArrived(
                environment,
                inspect.history(self._world, environment=environment, limit=HISTORY_LIMIT),
            )
        )

    def routes(self, environment: str) -> None:
        """The environment's routes, each visited once."""

        def ask() -> Message:
            found = inspect.routes(self._world, environment=environment)
            visits = {one.route.host: self._world.edge.visit(one.route.host) for one in found}
            return news.RoutesArrived(found, visits)

        self._ask(ask)

    def follow(
        self, environment: str, services: Sequence[str] = (), *, since: datetime | None = None
    ) -> int:
        """Follow logs, the newest lines first seen, or all from a moment on.

        The number tells their lines apart; `unfollow` ends it.
        """
        return self._stream(
            lambda: inspect.logs(
                self._world,
                environment=environment,
                services=services,
                follow=True,
                tail=None if since else FOLLOWED_TAIL,
                since=since,
            )
        )

    def read_logs(self, environment: str, deployment: str, *, tail: int = 1000) -> int:
        """What one deployment's container wrote, dead or alive, as a stream that ends by itself."""
        return self._stream(
            lambda: inspect.deployment_logs(
                self._world, environment=environment, deployment=deployment, tail=tail
            ),
            "that is all it wrote until now",
        )

    def _stream(self, open_feed: Callable[[], Feed[LogLine]], end: str = "the stream ended") -> int:
        number = next(self._numbers)

        def tell(lines: tuple[LogLine, ...], dropped: int, ended: str) -> None:
            self._on_screen.wait()
            self._post(news.LogLinesArrived(number, lines, dropped, ended))

        self._streams[number] = LineBatcher(open_feed, tell, end)
        return number

    def unfollow(self, number: int) -> None:
        """End a stream; nothing of it is posted afterwards."""
        stream = self._streams.pop(number, None)
        if stream is not None:
            stream.close()

    def sample(self, deployments: Sequence[str]) -> None:
        """Watch the CPU and memory of exactly these: the visible ones."""
        self._sampling.watch(deployments)

    def shell(self, environment: str, service: str, deployment: str) -> int:
        """A shell in the container, on this process's terminal; blocks. Raises CompartmentError.

        Log lines wait meanwhile, where they are bounded and counted.
        """
        self._on_screen.clear()
        try:
            return inspect.execute(
                self._world,
                environment=environment,
                service=service,
                command=("sh",),
                terminal=True,
                deployment=deployment,
            )
        finally:
            self._on_screen.set()

    # --- acting ----------------------------------------------------------------------------------

    def plan(self, request: Request) -> None:
        """What the request would do, as `PlanReady`; or `ActRefused`."""

        def ask() -> Message:
            try:
                return self._ready(request, requests.plan(self._world, request))
            except Exception as raised:
                error = expected(raised, self._world.error_log.write)
                return ActRefused(request, error)

        self._ask(ask)

    def start(self, request: Request) -> int:
        """Do it, as a job: `JobMoved` while it goes on, `JobEnded` at last."""
        job = next(self._numbers)
        cancel = self._cancels[job] = JobCancel()
        world = replace(self._world, cancel=cancel)
        # Not a daemon: whatever ends the application, the process waits until the job has reverted.
        threading.Thread(target=self._work, args=(job, request, world)).start()
        return job

    def cancel(self, job: int, requests: int) -> None:
        """Ask the job to stop: 1 to revert or end the drain, 2 to leave it to `resume`."""
        cancel = self._cancels.get(job)
        if cancel is not None:
            cancel.requests = max(cancel.requests, requests)

    def cancel_all(self, requests: int) -> None:
        """Ask every job that goes on."""
        for job in tuple(self._cancels):
            self.cancel(job, requests)

    @property
    def busy(self) -> bool:
        """Whether a job goes on."""
        return bool(self._cancels)

    def close(self) -> None:
        """End every stream, and ask every job that goes on to revert: nobody looks any more."""
        self._closed.set()
        self.cancel_all(1)
        if self._watched is not None:
            self._watched.close()
        self._sampling.close()
        self._stirring.close()
        for number in tuple(self._streams):
            self.unfollow(number)

    def _look(self) -> None:
        with self._looking:
            while not self._closed.is_set():
                try:
                    if not self._looked:
                        named = inspect.declared_environments(self._world)
                        self._post(news.EnvironmentsArrived(named, from_file=True))
                    self._post(news.EnvironmentsArrived(inspect.environments(self._world)))
                    self._looked = True
                except Exception as raised:
                    error = expected(raised, self._world.error_log.write)
                    self._post(news.RefreshFailed(error))
                if self._looked:
                    return
                self._closed.wait(BACK_OFF)

    # --- threads ---------------------------------------------------------------------------------

    def _ready(self, request: Request, plan: Proposed) -> PlanReady:
        """The plan with what it does not carry."""
        config = self._world.project.config()
        run = plan if isinstance(plan, Run) else None
        context = PlanContext(
            http_port=config.edge.http_port,
            commits=runs.new_commits(self._world, run) if run else {},
            dirty=runs.uncommitted(self._world, run) if run else (),
            images=runs.known_images(self._world, run) if run else {},
        )
        protected = config.environment(request.environment).protected
        return PlanReady(request, plan, context, protected)

    def _work(self, job: int, request: Request, world: World) -> None:
        def tell(timeline: Timeline, said: tuple[OutputLine, ...], dropped: int) -> None:
            self._post(JobMoved(job, request, timeline, said, dropped))

        telling, error, pruned = EventBatcher(tell), None, None
        try:
            done = requests.execute(world, request)
            pruned = done if isinstance(done, Pruning) else None
            for event in () if isinstance(done, Pruning | Deletion) else done:
                telling.take(event)
        except Exception as raised:  # a job must end on the screen, whatever ended it
            error = expected(raised, world.error_log.write)
            if isinstance(error, Unexpected):
                error.hint = f"{error.hint}; `{command_line(request)}` does the same"
        timeline = telling.close()
        self._cancels.pop(job, None)
        self._post(JobEnded(job, request, timeline, error, pruned))
