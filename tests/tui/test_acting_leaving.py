"""Leaving: at once when nothing goes on, by a decision when something does."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from time import monotonic

import pytest

from compartment_tui.adapters.memory.world import MemoryWorld
from compartment_tui.tui import signals
from compartment_tui.tui.main.main_screen import MainScreen
from compartment_tui.tui.runs.quit_screen import QuitScreen
from compartment_tui.tui.runs.run_screen import RunScreen
from tests.rollout.shop import change_everything, deploy, state
from tests.tui.acting_world import PATIENCE, HeldClock, Stage, open_held, stage


@pytest.fixture
def live() -> tuple[MemoryWorld, HeldClock]:
    opened, clock = open_held()
    deploy(opened)
    change_everything(opened, "2")
    return opened, clock


@pytest.fixture(autouse=True)
def _in_good_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """However long that takes: the process that ends otherwise is that of the tests."""
    monkeypatch.setattr(signals, "GRACE", PATIENCE)


def play(shop: tuple[MemoryWorld, HeldClock], act: Callable[[Stage], Awaitable[None]]) -> None:
    async def run() -> None:
        async with stage(*shop) as one:
            await act(one)

    asyncio.run(run())


async def begin(one: Stage) -> None:
    """A deploy that waits in its middle."""
    one.clock.lock(after=12)
    await one.press("D")
    await one.reads("Deploy  y")
    await one.press("y")
    await one.screen(RunScreen)
    await one.until(lambda: one.clock.waiting, "the job in its middle")


async def agree_to_leave(one: Stage) -> None:
    """A key that comes before the question is shown is no answer to it."""
    await one.press("q")
    await one.reads("Revert and leave  y")
    await one.press("y")


def left(one: Stage) -> bool:
    return not one.app.is_running or one.app._exit


@pytest.mark.parametrize("key", ["q", "ctrl+q"])
def test_without_a_job_it_leaves_at_once(live: tuple[MemoryWorld, HeldClock], key: str) -> None:
    async def act(one: Stage) -> None:
        began = monotonic()
        await one.pilot.press(key)
        await one.until(lambda: left(one))
        assert not any(isinstance(screen, QuitScreen) for screen in one.app.screen_stack)
        assert monotonic() - began < PATIENCE / 2, "it waits for nothing"

    play(live, act)


def test_with_a_job_it_asks_and_staying_changes_nothing(
    live: tuple[MemoryWorld, HeldClock],
) -> None:
    opened, clock = live
    before = state(opened).active["web"]

    async def act(one: Stage) -> None:
        await begin(one)
        for key in ("q", "ctrl+q"):
            await one.press(key)
            await one.screen(QuitScreen)
            await one.reads("goes on", "Revert and leave")
            await one.press("ctrl+q")
            assert sum(isinstance(s, QuitScreen) for s in one.app.screen_stack) == 1
            await one.press("n")
            await one.screen(RunScreen)
        clock.go()
        await one.reads("production is live after")
        assert not left(one)
        assert state(opened).active["web"] != before

    play(live, act)


def test_leaving_reverts_first(live: tuple[MemoryWorld, HeldClock]) -> None:
    opened, clock = live
    before = state(opened).active

    async def act(one: Stage) -> None:
        await begin(one)
        await agree_to_leave(one)
        await one.reads("being ended", "Stay after all")
        assert not left(one)
        clock.go()
        await one.until(lambda: left(one), "the end")
        assert state(opened).active == before
        assert state(opened).journal is None

    play(live, act)


def test_second_thoughts_keep_it_open(live: tuple[MemoryWorld, HeldClock]) -> None:
    opened, clock = live
    before = state(opened).active

    async def act(one: Stage) -> None:
        await begin(one)
        await agree_to_leave(one)
        await one.reads("Stay after all")
        await one.press("n")
        clock.go()
        await one.reads("cancelled, reverted")
        assert not left(one)
        assert state(opened).active == before

    play(live, act)


def test_a_job_that_ends_while_it_is_asked_leaves_nothing_to_revert(
    live: tuple[MemoryWorld, HeldClock],
) -> None:
    async def act(one: Stage) -> None:
        await begin(one)
        await one.press("q")
        one.clock.go()
        await one.reads("It has ended meanwhile")
        assert not left(one)
        await one.press("y")
        await one.until(lambda: left(one))

    play(live, act)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_reverts_and_ends_it(
    live: tuple[MemoryWorld, HeldClock], number: signal.Signals
) -> None:
    opened, clock = live
    before = state(opened).active

    async def act(one: Stage) -> None:
        await begin(one)
        os.kill(os.getpid(), number)
        await one.until(lambda: any(job.cancels for job in one.app.board.jobs.values()))
        clock.go()
        await one.until(lambda: left(one), "the end")
        assert state(opened).active == before
        assert state(opened).journal is None

    play(live, act)


def test_a_signal_without_a_job_ends_it(live: tuple[MemoryWorld, HeldClock]) -> None:
    async def act(one: Stage) -> None:
        assert isinstance(one.app.screen, MainScreen)
        os.kill(os.getpid(), signal.SIGTERM)
        await one.until(lambda: left(one), "the end")

    play(live, act)
