"""Type-ahead: keys reach the application one at a time, each after the one before had its effect.

The toolkit forwards a key to whatever has the focus when it arrives. Of a burst, all keys would go
to one field: the focus moves only when that field has seen the tab, and a dialog opens only when
the application has heard of the key that asks for it.
"""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Protocol, runtime_checkable

from textual.app import App
from textual.dom import DOMNode
from textual.events import Key, Paste
from textual.screen import Screen

from compartment_tui.tui.base import is_standing

Typed = Key | Paste
PATIENCE = 2.0
"""Seconds the next key waits at most: a person is never left without keys."""
ROUND_SECONDS = 0.2
"""Seconds for one round; one that takes longer was lost with a widget that went away."""
QUIET_ROUNDS = 2
"""Rounds in which the focus stays, until it is believed: an effect may be two messages away."""


@runtime_checkable
class HoldsKeys(Protocol):
    """A screen whose keys mean nothing until something has arrived."""

    @property
    def holds_keys(self) -> bool:
        """Whether the next key should wait."""


@runtime_checkable
class Asks(Protocol):
    """A screen on which a key can say yes."""

    asks: bool
    shown_at: float
    """Since when it shows what it asks, by the monotonic clock."""


class Keyboard:
    """Hands keys and pastes on by `deliver`, in order."""

    def __init__(self, app: App[None], deliver: Callable[[Typed], Awaitable[None]]) -> None:
        self._app = app
        self._deliver = deliver
        self._waiting: asyncio.Queue[Typed] = asyncio.Queue()

    def take(self, typed: Typed) -> None:
        """One more, at its time."""
        self._waiting.put_nowait(typed)

    async def run(self) -> None:
        """Until the application ends."""
        while True:
            typed = await self._waiting.get()
            if not _precedes_question(typed, self._app.screen):
                await self._deliver(typed)
                await self._settle()

    async def _settle(self) -> None:
        """Wait until the focus is where the key has put it."""
        deadline, quiet, before = monotonic() + PATIENCE, 0, None
        while quiet < QUIET_ROUNDS and monotonic() < deadline:
            screen, focused = self._app.screen, self._app.focused
            await self._round(focused or screen)
            holds = isinstance(screen, HoldsKeys) and screen.holds_keys
            still = before == (screen, focused) and is_standing(screen) and not holds
            quiet = quiet + 1 if still else 0
            before = (screen, focused)
            if holds:
                await asyncio.sleep(0.01)

    async def _round(self, focused: DOMNode) -> None:
        """Wait until all that waits now for the widget and those around it was heard."""
        try:
            async with asyncio.timeout(ROUND_SECONDS):
                for node in focused.ancestors_with_self:
                    heard = asyncio.Event()
                    if node.call_later(heard.set):
                        await heard.wait()
        except TimeoutError:
            return


def _precedes_question(typed: Typed, screen: Screen[object]) -> bool:
    """Whether it was typed before the question was shown that it would answer."""
    return isinstance(screen, Asks) and screen.asks and typed.time < screen.shown_at
