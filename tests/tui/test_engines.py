"""Several engines on one screen: tabs name them, and one that is away greys its own ones only."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from compartment_tui.domain.config import EnvironmentConfig
from compartment_tui.domain.requests import Deploy
from compartment_tui.operations import requests
from tests.operations.test_engines import PROD, PRODUCTION, STAGING
from tests.tui.acting_world import Stage, open_held, stage


def play(
    act: Callable[[Stage], Awaitable[None]],
    *environments: EnvironmentConfig,
    away: str = "",
) -> None:
    """With `away`, nothing was ever deployed to the other engine."""

    async def run() -> None:
        opened, clock = open_held()
        config = replace(opened.project.config(), engines=(PROD,), environments=environments)
        opened.project.write(config)
        for meant in environments:
            if not (meant.engine and away):
                list(requests.execute(opened.world, Deploy(environment=meant.name)))
        if away:
            opened.host_of("prod").go_away(away)
        async with stage(opened, clock) as one:
            await act(one)

    asyncio.run(run())


def test_tabs_name_the_engines_and_each_has_its_own_events() -> None:
    async def act(one: Stage) -> None:
        await one.reads("1 production · prod ✓", "2 staging ✓")
        prod = one.opened.host_of("prod")
        await one.press("2")
        await one.until(lambda: "staging" in one.app.board.histories, "it is watched")
        (web,) = [name for name, made in prod.containers.items() if made.service == "web"]
        prod.containers[web].die(137)
        await one.reads("1 production · prod ✗", "2 staging ✓")

    play(act, PRODUCTION, STAGING)


def test_an_engine_that_goes_away_greys_its_own_tabs_only_until_it_is_back() -> None:
    async def act(one: Stage) -> None:
        await one.reads("1 production · prod ✓", "2 staging ✓")
        prod = one.opened.host_of("prod")
        prod.go_away("no Docker engine answers at ssh://prod")
        await one.reads("1 production · prod ○ away", "2 staging ✓")
        await one.reads("prod: no Docker engine answers at ssh://prod")
        await one.press("2")
        await one.until(lambda: one.app.board.environment == "staging")
        await one.until(lambda: "no Docker engine" not in one.text(), "no banner")
        (web,) = [
            name for name, made in one.opened.host.containers.items() if made.service == "web"
        ]
        one.opened.host.containers[web].die(137)
        await one.reads("1 production · prod ○ away", "2 staging ✗")
        prod.away = ""
        await one.reads("1 production · prod ✓")

    play(act, PRODUCTION, STAGING)


def test_one_that_was_never_met_is_away_from_the_start() -> None:
    async def act(one: Stage) -> None:
        await one.reads("1 staging ✓", "2 production · prod ○ away")
        await one.press("2")
        await one.reads("prod: prod is away")
        await one.press("1")
        await one.until(lambda: "prod is away" not in one.text(), "no banner")
        one.opened.host_of("prod").away = ""
        await one.press("2")
        await one.reads("2 production · prod ○", "not deployed")
        assert "away" not in one.text()

    play(act, STAGING, PRODUCTION, away="prod is away")


def test_a_plan_names_the_engine() -> None:
    async def act(one: Stage) -> None:
        await one.reads("1 production · prod ✓")
        await one.press("D")
        await one.reads("in production on prod")

    play(act, PRODUCTION, STAGING)


def test_a_file_that_names_another_engine_is_followed() -> None:
    async def act(one: Stage) -> None:
        await one.reads("1 production · prod ✓", "2 staging ✓")
        project = one.opened.project
        here = replace(PRODUCTION, engine="")
        project.write(replace(project.config(), environments=(here, STAGING)))
        await one.reads("1 production ○", "2 staging ✓", "not deployed")
        await one.reads("it was last seen on memory://prod: what runs there stays there")
        assert "· prod" not in one.text()
        project.write(replace(project.config(), environments=(PRODUCTION, STAGING)))
        await one.reads("1 production · prod ✓", "2 staging ✓")

    play(act, PRODUCTION, STAGING)
