"""A service that speaks HTTP/2 without TLS and nothing else, as gRPC servers do.

Runs in a container: it has the standard library and `h2`. `/version` is answered at once,
`/slow?seconds=3` in parts until the time is over, and every answer ends with a status of its own.
"""

import json
import os
import signal
import socket
import threading
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, RequestReceived
from h2.exceptions import ProtocolError

PORT = 8080
PART_SECONDS = 0.25
DEPLOYMENT = os.environ.get("COMPARTMENT_DEPLOYMENT_ID", "")
VERSION = Path(__file__).with_name("version.txt").read_text(encoding="utf-8").strip()

ME = {"version": VERSION, "deployment": DEPLOYMENT}


class Pipe:
    """One connection of a caller."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._protocol = H2Connection(H2Configuration(client_side=False))
        self._lock = threading.Lock()
        self._calls = 0

    def serve(self) -> None:
        """Until the caller goes."""
        try:
            with self._lock:
                self._protocol.initiate_connection()
                self._send()
            while data := self._socket.recv(65536):
                with self._lock:
                    self._take(data)
                    self._send()
        except (OSError, ProtocolError):
            pass
        finally:
            self._socket.close()

    def end(self) -> bool:
        """Say that no more calls are taken, once none is under way; whether it could be said."""
        with self._lock:
            if self._calls:
                return False
            try:
                self._protocol.close_connection()
                self._send()
            except (OSError, ProtocolError):
                pass  # it has gone
            return True

    def _take(self, data: bytes) -> None:
        for event in self._protocol.receive_data(data):
            if isinstance(event, RequestReceived):
                self._calls += 1
                path = dict(event.headers)[b":path"].decode()
                call = threading.Thread(target=self._answer, args=(event.stream_id, path))
                call.daemon = True
                call.start()
            elif isinstance(event, DataReceived):
                self._protocol.acknowledge_received_data(
                    event.flow_controlled_length, event.stream_id
                )

    def _answer(self, number: int, path: str) -> None:
        url = urlsplit(path)
        seconds = float(parse_qs(url.query).get("seconds", ["0"])[0])
        headers = {":status": "200", "content-type": "application/grpc", "x-deployment": DEPLOYMENT}
        message = VERSION if url.path == "/version" else json.dumps(ME)
        try:
            with self._lock:
                self._protocol.send_headers(number, list(headers.items()))
                self._send()
            ends = time.monotonic() + seconds
            while (left := ends - time.monotonic()) > 0:
                with self._lock:
                    self._protocol.send_data(number, b" ")
                    self._send()
                time.sleep(min(left, PART_SECONDS))
            with self._lock:
                self._protocol.send_data(number, message.encode())
                self._protocol.send_headers(number, [("grpc-status", "0")], end_stream=True)
                self._send()
        except (OSError, ProtocolError):
            pass  # the caller has gone
        finally:
            with self._lock:
                self._calls -= 1

    def _send(self) -> None:
        self._socket.sendall(self._protocol.data_to_send())


def main() -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    pipes: list[Pipe] = []
    listener = socket.create_server(("0.0.0.0", PORT), backlog=128)

    def accept() -> None:
        while True:
            connection, _ = listener.accept()
            pipes.append(Pipe(connection))
            threading.Thread(target=pipes[-1].serve, daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    signal.sigwait({signal.SIGTERM, signal.SIGINT})
    while not all(pipe.end() for pipe in pipes):
        time.sleep(0.01)
    time.sleep(0.2)  # what was on its way is told that it was not taken
    os._exit(0)


if __name__ == "__main__":
    main()
