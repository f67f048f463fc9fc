"""Everything that is read from the engine: refreshes, and the feeds of logs, samples and events."""

import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from itertools import count

from textual.message import Message

from compartment_tui.domain.errors import RecordInvalid
from compartment_tui.domain.views import EnvironmentView
from compartment_tui.operations import environments, logs, variables
from compartment_tui.operations import status as status_operations
from compartment_tui.operations import watch as watch_operations
from compartment_tui.operations.engines import world_of
from compartment_tui.operations.exec_command import execute
from compartment_tui.operations.history import history
from compartment_tui.operations.nodes import swarm_of
from compartment_tui.operations.routes import routes
from compartment_tui.ports import Feed, LogLine, World
from compartment_tui.tui import messages as news
from compartment_tui.tui.background import BackgroundThreads
from compartment_tui.tui.feed_threads import EventWatcher, LogBatch, LogStream, SampleWatcher
from compartment_tui.tui.state.app_state import Replica

HISTORY_LIMIT = 50
FOLLOWED_TAIL = 500
BACK_OFF = 2.0
"""Seconds until a look that failed is tried again."""


class FeedBridge:
    """Looks in threads; the answers are messages."""

    def __init__(self, background: BackgroundThreads) -> None:
        self._background = background
        self._numbers = count(1)
        self._watched: watch_operations.Watch | None = None
        self._streams: dict[int, LogStream] = {}
        self._samples = SampleWatcher(
            self._at, lambda samples: background.post(news.SamplesArrived(samples))
        )
        self._events: dict[str, EventWatcher] = {}
        """By engine."""
        self._environments: tuple[EnvironmentView, ...] = ()
        """As they were last looked at."""
        self._in_view = ""
        self._looked = False
        self._looking = threading.Lock()
        self._closed = threading.Event()
        self._on_screen = threading.Event()
        """Not set while something else has the terminal and nobody takes messages."""
        self._on_screen.set()

    def look(self) -> None:
        """All environments; the first time those of the file before, and as often as it takes."""
        if self._looking.locked() and not self._looked:
            return
        self._background.start(self._look)

    def watch(self, environment: str) -> None:
        """The environment's status now and after every change; the one before is left."""
        if self._watched is not None:
            self._watched.close()
        self._in_view = environment
        feed = self._watched = watch_operations.watch(
            self._background.world, environment=environment
        )

        def read() -> None:
            while not self._closed.is_set() and self._watched is feed:
                try:
                    for status in feed:
                        self._background.post(news.StatusArrived(status))
                    return
                except Exception as raised:
                    self._background.failed(raised, environment)
                    self._closed.wait(BACK_OFF)

        self._background.start(read)

    def look_again(self, environment: str) -> None:
        """At one environment, after any look that goes on."""
        if environment == self._in_view and self._watched is not None:
            self._watched.look_again()
        else:
            self._background.start(lambda: self._glance(environment))

    def _glance_at(self, names: set[str]) -> None:
        for environment in sorted(names):
            self._glance(environment)

    def _glance(self, environment: str) -> None:
        """At one that is not in view, so that its tab stays true."""
        if environment == self._in_view:
            return
        try:
            self._background.post(
                news.StatusArrived(
                    status_operations.status(self._background.world, environment=environment)
                )
            )
        except Exception as raised:
            self._background.failed(raised, environment)

    def _at(self, environment: str) -> World:
        """At the engine of an environment. Raises CompartmentError."""
        return world_of(self._background.world, environment)

    def _listen(self, found: tuple[EnvironmentView, ...]) -> None:
        """Hear of what happens on every engine that has an environment."""
        self._environments = found
        names = {view.engine for view in found}
        for gone in self._events.keys() - names:
            self._events.pop(gone).close()
        for name in names - self._events.keys():
            self._events[name] = EventWatcher(
                partial(self._background.world.at, name),
                self._glance_at,
                partial(self._turned, name),
            )
        if self._closed.is_set():
            self._end_events()

    def _turned(self, engine: str, there: bool) -> None:
        """One of several engines went away, or is back: the tabs of its environments say so.

        Of a single one whoever watches says it.
        """
        if len(self._events) < 2:
            return
        for view in self._environments:
            if view.engine == engine:
                self._background.start(partial(self._glance, view.key.environment))
        if there:
            self.look()  # it may have others, too

    def _end_events(self) -> None:
        for watcher in tuple(self._events.values()):
            watcher.close()

    def history(self, environment: str) -> None:
        """The environment's newest runs; none while its record cannot be read."""
        world = self._background.world

        def ask() -> Message:
            try:
                runs = history(world, environment=environment, limit=HISTORY_LIMIT)
            except RecordInvalid:
                runs = ()
            return news.HistoryArrived(environment, runs)

        self._background.ask(ask, environment)

    def routes(self, environment: str) -> None:
        """The environment's routes, each visited once."""

        def ask() -> Message:
            found = routes(self._background.world, environment=environment)
            edge = self._at(environment).edge
            visits = {
                view.route.host: edge.visit(view.route.host, secured=view.secured)
                for view in found
                if not (view.left_out or view.path)
            }
            return news.RoutesArrived(found, visits)

        self._background.ask(ask, environment)

    def nodes(self, environment: str) -> None:
        """The machines of the Swarm that the environment is on."""
        world = self._background.world
        self._background.ask(
            lambda: news.NodesArrived(environment, swarm_of(world, environment)), environment
        )

    def follow(
        self, environment: str, services: Sequence[str] = (), *, since: datetime | None = None
    ) -> int:
        """Follow logs, the newest lines first seen, or all from a moment on.

        The number tells their lines apart; `unfollow` ends it.
        """
        return self._stream(
            lambda: logs.logs(
                self._background.world,
                environment=environment,
                services=services,
                follow=True,
                tail=None if since else FOLLOWED_TAIL,
                since=since,
            )
        )

    def read_logs(self, environment: str, deployment: str, *, tail: int = 1000) -> int:
        """The log of one deployment's container, dead or alive, as a stream that ends by itself."""
        return self._stream(
            lambda: logs.deployment_logs(
                self._background.world, environment=environment, deployment=deployment, tail=tail
            ),
            "that is all it wrote until now",
        )

    def _stream(self, open_feed: Callable[[], Feed[LogLine]], end: str = "the stream ended") -> int:
        number = next(self._numbers)

        def tell(batch: LogBatch) -> None:
            self._on_screen.wait()
            self._background.post(
                news.LogLinesArrived(number, tuple(batch.items), batch.dropped, batch.ended)
            )

        self._streams[number] = LogStream(open_feed, tell, end)
        return number

    def unfollow(self, number: int) -> None:
        """End a stream; nothing of it is posted afterwards."""
        stream = self._streams.pop(number, None)
        if stream is not None:
            stream.close()

    def sample(self, environment: str, replicas: Sequence[Replica]) -> None:
        """Watch the CPU and memory of exactly these of an environment: the visible ones."""
        self._samples.watch(environment, replicas)

    def shell(
        self, environment: str, service: str, deployment: str, replica: int | None = None
    ) -> int:
        """A shell in the container, on this process's terminal; blocks. Raises CompartmentError.

        Log lines wait meanwhile, where they are bounded and counted.
        """
        self._on_screen.clear()
        try:
            return execute(
                self._background.world,
                environment=environment,
                service=service,
                command=("sh",),
                terminal=True,
                deployment=deployment,
                replica=replica,
            )
        finally:
            self._on_screen.set()

    def variables(self, environment: str, service: str) -> None:
        """The service's variables in that environment."""
        world = self._background.world
        self._background.ask(
            lambda: news.VariablesArrived(
                environment,
                service,
                variables.resolved(world, environment=environment, service=service),
            ),
            environment,
        )

    def close(self) -> None:
        """End every stream: nobody looks any more."""
        self._closed.set()
        if self._watched is not None:
            self._watched.close()
        self._samples.close()
        self._end_events()
        for number in tuple(self._streams):
            self.unfollow(number)

    def _look(self) -> None:
        with self._looking:
            while not self._closed.is_set():
                try:
                    if not self._looked:
                        named = environments.declared_environments(self._background.world)
                        self._listen(named)
                        self._background.post(news.EnvironmentsArrived(named, from_file=True))
                    found = environments.environments(self._background.world)
                    self._listen(found)
                    self._background.post(news.EnvironmentsArrived(found))
                    self._looked = True
                except Exception as raised:
                    self._background.failed(raised)
                if self._looked:
                    return
                self._closed.wait(BACK_OFF)
