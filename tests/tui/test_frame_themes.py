"""Colours that can be read and told apart; a terminal that has none, or no more than ASCII."""

import asyncio
from itertools import combinations
from pathlib import Path

import pytest
from textual.app import App
from textual.color import Color
from textual.theme import Theme

from compartment_tui.tui.shell import ascii_filter, themes
from compartment_tui.tui.shell.themes import CHOICE, DARK, OURS, Memory, after, users_memory
from tests.tui.acting_world import open_held, stage

READABLE, LEGIBLE = 4.5, 3.0
"""Contrast by WCAG: for text, and for what is only there to be found."""
TEXTS = ("success", "warning", "error", "accent", "foreground", "text-muted")
GROUNDS = ("background", "surface", "panel")
# Viénot's simulation in linear light: what people without red, and without green cones see.
PROTAN = ((0.11238, 0.88762, 0.0), (0.11238, 0.88762, 0.0), (0.00401, -0.00401, 1.0))
DEUTAN = ((0.29275, 0.70725, 0.0), (0.29275, 0.70725, 0.0), (-0.02234, 0.02234, 1.0))


def color(theme: Theme, name: str) -> Color:
    given = theme.variables.get(name) or getattr(theme, name)
    return Color.parse(given)


def linear(value: int) -> float:
    share = value / 255
    return share / 12.92 if share <= 0.04045 else float(((share + 0.055) / 1.055) ** 2.4)


def light(one: Color) -> float:
    return 0.2126 * linear(one.r) + 0.7152 * linear(one.g) + 0.0722 * linear(one.b)


def contrast(one: Color, other: Color) -> float:
    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def seen(one: Color, matrix: tuple[tuple[float, ...], ...]) -> tuple[float, ...]:
    channels = (linear(one.r), linear(one.g), linear(one.b))
    mixed = (sum(a * b for a, b in zip(row, channels, strict=True)) for row in matrix)
    return tuple(max(0.0, value) ** (1 / 2.2) for value in mixed)


@pytest.mark.parametrize("theme", OURS, ids=lambda theme: theme.name)
def test_everything_can_be_read(theme: Theme) -> None:
    poor = {
        (text, ground): contrast(color(theme, text), color(theme, ground))
        for text in TEXTS
        for ground in GROUNDS
    }
    assert not {pair: ratio for pair, ratio in poor.items() if ratio < READABLE}


@pytest.mark.parametrize("theme", OURS, ids=lambda theme: theme.name)
def test_the_selected_row_can_be_read(theme: Theme) -> None:
    ground = color(theme, "block-cursor-background")
    assert contrast(color(theme, "block-cursor-foreground"), ground) >= READABLE
    for text in ("success", "warning", "error", "text-muted"):
        assert contrast(color(theme, text), ground) >= LEGIBLE, text


@pytest.mark.parametrize("theme", OURS, ids=lambda theme: theme.name)
@pytest.mark.parametrize("matrix", [PROTAN, DEUTAN], ids=["no red", "no green"])
def test_good_warn_and_bad_are_told_apart_by_everyone(
    theme: Theme, matrix: tuple[tuple[float, ...], ...]
) -> None:
    for one, other in combinations(("success", "warning", "error"), 2):
        pair = (seen(color(theme, one), matrix), seen(color(theme, other), matrix))
        distance = sum((a - b) ** 2 for a, b in zip(*pair, strict=True)) ** 0.5
        assert distance > 0.15, (one, other)


def test_the_key_goes_through_the_themes_and_comes_back() -> None:
    name, visited = CHOICE[0], []
    for _ in CHOICE:
        name = after(name)
        visited.append(name)
    assert sorted(visited) == sorted(CHOICE)
    assert name == CHOICE[0]
    assert after("dracula") == CHOICE[0]


def test_a_theme_is_remembered(tmp_path: Path) -> None:
    memory = users_memory({"XDG_CONFIG_HOME": str(tmp_path)})
    assert memory.recall() is None
    memory.keep("ansi-dark")
    assert memory.recall() == "ansi-dark"
    (tmp_path / "compartment-tui" / "tui.toml").write_text("theme = [")
    assert memory.recall() is None
    blocked = Memory(tmp_path / "compartment-tui" / "tui.toml" / "x")
    blocked.keep("ansi-dark")
    assert blocked.recall() is None


def test_t_switches_and_keeps(tmp_path: Path) -> None:
    async def run() -> None:
        opened, clock = open_held()
        async with stage(opened, clock) as one:
            one.app.shell.recall_theme(Memory(tmp_path / "tui.toml"))
            assert one.app.theme == DARK.name
            await one.press("t")
            await one.until(lambda: one.app.theme == CHOICE[1])
            one.app.shell.recall_theme(Memory(tmp_path / "tui.toml"))
            assert one.app.theme == CHOICE[1]

    asyncio.run(run())


def test_every_theme_can_be_drawn() -> None:
    async def run() -> None:
        opened, clock = open_held()
        async with stage(opened, clock) as one:
            for name in sorted(one.app.available_themes):
                one.app.shell.choose_theme(name)
                await one.reads("Deploy")

    asyncio.run(run())


@pytest.mark.parametrize(
    ("environment", "ascii_only"),
    [
        ({}, False),
        ({"LANG": "de_DE.UTF-8"}, False),
        ({"LANG": "en_US.utf8", "TERM": "xterm"}, False),
        ({"LANG": "C"}, True),
        ({"LANG": "C", "LC_CTYPE": "C.UTF-8"}, True),
        ({"LANG": "C", "LC_CTYPE": "en_US.UTF-8"}, False),
        ({"LC_ALL": "POSIX", "LANG": "en_US.UTF-8"}, True),
        ({"LANG": "de_DE.ISO-8859-1"}, True),
        ({"LANG": "en_US.UTF-8", "TERM": "linux"}, True),
        ({"LANG": "en_US.UTF-8", ascii_filter.VARIABLE: "1"}, True),
        ({"LANG": "C", ascii_filter.VARIABLE: "0"}, False),
    ],
)
def test_who_gets_ascii(environment: dict[str, str], ascii_only: bool) -> None:
    assert ascii_filter.wanted(environment) is ascii_only


def test_in_ascii_nothing_else_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> tuple[str, str]:
        opened, clock = open_held()
        async with stage(opened, clock) as one:
            await one.press("question_mark")
            await one.reads("Deploy")
            help_screen = one.text()
            await one.press("escape")
            return one.text(), help_screen

    assert not all(text.isascii() for text in asyncio.run(run()))
    monkeypatch.setenv(ascii_filter.VARIABLE, "1")
    for text in asyncio.run(run()):
        assert text.isascii(), {char for char in text if not char.isascii()}


def test_no_color_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")

    async def run() -> set[tuple[int, ...]]:
        opened, clock = open_held()
        async with stage(opened, clock) as one:
            app: App[None] = one.app
            strips = app.screen._compositor.render_strips()
            return {
                tuple(triplet)
                for strip in strips
                for segment in strip
                if segment.style and segment.style.color
                for triplet in [segment.style.color.triplet]
                if triplet is not None
            }

    tints = asyncio.run(run())
    assert tints
    assert all(max(tint) - min(tint) <= 1 for tint in tints), tints


def test_ours_are_offered_first() -> None:
    assert themes.CHOICE[: len(OURS)] == tuple(theme.name for theme in OURS)
