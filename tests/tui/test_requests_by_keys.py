"""What the keys of the screen ask for is what the same command asks for."""

import asyncio
import shlex
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from compartment_tui.adapters.memory.world import MemoryWorld
from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.domain.outcome import Outcome
from compartment_tui.domain.requests import (
    BeginMaintenance,
    CheckDomains,
    DeleteEnvironment,
    Deploy,
    PromoteFrom,
    Redeploy,
    Request,
    Restart,
    Rollback,
    Scale,
    Stop,
)
from compartment_tui.operations import requests
from compartment_tui.present.requests import command_line
from compartment_tui.tui import messages as news
from compartment_tui.tui.runs.plan_screen import PlanScreen
from compartment_tui.tui.runs.run_screen import RunScreen
from tests.cli.test_requests import parsed
from tests.rollout.shop import change_everything, deploy, outcome, state
from tests.tui.acting_world import NEW, HeldClock, Stage, open_held, stage

Shop = tuple[MemoryWorld, HeldClock]
HERE = "production"


@pytest.fixture
def live() -> Shop:
    """Deployed here and in staging."""
    opened, clock = open_held()
    deploy(opened)
    staging = requests.execute(opened.world, Deploy(environment="staging"))
    assert outcome(staging) is Outcome.LIVE
    change_everything(opened, "2")
    opened.source.current = NEW
    return opened, clock


def play(shop: Shop, act: Callable[[Stage], Awaitable[None]]) -> None:
    async def run() -> None:
        async with stage(*shop) as one:
            await act(one)

    asyncio.run(run())


async def fill(one: Stage, key: str, text: str) -> None:
    """Open the field under a key, type, enter."""
    dialog = one.app.screen
    assert isinstance(dialog, PlanScreen)
    await one.until(lambda: dialog.ready is not None, "its plan")
    await one.press(key)
    await one.until(lambda: dialog.filling is not None, "the field")
    await one.press(*text, "enter")
    await one.until(lambda: dialog.filling is None, "what was typed")


async def asked(one: Stage, request: Request) -> None:
    """The dialog is about this, and its command is too."""
    dialog = one.app.screen
    assert isinstance(dialog, PlanScreen)
    await one.until(lambda: dialog.request == request, f"{request}, not {dialog.request}")
    _, *words = shlex.split(command_line(dialog.request))
    assert parsed(words) == request


@pytest.mark.parametrize(
    ("keys", "request_"),
    [
        (("D",), Deploy(environment=HERE)),
        (("g", "space", "D"), Deploy(environment=HERE, services=("web",))),
        (("H",), Deploy(environment=HERE, hold=True)),
        (("E",), Redeploy(environment=HERE)),
        (("g", "S"), Stop(environment=HERE, services=("web",))),
        (("g", "R"), Restart(environment=HERE, services=("web",))),
        (("g", "M"), BeginMaintenance(environment=HERE, services=("web",))),
        (("g", "N", "4", "enter"), Scale(environment=HERE, replicas=(("web", 4),))),
        (("g", "N", "up", "up", "enter"), Scale(environment=HERE, replicas=(("web", 3),))),
        (("u", "C"), CheckDomains(environment=HERE)),
        (("U", "enter"), Rollback(environment=HERE)),
        (("X",), DeleteEnvironment(environment=HERE)),
    ],
)
def test_a_key_asks_for_what_its_command_does(
    live: Shop, keys: tuple[str, ...], request_: Request
) -> None:
    async def act(one: Stage) -> None:
        await one.press(*keys)
        await one.screen(PlanScreen)
        await asked(one, request_)

    play(live, act)


@pytest.mark.parametrize(
    ("verb", "keys", "request_"),
    [
        ("D", "f", Deploy(environment=HERE, force=True)),
        ("H", "fp", Deploy(environment=HERE, hold=True, force=True, preview=False)),
        ("X", "e", DeleteEnvironment(environment=HERE, variables=True)),
        ("X", "ee", DeleteEnvironment(environment=HERE)),
    ],
)
def test_an_option_is_a_key_of_the_dialog(
    live: Shop, verb: str, keys: str, request_: Request
) -> None:
    async def act(one: Stage) -> None:
        await one.press(verb)
        await one.screen(PlanScreen)
        dialog = one.app.screen
        assert isinstance(dialog, PlanScreen)
        for key in keys:
            await one.until(lambda: dialog.ready is not None, "its plan")
            await one.press(key)
            await one.until(lambda: dialog.ready is not None, "its next plan")
        await asked(one, request_)

    play(live, act)


def test_a_label_is_typed_and_stands_in_the_history(live: Shop) -> None:
    async def act(one: Stage) -> None:
        await one.press("D")
        await one.screen(PlanScreen)
        await fill(one, "l", " big sale ")
        await asked(one, Deploy(environment=HERE, label="big sale"))
        await one.reads("label: big sale", "deploy --label 'big sale'", "Deploy  y")
        await one.press("y")
        await one.screen(RunScreen)
        await one.until(lambda: not one.app.board.running_jobs, "its end")

    play(live, act)
    newest = max(state(live[0]).runs, key=lambda run: run.id)
    assert newest.label == "big sale"


def test_a_commit_that_is_none_is_refused_and_another_can_be_typed(live: Shop) -> None:
    async def act(one: Stage) -> None:
        await one.press("D")
        await one.screen(PlanScreen)
        await fill(one, "g", "nowhere")
        await asked(one, Deploy(environment=HERE, ref="nowhere"))
        await one.reads("Nothing was touched.", "from nowhere")
        dialog = one.app.screen
        assert isinstance(dialog, PlanScreen)
        await one.press("g")
        await one.until(lambda: dialog.filling is not None, "the field")
        await one.press(*["backspace"] * len("nowhere"), "enter")
        await asked(one, Deploy(environment=HERE))
        await one.reads("Deploy  y")

    play(live, act)


def test_one_exact_deployment_of_the_other_environment(live: Shop) -> None:
    opened, _ = live
    promotion = PromoteFrom(environment=HERE, origin="staging", services=("web",))
    exact = opened.host.records[EnvironmentKey("shop", "staging")].active["web"][-10:].lower()

    async def act(one: Stage) -> None:
        one.app.screen.post_message(news.ActWanted(promotion))
        await one.screen(PlanScreen)
        await fill(one, "d", exact)
        await asked(one, replace(promotion, deployment=exact))
        await one.reads(f"one deployment: {exact}", "Promote  y")

    play(live, act)


def test_while_something_is_typed_nothing_starts_and_escape_only_ends_the_typing(
    live: Shop,
) -> None:
    async def act(one: Stage) -> None:
        await one.press("D")
        await one.screen(PlanScreen)
        dialog = one.app.screen
        assert isinstance(dialog, PlanScreen)
        await one.until(lambda: dialog.ready is not None, "its plan")
        await one.press("l")
        await one.until(lambda: dialog.filling is not None, "the field")
        dialog.action_confirm()
        dialog.action_turn("f")
        await one.press("y", "n", "q", "escape")
        await one.until(lambda: dialog.filling is None, "its end")
        assert one.app.screen is dialog
        assert not one.app.board.jobs
        await asked(one, Deploy(environment=HERE))

    play(live, act)
