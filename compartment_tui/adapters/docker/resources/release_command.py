"""The release command: once, in the new image, with its values, watched to its end."""

import contextlib
import queue
import threading
import time
from collections import deque
from collections.abc import Iterator
from typing import Any

from compartment_tui.adapters.docker.api import labels
from compartment_tui.adapters.docker.api.client import Client
from compartment_tui.adapters.docker.api.errors import Conflict
from compartment_tui.adapters.docker.api.labels import Role
from compartment_tui.adapters.docker.api.log_lines import LoggedLine
from compartment_tui.adapters.docker.resources.containers import (
    birth_config,
    edge_on,
    inspect,
    make,
    remove_container,
    rows,
    start_reason,
)
from compartment_tui.adapters.docker.resources.logs import written
from compartment_tui.background import Background
from compartment_tui.domain.config import Release
from compartment_tui.domain.errors import (
    Cancelled,
    CompartmentError,
    DiskFull,
    EngineProblem,
    EngineUnreachable,
    ReleaseFailed,
)
from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.domain.planning.plan import ContainerSpec
from compartment_tui.ports import Cancel, Feed

TAIL = 20
GLANCE_SECONDS = 0.1
"""How often cancelling and the deadline are looked at."""


def run_release(
    client: Client, birth: ContainerSpec, network: str, cancel: Cancel
) -> Iterator[str]:
    """See `Engine.run_release`."""
    release = birth.plan.spec.release
    if release is None:
        return
    late = Background(lambda: _unstarted(client, birth.plan.key))
    container = _make(client, birth, network, release)
    try:
        _start(client, birth, container)
        for one in late.answer():
            if one != container:
                remove_container(client, one)
        yield from _Watch(client, birth, release, container, cancel).lines()
    finally:
        remove_container(client, container)


def _unstarted(client: Client, key: EnvironmentKey) -> tuple[str, ...]:
    """The environment's containers for release commands that were made and never started.

    A busy engine may make one when the run that asked for it was killed and settled already.
    Nobody else is about to start one: the caller holds the environment's lock.
    """
    with contextlib.suppress(CompartmentError):
        unstarted = labels.filters(Role.RELEASE, key) | {"status": ["created"]}
        return tuple(row["Id"] for row in rows(client, unstarted))
    return ()


def release_config(
    birth: ContainerSpec, network: str, release: Release, edge: str | None = None
) -> dict[str, Any]:
    """The deployment's container with another command, under no alias and no active name."""
    config = birth_config(birth, network, edge)
    return config | {
        "Cmd": list(release.command),
        "Labels": config["Labels"] | {labels.ROLE: Role.RELEASE.value},
        "Healthcheck": {"Test": ["NONE"]},
        "NetworkingConfig": {"EndpointsConfig": {network: {}}},
    }


def _make(client: Client, birth: ContainerSpec, network: str, release: Release) -> str:
    plan = birth.plan
    name = f"{plan.service}.release-{plan.deployment[-10:].lower()}.{plan.key.text}"
    config = release_config(birth, network, release, edge_on(client, birth, network))
    try:
        return make(client, birth.plan.service, config, name)
    except Conflict:
        # Left by a run that was killed, under a name only this deployment can have.
        remove_container(client, name)
        return make(client, birth.plan.service, config, name)


def _start(client: Client, birth: ContainerSpec, container: str) -> None:
    try:
        with client.translate("start it"):
            client.start(container)
    except (EngineUnreachable, DiskFull):
        raise
    except EngineProblem as error:
        raise ReleaseFailed(
            f"the release command of {birth.plan.service} cannot be started: {start_reason(error)}"
        ) from error


class _Watch:
    """Follows a started release command until it ends, is cancelled, or takes too long."""

    def __init__(
        self, client: Client, birth: ContainerSpec, release: Release, container: str, cancel: Cancel
    ) -> None:
        self._client = client
        self._what = f"the release command of {birth.plan.service}"
        self._timeout = release.timeout
        self._deadline = time.monotonic() + release.timeout.total_seconds()
        self._container = container
        self._cancel = cancel
        self._tail: deque[str] = deque(maxlen=TAIL)

    def lines(self) -> Iterator[str]:
        """Its output. Raises ReleaseFailed, Cancelled, EngineUnreachable."""
        feed = written(self._client, self._container, follow=True)
        with contextlib.closing(feed):
            for line in self._arriving(feed):
                self._tail.append(line)
                yield line
        self._judge()

    def _arriving(self, feed: Feed[LoggedLine]) -> Iterator[str]:
        # A read cannot be interrupted to look at the clock: another thread reads.
        arrived: queue.SimpleQueue[str | EngineProblem | None] = queue.SimpleQueue()
        threading.Thread(target=_pump, args=(feed, arrived), daemon=True).start()
        while True:
            self._look()
            try:
                item = arrived.get(timeout=GLANCE_SECONDS)
            except queue.Empty:
                continue
            if item is None:
                return
            if isinstance(item, EngineProblem):
                raise item
            yield item

    def _look(self) -> None:
        if self._cancel.requests:
            raise Cancelled(f"{self._what} was cancelled")
        if time.monotonic() > self._deadline:
            limit = f"{self._timeout.total_seconds():g} s"
            raise self._failed(f"{self._what} did not end within {limit}")

    def _judge(self) -> None:
        """Its log has ended, so it has, or is about to."""
        while (instance := inspect(self._client, self._container)) is not None:
            if instance.exit_code is not None:
                break
            self._look()
            time.sleep(GLANCE_SECONDS)
        if instance is None:
            raise self._failed(f"{self._what} was removed while it ran")
        if instance.out_of_memory:
            raise self._failed(f"{self._what} ran out of memory")
        if instance.exit_code != 0:
            self._read_again()
            raise self._failed(f"{self._what} failed with exit code {instance.exit_code}")

    def _read_again(self) -> None:
        """Have its last words, too: a followed log may end before a line without an end."""
        with contextlib.suppress(EngineProblem):
            feed = written(self._client, self._container, tail=TAIL)
            with contextlib.closing(feed):
                again = deque((line.message for line in feed), maxlen=TAIL)
            self._tail = again or self._tail

    def _failed(self, message: str) -> ReleaseFailed:
        return ReleaseFailed(
            message,
            hint="its effects so far are not undone",
            tail=tuple(self._tail),
        )


def _pump(feed: Feed[LoggedLine], arrived: "queue.SimpleQueue[str | EngineProblem | None]") -> None:
    try:
        for line in feed:
            arrived.put(line.message)
    except EngineProblem as error:
        arrived.put(error)
    else:
        arrived.put(None)
