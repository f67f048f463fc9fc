"""What happens in an environment that nobody looks at is seen on its tab."""

import asyncio
from collections.abc import Awaitable, Callable

from compartment_tui.adapters.memory.world import MemoryWorld
from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.domain.requests import Deploy
from compartment_tui.operations import requests
from tests.tui.acting_world import Stage, open_held, stage


def play(act: Callable[[Stage], Awaitable[None]]) -> None:
    async def run() -> None:
        opened, clock = open_held()
        for name in ("production", "staging"):
            list(requests.execute(opened.world, Deploy(environment=name)))
        async with stage(opened, clock) as one:
            await one.reads("1 production ✓", "2 staging ✓")
            await act(one)

    asyncio.run(run())


def kill(opened: MemoryWorld, environment: str) -> None:
    key = EnvironmentKey("shop", environment)
    (web,) = opened.host.running(key, "web")
    opened.host.containers[web].die(137)


def test_a_container_that_dies_elsewhere_marks_its_tab() -> None:
    async def act(one: Stage) -> None:
        kill(one.opened, "staging")
        await one.reads("2 staging ✗")
        assert one.app.board.environment == "production"

    play(act)


def test_an_environment_that_somebody_else_makes_gets_a_tab_before_older_ones() -> None:
    async def act(one: Stage) -> None:
        other = one.opened.another(actor="ci@runner")
        list(requests.execute(other.world, Deploy(environment="preview")))
        await one.reads("2 preview ✓", "3 staging")

    play(act)
