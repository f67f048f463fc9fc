"""A project in which nothing was deployed yet: every key and every screen, tried once."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from compartment_tui.domain.config import ProjectConfig
from compartment_tui.domain.errors import EngineUnreachable, ProjectFileInvalid
from compartment_tui.domain.requests import Deploy
from compartment_tui.operations import requests
from compartment_tui.tui.app import CompartmentApp
from compartment_tui.tui.kit.confirm import AskScreen
from compartment_tui.tui.runs.plan_screen import PlanScreen
from compartment_tui.tui.runs.run_screen import RunScreen
from compartment_tui.tui.shell.key_bindings import MOVING, KeyHint
from tests.rollout.shop import shop_config
from tests.tui.acting_world import Stage, open_held
from tests.tui.pictures import Breakable, opened_application

AWAY = EngineUnreachable("Docker does not answer at /run/docker.sock", hint="start it")
BROKEN = ProjectFileInvalid("compartment.toml:1: this is no TOML", hint="mend line 1")
SHOP = replace(shop_config(), environments=())
"""As `init` writes it: services, and no environment."""
BARE = ProjectConfig(name="shop")
"""Nothing but `[project]`."""
MISTAKES = ("name is empty", "unexpected", "bug", "Traceback", "None", "there are: none")
PANES = ("i", "l", "u", "r", "left_square_bracket")


def play(
    act: Callable[[Stage, Breakable], Awaitable[None]],
    config: ProjectConfig = SHOP,
    *,
    engine: EngineUnreachable | None = None,
    project: ProjectFileInvalid | None = None,
    watch: Callable[[CompartmentApp], object] = lambda _: None,
) -> None:
    async def run() -> None:
        opened, clock = open_held(config)
        app, port, file = opened_application(opened)
        port.error, file.error = engine, project
        watch(app)
        async with app.run_test(size=(120, 36), notifications=True) as pilot:
            await act(Stage(app=app, pilot=pilot, opened=opened, clock=clock), file)

    asyncio.run(run())


def troubles_of(app: CompartmentApp) -> list[str]:
    """What the banner would have said at any time, from now on."""
    seen: list[str] = []
    show = app.show

    def showing(board: object) -> None:
        trouble = getattr(board, "trouble", None)
        if trouble is not None:
            seen.append(trouble.message)
        show(board)  # type: ignore[arg-type]

    app.show = showing  # type: ignore[method-assign]
    return seen


@pytest.mark.parametrize("config", [SHOP, BARE, shop_config()], ids=["init", "bare", "declared"])
def test_there_is_production_and_never_a_word_of_trouble(config: ProjectConfig) -> None:
    seen: list[list[str]] = []

    async def act(one: Stage, _: Breakable) -> None:
        await one.reads("1 production")
        await one.ready()
        await asyncio.sleep(0.3)
        assert seen == [[]]

    play(act, config, watch=lambda app: seen.append(troubles_of(app)))


def test_the_first_deploy_is_two_keys() -> None:
    async def act(one: Stage, _: Breakable) -> None:
        await one.ready()
        await one.press("D")
        await one.reads("Deploy", "in production", "first deployment", "Deploy  y")
        await one.press("y")
        await one.screen(RunScreen)
        await one.reads("live after")

    play(act)


def test_with_docker_away_it_is_docker_that_is_missed() -> None:
    async def act(one: Stage, _: Breakable) -> None:
        await one.reads("1 production", "Docker does not answer", "(start it)")
        assert "name is empty" not in one.text()
        await one.press("D")
        await one.screen(PlanScreen)
        await one.reads("Docker does not answer")
        await one.press("escape", "P")
        await one.reads("is not known while Docker does not answer")

    play(act, engine=AWAY)


def test_one_that_was_deployed_elsewhere_stands_beside_it() -> None:
    async def act(one: Stage, _: Breakable) -> None:
        await one.reads("1 production", "2 preview")

    async def run() -> None:
        opened, clock = open_held(SHOP)
        list(requests.execute(opened.world, Deploy(environment="preview")))
        app = CompartmentApp(opened.world)
        async with app.run_test(size=(120, 36)) as pilot:
            one = Stage(app=app, pilot=pilot, opened=opened, clock=clock)
            await act(one, Breakable(None))

    asyncio.run(run())


def test_a_file_that_is_broken_from_the_start_is_named_by_every_key() -> None:
    async def act(one: Stage, file: Breakable) -> None:
        await one.reads("this is no TOML", "(mend line 1)")
        assert "the last good one stays" not in one.text(), "there is no good one"
        for key in (*"dDHUPERXvso", "ctrl+r"):
            await one.press(key)
            assert one.app.screen is one.app.main, key
        notices = [notice.message for notice in one.app._notifications]
        assert [words for words in notices if "this is no TOML\nmend line 1" in words]
        assert not [words for words in notices if is_mistaken(words)]
        file.error = None
        await one.reads("1 production", "web", "not deployed")

    play(act, project=BROKEN)


def is_mistaken(words: str) -> list[str]:
    flat = words.replace("\n", " ")
    return [mistake for mistake in MISTAKES if mistake in flat]


@pytest.mark.long
@pytest.mark.parametrize(
    ("config", "engine"),
    [(SHOP, None), (BARE, None), (SHOP, AWAY)],
    ids=["services", "no-services", "engine-away"],
)
def test_every_key_leads_somewhere_sensible(
    config: ProjectConfig, engine: EngineUnreachable | None, tmp_path: Path
) -> None:
    async def act(one: Stage, _: Breakable) -> None:
        one.app.shell.saved = tmp_path
        await one.until(lambda: bool(one.app.board.environment), "its environment")
        await one.until(lambda: bool(one.app.board.status or one.app.board.trouble))
        pressed: set[str] = set()
        screens: set[type] = {type(one.app.main)}
        for pane in PANES:
            await home(one)
            await one.press(pane)
            for key in tuple(keys_of(one)):
                if key.action in pressed:
                    continue
                pressed.add(key.action)
                await home(one)
                await one.press(pane)
                await try_key(one, key)
                if type(one.app.screen) not in screens:
                    screens.add(type(one.app.screen))
                    await try_all_of(one)
        assert len(pressed) > 30
        assert len(screens) > 8

    play(act, config, engine=engine)


def keys_of(one: Stage) -> Iterator[KeyHint]:
    for key in one.app.shell.keys(one.app.screen):
        leaves = key.id.startswith("app.quit") or key.name == "ctrl+q"
        if key.enabled and not leaves and key.group != MOVING:
            yield key


async def try_key(one: Stage, key: KeyHint) -> None:
    await one.press(key.name)
    said = [notice.message for notice in one.app._notifications]
    screen = "\n".join(line.strip(" │") for line in one.text().split("\n"))
    for words in (*said, *screen.split("\n")):
        assert not is_mistaken(words), (key.name, words)


async def try_all_of(one: Stage) -> None:
    """Every key of the screen that was opened, but the one that says yes to a plan."""
    screen = one.app.screen
    for key in tuple(keys_of(one)):
        if isinstance(screen, PlanScreen) and key.name in ("y", "enter"):
            continue
        await try_key(one, key)
        for _ in range(4):
            if one.app.screen is screen or screen not in one.app.screen_stack:
                break
            await one.press("escape")
        if one.app.screen is not screen:
            return


async def home(one: Stage) -> None:
    for _ in range(8):
        if one.app.screen is one.app.main:
            return
        # What was staged on the way is left there.
        await one.press("y" if isinstance(one.app.screen, AskScreen) else "escape")
    raise AssertionError(f"no way back from {one.app.screen}")


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("U", "nothing is live in production, and there is nothing to go back to"),
        ("P", "nothing is live in any other environment"),
        ("E", "nothing is deployed here"),
        ("R", "nothing is live in"),
        ("X", "there is no environment"),
        ("s", "nothing is live of web yet"),
        ("o", "nothing is live of web yet, so there is no address"),
    ],
)
def test_what_needs_something_live_says_so(key: str, words: str) -> None:
    async def act(one: Stage, _: Breakable) -> None:
        await one.ready()
        await one.press(key)
        await one.reads(words)

    play(act)
