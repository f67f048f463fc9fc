"""Requests that take long or are large, over TLS, while what answers them is replaced; and proxies.

They begin before the switch and end long after it: nobody may cut them off. All of them are under
way at once, so that the whole takes as long as the longest.
"""

import contextlib
import hashlib
import http.client
import json
import shutil
import ssl
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from compartment_tui.adapters.docker.api.client import Client
from tests.e2e.conftest import free_port
from tests.e2e.own_certificate import write_certificate
from tests.e2e.shop import Shop, make_shop, removed_at_the_end

pytestmark = pytest.mark.docker

SLOW_SECONDS, POLL_SECONDS = 75, 70
"""Longer than the time-outs that proxies usually have."""
LARGE, PIECE = 1 << 30, 1 << 20
"""Bytes of the largest upload, and of what is sent at once."""
DOMAIN = "take.test"
TABLE = """
[services.take]
path = "services/take"
kind = "api"
port = 8080
settle = "0s"
drain_timeout = "2m"
stop_grace = "2s"

[environments.production.services.take]
domains = ["take.test"]
"""
DOCKERFILE = """
FROM python:3.11-slim
WORKDIR /app
COPY . .
CMD ["python3", "server.py"]
"""
SERVER = """
import hashlib, json, pathlib, signal, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

VERSION = pathlib.Path("version.txt").read_text().strip()

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        asked = parse_qs(urlsplit(self.path).query)
        time.sleep(float(asked.get("seconds", ["0"])[0]))
        self.answer({"version": VERSION, "headers": dict(self.headers)})

    def do_POST(self):
        digest, left = hashlib.sha256(), int(self.headers["Content-Length"])
        while left:
            piece = self.rfile.read1(min(left, 1 << 20))
            if not piece:
                return
            digest.update(piece)
            left -= len(piece)
        self.answer({"version": VERSION, "digest": digest.hexdigest()})

    def answer(self, said):
        body = json.dumps(said).encode()
        self.send_response(200)
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


@pytest.fixture
def shop(client: Client, tmp_path: Path) -> Iterator[Shop]:
    made = make_shop(tmp_path / "shop", client, port=free_port(), services=("api",))
    shutil.rmtree(made.path("api"))
    made.path("take").mkdir(parents=True)
    for name, text in {"Dockerfile": DOCKERFILE, "server.py": SERVER, "version.txt": "1\n"}.items():
        made.path("take", name).write_text(text, encoding="utf-8")
    certificate, key = write_certificate(tmp_path, DOMAIN)
    shutil.copy(certificate, made.directory / "certificate.pem")
    made.secured = free_port()
    made.configure("https_port = 0", f"https_port = {made.secured}")
    file = made.directory / "compartment.toml"
    head, _, rest = file.read_text(encoding="utf-8").partition("\n[services.api]")
    _, _, edge = rest.partition("\n[edge]")
    own = f'\n[[edge.certificates]]\ncert = "certificate.pem"\nkey = "{key}"\n'
    file.write_text(f"{head}{TABLE}\n[edge]{edge}{own}", encoding="utf-8")
    with removed_at_the_end(made):
        yield made


def test_long_and_large_requests_live_through_switches(
    shop: Shop, tell: Callable[..., None]
) -> None:
    shop.good("deploy")
    with ThreadPoolExecutor(4) as people:
        began = time.monotonic()
        slow = people.submit(upload, shop, size=SLOW_SECONDS * 10, pause=0.1)
        poll = people.submit(ask, shop, f"/?seconds={POLL_SECONDS}")
        time.sleep(1)  # both are under way
        shop.change("take")
        first = people.submit(shop.good, "deploy", "--output", "json", seconds=200)
        while ask(shop)["version"] == "1":
            time.sleep(0.1)
        # The first run still drains, and holds the lock: this one is only large.
        large = upload(shop, size=LARGE)
        seconds = time.monotonic() - began
        assert poll.result()["version"] == "1"
        assert slow.result() == "1"
        assert large == "2"
        assert "and cut off" not in first.result().text
    tell(
        f"over TLS: an upload of {SLOW_SECONDS} s and a poll of {POLL_SECONDS} s lived through a"
        f" switch; 1 GiB was there {seconds:.0f} s after they began",
    )
    shop.change("take")
    with ThreadPoolExecutor(1) as people:
        large_one = people.submit(upload, shop, size=LARGE)
        time.sleep(0.3)
        shop.good("deploy")
        assert large_one.result() in {"2", "3"}
    assert ask(shop)["version"] == "3"


def test_only_proxies_that_are_named_are_believed(shop: Shop) -> None:
    shop.good("deploy")
    said = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "http"}
    heard = ask(shop, headers=said)["headers"]
    assert "203.0.113.9" not in str(heard)
    assert heard["X-Forwarded-Proto"] == "https"
    # Whoever comes by a published port has an address of the engine's, one of these.
    private = '["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"]'
    shop.configure("\n[edge]\n", f"\n[edge]\ntrusted_proxies = {private}\n")
    assert "does not take the word of these `trusted_proxies`" in shop.good("deploy").err
    shop.good("edge", "restart", "--apply")
    heard = ask(shop, headers=said)["headers"]
    assert heard["X-Forwarded-For"].startswith("203.0.113.9")
    assert heard["X-Forwarded-Proto"] == "http"


def upload(shop: Shop, *, size: int, pause: float = 0) -> str:
    """Send so many bytes, one a pause or as fast as it goes; the version that had all of them."""
    digest, left = hashlib.sha256(), size
    piece = b"x" if pause else bytes(range(256)) * (PIECE // 256)
    with visitor(shop, seconds=240) as connection:
        connection.putrequest("POST", "/", skip_host=True)
        connection.putheader("Host", DOMAIN)
        connection.putheader("Content-Length", str(size))
        connection.endheaders()
        while left:
            sent = piece[:left]
            connection.send(sent)
            digest.update(sent)
            left -= len(sent)
            time.sleep(pause)
        answer = connection.getresponse()
        body = answer.read()
    assert answer.status == 200, body
    told = json.loads(body)
    assert told["digest"] == digest.hexdigest()
    return str(told["version"])


def ask(shop: Shop, path: str = "/", headers: dict[str, str] | None = None) -> Any:  # noqa: ANN401 - JSON
    """What the service says to a visitor over TLS."""
    with visitor(shop, seconds=120) as connection:
        connection.request("GET", path, headers={"Host": DOMAIN, **(headers or {})})
        answer = connection.getresponse()
        body = answer.read()
    assert answer.status == 200, body
    return json.loads(body)


@contextlib.contextmanager
def visitor(shop: Shop, *, seconds: float) -> Iterator[http.client.HTTPConnection]:
    """A connection over TLS of somebody who believes the certificate, and nothing else."""
    context = ssl.create_default_context(cafile=str(shop.directory / "certificate.pem"))
    connection = http.client.HTTPConnection("127.0.0.1", shop.secured, timeout=seconds)
    connection.connect()
    connection.sock = context.wrap_socket(connection.sock, server_hostname=DOMAIN)
    try:
        yield connection
    finally:
        connection.close()
