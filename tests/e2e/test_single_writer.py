"""A service with a volume, replaced again and again under requests: they wait, none is lost."""

import asyncio
import hashlib
import http.client
import json
import os
import shutil
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from compartment_tui.adapters.docker.api.client import Client
from tests.e2e.command import Running
from tests.e2e.conftest import free_port
from tests.e2e.shop import Shop, make_shop, removed_at_the_end, resume
from tests.e2e.wire import Broken, Connection

pytestmark = pytest.mark.docker

GOOD, BAD = (int(n) for n in os.environ.get("COMPARTMENT_TUI_REPLACEMENTS", "2,1").split(","))
"""Replacements, and how many of them by a version that is never ready."""
UPLOAD = 20_000_000
"""Bytes of the large bodies."""
KILLED_AT = (
    {"type": "probed"},
    {"type": "stage_started", "stage": "switching_route"},
)
"""What a deployment tells last before it is killed; the next person resumes."""
PATIENCE_SECONDS = 60
STORE = """
[services.store]
path = "services/store"
kind = "api"
port = 8080
readiness = { type = "http", path = "/healthz", interval = "100ms", timeout = "2s" }
settle = "200ms"
stop_grace = "5s"
volumes = { data = "/data" }

[services.caller]
path = "services/caller"
kind = "api"
port = 8080
readiness = { type = "tcp", interval = "100ms", timeout = "20s" }
"""
DOCKERFILE = """FROM python:3.11-slim
RUN python3 -c "import http.server, hashlib"
WORKDIR /app
COPY . .
CMD ["python3", "server.py"]
"""
SERVER = """
import hashlib, os, pathlib, signal, threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

VERSION = pathlib.Path("version.txt").read_text().strip()
LOG, WRITING = pathlib.Path("/data/log"), threading.Lock()

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path == "/healthz":
            return self.answer(500 if VERSION == "bad" else 200, VERSION)
        if self.path == "/log":
            return self.answer(200, LOG.read_text() if LOG.exists() else "")
        self.note("GET")
        self.answer(200, VERSION)

    def do_POST(self):
        digest, left = hashlib.sha256(), int(self.headers["Content-Length"])
        while left:
            piece = self.rfile.read(min(left, 65536))
            if not piece:
                return
            digest.update(piece)
            left -= len(piece)
        self.note("POST")
        self.answer(200, f"{VERSION} {digest.hexdigest()}")

    def note(self, method):
        with WRITING, LOG.open("a") as log:
            log.write(f"{self.headers['X-Number']} {VERSION}\\n")

    def answer(self, status, text):
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass

server = ThreadingHTTPServer(("0.0.0.0", 8080), Handler)
server.daemon_threads = True
signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
server.serve_forever()
"""

CALLER = """
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Handler(BaseHTTPRequestHandler):
    \"\"\"Asks the store inside whatever it is asked, and tells what it was told.\"\"\"

    def do_GET(self):
        connection = HTTPConnection("store", 8080, timeout=60)
        connection.request("GET", "/", headers={"X-Number": self.headers["X-Number"]})
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        self.send_response(answer.status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass

ThreadingHTTPServer(("0.0.0.0", 8080), Handler).serve_forever()
"""


@pytest.fixture
def shop(client: Client, tmp_path: Path) -> Iterator[Shop]:
    made = make_shop(tmp_path / "shop", client, port=free_port(), services=("api",))
    shutil.rmtree(made.path("api"))
    for service, program in (("store", SERVER), ("caller", CALLER)):
        made.path(service).mkdir(parents=True)
        made.path(service, "Dockerfile").write_text(DOCKERFILE, encoding="utf-8")
        made.path(service, "server.py").write_text(program, encoding="utf-8")
    file = made.directory / "compartment.toml"
    head, _, rest = file.read_text(encoding="utf-8").partition("\n[services.api]")
    _, _, edge = rest.partition("\n[edge]")
    file.write_text(f"{head}{STORE}\n[edge]{edge}", encoding="utf-8")
    with removed_at_the_end(made):
        yield made


@dataclass(slots=True)
class Visitors:
    """Who asks and sends all the time, from outside and inside; nothing is ever tried again."""

    port: int
    over: threading.Event = field(default_factory=threading.Event)
    lost: list[str] = field(default_factory=list)
    sent: Counter[str] = field(default_factory=Counter)
    longest: float = 0.0
    numbers: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def keep_asking(self, name: str, host: str, body: bytes, pause: float) -> None:
        digest = hashlib.sha256(body).hexdigest() if body else ""
        number = 0
        while not self.over.wait(pause):
            number += 1
            self._ask(f"{name}-{number}", host, body, digest)

    def _ask(self, number: str, host: str, body: bytes, digest: str) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)
        began, wrong = time.monotonic(), ""
        try:
            headers = {"Host": host, "X-Number": number}
            connection.request("POST" if body else "GET", "/", body or None, headers)
            answer = connection.getresponse()
            said = answer.read().decode()
            if answer.status != 200 or not said.endswith(digest):
                wrong = f"{answer.status} {said[:60]}"
        except OSError as error:
            wrong = repr(error)
        finally:
            connection.close()
        took = time.monotonic() - began
        with self._lock:
            self.sent[number.partition("-")[0]] += 1
            self.numbers.append(number)
            self.longest = max(self.longest, took)
            if wrong:
                self.lost.append(f"{number} after {took:.1f} s: {wrong}")


def test_requests_to_a_single_writer_wait(shop: Shop, tell: Callable[..., None]) -> None:
    def become(version: str, outcome: str = "live") -> dict[str, Any]:
        shop.path("store", "version.txt").write_text(f"{version}\n", encoding="utf-8")
        document = dict(shop.run("deploy", "--output", "json").json())
        assert document["outcome"] == outcome, document
        return document

    become("0")
    visitors = Visitors(shop.port)
    store, caller = shop.host("store"), shop.host("caller")
    flows = [
        *((f"get{number}", store, b"", 0.1) for number in range(4)),
        *((f"post{number}", store, os.urandom(5_000), 0.1) for number in range(2)),
        *((f"inside{number}", caller, b"", 0.1) for number in range(3)),
        ("upload", store, os.urandom(UPLOAD), 0.5),
    ]
    results = []
    with ThreadPoolExecutor(len(flows)) as people:
        asking: list[Future[None]] = [people.submit(visitors.keep_asking, *flow) for flow in flows]
        try:
            every = max(1, GOOD // BAD) if BAD else GOOD + 1
            for number in range(1, GOOD + 1):
                results.append(become(str(number)))
                if number % every == 0:
                    results.append(become("bad", "failed"))
            for number, kill_at in enumerate(KILLED_AT):
                shop.path("store", "version.txt").write_text(f"killed{number}\n", encoding="utf-8")
                running = shop.start("deploy")
                running.until(kill_at)
                running.kill()
                resume(shop)
        finally:
            visitors.over.set()
        for one in asking:
            one.result()
    log = [line.split() for line in shop.get("store", "/log")[1].splitlines()]
    arrived = Counter(number for number, _ in log)
    waits = [wait for one in results for wait in _waits(one)]
    tell(
        f"{GOOD} replacements, {len(results) - GOOD} that failed: {dict(visitors.sent)},"
        f" {len(visitors.lost)} lost, longest {visitors.longest:.1f} s",
        f"waited: {[wait['requests'] for wait in waits]},"
        f" at most {[wait['longestSeconds'] for wait in waits]} s",
    )
    assert not visitors.lost, visitors.lost[:10]
    assert [number for number, times in arrived.items() if times > 1] == []
    assert arrived.keys() == set(visitors.numbers)
    assert not [version for _, version in log if version == "bad"]
    assert len(waits) == len(results)
    # Each has one that waits; only an upload may take as long as the replacement.
    assert all(int(wait["requests"]) >= len(flows) - 1 for wait in waits), waits
    assert not any(wait["failed"] for wait in waits), waits


# --- streams --------------------------------------------------------------------------------------

CUT = "2 connections were still open, and cut off: 2 through the edge"


@pytest.fixture
def streaming(client: Client, tmp_path: Path) -> Iterator[Shop]:
    """The api of the example, which has a WebSocket and events, as a single writer."""
    made = make_shop(tmp_path / "shop", client, port=free_port(), services=("api",))
    volumes = 'volumes = { data = "/data" }\nhold = "10s"\n'
    made.configure("[services.api]\n", f"[services.api]\n{volumes}")
    with removed_at_the_end(made):
        made.good("deploy")
        yield made


def test_streams_that_begin_meanwhile_wait_and_live_on(
    streaming: Shop, tell: Callable[..., None]
) -> None:
    """Until the next replacement: that one waits for half of `hold`, then cuts them off."""
    old = streaming.active()["api"]
    version = streaming.change("api")
    running = streaming.start("deploy")
    running.until({"type": "stage_started", "stage": "checking_readiness"})
    found = asyncio.run(_stream_until_cut(streaming, running))
    new = streaming.active()["api"]
    for kind, stream in found.items():
        tell(
            f"{kind}: began after {stream.waited:.1f} s, {stream.messages} messages,"
            f" cut off {stream.cut_after:.1f} s after the next deploy began"
        )
        assert old != stream.deployment != new, stream
        assert 0.1 < stream.waited < 10, stream
        assert stream.cut_after > 5, stream  # half of `hold`
    assert CUT not in [one["message"] for one in running.events if one["type"] == "noted"]
    assert streaming.get("api") == (200, str(int(version) + 1))


@dataclass(slots=True)
class Stream:
    """One that began while its service was replaced."""

    waited: float
    deployment: str
    messages: int = 0
    cut_after: float = 0.0


async def _stream_until_cut(shop: Shop, running: Running) -> dict[str, Stream]:
    """A WebSocket and events through the rest of one deploy, and until another one cuts them."""
    again = asyncio.Event()
    opening = (_converse(shop, again), _listen(shop, again))
    streams = [asyncio.create_task(one) for one in opening]
    result = await asyncio.to_thread(running.wait)
    assert result.code == 0, result.text
    await asyncio.sleep(1)
    shop.change("api")
    again.set()
    document = (await asyncio.to_thread(shop.good, "deploy", "--output", "json")).json()
    assert document["rollout"][0]["notes"] == [CUT]
    return dict(zip(("a WebSocket", "events"), await asyncio.gather(*streams), strict=True))


async def _converse(shop: Shop, again: asyncio.Event) -> Stream:
    began = time.monotonic()
    connection = Connection(*await asyncio.open_connection("127.0.0.1", shop.port))
    headers = await connection.become_socket(shop.host("api"), "/socket")
    stream = Stream(time.monotonic() - began, headers["x-deployment"])
    next_deploy = 0.0
    with closing(connection), suppress(Broken, EOFError, OSError):
        while True:
            connection.say(str(stream.messages))
            assert await connection.hear() == str(stream.messages)
            stream.messages += 1
            next_deploy = next_deploy or (time.monotonic() if again.is_set() else 0.0)
            await asyncio.sleep(0.1)
    stream.cut_after = time.monotonic() - next_deploy
    return stream


async def _listen(shop: Shop, again: asyncio.Event) -> Stream:
    began = time.monotonic()
    connection = Connection(*await asyncio.open_connection("127.0.0.1", shop.port))
    connection.send(shop.host("api"), "/events", "Accept: text/event-stream")
    status, headers = await connection.head()
    assert status == 200
    stream = Stream(time.monotonic() - began, headers["x-deployment"])
    next_deploy = 0.0
    with closing(connection), suppress(Broken, EOFError, OSError):
        async for part in connection.chunks():
            stream.messages += 1
            event = json.loads(part.partition(b"data: ")[2])
            assert event["counter"] == stream.messages, event
            next_deploy = next_deploy or (time.monotonic() if again.is_set() else 0.0)
    stream.cut_after = time.monotonic() - next_deploy
    return stream


def _waits(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [track["wait"] for track in document["rollout"] if track["wait"]]
