"""Hold, look at both, promote, discard; promote from elsewhere; stop and start: by keys."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from compartment_tui.adapters.memory.world import MemoryWorld
from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.domain.requests import Deploy, Discard, PromoteFrom, Request, Restart
from compartment_tui.operations import requests
from compartment_tui.present.requests import command_line, title
from compartment_tui.tui.app import CompartmentApp
from compartment_tui.tui.kit.letter_menu import LetterMenu
from compartment_tui.tui.runs.pick_screen import PickScreen
from compartment_tui.tui.runs.plan_screen import PlanScreen
from compartment_tui.tui.runs.run_screen import RunScreen
from compartment_tui.tui.shell.key_hints import Hints
from tests.rollout.shop import change_everything, deploy, state
from tests.tui.acting_world import NEW, HeldClock, Stage, open_held, stage

Shop = tuple[MemoryWorld, HeldClock]


def play(shop: Shop, act: Callable[[Stage], Awaitable[None]], *, read_only: bool = False) -> None:
    async def run() -> None:
        async with stage(*shop, read_only=read_only) as one:
            await act(one)

    asyncio.run(run())


@pytest.fixture
def live() -> Shop:
    """Deployed, and then everything changed."""
    opened, clock = open_held()
    deploy(opened)
    change_everything(opened, "2")
    opened.source.current = NEW
    clock.advance(timedelta(minutes=3))
    return opened, clock


def active(opened: MemoryWorld, service: str = "web") -> str:
    return state(opened).active[service]


def hint_line(one: Stage) -> str:
    return one.app.screen.query_one(Hints).render().plain


async def holds(one: Stage) -> None:
    """Web, the first row."""
    await one.press("g", "space", "H")
    await one.screen(PlanScreen)
    await one.reads("Deploy and hold  y", "http://c-")
    await one.press("y")
    await one.screen(RunScreen)
    await one.reads("web waits in production")
    await one.press("escape", "g")
    await one.reads("candidate held")


async def says_yes(one: Stage, word: str, *said: str) -> None:
    await one.screen(PlanScreen)
    await one.reads(f"{word}  y", *said)
    await one.press("y")
    await one.screen(RunScreen)


def test_what_is_held_stands_beside_what_is_live(live: Shop) -> None:
    opened, _ = live
    before = active(opened)

    async def act(one: Stage) -> None:
        await holds(one)
        assert active(opened) == before
        await one.reads("active", "candidate, held", "proven, without traffic", "c-")
        assert "P Promote" in hint_line(one)

    play(live, act)


def test_a_held_candidate_is_promoted_and_rolled_back(live: Shop) -> None:
    opened, _ = live
    before = active(opened)

    async def act(one: Stage) -> None:
        await holds(one)
        held = state(opened).held["web"]
        await one.press("P")
        await says_yes(one, "Promote", "the held candidate")
        await one.reads("live after")
        assert active(opened) == held
        await one.press("U")
        await one.screen(PickScreen)
        await one.press("enter")
        await says_yes(one, "Roll back")
        await one.until(lambda: active(opened) == before, "what was live before")

    play(live, act)


def test_a_held_candidate_is_discarded(live: Shop) -> None:
    opened, _ = live
    before = active(opened)

    async def act(one: Stage) -> None:
        await holds(one)
        await one.press("K")
        await says_yes(one, "Discard", "is discarded")
        await one.reads("✓ discarded")
        assert not state(opened).held
        assert active(opened) == before
        await one.press("escape")
        await one.until(lambda: "candidate held" not in one.text(), "the mark is gone")

    play(live, act)


def test_it_is_promoted_from_the_screen_of_its_run(live: Shop) -> None:
    async def act(one: Stage) -> None:
        await one.press("g", "space", "H")
        await says_yes(one, "Deploy and hold")
        await one.reads("web waits in production")
        assert "P Promote" in hint_line(one)
        await one.press("P")
        await says_yes(one, "Promote")
        await one.reads("live after")

    play(live, act)


def test_open_asks_which_of_the_two(live: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(
        CompartmentApp, "on_open_wanted", lambda _app, message: opened.append(message.url)
    )

    async def act(one: Stage) -> None:
        await holds(one)
        for letter in "ac":
            await one.press("o")
            await one.screen(LetterMenu)
            await one.press(letter)
        assert [url.partition("-")[0] for url in opened] == [
            "http://shop.localhost:8080",
            "http://c",
        ]

    play(live, act)


def test_a_hold_can_go_without_an_address(live: Shop) -> None:
    async def act(one: Stage) -> None:
        await one.press("g", "space", "H")
        await one.screen(PlanScreen)
        await one.reads("Deploy and hold  y", "an address to look at it: yes")
        await one.press("p")
        await one.reads("an address to look at it: no", "--hold -s web --no-preview")

    play(live, act)


def images(opened: MemoryWorld, environment: str) -> dict[str, str]:
    found = opened.world.records.read(EnvironmentKey("shop", environment))
    assert found is not None
    return {name: found.deployments[id_].image for name, id_ in found.active.items()}


def test_images_come_from_another_environment(live: Shop) -> None:
    opened, _ = live
    list(requests.execute(opened.world, Deploy(environment="staging")))
    assert images(opened, "production") != images(opened, "staging")

    async def act(one: Stage) -> None:
        await one.press("P")
        await one.screen(PickScreen)
        await one.reads("Promote to production, from where?", "staging")
        await one.press("enter")
        await says_yes(one, "Promote", "promote --from staging --to production")
        await one.reads("live after")
        assert images(opened, "production") == images(opened, "staging")

    play(live, act)


def test_nothing_to_promote_is_said() -> None:
    async def act(one: Stage) -> None:
        await one.press("P")
        await one.screen(PickScreen)
        await one.reads("nothing is live in any other environment")

    play(open_held(), act)


def test_stop_and_start_share_a_key_that_says_which(live: Shop) -> None:
    async def act(one: Stage) -> None:
        await one.press("g", "j", "S")
        await says_yes(one, "Stop", "api", "stays stopped")
        await one.reads("✓ stopped")
        await one.press("escape")
        await one.reads("○ stopped", "by hand", "S start it")
        assert "S Start" in hint_line(one)
        await one.press("S")
        await says_yes(one, "Start", "api", "is proven before anybody gets to it")
        await one.reads("live after")
        await one.press("escape")
        await one.until(lambda: "by hand" not in one.text(), "it runs again")

    play(live, act)


def test_maintenance_begins_and_ends_with_one_key_and_is_marked_everywhere(live: Shop) -> None:
    async def act(one: Stage) -> None:
        await one.press("g", "M")
        await says_yes(
            one,
            "Begin maintenance",
            "Begin maintenance of web",
            "status 503",
            "http://shop.localhost",
        )
        await one.reads("in maintenance")
        await one.press("escape")
        await one.reads("◫ maintenance", "! maintenance", "M ends it")
        assert "M End maintenance" in hint_line(one)
        await one.press("M")
        await says_yes(one, "End maintenance", "End maintenance of web", "get through again")
        await one.reads("no longer in maintenance")
        await one.press("escape")
        await one.until(lambda: "◫" not in one.text(), "it is over")

    play(live, act)


def test_a_restart_says_that_it_interrupts(live: Shop) -> None:
    async def act(one: Stage) -> None:
        await one.press("g", "R")
        await says_yes(one, "Restart", "nobody is served meanwhile")
        await one.reads("live after")

    play(live, act)


def test_prune_shows_what_goes_and_what_went(live: Shop) -> None:
    opened, _ = live
    for version in range(3, 10):
        change_everything(opened, str(version))
        deploy(opened)
    opened.project.current = replace(opened.project.current, keep=1)

    async def act(one: Stage) -> None:
        commands = {command.words: command for command in one.app.commands(one.app.screen)}
        commands["Prune what nobody goes back to"].run()
        await says_yes(one, "Prune", "takes away", "compartment-tui prune -e production")
        await one.reads("removed", "✓ done")

    play(live, act)


@pytest.mark.parametrize("key", ["H", "P", "K", "S", "R"])
def test_read_only_does_none_of_it(live: Shop, key: str) -> None:
    async def act(one: Stage) -> None:
        await one.press(key)
        assert one.app.screen is one.app.main

    play(live, act, read_only=True)


def test_the_palette_has_them_too(live: Shop) -> None:
    async def act(one: Stage) -> None:
        words = {command.words for command in one.app.commands(one.app.screen)}
        assert {"Deploy and hold", "Stop", "Restart", "Promote from another environment"} <= words
        assert "Discard" not in words, "nothing is held"

    play(live, act)


@pytest.mark.parametrize(
    ("request_", "words", "command"),
    [
        (
            Deploy(environment="staging", services=("web",), hold=True),
            "Deploy and hold web in staging",
            "compartment-tui deploy --hold -e staging -s web",
        ),
        (
            PromoteFrom(environment="production", origin="a b"),
            "Promote from a b to production",
            "compartment-tui promote --from 'a b' --to production",
        ),
        (
            Discard(environment="production", services=("web", "api")),
            "Discard the candidate of web and api in production",
            "compartment-tui discard -s web -s api",
        ),
        (
            Restart(environment="production"),
            "Restart in production",
            "compartment-tui restart",
        ),
    ],
)
def test_a_request_is_said_as_a_command(request_: Request, words: str, command: str) -> None:
    assert (title(request_), command_line(request_)) == (words, command)
