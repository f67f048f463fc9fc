import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import ClassVar

import pytest
from textual import on
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.pilot import Pilot
from textual.widgets import Static

from compartment_tui.ports import LogLine
from compartment_tui.tui.logs import log_pane
from compartment_tui.tui.logs.log_pane import LogPane
from compartment_tui.tui.logs.log_view import LogView
from compartment_tui.tui.messages import CopyWanted, SaveWanted

T0 = datetime(2026, 1, 1, 12, 3, tzinfo=UTC)
PAUSED = 0.15
"""Seconds after which what was fed is drawn."""


class Bench(App[None]):
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "go_back")]

    def __init__(self) -> None:
        super().__init__()
        self.posted: list[object] = []
        self.backs = 0

    def compose(self) -> ComposeResult:
        yield LogPane(zone=UTC, now=lambda: T0 + timedelta(seconds=100))

    def action_go_back(self) -> None:
        self.backs += 1

    @on(CopyWanted)
    @on(SaveWanted)
    @on(LogPane.SinceChanged)
    def keep(self, message: object) -> None:
        self.posted.append(message)

    @property
    def pane(self) -> LogPane:
        return self.query_one(LogPane)

    @property
    def view(self) -> LogView:
        return self.query_one(LogView)

    @property
    def head(self) -> str:
        return str(self.query_one("#log-head", Static).render())

    @property
    def screen_text(self) -> list[str]:
        """The lines of the view, as they are drawn."""
        return [self.view.render_line(y).text.rstrip() for y in range(self.view.size.height)]

    @property
    def current(self) -> str:
        row = self.view.current
        return row.text if row else ""


Story = Callable[[Bench, "Pilot[None]"], Awaitable[None]]


def play(story: Story, *, size: tuple[int, int] = (80, 12)) -> None:
    async def run() -> None:
        app = Bench()
        async with app.run_test(size=size) as pilot:
            app.pane.show("shop")
            app.pane.focus()
            await pilot.pause()
            await story(app, pilot)

    asyncio.run(run())


def lines(count: int, *, first: int = 0, service: str = "web") -> list[LogLine]:
    return [
        LogLine(
            at=T0 + timedelta(seconds=n),
            service=service,
            deployment="dep_X",
            stream="stdout",
            message=f"line {n}",
        )
        for n in range(first, first + count)
    ]


def said(message: str, *, stream: str = "stdout", service: str = "web") -> LogLine:
    return LogLine(at=T0, service=service, deployment="dep_X", stream=stream, message=message)


async def fed(app: Bench, pilot: "Pilot[None]", new: list[LogLine], dropped: int = 0) -> None:
    app.pane.feed(new, dropped)
    await pilot.pause(PAUSED)


def test_it_follows_the_end() -> None:
    async def story(app: Bench, pilot: "Pilot[None]") -> None:
        assert app.screen_text[0].strip() == "nothing was written yet"
        await fed(app, pilot, lines(50))
        assert app.screen_text[-1] == "  line 49"
        await fed(app, pilot, lines(12_000, first=50), dropped=37)
        assert app.screen_text[-1] == "  line 12049"
        assert "▶ following · 37 lines dropped · last 10 000 lines, from" in app.head

    play(story)


@pytest.mark.parametrize("stop", [["f"], ["k"], ["pageup"]])
@pytest.mark.parametrize("wrap", [False, True])
def test_frozen_is_still_past_the_cap(stop: list[str], *, wrap: bool) -> None:
    async def story(app: Bench, pilot: "Pilot[None]") -> None:
        if wrap:
            await pilot.press("w")
        await fed(app, pilot, lines(3_000))
        await pilot.press(*stop)
        before, current = app.screen_text, app.current
        await fed(app, pilot, lines(10_500, first=3_000))
        await fed(app, pilot, lines(1, first=99_000, service="other"))
        assert app.screen_text == before
        assert app.current == current
        assert "‖ paused +10 501 new" in app.head
        await pilot.press("G")
        assert app.screen_text[-1].endswith("line 99000")
        assert "following" in app.head

    play(story)


def test_lines_not_drawn_yet_do_not_move_what_is_frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(app: Bench, pilot: "Pilot[None]") -> None:
        await fed(app, pilot, lines(9_996))
        monkeypatch.setattr(log_pane, "PAUSE", 60)
        before = app.screen_text
        app.pane.feed(lines(500, first=9_996))
        app.view.pause()
        assert app.screen_text == before
        await pilot.press("j")
        assert app.current == "line 9996"

    play(story)


def test_moving_down_at_the_end_takes_in_what_is_new() -> None:
    async def story(app: Bench, pilot: "Pilot[None]") -> None:
        await fed(app, pilot, lines(20))
        await pilot.press("f")
        await fed(app, pilot, lines(5, first=20))
        await pilot.press("j")
        assert app.current == "line 20"
        assert "paused" in app.head
        assert "new" not in app.head

    play(story)


def test_the_wheel_pauses_and_follows_again_beyond_the_end() -> None:
    async def story(app: Bench, pilot: "Pilot[None]") -> None:
        await fed(app, pilot, lines(100))
        app.view.scroll_up(animate=False)
        await pilot.pause()
        assert "paused" in app.head
        assert app.screen_text[-1] != "  line 99"
        app.view.scroll_end(animate=False)
        await pilot.pause(PAUSED)
        app.view.on_mouse_scroll_down()
        await pilot.pause()
        assert "following" in app.head

    play(story)


def test_moving() -> None:
    async def story(app: Bench, pilot: "Pilot[None]") -> None:
        await fed(app, pilot, lines(100))
        for keys, current in [
            (["k"], "line 98"),
            (["g"], "line 0"),
            (["k"], "line 0"),
            (["j", "j"], "line 2"),
            (["ctrl+d"], "line 7"),
            (["ctrl+u"], "line 2"),
            (["pagedown", "pagedown"], "line 24"),
            (["end"], "line 99"),
            (["j"], "line 99"),
        ]:
            await pilot.press(*keys)
            assert app.current == current
            assert f"  {current}" in app.screen_text
        await pilot.click(LogView, offset=(5, 0))
        assert app.current == "line 89"

    play(story)


def test_finding_filters_and_esc() -> None:
    async def story(app: Bench, pilot: "Pilot[None]") -> None:
        await fed(app, pilot, lines(100))
        await pilot.press("slash", *"line 1/")
        assert "nowhere" in app.head  # a slash is text while one types
        await pilot.press("backspace", "enter")
        assert app.current == "line 19"
        assert "find “line 1”: 11 of 11" in app.head
        await pilot.press("n")
        assert app.current == "line 1"
        await pilot.press("N", "N")
        assert app.current == "line 18"
        await pilot.press("ampersand", *"!line 1", "enter")
        assert "without “line 1”" in app.head
        assert "89 of 100 lines" in app.head
        await pilot.press("escape")
        assert "find" not in app.head
        assert "without" in app.head
        await pilot.press("escape")
        assert "without" not in app.head
        assert app.backs == 0
        await pilot.press("escape")
        assert app.backs == 1

    play(story)


def test_tab_turns_what_is_typed_and_esc_puts_back_what_was() -> None:
    async def story(app: Bench, pilot: "Pilot[None]") -> None:
        await fed(app, pilot, lines(100))
        await pilot.press("slash", *"line 1", "tab")
        await pilot.pause()
        assert "only “line 1”" in app.head
        assert "find" not in app.head
        await pilot.press("escape")
        await pilot.pause()
        assert "only" not in app.head
        assert app.focused is app.view

    play(story)


def test_a_hit_far_to_the_right_comes_in_sight() -> None:
    async def story(app: Bench, pilot: "Pilot[None]") -> None:
        await fed(app, pilot, [said("x" * 300 + " needle"), said("short")])
        await pilot.press("slash", *"needle", "enter")
        await pilot.pause()
        assert "needle" in app.screen_text[0]

    play(story)


def test_long_lines_wrap_or_scroll_and_keep_their_place() -> None:
    async def story(app: Bench, pilot: "Pilot[None]") -> None:
        words = " ".join(f"word{n}" for n in range(30))
        await fed(app, pilot, [said(words)])
        assert app.screen_text[0].endswith("…")
        await pilot.press("right")
        scrolled = app.screen_text[0]
        assert scrolled.startswith("  rd1 word2 ")
        await pilot.press("w")
        wrapped = app.screen_text
        assert " ".join(" ".join(wrapped).split()) == words
        await fed(app, pilot, [said("more")])
        await pilot.press("w")
        assert app.screen_text[0] == scrolled

    play(story)


def test_services_times_levels_and_marks_are_seen() -> None:
    async def story(app: Bench, pilot: "Pilot[None]") -> None:
        await fed(app, pilot, [said("ERROR a"), said("b", stream="stderr", service="api")])
        assert app.screen_text[:2] == ["✗ web | ERROR a", "e api | b"]
        await pilot.press("t")
        assert app.screen_text[0] == "✗ 12:03:00 web | ERROR a"
        await pilot.press("t")
        assert app.screen_text[1] == "e    +0.0s api | b"
        await pilot.press("t", "m")
        assert app.screen_text[2].startswith("── mark 12:04:40 ──")
        await pilot.press("k", "k", "x")
        assert "web hidden" in app.head
        assert app.screen_text[0] == "e api | b"
        await pilot.press("a")
        assert app.screen_text[0] == "✗ web | ERROR a"

    play(story)


def test_the_window_narrows_and_widens_and_asks_for_older_lines() -> None:
    async def story(app: Bench, pilot: "Pilot[None]") -> None:
        await fed(app, pilot, lines(100))
        await pilot.press("minus", "minus", "minus", "minus", "minus")
        assert "since 12:03:40 · 60 of 100 lines" in app.head
        await pilot.press("plus", "equals_sign", "plus", "plus", "plus")
        assert "since" not in app.head
        moments = [one.since for one in app.posted if isinstance(one, LogPane.SinceChanged)]
        assert len(moments) == 8
        assert moments[-1] is None

    play(story)


def test_copy_and_save_are_intents() -> None:
    async def story(app: Bench, pilot: "Pilot[None]") -> None:
        await pilot.press("y")
        assert app.posted == []
        await fed(app, pilot, lines(3))
        await pilot.press("k", "y", "e")
        copied, saved = app.posted
        assert isinstance(copied, CopyWanted)
        assert copied.text == "line 1"
        assert isinstance(saved, SaveWanted)
        assert saved.text.splitlines()[1] == "2026-01-01T12:03:01.000+00:00 web | line 1"

    play(story)


def test_hostile_text_is_harmless() -> None:
    async def story(app: Bench, pilot: "Pilot[None]") -> None:
        hostile = "[/b] \x1b]52;c;ZXZpbA==\x07\x1b[31m[red]x"
        await fed(app, pilot, [said(hostile, service="[/s]"), said(hostile)])
        app.pane.ended("[/engine] \x1b[31m went")
        await pilot.press("slash", *"[/", "enter")
        await pilot.pause(PAUSED)
        assert app.screen_text[1] == "  web  | [/b] [red]x"
        assert "[/engine]  went" in app.head
        assert "\x1b" not in "".join([*app.screen_text, app.head])

    play(story)


def test_a_reset_begins_anew_and_the_end_is_told() -> None:
    async def story(app: Bench, pilot: "Pilot[None]") -> None:
        await fed(app, pilot, [said("x" * 500)] * 50)
        await pilot.press("k")
        app.pane.reset()
        await fed(app, pilot, lines(2))
        assert app.screen_text[:3] == ["  line 0", "  line 1", ""]
        assert app.view.max_scroll_x == 0
        app.pane.ended("the stream ended")
        await pilot.pause(PAUSED)
        assert "■ ended: the stream ended" in app.head

    play(story)


def test_a_small_terminal_and_a_resize() -> None:
    async def story(app: Bench, pilot: "Pilot[None]") -> None:
        await fed(app, pilot, lines(100, service="a-service-of-a-very-long-name") + lines(1))
        await pilot.resize_terminal(12, 3)
        await pilot.pause()
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert app.screen_text[-2].endswith("line 99")
        await pilot.press("k")
        current = app.current
        await pilot.resize_terminal(60, 8)
        await pilot.pause()
        assert app.current == current
        assert any(text.endswith(current) for text in app.screen_text)

    play(story)


def test_nothing_is_scheduled_when_nothing_arrives() -> None:
    async def story(app: Bench, pilot: "Pilot[None]") -> None:
        await fed(app, pilot, lines(10))
        drawn: list[int] = []
        settle = app.view.settle
        app.view.settle = lambda: (drawn.append(1), settle())[1]  # type: ignore[method-assign,func-returns-value]
        await pilot.pause(0.5)
        assert not drawn
        loop = asyncio.get_running_loop()
        began = loop.time()
        for n in range(40):
            app.pane.feed(lines(1, first=n))
            await asyncio.sleep(0.01)
        took = loop.time() - began  # a busy machine takes longer, and draws more often meanwhile
        await pilot.pause(PAUSED)
        assert 1 <= len(drawn) <= 4 + took / log_pane.PAUSE

    play(story)


def test_every_key_can_be_remapped_and_told() -> None:
    bindings = [*LogPane.BINDINGS, *LogView.BINDINGS]
    ids = [one.id for one in bindings if isinstance(one, Binding)]
    assert len(ids) == len(bindings) == len(set(ids))
    assert all(isinstance(one, Binding) and one.id and one.description for one in bindings)
