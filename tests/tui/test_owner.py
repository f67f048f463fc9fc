"""Another repository of the same name, on the screen: refused with who and where, or taken over."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from compartment_tui.adapters.memory.world import MemoryWorld, memory_world
from compartment_tui.domain.owner import Origin
from compartment_tui.tui.runs.plan_screen import PlanScreen
from compartment_tui.tui.runs.run_screen import RunScreen
from tests.rollout.shop import change_everything, deploy, state
from tests.tui.acting_world import HeldClock, Stage, open_held, stage

OURS = Origin(remotes=("github.com/ada/shop",), host="laptop", directory="/ada/shop")
THEIRS = Origin(host="box", directory="/home/bob/shop")


@pytest.fixture
def other() -> tuple[MemoryWorld, HeldClock]:
    """Somebody else's repository, on a machine where ours is live."""
    shop, clock = open_held()
    shop.source.place = OURS
    deploy(shop)
    opened = memory_world(shop.project.current, host=shop.host, actor="bob@box")
    opened.source.place = THEIRS
    change_everything(opened, "2")
    return opened, clock


def play(
    shop: tuple[MemoryWorld, HeldClock],
    act: Callable[[Stage], Awaitable[None]],
    *,
    size: tuple[int, int],
) -> None:
    async def run() -> None:
        async with stage(*shop, size=size) as one:
            await act(one)

    asyncio.run(run())


def test_the_dialog_says_whose_it_is_and_t_takes_it_over(
    other: tuple[MemoryWorld, HeldClock],
) -> None:
    async def act(one: Stage) -> None:
        await one.press("D")
        await one.screen(PlanScreen)
        await one.reads("belongs to github.com/ada/shop", "Nothing was touched", "t take it over")
        await one.press("y")
        assert isinstance(one.app.screen, PlanScreen)
        await one.press("t")
        await one.reads("this takes it over", "--take-over", "Deploy  y")
        await one.press("t")
        await one.reads("Nothing was touched")
        await one.press("t")
        await one.reads("Deploy  y")
        await one.press("y")
        await one.screen(RunScreen)
        await one.until(lambda: not one.app.board.running_jobs, "the end")
        await one.reads("live")

    play(other, act, size=(80, 24))
    owner = state(other[0]).owner
    assert owner is not None
    assert owner.origin == THEIRS


@pytest.mark.parametrize("key", ["D", "X", "R", "S"])
def test_every_verb_asks(other: tuple[MemoryWorld, HeldClock], key: str) -> None:
    async def act(one: Stage) -> None:
        await one.press(key)
        await one.screen(PlanScreen)
        await one.reads("belongs to github.com/ada/shop", "t take it over")
        await one.press("escape")

    play(other, act, size=(120, 36))
