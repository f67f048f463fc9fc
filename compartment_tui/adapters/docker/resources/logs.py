"""Logs and events: answers that go on, as feeds another thread can close."""

import contextlib
import json
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from compartment_tui.adapters.docker.api import labels
from compartment_tui.adapters.docker.api.client import Client
from compartment_tui.adapters.docker.api.convert import event_of
from compartment_tui.adapters.docker.api.errors import Missing
from compartment_tui.adapters.docker.api.log_lines import LineDecoder, LoggedLine
from compartment_tui.adapters.docker.resources.containers import find, gone, inspect, locate
from compartment_tui.domain import bounds
from compartment_tui.domain.errors import EngineProblem
from compartment_tui.ports import EngineEvent, Feed, LogLine

if TYPE_CHECKING:
    from compartment_tui.adapters.docker.api.client import EngineStream

T = TypeVar("T")
CHUNK = 65536
CLOSING_PATIENCE_SECONDS = 1.0


class ResponseFeed(Generic[T]):
    """An answer of the engine, decoded as it arrives. One thread reads, any thread may close."""

    def __init__(
        self,
        client: Client,
        response: "EngineStream",
        decode: Callable[[bytes], Iterable[T]],
        flush: Callable[[], Iterable[T]] = tuple,
    ) -> None:
        self._client = client
        self._response = response
        self._chunks: Iterator[bytes] = response.raw.stream(CHUNK)
        self._decode = decode
        self._flush = flush
        self._decoded: deque[T] = deque()
        self._ended = False
        self._closed = False
        self._reading = threading.Lock()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> T:
        """Raises EngineUnreachable when the connection breaks."""
        while not self._closed:
            if self._decoded:
                return self._decoded.popleft()
            if self._ended:
                break
            self._decoded.extend(self._more())
        raise StopIteration

    def close(self) -> None:
        """End it; a read that waits in another thread returns. Safe to repeat."""
        self._closed = True
        # Not ours to close yet while another thread reads: shut the socket down, and the read ends.
        with contextlib.suppress(OSError, ValueError, RuntimeError):
            self._response.raw.shutdown()
        if self._reading.acquire(timeout=CLOSING_PATIENCE_SECONDS):
            self._response.close()
            self._reading.release()

    def _more(self) -> Iterable[T]:
        try:
            with self._reading, self._client.translate("go on"):
                chunk = next(self._chunks, b"")
        except EngineProblem:
            if self._closed:
                return ()
            raise
        if chunk:
            return self._decode(chunk)
        self._ended = True
        self._response.close()
        return self._flush()


def written(
    client: Client,
    container: str,
    *,
    follow: bool = False,
    tail: int | None = None,
    since: datetime | None = None,
    kind: str = "containers",
) -> Feed[LoggedLine]:
    """What a container wrote, or with `tasks` a task of a Swarm. Raises Missing."""
    params: dict[str, Any] = {
        "stdout": 1,
        "stderr": 1,
        "timestamps": 1,
        "follow": int(follow),
        "tail": "all" if tail is None else tail,
    }
    if since is not None:
        params["since"] = f"{since.timestamp():.6f}"
    with client.translate("read its log"):
        response = client.open_stream(f"/{kind}/{container}/logs", params, endless=follow)
    decoder = LineDecoder()
    return ResponseFeed(client, response, decoder.feed, decoder.flush)


def logs(
    client: Client,
    deployment: str,
    *,
    follow: bool,
    tail: int | None,
    since: datetime | None,
    replica: int = 1,
) -> Feed[LogLine]:
    """See `Engine.logs`."""
    container = locate(client, deployment, replica)
    instance = inspect(client, container)
    if instance is None:
        raise gone(deployment, number=replica)
    try:
        source = written(client, container, follow=follow, tail=tail, since=since)
    except Missing as error:
        raise gone(deployment, number=replica) from error
    return LogFeed(source, instance.service, deployment, replica)


class LogFeed:
    """Lines that know whose they are."""

    def __init__(
        self, source: Feed[LoggedLine], service: str, deployment: str, replica: int = 1
    ) -> None:
        self._source = source
        self._service = service
        self._deployment = deployment
        self._replica = replica

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> LogLine:
        line = next(self._source)
        return LogLine(
            at=line.at,
            service=self._service,
            deployment=self._deployment,
            stream=line.stream,
            message=line.message,
            replica=self._replica,
        )

    def close(self) -> None:
        """As the source's."""
        self._source.close()


def tail(client: Client, deployment: str, lines: int, *, replica: int = 1) -> tuple[str, ...]:
    """See `Engine.tail`."""
    container = find(client, deployment, replica)
    if container is None:
        return ()
    try:
        return tuple(line.message for line in written(client, container, tail=lines))
    except Missing:
        return ()


def events(client: Client, project: str) -> Feed[EngineEvent]:
    """See `Engine.events`."""
    # Label filters must all be met, so the edge and the project cannot be asked for at once.
    wanted = {"type": ["container"], "label": [labels.ROLE]}
    with client.translate("tell what happens"):
        response = client.open_stream("/events", {"filters": json.dumps(wanted)}, endless=True)
    return ResponseFeed(client, response, EventDecoder(project, client.containers).feed)


class EventDecoder:
    """Makes events of chunks of JSON lines."""

    def __init__(
        self, project: str, containers: Mapping[str, tuple[str, ...]] | None = None
    ) -> None:
        self._project = project
        self._containers = containers or {}
        """By deployment: which containers are its own."""
        self._rest = b""

    def feed(self, chunk: bytes) -> Iterator[EngineEvent]:
        """Every event that is complete now and concerns us."""
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        bounds.refuse_large(len(self._rest), bounds.STREAM_LINE, "an event of the engine")
        for line in lines:
            said = json.loads(line) if line.strip() else {}
            event = event_of(said, self._project)
            if event is not None and self._is_own(said, event.deployment):
                yield event

    def _is_own(self, said: Mapping[str, Any], deployment: str) -> bool:
        """Whether it is not that of a copy, which has the same labels."""
        own = self._containers.get(deployment)
        actor = said.get("Actor") or {}
        # Of a replica that was made since, nothing is known yet.
        is_other = labels.REPLICA in (actor.get("Attributes") or {})
        return own is None or actor.get("ID", own[0]) in own or is_other
