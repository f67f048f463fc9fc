"""The shop under the application, on a clock that can be held while a job goes on."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from textual.pilot import Pilot
from textual.screen import Screen

from compartment_tui.adapters.memory.clock import FakeClock
from compartment_tui.adapters.memory.host import Host
from compartment_tui.adapters.memory.world import MemoryWorld, memory_world
from compartment_tui.domain.config import ProjectConfig
from compartment_tui.domain.deployment import Provenance
from compartment_tui.tui.app import CompartmentApp
from tests.rollout.shop import shop_config

OLD = Provenance(commit="a" * 40, branch="main", author="ada")
NEW = Provenance(commit="c" * 40, branch="main", author="bob", dirty=True)
PATIENCE = 40.0


class HeldClock(FakeClock):
    """Sleeps pass at once, until `lock`; then a few more, and the next one waits for `go`."""

    def __init__(self) -> None:
        super().__init__()
        self._left: int | None = None
        self._changed = threading.Condition()
        self.waiting = False
        self._when: Callable[[], bool] | None = None

    def hold_when(self, due: Callable[[], bool]) -> None:
        """Hold the first sleep of a job's thread that begins when it is due."""
        self._when = due

    def lock(self, *, after: int = 0) -> None:
        """Let so many sleeps pass."""
        with self._changed:
            self._left = after

    def go(self) -> None:
        with self._changed:
            self._left, self._when = None, None
            self._changed.notify_all()

    def sleep(self, pause: timedelta) -> None:
        if self._when is not None and self._when():
            self.lock()
        with self._changed:
            self.waiting = self._left == 0
            self._changed.wait_for(lambda: self._left != 0, timeout=PATIENCE)
            self.waiting = False
            if self._left is not None:
                self._left -= 1
        super().sleep(pause)


@dataclass(frozen=True, kw_only=True)
class Stage:
    """The application on a pretended terminal, and the machine below it."""

    app: CompartmentApp
    pilot: Pilot[None]
    opened: MemoryWorld
    clock: HeldClock

    async def until(self, true: Callable[[], bool], what: str = "") -> None:
        """Wait until it is so; a test that waits in vain says for what."""
        for _ in range(int(PATIENCE / 0.02)):
            if true():
                await self.pilot.pause()  # 20 ms and more
                if true():
                    return
            await asyncio.sleep(0.02)
        raise AssertionError(f"never came true: {what or true}")

    async def screen(self, kind: type[Screen[Any]]) -> None:
        """Wait for that screen to be on top."""
        await self.until(lambda: isinstance(self.app.screen, kind), kind.__name__)

    async def press(self, *keys: str) -> None:
        await self.app._press_keys(
            keys
        )  # and not `Pilot.press`, which goes on to what `pause` does
        await self.pilot.pause()

    def text(self) -> str:
        """Everything that can be read on the screen."""
        strips = self.app.screen._compositor.render_strips()
        return "\n".join(strip.text.rstrip() for strip in strips)

    async def reads(self, *words: str) -> None:
        """Wait until all of that can be read."""
        missing = list(words)

        def there() -> bool:
            shown = self.text()
            missing[:] = [word for word in words if word not in shown]
            return not missing

        try:
            await self.until(there)
        except AssertionError:
            raise AssertionError(f"not on the screen: {missing}\n{self.text()}") from None

    async def ready(self) -> None:
        """Wait until the services are there."""
        await self.until(lambda: self.app.board.status is not None, "the first status")
        await self.until(
            lambda: self.app.board.environment in self.app.board.histories, "its history"
        )
        await self.pilot.pause()


def open_held(config: ProjectConfig | None = None) -> tuple[MemoryWorld, HeldClock]:
    clock = HeldClock()
    opened = memory_world(config or shop_config(), host=Host(clock=clock))
    opened.source.current = OLD
    opened.source.commits = [
        ("a" * 40, "Begin", "ada"),
        ("b" * 40, "Sell shoes", "ada"),
        ("c" * 40, "Sell hats", "bob"),
    ]
    return opened, clock


def protected(config: ProjectConfig) -> ProjectConfig:
    """The same, its first environment asking for its name."""
    first, *rest = config.environments
    return replace(config, environments=(replace(first, protected=True), *rest))


@asynccontextmanager
async def stage(
    opened: MemoryWorld,
    clock: HeldClock,
    *,
    read_only: bool = False,
    size: tuple[int, int] = (120, 36),
) -> AsyncIterator[Stage]:
    """Run the application; whatever is held goes on when the test is over."""
    app = CompartmentApp(opened.world, read_only=read_only)
    try:
        async with app.run_test(size=size, notifications=True) as pilot:
            try:
                one = Stage(app=app, pilot=pilot, opened=opened, clock=clock)
                await one.ready()
                yield one
            finally:
                clock.go()
    finally:
        clock.go()
