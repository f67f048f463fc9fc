"""What tasks wrote: asked of a manager, on whichever machine they are or were."""

import threading
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import datetime
from typing import Self

from compartment_tui.adapters.docker.api.client import Client
from compartment_tui.adapters.docker.api.errors import Missing
from compartment_tui.adapters.docker.api.log_lines import LoggedLine
from compartment_tui.adapters.docker.resources.logs import written
from compartment_tui.adapters.docker.swarm.patience import ask
from compartment_tui.adapters.docker.swarm.tasks import Task, task_of
from compartment_tui.domain.errors import EngineProblem
from compartment_tui.ports import Feed

POLL_SECONDS = 1.0
"""How often it is asked whether a task goes on; also how long its last lines may take."""


def lines_of(
    client: Client,
    task: Task,
    *,
    follow: bool = False,
    tail: int | None = None,
    since: datetime | None = None,
) -> Feed[LoggedLine]:
    """Its lines. Raises Missing."""
    follow = follow and not task.over
    lines = written(client, task.id, follow=follow, tail=tail, since=since, kind="tasks")
    return EndingFeed(lines, lambda: _is_over(client, task.id)) if follow else lines


def _is_over(client: Client, task: str) -> bool:
    try:
        return task_of(ask(client, "GET", f"/tasks/{task}", "look at a task")).over
    except Missing:
        return True


class EndingFeed:
    """Lines that end with their task: managers leave whoever follows it waiting for ever."""

    def __init__(self, lines: Feed[LoggedLine], is_over: Callable[[], bool]) -> None:
        self._lines = lines
        self._is_over = is_over
        self._closed = threading.Event()
        threading.Thread(target=self._watch, daemon=True).start()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> LoggedLine:
        return next(self._lines)

    def close(self) -> None:
        """As the lines'."""
        self._closed.set()
        self._lines.close()

    def _watch(self) -> None:
        over = False
        while not self._closed.wait(POLL_SECONDS):
            if over:
                self._lines.close()
                return
            with suppress(EngineProblem):  # whoever reads is told
                over = self._is_over()


def tail_of(client: Client, task: Task, lines: int) -> tuple[str, ...]:
    """Its last lines; empty where nobody can tell any more."""
    try:
        with closing(lines_of(client, task, tail=lines)) as feed:
            return tuple(line.message for line in feed)
    except EngineProblem:
        return ()
