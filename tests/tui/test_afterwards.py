"""What is on the main screen when a job has ended, and who goes quickly through the tabs."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from compartment_tui.adapters.memory.world import MemoryWorld
from compartment_tui.domain.config import EnvironmentConfig
from compartment_tui.domain.requests import Deploy
from compartment_tui.tui.main import board_controller
from compartment_tui.tui.main.main_screen import MainScreen
from compartment_tui.tui.main.services_table import Services
from compartment_tui.tui.runs.plan_screen import PlanScreen
from compartment_tui.tui.runs.run_screen import RunScreen
from compartment_tui.tui.state.app_state import Job
from tests.present.boards import NOW, board
from tests.rollout.shop import change_everything, deploy, shop_config
from tests.tui.acting_world import HeldClock, Stage, open_held, stage


def play(
    shop: tuple[MemoryWorld, HeldClock],
    act: Callable[[Stage], Awaitable[None]],
    size: tuple[int, int] = (140, 40),
) -> None:
    async def run() -> None:
        async with stage(*shop, size=size) as one:
            await act(one)

    asyncio.run(run())


@pytest.fixture
def live() -> tuple[MemoryWorld, HeldClock]:
    opened, clock = open_held()
    deploy(opened)
    change_everything(opened, "2")
    return opened, clock


def test_our_own_lock_is_gone_with_the_end_of_the_job() -> None:
    before = board()
    status = before.status
    assert status is not None
    held = replace(before, statuses={before.environment: replace(status, holder="root@vm")})
    job = Job(number=1, request=Deploy(environment=before.environment, hold=True), started=NOW)
    running = held.with_job(job)
    assert running.status is not None
    assert running.status.holder == "root@vm"
    ended = running.with_job(replace(job, over=True))
    assert ended.status is not None
    assert ended.status.holder is None


def test_after_a_hold_the_main_screen_says_nothing_of_a_run(
    live: tuple[MemoryWorld, HeldClock],
) -> None:
    async def act(one: Stage) -> None:
        await one.press("H")
        await one.screen(PlanScreen)
        await one.reads("Deploy and hold  y")
        await one.press("y")
        await one.screen(RunScreen)
        await one.until(lambda: not one.app.board.running_jobs, "the end")
        await one.press("escape")
        await one.screen(MainScreen)
        assert "is changing this environment" not in one.text()
        assert "checking readiness" not in one.text()
        await one.reads("candidate held")

    play(live, act)


def test_marks_are_gone_once_their_act_has_begun(live: tuple[MemoryWorld, HeldClock]) -> None:
    async def act(one: Stage) -> None:
        rows = one.app.main.query_one(Services)
        await one.press("space", "D")
        await one.screen(PlanScreen)
        await one.reads("Deploy  y")
        await one.press("n")
        await one.screen(MainScreen)
        assert rows.marked  # nothing was done, so they are still meant
        await one.press("D")
        await one.screen(PlanScreen)
        await one.reads("Deploy  y")
        await one.press("y")
        await one.screen(RunScreen)
        assert not rows.marked
        await one.until(lambda: not one.app.board.running_jobs, "the end")

    play(live, act)


def test_only_the_tab_somebody_stays_at_is_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("production", *(f"e{number}" for number in range(1, 8)))
    config = replace(
        shop_config(), environments=tuple(EnvironmentConfig(name=name) for name in names)
    )

    # However slowly the keys come on a busy machine, they are one passing by.
    monkeypatch.setattr(board_controller, "TAB_PAUSE", 5.0)

    async def act(one: Stage) -> None:
        watched: list[str] = []
        real = one.app.feeds.watch

        def watch(name: str) -> None:
            watched.append(name)
            real(name)

        monkeypatch.setattr(one.app.feeds, "watch", watch)
        await one.press(*["greater_than_sign"] * 7)
        assert one.app.board.environment == "e7"
        await one.until(lambda: bool(watched), "a watch")
        await one.reads("Nothing is live in e7 yet")
        assert watched == ["e7"]

    play(open_held(config), act)
