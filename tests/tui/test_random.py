"""Whatever is pressed and whatever happens to the machine: it stays alive and answers."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import nullcontext, suppress
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compartment_tui.adapters.demo.demo import open_demo
from compartment_tui.adapters.memory.world import MemoryWorld
from compartment_tui.domain.errors import CompartmentError, EngineUnreachable
from compartment_tui.domain.requests import Deploy
from compartment_tui.operations import requests
from compartment_tui.tui.app import CompartmentApp
from compartment_tui.tui.feed_bridge import FeedBridge
from compartment_tui.tui.kit.confirm import AskScreen
from compartment_tui.tui.runs.quit_screen import QuitScreen
from compartment_tui.tui.shell import clipboard, external_programs
from compartment_tui.tui.shell.app_commands import AppCommands
from compartment_tui.tui.shell.help_screen import HelpScreen
from tests.tui.pictures import Breakable, Shot, SteppedClock, opened_application

pytestmark = pytest.mark.long

EXAMPLES = 9
"""One to two seconds each."""
ESCAPES = 8
"""From wherever one is, so many lead back to the main screen."""
KEYS = (
    *"123<>[]lruviztsodDUEXHPKSRWeayfjkgGnNmwx/&+-c:?b$",
    *("enter", "escape", "tab", "shift+tab", "space", "up", "down", "left", "right"),
    *("pageup", "pagedown", "home", "end", "ctrl+d", "ctrl+u", "ctrl+p", "ctrl+r", "backspace"),
)
LEAVING = "Leave without writing?"
NASTY = "[/b] \x1b]52;c;aGFycnkK\x07 \x1b[2J \N{RIGHT-TO-LEFT OVERRIDE}\N{FAMILY} \x00"

PRESS = st.tuples(st.just("press"), st.sampled_from(KEYS))
RESIZE = st.tuples(st.just("resize"), st.sampled_from(((80, 24), (40, 10), (200, 60), (1, 1))))
EVENT = st.tuples(
    st.just("event"),
    st.sampled_from(("die", "lines", "deploy", "sick", "edit", "lost", "back", "time", "gone")),
)
STEPS = st.lists(st.one_of(PRESS, PRESS, PRESS, EVENT, RESIZE), min_size=5, max_size=25)


@pytest.fixture(autouse=True, scope="module")
def _harmless(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The browser, the shell, the clipboard and the files of this machine are left alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(external_programs, "has_browser", lambda: True)
        patch.setattr(CompartmentApp, "open_url", lambda _app, _url: None)
        patch.setattr(CompartmentApp, "suspend", lambda _app: nullcontext())
        patch.setattr(FeedBridge, "shell", lambda *_: 127)
        patch.setattr(clipboard, "copy", lambda _text, tools: tools[0].name if tools else None)
        patch.setattr(AppCommands, "saved", tmp_path_factory.mktemp("saved"))
        yield


@given(steps=STEPS)
@settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.too_slow])
def test_it_never_crashes_and_always_answers(steps: list[tuple[str, object]]) -> None:
    asyncio.run(_play(steps))


async def _play(steps: list[tuple[str, object]]) -> None:
    clock = SteppedClock()
    opened = open_demo(clock)
    app, engine, project = opened_application(opened)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        one = Shot(app=app, pilot=pilot, opened=opened, clock=clock, engine=engine, project=project)
        await Shot.until(one, lambda: app.board.status is not None, "the first status")
        for kind, what in steps:
            if kind == "press":
                await pilot.press(str(what))
            elif kind == "resize":
                await pilot.resize_terminal(*what)  # type: ignore[misc]
            else:
                happen(str(what), opened, engine)
            assert app.is_running, (kind, what)
        await answers(one)
    assert app.return_code == 0


async def answers(one: Shot) -> None:
    """esc leads back, ? says the keys, q ends it."""
    one.engine.error = None
    await one.pilot.resize_terminal(80, 24)
    await one.pilot.pause()
    for _ in range(ESCAPES):
        await one.press("escape")
        screen = one.app.screen
        if isinstance(screen, AskScreen) and screen.question.title == LEAVING:
            await one.press("y")
    assert one.app.screen is one.app.main, one.text()
    one.app.main.query_one("#services").focus()
    await one.press("question_mark")
    await one.screen(HelpScreen)
    await one.press("escape")
    assert one.app.screen is one.app.main, one.text()
    await one.until(lambda: not one.app.board.running_jobs, "every job ends")
    await one.press("q")
    assert not isinstance(one.app.screen, QuitScreen)
    await one.until(lambda: not one.app.is_running or one.app._exit, "it quits")


def happen(what: str, opened: MemoryWorld, engine: Breakable) -> None:
    """What befalls machines while somebody looks at them."""
    containers = [one for one in opened.host.containers.values() if one.running]
    match what:
        case "die":
            containers[0].die(137)
        case "lines":
            for number, container in enumerate(containers * 300):
                container.write(f"{number} {NASTY}", stream="stderr" if number % 7 else "stdout")
        case "sick":
            containers[-1].write("sick")
            opened.host.kill_edge()
        case "deploy":
            threading.Thread(target=_deploy, args=(opened.another(actor="[/b]@ci"),)).start()
        case "edit":
            opened.project.write(opened.project.current)
        case "lost":
            engine.error = EngineUnreachable("no engine [/b]", hint="start it [b]")
        case "back":
            engine.error = None
        case "gone":
            containers[-1].stop(timedelta())
        case "time":
            opened.clock.advance(timedelta(minutes=5))


def _deploy(other: MemoryWorld) -> None:
    with suppress(CompartmentError):
        list(requests.execute(other.world, Deploy(environment="staging", services=("web",))))
