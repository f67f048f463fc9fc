"""A service that calls another one over one HTTP/2 connection, and says when that ends.

Runs in a container: it has the standard library and `h2`. Asked for `/call?n=10&path=/version`, it
makes so many calls at once and says what came of them; nothing is tried twice.
"""

import json
import os
import signal
import socket
import threading
import time
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    Event,
    ResponseReceived,
    StreamEnded,
    StreamReset,
)
from h2.exceptions import ProtocolError

CALLED = ("api", 8080)
PATIENCE_SECONDS = 20


class Lost(Exception):
    """What a caller saw that it must never see."""


@dataclass(slots=True)
class Stream:
    """One call that is under way."""

    answer: "Future[tuple[int, bytes]]" = field(default_factory=Future)
    status: int = 0
    body: bytearray = field(default_factory=bytearray)


class Pipe:
    """One connection, over which any number of calls go at once; by prior knowledge, plain."""

    def __init__(self) -> None:
        self._socket = socket.create_connection(CALLED, timeout=PATIENCE_SECONDS)
        self._socket.settimeout(None)
        self._protocol = H2Connection(H2Configuration())
        self._lock = threading.Lock()
        self._streams: dict[int, Stream] = {}
        self.ended = ""
        """Why it is of no more use; empty while it is."""
        with self._lock:
            self._protocol.initiate_connection()
            self._send()
        threading.Thread(target=self._read, daemon=True).start()

    def ask(self, path: str) -> tuple[int, bytes]:
        """Status and body. Raises Lost."""
        stream = Stream()
        with self._lock:
            if self.ended:
                raise Lost(self.ended)
            number = self._protocol.get_next_available_stream_id()
            self._streams[number] = stream
            headers = (":method", "GET"), (":path", path), (":scheme", "http")
            authority = (":authority", "{}:{}".format(*CALLED))
            self._protocol.send_headers(number, [*headers, authority], end_stream=True)
            self._send()
        try:
            return stream.answer.result(PATIENCE_SECONDS)
        except TimeoutError:
            raise Lost(f"no answer within {PATIENCE_SECONDS} s") from None

    def _send(self) -> None:
        self._socket.sendall(self._protocol.data_to_send())

    def _read(self) -> None:
        reason = "the connection was closed"
        try:
            while data := self._socket.recv(65536):
                with self._lock:
                    for event in self._protocol.receive_data(data):
                        self._take(event)
                    self._send()
        except (OSError, ProtocolError) as problem:
            reason = f"the connection broke: {problem!r}"
        with self._lock:
            self.ended = self.ended or reason
            for stream in self._streams.values():
                stream.answer.set_exception(Lost(self.ended))
            self._streams.clear()

    def _take(self, event: Event) -> None:
        if isinstance(event, ConnectionTerminated):
            self.ended = f"told to go away with {event.error_code}"
            return
        stream = self._streams.get(getattr(event, "stream_id", None) or 0)
        if stream is None:
            return
        if isinstance(event, ResponseReceived):
            stream.status = int(dict(event.headers)[b":status"])
        elif isinstance(event, DataReceived):
            stream.body += event.data
            self._protocol.acknowledge_received_data(
                event.flow_controlled_length, event.stream_id or 0
            )
        elif isinstance(event, StreamEnded):
            stream.answer.set_result((stream.status, bytes(stream.body)))
            del self._streams[event.stream_id or 0]
        elif isinstance(event, StreamReset):
            stream.answer.set_exception(Lost(f"the call was reset with {event.error_code}"))
            del self._streams[event.stream_id or 0]


class Caller:
    """Keeps the pipe, and counts how many of them ended."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pipe: Pipe | None = None
        self._cut: list[str] = []
        self._people = ThreadPoolExecutor(64)

    def call(self, number: int, path: str) -> dict[str, object]:
        calls = [self._people.submit(self._once, path) for _ in range(number)]
        failures, versions, answered = [], Counter[str](), dict[str, float]()
        for call in calls:
            try:
                said, at = call.result()
                versions[said["version"]] += 1
                answered[said["deployment"]] = max(at, answered.get(said["deployment"], 0))
            except (OSError, Lost) as problem:
                failures.append(str(problem))
        with self._lock:
            cut, self._cut = self._cut, []
        return {
            "calls": number,
            "failed": len(failures),
            "failures": failures,
            "versions": versions,
            "cut": cut,
            "answered": answered,
        }

    def _once(self, path: str) -> tuple[dict[str, str], float]:
        """What was said, and when, in seconds since the epoch."""
        with self._lock:
            if self._pipe is not None and self._pipe.ended:
                self._cut.append(self._pipe.ended)
                self._pipe = None
            if self._pipe is None:
                self._pipe = Pipe()
            pipe = self._pipe
        status, body = pipe.ask(path)
        if status != 200:
            raise Lost(f"status {status}: {body[:60].decode(errors='replace')}")
        return json.loads(body), time.time()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    caller: Caller

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        asked = {name: values[0] for name, values in parse_qs(url.query).items()}
        report: dict[str, object] = {"deployment": os.environ.get("COMPARTMENT_DEPLOYMENT_ID", "")}
        if url.path == "/call":
            report |= self.caller.call(int(asked["n"]), asked["path"])
        body = json.dumps(report).encode()
        self.send_response(503 if report.get("failed") else 200)
        self.send_header("X-Deployment", str(report["deployment"]))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def main() -> None:
    Handler.caller = Caller()
    server = ThreadingHTTPServer(("0.0.0.0", 8080), Handler)
    server.daemon_threads = True
    signal.signal(
        signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown, daemon=True).start()
    )
    server.serve_forever()


if __name__ == "__main__":
    main()
