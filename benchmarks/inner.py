"""What an inner call costs through the edge, beside the same call straight to the container."""

import json
from collections.abc import Callable
from contextlib import closing

from benchmarks.figures import Comparison, sample
from benchmarks.ground import Ground, docker, docker_environment
from benchmarks.shell import Broken, output
from compartment_tui.adapters.docker.api.client import connect
from compartment_tui.adapters.docker.api.resource_names import ResourceNames
from compartment_tui.adapters.docker.engine import DockerEngine
from compartment_tui.adapters.docker.records import DockerRecords
from compartment_tui.domain.names import EnvironmentKey, alias

CALLER, CALLED = "web", "api"
BATCH = 60
"""Calls of one round, in turns; the first of each way opens the connection."""
ASK = """
import json, sys, time
from http.client import HTTPConnection
took = {address: [] for address in sys.argv[2:]}
kept = {address: HTTPConnection(address, timeout=5) for address in took}
for _ in range(int(sys.argv[1])):
    for address, connection in kept.items():
        began = time.perf_counter()
        connection.request("GET", "/version")
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            sys.exit(f"{address} answered {answer.status}")
        took[address].append(time.perf_counter() - began)
print(json.dumps([one[1:] for one in took.values()]))
"""


def measure(ground: Ground, rounds: int, tell: Callable[[str], None]) -> list[Comparison]:
    """Over connections that are kept, one call after the other."""
    tell("inner calls: through the edge, and direct")
    names, key = ResourceNames(namespace=ground.name), EnvironmentKey(ground.name, "production")
    with closing(connect()) as client:
        record = DockerRecords(client, names).read(key)
        caller = record.active_deployment(CALLER) if record else None
        called = record.active_deployment(CALLED) if record else None
        if caller is None or called is None or CALLED not in caller.inner:
            raise Broken(f"{CALLER} does not call {CALLED} through the edge")
        instance = DockerEngine(client, names).instance(caller.id)
    if instance is None:
        raise Broken(f"{CALLER} is gone")
    ways = (f"{CALLED}:{called.port}", f"{alias(called.id)}:{called.port}")
    words = (docker(), "exec", instance.container, "python", "-c", ASK, str(BATCH), *ways)
    through: list[float] = []
    direct: list[float] = []
    for _ in range(rounds):
        first, second = json.loads(output(*words, env=docker_environment()))
        through += first
        direct += second
    return [
        Comparison(
            what="inner call", measured=sample(through), beside="direct", against=sample(direct)
        )
    ]
