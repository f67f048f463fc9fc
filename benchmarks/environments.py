"""A switch on an edge that serves many environments, beside the same one while it served one."""

from collections.abc import Callable
from contextlib import closing, suppress

from benchmarks.figures import Comparison, sample
from benchmarks.ground import Ground, docker, docker_environment
from benchmarks.routes import Switches, switched
from benchmarks.shell import output
from compartment_tui.adapters.docker.api.client import connect
from compartment_tui.adapters.docker.api.resource_names import ResourceNames
from compartment_tui.adapters.docker.edge.edge import DockerEdge
from compartment_tui.adapters.docker.engine import DockerEngine
from compartment_tui.adapters.docker.lock.locks import DockerLocks
from compartment_tui.domain.config import NetworkSettings
from compartment_tui.domain.errors import CompartmentError
from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.domain.routes import Route, RouteTable

MANY = 100
ROUTES = 5
"""Of each environment, every one of them called inside too."""
SUBNETS = NetworkSettings(pool="10.202.0.0/16", size=24)


def measure(
    ground: Ground, rounds: int, tell: Callable[[str], None]
) -> tuple[list[Comparison], str]:
    """The comparisons, and a sentence on the edge's memory."""
    names, key = ResourceNames(namespace=ground.name), EnvironmentKey(ground.name, "production")
    others = [EnvironmentKey(ground.name, f"preview-{number}") for number in range(1, MANY)]
    with closing(connect()) as client:
        engine, edge = DockerEngine(client, names), DockerEdge(client, names)
        locks = DockerLocks(client, engine, names)
        with locks.environment(key, actor="benchmarks", purpose="measure") as lock:
            before = lock.routes()
            alone, small = switched(ground, lock, before, rounds), edge_memory(names)
            try:
                tell(f"{MANY} environments on one edge")
                for other in others:
                    engine.make_network(other, SUBNETS)
                    edge.attach(other)
                    with locks.environment(other, actor="benchmarks", purpose="measure") as its:
                        its.write_routes(_table(other))
                among, large = switched(ground, lock, before, rounds), edge_memory(names)
            finally:
                for other in others:
                    with suppress(CompartmentError):
                        edge.forget(other)
                        engine.remove_environment(other, volumes=True)
    return _compared(among, alone), f"The edge's memory: {small}, with {MANY} environments {large}."


def _compared(among: Switches, alone: Switches) -> list[Comparison]:
    beside = "one environment"
    return [
        Comparison(
            what=f"route written to {what}, {MANY} environments",
            measured=sample(ours),
            beside=beside,
            against=sample(theirs),
        )
        for what, ours, theirs in (
            ("first answer", among.answered, alone.answered),
            ("confirmed", among.confirmed, alone.confirmed),
        )
    ]


def _table(key: EnvironmentKey) -> RouteTable:
    ulid = key.environment.removeprefix("preview-").rjust(24, "0")
    routes = (
        Route(
            host=f"s{number}.{key.environment}.localhost",
            deployment=f"dep_0{number}{ulid}",
            port=(80, 3000, 4000, 5000, 8080)[number],
            inside=f"s{number}",
        )
        for number in range(ROUTES)
    )
    return RouteTable(marker="run_1", routes=tuple(sorted(routes)))


def edge_memory(names: ResourceNames) -> str:
    """As the engine counts it."""
    words = ("stats", "--no-stream", "--format", "{{.MemUsage}}", names.edge)
    return output(docker(), *words, env=docker_environment()).partition("/")[0].strip()
