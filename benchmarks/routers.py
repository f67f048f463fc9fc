"""A switch on an edge with many routers that have rules, beside the same one with a few."""

import json
import time
import tomllib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace

from benchmarks.environments import edge_memory
from benchmarks.figures import Comparison, duration, sample
from benchmarks.ground import Ground
from benchmarks.routes import PATIENCE, REST, Switches, p95, switched
from benchmarks.shell import Broken
from compartment_tui.adapters.docker.api.client import connect
from compartment_tui.adapters.docker.api.resource_names import (
    ResourceNames,
    route_path,
    unfinished_path,
)
from compartment_tui.adapters.docker.edge import traefik
from compartment_tui.adapters.docker.engine import DockerEngine
from compartment_tui.adapters.docker.lock.locks import DockerEnvironmentLock, DockerLocks
from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.domain.public_side import PublicSide, Rule, Traffic, Treatment
from compartment_tui.domain.routes import Route, RouteTable

FEW, MANY = 5, 500
ENVIRONMENTS, HOSTS = 25, 10
"""Each host has a router, and one more for its rule."""
TURNS = 2
"""How often each is measured, one after the other."""
TRAFFIC = Traffic(requests_per_second=100, in_flight=100, headers=(("X-Frame-Options", "DENY"),))


def measure(
    ground: Ground, rounds: int, tell: Callable[[str], None]
) -> tuple[list[Comparison], str]:
    """The comparisons, and a sentence on the slowest ones and on the edge's memory."""
    names, key = ResourceNames(namespace=ground.name), EnvironmentKey(ground.name, "production")
    few, many = Switches(), Switches()
    memory: dict[int, str] = {}
    with (
        closing(connect()) as client,
        DockerLocks(client, DockerEngine(client, names), names).environment(
            key, actor="benchmarks", purpose="measure"
        ) as lock,
    ):
        before = lock.routes()
        table = _with_rules(before)
        _check(_routers(key, table), FEW)
        try:
            for turn in range(TURNS):
                tell(f"{FEW} routers, then {MANY} on one edge: turn {turn + 1} of {TURNS}")
                _add(few, switched(ground, lock, table, rounds))
                memory.setdefault(FEW, edge_memory(names))  # what Go once took it gives back late
                with _crowded(ground, lock, already=FEW):
                    _add(many, switched(ground, lock, table, rounds))
                    memory[MANY] = edge_memory(names)
        finally:
            lock.write_routes(before)
    pairs = (
        ("first answer", many.answered, few.answered),
        ("confirmed", many.confirmed, few.confirmed),
    )
    comparisons = [
        Comparison(
            what=f"route written to {what}, {MANY} routers with rules",
            measured=sample(ours),
            beside=f"{FEW} routers",
            against=sample(theirs),
        )
        for what, ours, theirs in pairs
    ]
    slowest = "; ".join(
        f"{what} {duration(p95(ours))}, with {FEW} {duration(p95(theirs))}"
        for what, ours, theirs in pairs
    )
    return comparisons, (
        f"95 of 100 switches among {MANY} routers within: {slowest}. "
        f"The edge's memory: with {FEW} {memory[FEW]}, with {MANY} {memory[MANY]}."
    )


def _add(sum_: Switches, more: Switches) -> None:
    sum_.answered += more.answered
    sum_.confirmed += more.confirmed


def _with_rules(table: RouteTable) -> RouteTable:
    """A router for each of the shop's three hosts, and two for rules."""
    on, to = (route.host for route in table.routes[:2])
    rules = tuple(Rule(on=on, path=f"/{part}/*", to=to, strip=f"/{part}") for part in ("a", "b"))
    return replace(table, public=PublicSide(rules=rules))


@contextmanager
def _crowded(ground: Ground, lock: DockerEnvironmentLock, *, already: int) -> Iterator[None]:
    """Other environments' documents beside it meanwhile; the edge has taken all of them."""
    keys = [EnvironmentKey(ground.name, f"crowd-{number}") for number in range(ENVIRONMENTS)]
    tables = {key: _table(key) for key in keys}
    more = sum(_routers(*one) for one in tables.items())
    _check(already + more, MANY)
    before = _routers_in_force(lock)
    try:
        for key, table in tables.items():
            text = traefik.document(key, table).encode()
            lock._write(route_path(key), text, part=unfinished_path(key))
        _await_routers(lock, before + more)
        yield
    finally:
        for key in keys:
            lock._ask('rm -f "$1"', route_path(key))
        _await_routers(lock, before)


def _table(key: EnvironmentKey) -> RouteTable:
    hosts = [f"s{number}-{key.environment}.localhost" for number in range(HOSTS)]
    ulid = key.environment.removeprefix("crowd-").rjust(24, "0")
    routes = (
        Route(host=host, deployment=f"dep_{number:02}{ulid}", port=8080)
        for number, host in enumerate(hosts)
    )
    rules = (
        Rule(on=host, path="/api/*", to=hosts[number - 1], strip="/api")
        for number, host in enumerate(hosts)
    )
    treatments = (Treatment(host=host, traffic=TRAFFIC) for host in sorted(hosts))
    public = PublicSide(rules=tuple(rules), treatments=tuple(treatments))
    return RouteTable(marker="run_1", routes=tuple(sorted(routes)), public=public)


def _routers(key: EnvironmentKey, table: RouteTable) -> int:
    return len(tomllib.loads(traefik.document(key, table))["http"]["routers"])


def _check(found: int, wanted: int) -> None:
    if found < wanted:
        raise Broken(f"there are {found} routers, not {wanted}")


def _await_routers(lock: DockerEnvironmentLock, wanted: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while (found := _routers_in_force(lock)) != wanted:
        if time.monotonic() > deadline:
            raise Broken(f"the edge has {found} routers, not {wanted}")
        time.sleep(REST)


def _routers_in_force(lock: DockerEnvironmentLock) -> int:
    """As the edge counts them; its own are among them, those with a mistake are not."""
    url = f"http://127.0.0.1:{traefik.API_PORT}/api/overview"
    answer = lock._standpoint._run('timeout 5 wget -q -O - "$1"', url)
    routers = json.loads(answer.output)["http"]["routers"]
    return int(routers["total"]) - int(routers["errors"])
