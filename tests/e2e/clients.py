"""The clients behind `traffic.Traffic`: run as a program, so that no test's own work slows them.

Reads one plan (a JSON object) from the first line of stdin and sends requests until stdin ends.
Each further line is answered with the counts so far (`answers`: with the moments at which each
deployment answered), the end of stdin with the final ones. Nothing is ever retried: what a browser
or a library would hide by trying again is counted here.

    {"address": ["127.0.0.1", 8080],
     "flows": [{"name": "fresh web", "kind": "fresh", "host": "shop.localhost", "path": "/version",
                "clients": 4, "per_second": 40}]}
"""

import asyncio
import contextlib
import json
import ssl
import sys
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from h2.exceptions import ProtocolError

from tests.e2e.counts import Counts
from tests.e2e.http2_client import Http2Connection
from tests.e2e.wire import Answer, Broken, Connection

PATIENCE_SECONDS = 20.0
"""A request without an answer for so long (beyond what it asked to wait) has failed."""
SILENCE_SECONDS = 4.0
"""A stream that says nothing for so long is cut, whatever its connection thinks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """One kind of traffic to one place."""

    name: str
    kind: str
    host: str
    path: str
    clients: int = 1
    per_second: float = 10.0
    port: int = 0
    """Another one than the plan's."""
    ca: str = ""
    """Over TLS: the file of who signs for the edge's certificate."""
    counts: Counts


class Clients:
    """All flows of a plan, running until they are stopped."""

    def __init__(self, plan: dict[str, Any]) -> None:
        self.host, self.port = plan["address"]
        self.flows = [Flow(**one, counts=Counts(name=one["name"])) for one in plan["flows"]]
        self.stopping = asyncio.Event()
        self.tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        kinds: dict[str, Callable[[Flow], Awaitable[None]]] = {
            "fresh": self.fresh,
            "keep_alive": self.keep_alive,
            "http2": self.http2,
            "calls": self.calls,
            "socket": self.socket,
            "events": self.events,
        }
        for flow in self.flows:
            for number in range(flow.clients):
                late = number / flow.per_second if flow.per_second else 0.0
                self.tasks.append(asyncio.create_task(self.later(late, kinds[flow.kind], flow)))

    async def later(
        self, seconds: float, body: Callable[[Flow], Awaitable[None]], flow: Flow
    ) -> None:
        # Spread over time: clients in step would come in bursts.
        await self.pause(seconds)
        await body(flow)

    async def stop(self) -> None:
        """Let everything that is under way come to its end."""
        self.stopping.set()
        await asyncio.gather(*self.tasks)

    async def pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.stopping.wait(), max(seconds, 0.0))

    async def connect(self, flow: Flow) -> Connection:
        return Connection(*await self._open(flow))

    async def _open(self, flow: Flow) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        flow.counts.opened += 1
        security = _security(flow.ca, "h2" if flow.kind == "http2" else "http/1.1")
        opening = asyncio.open_connection(
            self.host,
            flow.port or self.port,
            ssl=security,
            server_hostname=flow.host if security else None,
        )
        return await asyncio.wait_for(opening, PATIENCE_SECONDS)

    async def paced(self, flow: Flow) -> AsyncIterator[None]:
        """Once per turn of this client, until the end; a slow answer makes no burst afterwards."""
        period = flow.clients / flow.per_second if flow.per_second else 0.0
        due = time.monotonic()
        while not self.stopping.is_set():
            yield
            due = max(due + period, time.monotonic())
            await self.pause(due - time.monotonic())

    async def fresh(self, flow: Flow) -> None:
        """A connection for every request."""
        async for _ in self.paced(flow):
            flow.counts.sent += 1
            began = time.monotonic()
            connection = None
            try:
                connection = await self.connect(flow)
                connection.send(flow.host, flow.path, "Connection: close")
                await _judged(flow, connection, began)
            except (OSError, EOFError, ValueError, Broken) as problem:
                flow.counts.fail(problem, began=began)
            finally:
                if connection is not None:
                    connection.close()

    async def keep_alive(self, flow: Flow) -> None:
        """One connection for all requests; that it ends between two of them is a loss too."""
        connection: Connection | None = None
        async for _ in self.paced(flow):
            if connection is None:
                connection = await self.connected(flow)
            elif connection.reader.at_eof():
                flow.counts.lose("a kept connection was closed between two requests")
                connection.close()
                connection = None
            if connection is not None:
                connection = await self._ask(flow, connection)
        if connection is not None:
            connection.close()

    async def _ask(self, flow: Flow, connection: Connection) -> Connection | None:
        """One request; the connection, if the next one can go over it too."""
        flow.counts.sent += 1
        began = time.monotonic()
        try:
            connection.send(flow.host, flow.path)
            answer = await _judged(flow, connection, began)
        except (OSError, EOFError, ValueError, Broken) as problem:
            flow.counts.fail(problem, began=began)
        else:
            if not answer.closes:
                return connection
            flow.counts.lose("an answer said that the kept connection ends")
        connection.close()
        return None

    async def connected(self, flow: Flow) -> Connection | None:
        try:
            return await self.connect(flow)
        except OSError as problem:
            flow.counts.fail(f"connecting: {problem!r}")
            return None

    async def http2(self, flow: Flow) -> None:
        """One HTTP/2 connection for all requests; it ends only when we end it."""
        connection: Http2Connection | None = None
        async for _ in self.paced(flow):
            began = time.monotonic()
            flow.counts.sent += 1
            try:
                if connection is None:
                    connection = Http2Connection(*await self._open(flow))
                _count(flow, await self._asked(flow, connection), began)
            except (OSError, EOFError, ValueError, ProtocolError, Broken) as problem:
                flow.counts.fail(problem, began=began)
                if connection is not None:
                    flow.counts.lose("with its connection")
                    connection.close()
                connection = None
        if connection is not None:
            connection.close()

    async def _asked(self, flow: Flow, connection: Http2Connection) -> Answer:
        return await asyncio.wait_for(connection.ask(flow.host, flow.path), PATIENCE_SECONDS)

    async def calls(self, flow: Flow) -> None:
        """Requests that make a service call another one by its name, several times."""
        async for _ in self.paced(flow):
            flow.counts.sent += 1
            began = time.monotonic()
            connection = None
            try:
                connection = await self.connect(flow)
                connection.send(flow.host, flow.path, "Connection: close")
                answer = await asyncio.wait_for(connection.answer(), PATIENCE_SECONDS)
                if answer.status not in (200, 503):
                    raise Broken(f"status {answer.status}: {_start_of(answer.body)}")
                flow.counts.count_calls(json.loads(answer.body))
                flow.counts.note_answer(answer.headers.get("x-deployment", ""), time.time())
            except (OSError, EOFError, ValueError, KeyError, Broken) as problem:
                flow.counts.fail(problem, began=began)
            finally:
                if connection is not None:
                    connection.close()

    async def socket(self, flow: Flow) -> None:
        """A WebSocket that sends a number and wants the same one back."""
        async for _ in self.paced(flow):
            try:
                connection = await self.connect(flow)
                with contextlib.closing(connection):
                    await self._converse(flow, connection)
            except (OSError, EOFError, ValueError, Broken) as problem:
                flow.counts.lose(problem)

    async def _converse(self, flow: Flow, connection: Connection) -> None:
        upgrading = connection.become_socket(flow.host, flow.path)
        headers = await asyncio.wait_for(upgrading, PATIENCE_SECONDS)
        flow.counts.deployments[headers.get("x-deployment", "")] += 1
        number = 0
        while not self.stopping.is_set():
            number += 1
            flow.counts.sent += 1
            connection.say(str(number))
            echo = await asyncio.wait_for(connection.hear(), SILENCE_SECONDS)
            if echo != str(number):
                flow.counts.fail(f"sent {number}, got {echo[:40]!r}")
            else:
                flow.counts.ok += 1
            await self.pause(0.1)

    async def events(self, flow: Flow) -> None:
        """Server-sent events, whose counter must have no hole."""
        async for _ in self.paced(flow):
            try:
                connection = await self.connect(flow)
                with contextlib.closing(connection):
                    await self._listen(flow, connection)
            except (OSError, EOFError, ValueError, Broken) as problem:
                flow.counts.lose(problem)

    async def _listen(self, flow: Flow, connection: Connection) -> None:
        connection.send(flow.host, flow.path, "Accept: text/event-stream")
        status, headers = await asyncio.wait_for(connection.head(), PATIENCE_SECONDS)
        if status != 200:
            raise Broken(f"status {status} instead of events")
        flow.counts.deployments[headers.get("x-deployment", "")] += 1
        text, last = b"", 0
        parts = connection.chunks()
        while not self.stopping.is_set():
            text += await asyncio.wait_for(_next(parts), SILENCE_SECONDS)
            *complete, text = text.split(b"\n\n")
            for event in complete:
                flow.counts.sent += 1
                counter = int(json.loads(event.partition(b"data: ")[2])["counter"])
                if counter == last + 1:
                    flow.counts.ok += 1
                else:
                    flow.counts.fail(f"event {counter} after event {last}")
                last = counter


async def _judged(flow: Flow, connection: Connection, began: float) -> Answer:
    """The answer, counted, if it is what a client may expect. Raises Broken."""
    answer = await asyncio.wait_for(connection.answer(), PATIENCE_SECONDS)
    _count(flow, answer, began)
    return answer


def _count(flow: Flow, answer: Answer, began: float) -> None:
    """Raises Broken."""
    deployment = answer.headers.get("x-deployment", "")
    if answer.status != 200:
        raise Broken(f"status {answer.status} from {deployment or 'the edge'}")
    if not deployment:
        raise Broken(f"an answer from nobody: {_start_of(answer.body)}")
    flow.counts.ok += 1
    flow.counts.slowest = max(flow.counts.slowest, time.monotonic() - began)
    flow.counts.note_answer(deployment, time.time())
    if answer.body[:1] == b"{":
        flow.counts.versions[str(json.loads(answer.body)["version"])] += 1
    else:
        flow.counts.versions[answer.body.decode().strip()] += 1


@cache
def _security(ca: str, protocol: str) -> ssl.SSLContext | None:
    """Who believes that authority alone, and looks at the name too."""
    if not ca:
        return None
    context = ssl.create_default_context(cafile=ca)
    context.set_alpn_protocols([protocol])
    return context


async def _next(parts: AsyncIterator[bytes]) -> bytes:
    try:
        return await anext(parts)
    except StopAsyncIteration:
        raise Broken("the stream ended") from None


def _start_of(body: bytes) -> str:
    return body[:80].decode(errors="replace").strip()


async def _main() -> None:
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    clients = Clients(json.loads(await reader.readline()))
    clients.start()
    while asked := await reader.readline():
        _tell(_answers(clients) if asked == b"answers\n" else _report(clients))
    await clients.stop()
    _tell(_report(clients))


def _report(clients: Clients) -> list[dict[str, object]]:
    return [flow.counts.document() for flow in clients.flows]


def _answers(clients: Clients) -> dict[str, list[float]]:
    """When each deployment answered anybody."""
    moments: defaultdict[str, set[float]] = defaultdict(set)
    for flow in clients.flows:
        for deployment, seen in flow.counts.answered.items():
            moments[deployment] |= seen
    return {deployment: sorted(seen) for deployment, seen in moments.items()}


def _tell(document: object) -> None:
    sys.stdout.write(json.dumps(document) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(_main())
