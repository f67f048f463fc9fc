"""The application on the pretended shop, brought to a picture that is the same everywhere."""

import asyncio
import os
import re
import shutil
import subprocess
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

from textual._doc import take_svg_screenshot
from textual.app import App
from textual.pilot import Pilot

from compartment_tui.adapters.demo.demo import open_demo
from compartment_tui.adapters.memory.clock import FakeClock
from compartment_tui.adapters.memory.container import replica_key
from compartment_tui.adapters.memory.feeds import MemoryFeed
from compartment_tui.adapters.memory.stats import sample
from compartment_tui.adapters.memory.world import MemoryWorld
from compartment_tui.bootstrap import file_schema, hash_password
from compartment_tui.domain.deployment import Sample
from compartment_tui.domain.errors import CompartmentError
from compartment_tui.ports import Engine, Factories, Project, ProjectSurvey
from compartment_tui.tui import messages as news
from compartment_tui.tui.app import CompartmentApp
from compartment_tui.tui.launch import Welcome
from compartment_tui.tui.main.services_table import Services
from compartment_tui.tui.runs.run_screen import RunScreen
from tests.tui.acting_world import HeldClock, Stage

WATCHED = 40
"""Seconds of CPU and memory in the sparklines."""
QUIET_LOOKS = 5
"""A picture is finished when it was the same that often, `LOOK` apart."""
LOOK = 0.05
WIDER = "font-size: 20.27px"
"""A column of the picture is 12.2 pixels wide, and a letter of DejaVu Sans Mono 0.602 em."""
FOUND = ProjectSurvey(
    file=Path("/srv/shop/compartment.toml"),
    name="shop",
    services=(("web", "services/web"), ("api", "services/api"), ("docs", "docs")),
    ports={"web": 8080, "api": 8000},
)


class SteppedClock(HeldClock):
    """Can also be held again a few pauses later."""

    def step(self, pauses: int) -> None:
        with self._changed:
            self._left, self.waiting = pauses, False
            self._changed.notify_all()


@dataclass(frozen=True, kw_only=True)
class Shot(Stage):
    """The application under a scenario."""

    engine: "Breakable"
    project: "Breakable"
    clock: "SteppedClock"

    async def ready(self) -> None:
        """Wait until everything about the environment is there."""
        await Stage.ready(self)
        await self.until(lambda: bool(self.app.board.visits), "the answers of its routes")
        await self.until(lambda: self.app.board.variables is not None, "its variables")

    async def settle(self) -> None:
        """Wait until nothing on the screen changes any more."""
        before, same, tries = "", 0, 0
        while same < QUIET_LOOKS:
            await self.pilot.pause()
            await asyncio.sleep(LOOK)
            now = self.text()
            before, same, tries = now, same + 1 if now == before else 0, tries + 1
            assert tries < 200, f"it never comes to rest:\n{now}"

    async def in_environment(self, number: int, name: str) -> None:
        await self.press(str(number))
        await self.until(lambda: self.app.board.environment == name, name)
        await self.ready()

    async def marks(self, *services: str) -> None:
        """Mark these, going through the rows from the top."""
        status = self.app.board.status
        assert status is not None
        marked = self.app.screen.query_one(Services).marked
        await self.press("g")
        for row in status.services:
            toggle = (row.service in services) != (row.service in marked)
            await self.press("space" if toggle else "j")

    async def watch(self, seconds: int = WATCHED) -> None:
        """Let time pass in steps of a second, each with its samples."""
        for _ in range(seconds):
            self.clock.advance(timedelta(seconds=1))
            self.app.post_message(news.SamplesArrived(self.samples()))
            await asyncio.sleep(0)
        await self.pilot.pause()

    def samples(self) -> dict[tuple[str, int], Sample]:
        now = self.clock.now()
        return {
            (one.deployment, one.number): sample(
                replica_key(one.deployment, one.number),
                one.behaviour,
                at=now,
                limit=one.birth.plan.spec.limits.memory,
            )
            for one in self.opened.host.containers.values()
            if one.running
        }

    async def deploys(self, *services: str, pauses: int | None = None) -> None:
        """Deploy these in the environment shown, to the end or only until so many pauses."""
        await self.marks(*services)
        await self.press("D")
        await self.reads("Deploy  y")
        await self.settle()
        self.clock.lock()  # what is shown as its beginning must not depend on who is faster
        await self.press("y")
        await self.screen(RunScreen)
        await self.until(lambda: self.clock.waiting, "its first pause")
        if pauses is None:
            self.clock.go()
        else:
            self.clock.step(pauses)
            await self.until(lambda: self.clock.waiting, "the pause after these")


class Breakable:
    """A port that can be made to fail, and that never measures anything by itself."""

    def __init__(self, port: object) -> None:
        self._port = port
        self.error: CompartmentError | None = None

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the port has
        asks = callable(getattr(self._port, name)) and name != "address"
        if self.error is not None and asks:
            raise self.error
        return getattr(self._port, name)

    def stats(self, deployment: str, *, replica: int = 1) -> MemoryFeed[Sample]:
        """Samples come from the scenario, second by second, however busy the machine is."""
        del deployment, replica
        return MemoryFeed()


Drive = Callable[[Shot], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A picture: how large, and how to get there."""

    name: str
    size: tuple[int, int]
    drive: Drive | None
    """None: the picture is of the welcome, which is an application of its own."""
    opens: Callable[[FakeClock], MemoryWorld] = open_demo
    """Makes the machine, on a clock."""


@dataclass(frozen=True, slots=True)
class Scene:
    """An application, and what brings it to the picture."""

    app: App[Any]
    run_before: Callable[[Pilot[Any]], Awaitable[None]]


def scene(scenario: Scenario) -> Scene:
    """The application of a scenario, about to be run."""
    if scenario.drive is None:
        return _welcome()
    drive, clock = scenario.drive, SteppedClock()
    opened = scenario.opens(clock)
    app, engine, project = opened_application(opened)

    async def run(pilot: Pilot[Any]) -> None:
        one = Shot(app=app, pilot=pilot, opened=opened, clock=clock, engine=engine, project=project)
        try:
            await one.ready()
            await drive(one)
            await one.settle()
            app.show(app.board)  # ages as they are now
            await pilot.pause()
        finally:
            _let_go(app, clock)

    return Scene(app, run)


def opened_application(opened: MemoryWorld) -> tuple[CompartmentApp, Breakable, Breakable]:
    """The application on that machine, with its engine and its project file."""
    engine, project = Breakable(opened.world.engine), Breakable(opened.world.project)
    world = replace(opened.world, engine=cast(Engine, engine), project=cast(Project, project))
    return CompartmentApp(world), engine, project


def _let_go(app: CompartmentApp, clock: HeldClock) -> None:
    """What is held goes on when the application ends, which is after the picture."""
    close = app.bridge.close

    def closing() -> None:
        clock.go()
        close()

    app.bridge.close = closing  # type: ignore[method-assign]


def _welcome() -> Scene:
    def nothing(*_: object) -> Any:  # noqa: ANN401 - never called
        raise AssertionError("a picture changes nothing")

    entrances = Factories(
        open_world=nothing,
        init_project=nothing,
        survey_project=lambda _: FOUND,
        open_demo=nothing,
        file_schema=file_schema,
        hash_password=hash_password,
    )

    class Nowhere:
        def recall(self) -> str:
            return ""

    async def run(pilot: Pilot[Any]) -> None:
        await pilot.pause(0.2)

    return Scene(Welcome(entrances, FOUND.file.parent, cast(Any, Nowhere())), run)


@contextmanager
def same_everywhere() -> Iterator[None]:
    """The time zone and the terminal's wishes, whatever they are here."""
    names = ("TZ", "NO_COLOR", "COLORTERM", "TERM", "LANG", "LC_ALL")
    before = {name: os.environ.get(name) for name in names}
    ours = {"TZ": "UTC", "COLORTERM": "truecolor", "TERM": "xterm-256color", "LANG": "C.UTF-8"}
    for name in names:
        os.environ.pop(name, None)
    os.environ.update(ours)
    time.tzset()
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
        time.tzset()


def draw(scenario: Scenario, directory: Path) -> Path:
    """Write `NAME.svg`, and `NAME.png` where rsvg-convert is installed; the SVG's path.

    With pngquant, the PNG takes a quarter of the room.
    """
    taken = scene(scenario)
    svg = take_svg_screenshot(
        app=taken.app, terminal_size=scenario.size, run_before=taken.run_before
    )
    svg = _plain(svg)
    file = directory / f"{scenario.name}.svg"
    file.write_text(svg, encoding="utf-8")
    if shutil.which("rsvg-convert"):
        subprocess.run(
            ["rsvg-convert", "-o", str(file.with_suffix(".png"))],
            input=_for_librsvg(svg).encode(),
            check=True,
        )
        if shutil.which("pngquant"):
            smaller = ["pngquant", "--force", "--strip", "--ext", ".png", "32"]
            subprocess.run([*smaller, str(file.with_suffix(".png"))], check=True)
    return file


def _for_librsvg(svg: str) -> str:
    """With a font that is there, as wide as the one that is not, and with leading spaces."""
    kept = svg.replace("<text ", '<text xml:space="preserve" ')
    return kept.replace("Fira Code", "DejaVu Sans Mono").replace("font-size: 20px", WIDER)


def _plain(svg: str) -> str:
    """The same in every run: without the random part of its names."""
    return re.sub(r"\bterminal-\d+-([\w-]+)", r"terminal-\1", svg)
