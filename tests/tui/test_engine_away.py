"""The engine does not answer: what is known is shown, what to do is said, and it comes back."""

import asyncio
from collections.abc import Awaitable, Callable

from compartment_tui.domain.errors import EngineUnreachable
from tests.tui.acting_world import Stage, open_held
from tests.tui.pictures import Breakable, opened_application

AWAY = EngineUnreachable("Docker does not answer at /run/docker.sock", hint="start it")


def begin_without_engine(act: Callable[[Stage, Breakable], Awaitable[None]]) -> None:
    async def run() -> None:
        opened, clock = open_held()
        app, engine, _ = opened_application(opened)
        engine.error = AWAY
        async with app.run_test(size=(80, 24), notifications=True) as pilot:
            one = Stage(app=app, pilot=pilot, opened=opened, clock=clock)
            await act(one, engine)

    asyncio.run(run())


def test_the_tabs_are_those_of_the_file_and_the_banner_says_what_to_do() -> None:
    async def act(one: Stage, engine: Breakable) -> None:
        del engine
        await one.reads("1 production", "does not answer", "(start it)")

    begin_without_engine(act)


def test_everything_is_there_once_it_answers() -> None:
    async def act(one: Stage, engine: Breakable) -> None:
        await one.reads("does not answer")
        engine.error = None
        await one.reads("web", "not deployed")
        await one.until(lambda: one.app.board.trouble is None, "no trouble any more")
        assert "does not answer" not in one.text()

    begin_without_engine(act)
