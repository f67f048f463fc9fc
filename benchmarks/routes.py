"""How soon visitors get to the other deployment once its route is written, and how soon we know.

The way of earlier versions is measured in the same run: an edge that has no certificate of its own,
and documents that are written beside those which it watches.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.client import HTTPConnection, HTTPException

from benchmarks.figures import Comparison, duration, sample
from benchmarks.ground import Ground
from benchmarks.shell import Broken
from compartment_tui.adapters.docker.api.client import connect
from compartment_tui.adapters.docker.api.resource_names import (
    CERTIFICATE,
    ResourceNames,
    route_path,
)
from compartment_tui.adapters.docker.edge import traefik
from compartment_tui.adapters.docker.edge.edge import DockerEdge
from compartment_tui.adapters.docker.engine import DockerEngine
from compartment_tui.adapters.docker.lock.locks import DockerEnvironmentLock, DockerLocks
from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.domain.routes import Route, RouteTable

HOST = "probe.localhost"
SERVICES = ("web", "docs")
PATIENCE = 10.0
"""Seconds."""
REST = 0.3
"""Seconds between two switches: further apart than the edge joins changes."""


@dataclass(slots=True, kw_only=True)
class Switches:
    """Seconds of each switch since its document began to be written."""

    confirmed: list[float] = field(default_factory=list)
    answered: list[float] = field(default_factory=list)


def measure(
    ground: Ground, rounds: int, tell: Callable[[str], None]
) -> tuple[list[Comparison], str]:
    """The comparisons, and a sentence on the slowest ones."""
    tell("routes: written, confirmed, answered")
    client = connect()
    names = ResourceNames(namespace=ground.name)
    key = EnvironmentKey(ground.name, "production")
    with DockerLocks(client, DockerEngine(client, names), names).environment(
        key, actor="benchmarks", purpose="measure"
    ) as lock:
        before = lock.routes()
        now = switched(ground, lock, before, rounds)
        # An edge has its certificate from its documents: without it, it is one of before.
        lock._ask('rm "$1"', CERTIFICATE)
        lock.write_routes(before)
        edge = DockerEdge(client, names)
        edge.restart()
        then = switched(ground, lock, before, rounds, lambda table: _beside(lock, key, table))
        lock.write_routes(before)
        if (info := edge.info()) is not None:
            edge.ensure(info.settings)
        edge.restart()
    client.close()
    named = (
        ("route written to first answer", now.answered, then.answered),
        ("route written to confirmed", now.confirmed, then.confirmed),
    )
    slowest = "; ".join(
        f"{what} {duration(p95(ours))}, without {duration(p95(theirs))}"
        for what, ours, theirs in named
    )
    comparisons = [
        Comparison(
            what=what, measured=sample(ours), beside="without certificate", against=sample(theirs)
        )
        for what, ours, theirs in named
    ]
    return comparisons, f"95 of 100 switches within: {slowest}."


def switched(
    ground: Ground,
    lock: DockerEnvironmentLock,
    before: RouteTable,
    rounds: int,
    write: Callable[[RouteTable], None] | None = None,
) -> Switches:
    """Lead one host to two deployments in turns; as the lock writes, unless told otherwise."""
    write = write or lock.write_routes
    targets = [target(lock, before, service) for service in SERVICES]
    switches = Switches()
    for number in range(rounds + 1):
        route = targets[number % len(targets)]
        table = before.moved(f"run_{time.monotonic_ns()}", (route,))
        with _visitor(ground) as answered:
            began = time.monotonic()
            write(table)
            while not lock.in_force(table):
                if time.monotonic() > began + PATIENCE:
                    raise Broken("the edge did not take the routes")
            confirmed = time.monotonic()
            first = answered()
        if number:  # the first makes the host
            switches.confirmed.append(confirmed - began)
            switches.answered.append(first - began)
        time.sleep(REST)
    lock.write_routes(before)
    while not lock.in_force(before):
        time.sleep(REST)
    return switches


def _beside(lock: DockerEnvironmentLock, key: EnvironmentKey, table: RouteTable) -> None:
    lock._write(route_path(key), traefik.document(key, table).encode())


def target(lock: DockerEnvironmentLock, table: RouteTable, service: str, host: str = HOST) -> Route:
    """One more host for what is live of a service."""
    active = lock.read_record().active_deployment(service)
    routes = (one for one in table.routes if active and one.deployment == active.id)
    found = next(routes, None)
    if found is None:
        raise Broken(f"{service} is not live")
    return replace(found, host=host)


@contextmanager
def _visitor(ground: Ground) -> Iterator[Callable[[], float]]:
    """Asks all the time; what it gives tells when an answer was first unlike the one of before."""
    before, ended = _answer(ground), threading.Event()
    moments: list[float] = []

    def ask() -> None:
        while not moments and not ended.is_set():
            if _answer(ground) != before:
                moments.append(time.monotonic())

    def answered() -> float:
        asking.join(PATIENCE)
        if not moments:
            raise Broken("nobody got to the other deployment")
        return moments[0]

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    try:
        yield answered
    finally:
        ended.set()


def _answer(ground: Ground) -> bytes:
    """What the host says of a path that no service has: each says it in its own way."""
    visit = HTTPConnection("127.0.0.1", ground.edge_port, timeout=PATIENCE)
    try:
        visit.request("GET", "/nothing-here", headers={"Host": HOST})
        return visit.getresponse().read()
    except (OSError, HTTPException):
        return b""
    finally:
        visit.close()


def p95(seconds: list[float]) -> float:
    """What 95 of 100 stay within."""
    return sorted(seconds)[min(len(seconds) - 1, int(len(seconds) * 0.95))]
