"""What a request over HTTPS costs at the edge, beside a plain one to the same deployment."""

import random
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from h2.connection import H2Connection
from h2.events import DataReceived, ResponseReceived, StreamEnded, StreamReset

from benchmarks.figures import Comparison, duration, sample
from benchmarks.ground import Ground
from benchmarks.routes import PATIENCE, REST, p95, target
from benchmarks.shell import Broken
from compartment_tui.adapters.docker.api.client import connect
from compartment_tui.adapters.docker.api.resource_names import ResourceNames
from compartment_tui.adapters.docker.engine import DockerEngine
from compartment_tui.adapters.docker.lock.locks import DockerEnvironmentLock, DockerLocks
from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.domain.own_certificate import OwnCertificate
from compartment_tui.domain.public_side import CertificateSource, Domain, PublicSide
from compartment_tui.domain.routes import RouteTable
from compartment_tui.domain.variable import Secret

PLAIN, SECURED = "plain.localhost", "secured.localhost"
SERVICE, PATH = "web", "/version"
BATCH = 60
"""Requests of each way in a round, in turns."""
GOOD = 200
LARGEST = 65536
FRESH, KEPT, TWO = "on a connection of its own", "on one that is kept", "over HTTP/2, kept"

Ask = Callable[[], None]


def measure(
    ground: Ground, rounds: int, tell: Callable[[str], None]
) -> tuple[list[Comparison], str]:
    """The comparisons, and a sentence on the slowest ones."""
    tell("requests over HTTPS, and plain")
    names, key = ResourceNames(namespace=ground.name), EnvironmentKey(ground.name, "production")
    certificate = own_certificate()
    trusted = ground.folder / "secured.pem"
    trusted.write_text(certificate.pem, encoding="ascii")
    plain: dict[str, list[float]] = {FRESH: [], KEPT: []}
    secured: dict[str, list[float]] = {FRESH: [], KEPT: [], TWO: []}
    with (
        closing(connect()) as client,
        DockerLocks(client, DockerEngine(client, names), names).environment(
            key, actor="benchmarks", purpose="measure"
        ) as lock,
        _served(lock, certificate),
    ):
        for _ in range(rounds):
            _round(ground, trusted, plain, secured)
    beside = {TWO: KEPT}
    pairs = [(way, took, plain[beside.get(way, way)]) for way, took in secured.items()]
    comparisons = [
        Comparison(
            what=f"a request over HTTPS, {way}",
            measured=sample(ours),
            beside="plain",
            against=sample(theirs),
        )
        for way, ours, theirs in pairs
    ]
    slowest = "; ".join(
        f"{way} {duration(p95(ours))}, plain {duration(p95(theirs))}" for way, ours, theirs in pairs
    )
    return comparisons, f"95 of 100 requests over HTTPS within: {slowest}."


def own_certificate() -> OwnCertificate:
    """A certificate for the one host, which is signed with its own key."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, SECURED)])
    until = (now + timedelta(days=1)).replace(microsecond=0)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(until)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(SECURED)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    pem = certificate.public_bytes(Encoding.PEM).decode()
    return OwnCertificate(names=(SECURED,), until=until, pem=pem, key=Secret(private))


@contextmanager
def _served(lock: DockerEnvironmentLock, certificate: OwnCertificate) -> Iterator[None]:
    """Two more hosts for one deployment meanwhile, one of them over HTTPS."""
    before = lock.routes()
    routes = tuple(target(lock, before, SERVICE, host) for host in (PLAIN, SECURED))
    domain = Domain(host=SECURED, to=SECURED, certificate=CertificateSource.OWN, secured=True)
    table = before.moved(f"run_{time.monotonic_ns()}", routes)
    public = PublicSide(domains=(domain,), http_port=80, https_port=443)
    try:
        lock.write_certificates((certificate,))
        _put_in_force(lock, RouteTable(marker=table.marker, routes=table.routes, public=public))
        yield
    finally:
        _put_in_force(lock, before)
        lock.write_certificates(())


def _put_in_force(lock: DockerEnvironmentLock, table: RouteTable) -> None:
    lock.write_routes(table)
    deadline = time.monotonic() + PATIENCE
    while not lock.in_force(table):
        if time.monotonic() > deadline:
            raise Broken("the edge did not take the routes")
        time.sleep(REST)


def _round(
    ground: Ground,
    trusted: Path,
    plain: dict[str, list[float]],
    secured: dict[str, list[float]],
) -> None:
    """Every way once, over and over; connections that are kept are opened before."""
    with (
        closing(_plain(ground)) as kept_plain,
        closing(_secured(ground, trusted)) as kept_secured,
        closing(_Http2(_secured_socket(ground, trusted, "h2"))) as two,
    ):
        ways: list[tuple[list[float], Ask]] = [
            (plain[FRESH], lambda: _ask_once(_plain(ground), PLAIN)),
            (secured[FRESH], lambda: _ask_once(_secured(ground, trusted), SECURED)),
            (plain[KEPT], lambda: _ask(kept_plain, PLAIN)),
            (secured[KEPT], lambda: _ask(kept_secured, SECURED)),
            (secured[TWO], two.ask),
        ]
        for _, ask in ways:
            ask()
        for turn in range(BATCH):
            # In any order: what a connection's end costs the edge, the next request pays.
            for took, ask in random.Random(turn).sample(ways, len(ways)):
                began = time.perf_counter()
                ask()
                took.append(time.perf_counter() - began)


def _plain(ground: Ground) -> HTTPConnection:
    return HTTPConnection("127.0.0.1", ground.edge_port, timeout=PATIENCE)


def _secured(ground: Ground, trusted: Path) -> HTTPConnection:
    connection = HTTPConnection("127.0.0.1", ground.tls_port, timeout=PATIENCE)
    connection.sock = _secured_socket(ground, trusted, "http/1.1")
    return connection


def _secured_socket(ground: Ground, trusted: Path, protocol: str) -> ssl.SSLSocket:
    """With a whole handshake, in which the certificate is verified and nothing is resumed."""
    context = _context(trusted, protocol)
    plain = socket.create_connection(("127.0.0.1", ground.tls_port), timeout=PATIENCE)
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # as http.client does it
    secured = context.wrap_socket(plain, server_hostname=SECURED)
    if secured.selected_alpn_protocol() != protocol:
        raise Broken(f"the edge speaks {secured.selected_alpn_protocol()}, not {protocol}")
    return secured


def _context(trusted: Path, protocol: str) -> ssl.SSLContext:
    # Made once: a program that asks often does so, too.
    if (found := _CONTEXTS.get((trusted, protocol))) is None:
        found = ssl.create_default_context(cafile=trusted)
        found.set_alpn_protocols([protocol])
        _CONTEXTS[(trusted, protocol)] = found
    return found


_CONTEXTS: dict[tuple[Path, str], ssl.SSLContext] = {}


def _ask_once(connection: HTTPConnection, host: str) -> None:
    with closing(connection):
        _ask(connection, host)


def _ask(connection: HTTPConnection, host: str) -> None:
    connection.request("GET", PATH, headers={"Host": host})
    answer = connection.getresponse()
    answer.read()
    if answer.status != GOOD:
        raise Broken(f"{host} answered {answer.status}")


class _Http2:
    """One connection, and one request after the other."""

    def __init__(self, connection: ssl.SSLSocket) -> None:
        self._socket = connection
        self._protocol = H2Connection()
        self._protocol.initiate_connection()
        self._send()

    def ask(self) -> None:
        number = self._protocol.get_next_available_stream_id()
        where = (":authority", SECURED), (":path", PATH)
        headers = [(":method", "GET"), (":scheme", "https"), *where]
        self._protocol.send_headers(number, headers, end_stream=True)
        self._send()
        while not self._ended():
            pass

    def close(self) -> None:
        self._socket.close()

    def _ended(self) -> bool:
        """Whether the answer is whole with what came now."""
        came = self._socket.recv(LARGEST)
        if not came:
            raise Broken("the edge ended an HTTP/2 connection")
        ended = False
        for event in self._protocol.receive_data(came):
            if isinstance(event, ResponseReceived):
                status = dict(event.headers or ())[b":status"]
                if int(status) != GOOD:
                    raise Broken(f"{SECURED} answered {status!r} over HTTP/2")
            elif isinstance(event, DataReceived):
                self._protocol.acknowledge_received_data(
                    event.flow_controlled_length or 0, event.stream_id or 0
                )
            elif isinstance(event, StreamReset):
                raise Broken("the edge reset an HTTP/2 request")
            ended = ended or isinstance(event, StreamEnded)
        self._send()
        return ended

    def _send(self) -> None:
        self._socket.sendall(self._protocol.data_to_send())
