"""The machines of a Swarm on the screen, live; and nothing of it where there is no Swarm."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from compartment_tui.adapters.memory.swarm import BEGIN_TAKES, NOTICED_AFTER
from compartment_tui.tui.app import CompartmentApp
from compartment_tui.tui.shell.key_bindings import live
from tests.rollout.shop import deploy
from tests.tui.acting_world import HeldClock, Stage, open_held, stage
from tests.tui.swarm_shop import open_swarm_shop


def play(act: Callable[[Stage], Awaitable[None]], *, swarm: bool = True) -> None:
    async def run() -> None:
        if swarm:
            clock = HeldClock()
            opened = open_swarm_shop(clock)
        else:
            opened, clock = open_held()
            deploy(opened)
        async with stage(opened, clock) as one:
            await act(one)

    asyncio.run(run())


def keys(one: Stage) -> set[str]:
    return {key.id for key in live(one.app, one.app.screen, read_only=False)}


def offered(one: Stage) -> set[str]:
    """What the palette has."""
    return {command.words for command in one.app.commands(one.app.screen)}


def test_a_machine_goes_away_and_comes_back_before_ones_eyes() -> None:
    async def act(one: Stage) -> None:
        swarm = one.opened.swarm
        await one.press("c")
        await one.reads("n1 home", "✓ ready", "10.0.0.3")
        swarm.lose("n2")
        one.clock.advance(NOTICED_AFTER)
        await one.reads("! n2 is away", "✗ away (down)", "lost ", "n2 went away")
        await one.reads("in production: rescheduling")
        one.clock.advance(BEGIN_TAKES)
        await one.reads("in production moved from n2 to n")
        await one.until(lambda: "lost " not in one.text(), "all are back elsewhere")
        swarm.bring_back("n2")
        await one.reads("n2 is back", "nothing")
        assert "is away" not in one.text()

    play(act)


def test_on_a_swarm_it_is_a_pane_among_the_others() -> None:
    async def act(one: Stage) -> None:
        await one.reads("c Nodes")
        assert "pane.nodes" in keys(one)
        assert "Nodes" in offered(one)
        await one.press("i", "left_square_bracket")
        await one.reads("10.0.0.1")
        await one.press("right_square_bracket")
        await one.reads("readiness")

    play(act)


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
def test_where_the_home_is_lost_the_way_on_is_told_in_full(size: tuple[int, int]) -> None:
    async def act() -> None:
        clock = HeldClock()
        opened = open_swarm_shop(clock)
        there = opened.at_manager("n2")
        opened.swarm.lose("n1")
        clock.advance(NOTICED_AFTER)
        app = CompartmentApp(there.world, read_only=False)
        async with app.run_test(size=size) as pilot:
            one = Stage(app=app, pilot=pilot, opened=there, clock=clock)
            await one.reads("n1, the home of this Swarm, is lost", "makes n2 the home")
            assert "`compartment-tui edge adopt --node n2`" in one.text()
        clock.go()

    asyncio.run(act())


def test_without_a_swarm_there_is_nothing_of_it() -> None:
    async def act(one: Stage) -> None:
        assert "Nodes" not in one.text()
        assert "pane.nodes" not in keys(one)
        assert "Nodes" not in offered(one)
        await one.press("c")
        assert one.app.main.pane == "overview"
        await one.press("question_mark")
        await one.reads("UPPER CASE changes")
        assert "Nodes" not in one.text()

    play(act, swarm=False)
