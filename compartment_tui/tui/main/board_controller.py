"""Keeps the board up to date, and asks for what is looked at."""

from dataclasses import replace

from textual.timer import Timer

from compartment_tui.domain.views import EnvironmentStatus
from compartment_tui.tui import messages as news
from compartment_tui.tui.base import BoardApp, Part, TakesLines, mounted_screens

TAB_PAUSE = 0.15
"""Seconds on a tab before its environment is watched: who goes through many means the last."""


class BoardController(Part):
    """Watches the chosen environment, and samples what can be seen of it."""

    def __init__(self, app: BoardApp) -> None:
        super().__init__(app)
        self._in_view: tuple[str, ...] = ()
        self._passing: Timer | None = None
        """Runs while somebody may only be passing through a tab."""

    # --- results ---------------------------------------------------------------------------------

    def take_environments(self, message: news.EnvironmentsArrived) -> None:
        first = not self.board.environments
        if message.from_file and not first:
            return
        name = message.environments[0].key.project if message.environments else ""
        board = replace(self.board, project=name).with_environments(message.environments)
        changed = board.environment != self.board.environment
        self.show(board)
        if first or changed:
            self._watch()

    def take_status(self, status: EnvironmentStatus) -> None:
        before, away = self.board.status, self.board.engine_away
        board = self.board.with_swarm_changes(status, self.world.clock.now())
        self.show(board.with_status(status))
        if away and not self.board.engine_away:
            self.feeds.look()
        environment = status.key.environment
        known = environment in [view.key.environment for view in self.board.environments]
        if not known or status.engine != self.board.engine_of(environment):
            self.feeds.look()  # somebody else made it, or the file has it elsewhere now
        if environment != self.board.environment:
            return
        self._sample()
        if before is None or _moved(before, status):
            self.feeds.history(environment)
            self.feeds.routes(environment)
            self._read_variables()

    def take_trouble(self, message: news.RefreshFailed) -> None:
        self.show(self.board.with_trouble(message.error, message.environment))

    def take_routes(self, message: news.RoutesArrived) -> None:
        self.show(replace(self.board, routes=message.routes, visits=message.visits))

    def take_nodes(self, message: news.NodesArrived) -> None:
        if message.environment == self.board.environment:
            self.show(replace(self.board, swarm=message.swarm))

    def take_variables(self, message: news.VariablesArrived) -> None:
        if (message.environment, message.service) == (self.board.environment, self.board.service):
            self.show(replace(self.board, variables=message.variables))

    def take_lines(self, message: news.LogLinesArrived) -> None:
        for screen in mounted_screens(self.app):
            if isinstance(screen, TakesLines):
                screen.take_lines(message)

    # --- choosing --------------------------------------------------------------------------------

    def choose_environment(self, environment: str) -> None:
        if environment != self.board.environment:
            self.show(self.board.choosing(environment))
            if self._passing is not None:
                self._passing.stop()
            self._passing = self.app.set_timer(TAB_PAUSE, self._watch)

    def choose_service(self, service: str | None) -> None:
        if service != self.board.service:
            self.show(self.board.selecting(service))
            self._sample()
            self._read_variables()

    def see(self, services: tuple[str, ...]) -> None:
        self._in_view = services
        self._sample()

    def _sample(self) -> None:
        """CPU and memory of what can be seen: the rows in view, and the one the panes tell of."""
        seen = {*self._in_view, self.board.service}
        rows = self.board.status.services if self.board.status else ()
        self.feeds.sample(
            self.board.environment,
            [
                (one.deployment, one.number)
                for row in rows
                if row.service in seen
                for one in row.replicas
            ],
        )

    def _watch(self) -> None:
        environment = self.board.environment
        if not environment:
            return
        self.feeds.watch(environment)
        self.feeds.history(environment)
        self.feeds.routes(environment)

    def _read_variables(self) -> None:
        if self.board.service is not None:
            self.feeds.variables(self.board.environment, self.board.service)


def _moved(before: EnvironmentStatus, after: EnvironmentStatus) -> bool:
    """Whether something went live, went away or was configured anew: ages do not count."""
    return _essence(before) != _essence(after)


def _essence(status: EnvironmentStatus) -> list[object]:
    return [(row.service, row.active and row.active.id, row.drift) for row in status.services]
