"""The keys that are shown are the keys that work: hints, help, palette, filter."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from textual.command import CommandPalette
from textual.widgets import Input, OptionList

from compartment_tui.domain.requests import Deploy
from compartment_tui.operations import requests
from compartment_tui.tui.kit.filter_line import Narrow
from compartment_tui.tui.main.services_table import Services
from compartment_tui.tui.runs.plan_screen import PlanScreen
from compartment_tui.tui.shell.help_screen import HelpScreen
from compartment_tui.tui.shell.key_bindings import HINTS, changes, hints, live, width
from compartment_tui.tui.shell.key_hints import Hints
from compartment_tui.tui.variables.editor_screen import VariablesScreen
from tests.tui.acting_world import Stage, open_held, stage

NASTY = "[/b] x"


def play(
    act: Callable[[Stage], Awaitable[None]],
    *,
    read_only: bool = False,
    size: tuple[int, int] = (80, 24),
) -> None:
    async def run() -> None:
        opened, clock = open_held()
        list(requests.execute(opened.world, Deploy(environment="production")))
        list(requests.execute(opened.world, Deploy(environment=NASTY)))
        async with stage(opened, clock, read_only=read_only, size=size) as one:
            await act(one)

    asyncio.run(run())


def hint_line(one: Stage) -> str:
    return one.app.screen.query_one(Hints).render().plain


@pytest.mark.parametrize(
    ("key", "changing"),
    [("D", True), ("d", False), ("G", False), ("N", False), ("1", False), ("ctrl+r", False)],
)
def test_upper_case_changes(key: str, changing: bool) -> None:
    assert changes(key) is changing


@pytest.mark.parametrize("focus", ["services", "logs"])
def test_the_hints_fit_and_end_in_the_way_to_all_others(focus: str) -> None:
    async def act(one: Stage) -> None:
        if focus == "logs":
            await one.press("l")
        line = hint_line(one)
        shown = hints(live(one.app, one.app.screen, read_only=False), 80)
        assert len(shown) <= HINTS
        assert len(line) == width(shown) <= 80
        assert line.endswith("? Keys  q Quit ")
        kinds = [key.changes for key in shown[:-2]]
        assert kinds == sorted(kinds), "those that look stand before those that change"

    play(act)


def test_the_hints_follow_the_focus() -> None:
    async def act(one: Stage) -> None:
        assert "D Deploy" in hint_line(one)
        assert "Follow" not in hint_line(one)
        await one.press("l")
        await one.until(lambda: "f Follow" in hint_line(one))

    play(act)


def test_a_click_on_a_hint_presses_its_key() -> None:
    async def act(one: Stage) -> None:
        column = hint_line(one).index("Releases")
        await one.pilot.click(Hints, offset=(column, 0))
        await one.until(lambda: one.app.main.pane == "releases", "the releases")

    play(act)


def test_read_only_shows_no_key_that_changes() -> None:
    async def act(one: Stage) -> None:
        assert "Deploy" not in hint_line(one)
        assert "Logs" in hint_line(one)
        assert not [key for key in one.app.shell.keys(one.app.screen) if key.changes]
        await one.press("question_mark")
        await one.reads("Logs")
        assert "Change something" not in one.text()
        assert "Shell" not in one.text()

    play(act, read_only=True)


def test_read_only_refuses_a_shell_with_a_word() -> None:
    async def act(one: Stage) -> None:
        await one.press("s")
        await one.reads("read-only: no shell here")

    play(act, read_only=True)


def test_panes_have_keys() -> None:
    async def act(one: Stage) -> None:
        for key, pane in {"l": "logs", "u": "routes", "r": "releases", "i": "overview"}.items():
            await one.press(key)
            assert one.app.main.pane == pane

    play(act)


@pytest.mark.parametrize("key", ["question_mark", "f1"])
def test_the_help_lists_what_works_here(key: str) -> None:
    async def act(one: Stage) -> None:
        await one.press(key)
        await one.reads("lower case looks", "UPPER CASE changes", "Change something", "Deploy")
        assert "Follow" not in one.text()
        await one.press("escape", "l", key)
        await one.reads("Follow")

    play(act, size=(120, 60))


def test_the_help_filters_and_does_what_is_chosen() -> None:
    async def act(one: Stage) -> None:
        await one.press("question_mark", *"variab")
        rows = one.app.screen.query_one(OptionList)
        assert rows.option_count == 2, "a heading and the one key"
        await one.press("enter")
        await one.screen(VariablesScreen)

    play(act)


def test_a_single_letter_finds_its_key() -> None:
    async def act(one: Stage) -> None:
        await one.press("question_mark", "D")
        await one.screen(HelpScreen)
        await one.reads("Deploy")
        await one.press("escape")
        assert one.app.screen.query_one(Input).value == ""
        await one.press("escape")
        assert one.app.screen is one.app.main

    play(act)


async def choose(one: Stage, typed: str, shown: str) -> None:
    await one.press("ctrl+p")
    await one.screen(CommandPalette)
    one.app.screen.query_one(Input).value = typed
    await one.reads(shown)
    await one.until(lambda: one.app.screen.query_one(OptionList).highlighted is not None)
    await one.press("enter")
    if isinstance(one.app.screen, CommandPalette):
        await one.press("enter")


def test_the_palette_leads_to_environments_whatever_they_are_called() -> None:
    async def act(one: Stage) -> None:
        await choose(one, "environment: [/b]", f"Environment: {NASTY}")
        await one.until(lambda: one.app.board.environment == NASTY)

    play(act)


def test_the_palette_leads_to_services_themes_and_acts() -> None:
    async def act(one: Stage) -> None:
        services = [row.service for row in one.app.board.status.services]  # type: ignore[union-attr]
        await choose(one, f"service: {services[-1]}", f"Service: {services[-1]}")
        await one.until(lambda: one.app.board.service == services[-1])
        await choose(one, "compartment-light", "Theme: compartment-light")
        await one.until(lambda: one.app.theme == "compartment-light")
        await choose(one, "deploy", "Deploy")
        await one.screen(PlanScreen)

    play(act)


def test_a_colon_opens_the_palette() -> None:
    async def act(one: Stage) -> None:
        await one.press("colon")
        await one.screen(CommandPalette)

    play(act)


def test_a_filter_hides_services_and_their_marks_stay() -> None:
    async def act(one: Stage) -> None:
        table = one.app.screen.query_one(Services)
        every = table.grid_shown.keys
        await one.press("a", "slash", *every[-1])
        await one.until(lambda: table.grid_shown.keys == (every[-1],), "only one is shown")
        await one.until(lambda: one.app.board.service == every[-1], "it is selected")
        assert table.marked == every, "a filter changes nothing about what is meant"
        await one.press("enter")
        assert one.app.screen.focused is table
        await one.press("escape")
        await one.until(lambda: table.grid_shown.keys == every)
        assert not one.app.screen.query_one(Narrow).display

    play(act)


def test_a_filter_that_fits_nothing_says_so() -> None:
    async def act(one: Stage) -> None:
        await one.press("slash", *"zzz")
        await one.reads("no service fits zzz")

    play(act)
