"""Programs to be measured on a terminal: `python -m benchmarks.terminal_subjects NAME`.

`still` is the application on a pretended machine on which nothing moves, `flood` the same with a
service that writes 10,000 lines a second, `many` the same with 5,000 variables, `twenty` shows as
many services whose CPU and memory are measured every second.
"""

import os
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial

from compartment_tui.adapters.demo.demo import open_demo
from compartment_tui.adapters.demo.live_clock import LiveClock
from compartment_tui.adapters.demo.shop import shop
from compartment_tui.adapters.memory.clock import FakeClock
from compartment_tui.adapters.memory.container import Container
from compartment_tui.adapters.memory.host import Host
from compartment_tui.adapters.memory.world import memory_world
from compartment_tui.domain.config import ProjectConfig
from compartment_tui.domain.requests import Deploy
from compartment_tui.domain.variable import Secret, Variable
from compartment_tui.operations import requests
from compartment_tui.ports import World
from compartment_tui.tui.app import CompartmentApp

VARIABLES = 5000
SERVICES = 20
LINES, PAUSE = 500, 0.05
"""So many lines so often, in seconds: 10,000 a second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A pretended machine to look at, and what begins to move on it when the application opens."""

    world: World
    begin: Callable[[], object] | None = None


def main() -> None:
    """Run the one that is named."""
    os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")
    subject = SUBJECTS[sys.argv[1]]()
    if subject.begin:
        threading.Thread(target=subject.begin, daemon=True).start()
    CompartmentApp(subject.world).run()


def still() -> Subject:
    """The shop of `--demo`, whose clock stands."""
    return Subject(world=open_demo(FakeClock()).world)


def many() -> Subject:
    """The same with thousands of variables."""
    opened = open_demo(FakeClock())
    opened.project.write(_with_many(opened.project.current))
    return Subject(world=opened.world)


def flood() -> Subject:
    """The same with a service that writes without a pause."""
    opened = open_demo(FakeClock())
    search = next(
        container
        for container in opened.host.containers.values()
        if container.service == "search"
        and container.key.environment == "production"
        and container.running
    )
    return Subject(world=opened.world, begin=partial(_write_lines, search))


def twenty() -> Subject:
    """So many services that use CPU and memory."""
    config, clock = shop(), LiveClock(datetime.now(UTC))
    worker = next(service for service in config.services if service.name == "worker")
    names = [f"worker-{number:02}" for number in range(1, SERVICES + 1)]
    crowd = tuple(replace(worker, name=name, requires=()) for name in names)
    environment = replace(config.environments[0], services={}, protected=False)
    opened = memory_world(
        replace(config, services=crowd, environments=(environment,)), host=Host(clock=clock)
    )
    list(requests.execute(opened.world, Deploy(environment=environment.name)))
    return Subject(world=opened.world, begin=clock.follow)


SUBJECTS: dict[str, Callable[[], Subject]] = {
    "still": still,
    "many": many,
    "flood": flood,
    "twenty": twenty,
}


def _write_lines(container: Container) -> None:
    due, number = time.monotonic(), 0
    while True:
        for _ in range(LINES):
            number += 1
            container.write(f"line {number}: a request was answered with 200 in 3 ms")
        due += PAUSE
        time.sleep(max(due - time.monotonic(), 0))


def _with_many(config: ProjectConfig) -> ProjectConfig:
    first, *rest = config.environments
    names = [f"VARIABLE_{number:04}" for number in range(VARIABLES)]
    many = {name: Variable(key=name, value=Secret(f"value of {name}")) for name in names}
    crowded = replace(first, variables={**first.variables, **many})
    return replace(config, environments=(crowded, *rest))


if __name__ == "__main__":
    main()
