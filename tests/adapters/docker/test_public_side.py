"""What visitors get of a public side, from an edge that is real: one kind after another."""

import contextlib
import http.client
import json
import socket
import ssl
import time
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import pytest

from compartment_tui.adapters.passwords import hash_password
from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.domain.public_side import (
    Access,
    CertificateSource,
    Domain,
    PublicSide,
    Rule,
    Traffic,
    Treatment,
)
from compartment_tui.domain.routes import Route, RouteTable
from compartment_tui.domain.variable import Secret
from tests.adapters.authority import certificate_text, key_text, new_key
from tests.adapters.docker.own_edge import OwnEdge, eventually, free_port, fresh_id, own_edge

pytestmark = pytest.mark.docker

WEB, API, OWN = "web.localhost", "api.localhost", "own.localhost"
"""Hosts of three services; the third shows a certificate that nobody signed."""
ECHO = """
import json, ssl, sys, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        sent = self.sent()
        if self.path == "/slow":
            time.sleep(1)
        if self.path == "/bits":
            return self.bits()
        if self.path.startswith("/answer?"):
            return self.answer(b"x" * int(self.path.partition("?")[2]))
        said = {"who": sys.argv[1], "path": self.path, "sent": len(sent)}
        said["authorization"] = self.headers.get("Authorization")
        self.answer(json.dumps(said).encode())

    do_POST = do_GET

    def sent(self):
        if "Transfer-Encoding" not in self.headers:
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = b""
        while size := int(self.rfile.readline(), 16):
            parts += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return parts

    def bits(self):
        self.send_response(200)
        self.send_header("Connection", "close")
        self.end_headers()
        for _ in range(60):
            self.wfile.write(b"x")
            self.wfile.flush()
            time.sleep(0.5)
        self.close_connection = True

    def answer(self, body):
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Powered-By", "echo")
        self.end_headers()
        self.wfile.write(body)

server = ThreadingHTTPServer(("", 8080), Handler)
if len(sys.argv) > 2:
    open("/tmp/own.pem", "w").write(sys.argv[2])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain("/tmp/own.pem")
    server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    body: str

    @property
    def echo(self) -> dict[str, Any]:
        """What the service said that it was asked."""
        said: dict[str, Any] = json.loads(self.body)
        return said


@dataclass(slots=True, kw_only=True)
class Front:
    """The edge in front of the three services."""

    own: OwnEdge
    key: EnvironmentKey
    deployments: dict[str, str] = field(default_factory=dict)

    def put(self, *, routes: tuple[Route, ...] = (), **public: Any) -> None:  # noqa: ANN401
        """Have a public side in force, with the usual routes but for those given."""
        settings = self.own.settings
        side = PublicSide(http_port=settings.http_port, https_port=settings.https_port, **public)
        table = RouteTable(marker=fresh_id("run"), routes=self.routes, public=side.simplified)
        with self.own.lock(self.key) as lock:
            self.own.put_in_force(lock, table.moved(table.marker or "", routes))

    @property
    def routes(self) -> tuple[Route, ...]:
        return tuple(self.route(host) for host in sorted(self.deployments))

    def route(self, host: str) -> Route:
        return Route(host=host, deployment=self.deployments[host], port=8080)

    def ask(
        self,
        host: str = WEB,
        path: str = "/",
        *,
        method: str = "GET",
        body: bytes | Iterator[bytes] = b"",
        secured: bool = False,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        settings = self.own.settings
        port = settings.https_port if secured else settings.http_port
        connection = http.client.HTTPConnection(host)
        connection.sock = socket.create_connection((settings.bind, port), timeout=10)
        try:
            if secured:
                anybody = ssl.create_default_context()
                anybody.check_hostname, anybody.verify_mode = False, ssl.CERT_NONE
                connection.sock = anybody.wrap_socket(connection.sock, server_hostname=host)
            connection.request(method, path, body or None, headers=dict(headers or {}))
            answer = connection.getresponse()
            said = answer.read().decode()
            return Reply(status=answer.status, headers=dict(answer.getheaders()), body=said)
        finally:
            connection.close()

    def first_byte(self, path: str) -> float:
        """Seconds until an answer begins."""
        settings = self.own.settings
        connection = http.client.HTTPConnection(settings.bind, settings.http_port, timeout=60)
        began = time.monotonic()
        with contextlib.closing(connection):
            connection.request("GET", path, headers={"Host": WEB})
            connection.getresponse().read(1)
            return time.monotonic() - began

    def statuses(self, *asks: Callable[[], Reply]) -> list[int]:
        """Of what is asked all at once, in order of size."""
        with ThreadPoolExecutor(len(asks)) as visitors:
            return sorted(one.result().status for one in [visitors.submit(ask) for ask in asks])


@pytest.fixture(scope="module")
def front() -> Iterator[Front]:
    own = own_edge()
    own = replace(own, settings=replace(own.settings, https_port=free_port()))
    try:
        own.ensure()
        key = own.key("public")
        made = Front(own=own, key=key)
        secret = new_key()
        shown = key_text(secret) + certificate_text(secret, ["own.test"])
        for host, more in ((WEB, ()), (API, ()), (OWN, (shown,))):
            command = ("python3", "-c", ECHO, host, *more)
            started = own.start(key, command, image="python:3.11-slim")
            made.deployments[host] = started.deployment
        made.put()
        assert eventually(lambda: made.ask(WEB).status == made.ask(API).status == 200)
        yield made
    finally:
        own.clear()
        own.remove()


def treated(**how: Any) -> tuple[Treatment, ...]:  # noqa: ANN401 - the fields of a treatment
    return (Treatment(host=WEB, **how),)


def test_domains_and_a_hidden_host(front: Front) -> None:
    domains = (Domain(host="shop.test", to=WEB), Domain(host="www.shop.test", to=WEB))
    front.put(domains=domains)
    for host in (WEB, "shop.test", "www.shop.test"):
        assert front.ask(host).echo["who"] == WEB
    assert front.ask("other.test").status == 404
    front.put(domains=domains[:1], treatments=treated(hidden=True))
    assert front.ask("shop.test").echo["who"] == WEB
    assert front.ask(WEB).status == front.ask("www.shop.test").status == 404
    assert front.ask(API).status == 200


def test_https_and_redirected_hosts(front: Front) -> None:
    domains = (
        Domain(host="old.test", to=WEB, certificate=CertificateSource.OWN, elsewhere="shop.test"),
        Domain(host="shop.test", to=WEB, certificate=CertificateSource.OWN, secured=True),
    )
    front.put(domains=domains, treatments=treated(traffic=Traffic(hsts=3600)))
    there = f"https://shop.test:{front.own.settings.https_port}"
    for method, status in (("GET", 301), ("POST", 308)):
        led = front.ask("shop.test", "/a?b=c", method=method)
        assert (led.status, led.headers["Location"]) == (status, f"{there}/a?b=c")
    for secured in (False, True):
        led = front.ask("old.test", "/a?b=c", secured=secured)
        assert (led.status, led.headers["Location"]) == (301, f"{there}/a?b=c")
    answer = front.ask("shop.test", secured=True)
    # Whoever can comes by HTTP/3 the next time, at the port that is published for it, too.
    assert f'h3=":{front.own.settings.https_port}"' in answer.headers["Alt-Svc"]
    assert answer.echo["who"] == WEB
    assert answer.headers["Strict-Transport-Security"] == "max-age=3600"
    # A browser would keep what it is told over plain HTTP from nobody.
    assert "Strict-Transport-Security" not in front.ask(WEB).headers


def test_rules_and_every_transform(front: Front) -> None:
    front.put(
        rules=(
            Rule(on=WEB, path="/api/v2/*", to=API, replace="/two"),
            Rule(on=WEB, path="/api/*", to=API, strip="/api"),
            Rule(on=WEB, path="/form", to=API, methods=("POST",)),
            Rule(on=WEB, path="/old", to=API, rewrite="/new"),
            Rule(on=WEB, path="/same/*", to=API),
        )
    )
    assert _answers(front, "/api", "/api/x?y=z", "/api/v2/x", "/old?y=z", "/same/x") == [
        (API, "/"),
        (API, "/x?y=z"),
        (API, "/two/x"),
        (API, "/new?y=z"),
        (API, "/same/x"),
    ]
    for path in ("/", "/apix", "/old/x", "/form"):
        assert _answers(front, path) == [(WEB, path)]
    assert front.ask(path="/form", method="POST", body=b"x").echo["who"] == API


def _answers(front: Front, *paths: str) -> list[tuple[str, str]]:
    """Who answers visitors of web, and the path that they see."""
    echoes = [front.ask(path=path).echo for path in paths]
    return [(one["who"], one["path"]) for one in echoes]


def test_access(front: Front) -> None:
    users = (("team", hash_password(Secret("let me in"))),)
    known = {"Authorization": f"Basic {b64encode(b'team:let me in').decode()}"}
    wrong = {"Authorization": f"Basic {b64encode(b'team:let me out').decode()}"}
    rule = Rule(on=WEB, path="/api/*", to=API)
    front.put(treatments=treated(access=Access(users=users)), rules=(rule,))
    for path in ("/", "/api/x"):
        assert front.ask(path=path).status == 401
        assert front.ask(path=path, headers=wrong).status == 401
        assert front.ask(path=path, headers=known).echo["authorization"] is None
    assert front.ask(API).status == 200
    front.put(treatments=treated(access=Access(users=users, allow=("0.0.0.0/0", "::/0"))))
    assert front.ask().status == 401
    assert front.ask(headers=known).status == 200
    front.put(treatments=treated(access=Access(users=users, allow=("203.0.113.0/24",))))
    assert front.ask(headers=known).status == 403
    # Nobody in front of the edge is believed, whoever they say that they ask for.
    assert front.ask(headers=known | {"X-Forwarded-For": "203.0.113.9"}).status == 403


def test_limits(front: Front) -> None:
    front.put(treatments=treated(traffic=Traffic(in_flight=1)))
    slow = partial(front.ask, path="/slow")
    assert front.statuses(slow, slow, slow) == [200, 429, 429]
    assert front.ask().status == 200
    front.put(treatments=treated(traffic=Traffic(requests_per_second=1)))
    assert front.statuses(*[front.ask] * 8)[:3:2] == [200, 429]


@pytest.mark.parametrize("most", [10, 3_000_000])
def test_a_limit_of_requests_that_keeps_nothing(front: Front, most: int) -> None:
    front.put(treatments=treated(traffic=Traffic(body=most)))
    for body in (b"x" * most, _in_parts(most)):
        assert front.ask(method="POST", body=body).echo["sent"] == most
    # Answers are none of its business, and what comes bit by bit is passed on bit by bit.
    assert len(front.ask(path=f"/answer?{10 * most}").body) == 10 * most
    assert front.first_byte("/bits") < 20, "the last one comes after 30 s"
    assert front.ask().echo["sent"] == 0


def test_a_request_that_is_too_large(front: Front) -> None:
    front.put(treatments=treated(traffic=Traffic(body=10)))
    for body in (b"x" * 11, _in_parts(11), _in_parts(100_000)):
        assert front.ask(method="POST", body=body).status == 413
    assert front.ask(method="POST", body=b"x" * 10).echo["sent"] == 10


def _in_parts(size: int) -> Iterator[bytes]:
    """Nobody is told beforehand how large it is."""
    for begins in range(0, size, 4096):
        yield b"x" * min(4096, size - begins)


def test_headers(front: Front) -> None:
    assert front.ask(API).headers["X-Powered-By"] == "echo"
    headers = (("X-Frame-Options", "DENY"), ("X-Powered-By", ""), ("X-Said", '{{ "a" }} `b`'))
    front.put(treatments=treated(traffic=Traffic(headers=headers)))
    answer = front.ask()
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["X-Said"] == '{{ "a" }} `b`'
    assert "X-Powered-By" not in answer.headers


def test_maintenance(front: Front) -> None:
    message = 'Back <script>alert("soon")</script> & {{ .Now }}'
    front.put(
        domains=(Domain(host="shop.test", to=WEB),),
        treatments=treated(maintenance=True, message=message),
    )
    for host in (WEB, "shop.test"):
        answer = front.ask(host, "/any/path")
        assert answer.status == 503
        assert message in answer.body
        page = front.ask(host, headers={"Accept": "text/html"})
        assert page.status == 503
        assert "Back &lt;script&gt;" in page.body
        assert "<script>" not in page.body
    assert front.ask(API).status == 200
    front.put(domains=(Domain(host="shop.test", to=WEB),))
    assert front.ask("shop.test").status == 200


def test_a_service_that_speaks_https(front: Front) -> None:
    secured = replace(front.route(OWN), scheme="https")
    front.put(routes=(replace(secured, unverified=True),))
    assert front.ask(OWN).echo["who"] == OWN
    front.put(routes=(secured,))
    assert front.ask(OWN).status >= 500
