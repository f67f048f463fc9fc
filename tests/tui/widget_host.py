"""One widget of the main screen alone on a screen, and what it posted."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from textual.app import App, ComposeResult
from textual.message import Message
from textual.pilot import Pilot
from textual.widget import Widget

from compartment_tui.tui import messages as news
from compartment_tui.tui.messages import ActWanted

W = TypeVar("W", bound=Widget)


class Host(App[None]):
    """Remembers every intent."""

    def __init__(self, widget: Widget) -> None:
        super().__init__()
        self._widget = widget
        self.posted: list[Message] = []
        self.in_view: list[tuple[str, ...]] = []

    def compose(self) -> ComposeResult:
        yield self._widget

    def on_environment_chosen(self, message: news.EnvironmentChosen) -> None:
        self.posted.append(message)

    def on_service_chosen(self, message: news.ServiceChosen) -> None:
        self.posted.append(message)

    def on_services_in_view(self, message: news.ServicesInView) -> None:
        self.in_view.append(message.services)

    def on_act_wanted(self, message: ActWanted) -> None:
        self.posted.append(message)

    def on_copy_wanted(self, message: news.CopyWanted) -> None:
        self.posted.append(message)

    def on_open_wanted(self, message: news.OpenWanted) -> None:
        self.posted.append(message)


@dataclass(frozen=True)
class On(Generic[W]):
    """A widget on a pretended terminal."""

    app: Host
    pilot: Pilot[None]
    widget: W
    drawn: list[int] = field(default_factory=list)
    """The lines the widget was asked for since this was last cleared."""

    @property
    def posted(self) -> list[Message]:
        return self.app.posted

    def lines(self) -> list[str]:
        """What stands on the widget's lines."""
        size = self.widget.size
        return [self.widget.render_line(y).text.rstrip() for y in range(size.height)]

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.pilot.pause()


def on(
    widget: W, test: Callable[[On[W]], Awaitable[None]], *, size: tuple[int, int] = (80, 24)
) -> None:
    """Run a test with the widget shown and focused."""

    async def run() -> None:
        app = Host(widget)
        async with app.run_test(size=size) as pilot:
            drawn: list[int] = []
            render = widget.render_line

            def counting(y: int) -> object:
                drawn.append(y)
                return render(y)

            widget.render_line = counting  # type: ignore[method-assign, assignment]
            if widget.can_focus:
                widget.focus()
            await pilot.pause()
            await test(On(app, pilot, widget, drawn))

    asyncio.run(run())
