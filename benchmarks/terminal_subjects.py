"""Programs to be measured on a terminal: `python -m benchmarks.terminal_subjects NAME`.

`still` is the application on a pretended machine on which nothing moves, `flood` the same with a
service that writes 10,000 lines a second, `many` the same with 5,000 variables, `twenty` shows as
many services whose CPU and memory are measured every second, `minimal` is the least that the
toolkit itself can do.
"""

import os
import sys
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from compartment_tui.domain.requests import Deploy
from compartment_tui.domain.config import ProjectConfig
from compartment_tui.operations import requests

VARIABLES = 5000
SERVICES = 20
LINES, PAUSE = 500, 0.05
"""So many lines so often, in seconds: 10,000 a second."""


def main() -> None:
    """Run the one that is named."""
    os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")
    if sys.argv[1] == "minimal":
        _minimal()
    elif sys.argv[1] == "twenty":
        _twenty()
    else:
        _application(sys.argv[1])


def _minimal() -> None:
    from textual.app import App, ComposeResult
    from textual.binding import BindingType
    from textual.widgets import OptionList, Static

    class Minimal(App[None]):
        BINDINGS: ClassVar[list[BindingType]] = [
            ("q", "quit", "Quit"),
            ("j", "down", "Down"),
            ("k", "up", "Up"),
        ]
        ENABLE_COMMAND_PALETTE = False

        def compose(self) -> ComposeResult:
            yield Static("minimal")
            yield OptionList(*(f"row {number}" for number in range(6)))

        def action_down(self) -> None:
            self.query_one(OptionList).action_cursor_down()

        def action_up(self) -> None:
            self.query_one(OptionList).action_cursor_up()

    Minimal().run()


def _application(name: str) -> None:
    from compartment_tui.adapters.demo.demo import open_demo
    from compartment_tui.adapters.memory.clock import FakeClock
    from compartment_tui.tui.app import CompartmentApp

    opened = open_demo(FakeClock())
    if name == "many":
        opened.project.write(_with_many(opened.project.current))
    if name == "flood":
        service = next(
            one
            for one in opened.host.containers.values()
            if one.service == "search" and one.key.environment == "production" and one.running
        )

        def write() -> None:
            due, number = time.monotonic(), 0
            while True:
                for _ in range(LINES):
                    number += 1
                    service.write(f"line {number}: a request was answered with 200 in 3 ms")
                due += PAUSE
                time.sleep(max(due - time.monotonic(), 0))

        threading.Thread(target=write, daemon=True).start()
    CompartmentApp(opened.world).run()


def _twenty() -> None:
    from datetime import UTC, datetime

    from compartment_tui.adapters.demo.live_clock import LiveClock
    from compartment_tui.adapters.demo.shop import shop
    from compartment_tui.adapters.memory.host import Host
    from compartment_tui.adapters.memory.world import memory_world
    from compartment_tui.tui.app import CompartmentApp

    config, clock = shop(), LiveClock(datetime.now(UTC))
    worker = next(one for one in config.services if one.name == "worker")
    names = [f"worker-{number:02}" for number in range(1, SERVICES + 1)]
    crowd = tuple(replace(worker, name=name, requires=()) for name in names)
    environment = replace(config.environments[0], services={}, protected=False)
    opened = memory_world(
        replace(config, services=crowd, environments=(environment,)), host=Host(clock=clock)
    )
    list(requests.execute(opened.world, Deploy(environment=environment.name)))
    clock.follow()
    CompartmentApp(opened.world).run()


def _with_many(config: "ProjectConfig") -> "ProjectConfig":
    from compartment_tui.domain.variable import Secret, Variable

    first, *rest = config.environments
    names = [f"VARIABLE_{number:04}" for number in range(VARIABLES)]
    many = {name: Variable(key=name, value=Secret(f"value of {name}")) for name in names}
    crowded = replace(first, variables={**first.variables, **many})
    return replace(config, environments=(crowded, *rest))


if __name__ == "__main__":
    main()
