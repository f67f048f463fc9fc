"""The form for another number of replicas: what runs now, what the file says, a number."""

from collections.abc import Iterator, Sequence

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from compartment_tui.domain.config import MOST_REPLICAS
from compartment_tui.domain.planning.scale import counted
from compartment_tui.domain.requests import Scale
from compartment_tui.domain.views import ServiceStatus
from compartment_tui.present.text import listed, pad, show, show_name, width
from compartment_tui.present.tone import Cell, Line, Tone, line
from compartment_tui.tui.kit.dialog import Dialog
from compartment_tui.tui.kit.styled_text import paragraph, words


class ScaleScreen(Dialog[Scale | None]):
    """The request with that number, yet to be planned and confirmed."""

    BINDINGS = [
        Binding("escape", "leave", "Back", id="scale.leave"),
        Binding("up,plus", "step(1)", "One more", priority=True, id="scale.more"),
        Binding("down,minus", "step(-1)", "One less", priority=True, id="scale.less"),
    ]

    def __init__(self, environment: str, services: Sequence[ServiceStatus]) -> None:
        super().__init__(classes="dialog")
        self._environment = environment
        self._services = tuple(services)

    def compose(self) -> ComposeResult:
        names = listed(show(one.service) for one in self._services)
        with Vertical(classes="box") as box:
            box.border_title = Content(f"Replicas of {names} in {show_name(self._environment)}")
            box.border_subtitle = "enter shows the plan · ↑ ↓ one more or less · esc leaves"
            yield Static(paragraph(present_lines(self._services)), classes="grows", markup=False)
            now = self._services[0].wanted
            field = Input(str(now), id="number", compact=True, restrict="[0-9]*", max_length=4)
            field.cursor_blink = False
            yield field
            yield Static(id="wrong", markup=False)

    def on_mount(self) -> None:
        super().on_mount()
        field = self.query_one(Input)
        field.focus()
        field.action_select_all()
        self._tell()

    @property
    def number(self) -> int | None:
        """What is typed, if so many can run."""
        typed = self.query_one(Input).value
        number = int(typed) if typed.isdecimal() else 0
        return number if 1 <= number <= MOST_REPLICAS else None

    def _tell(self) -> None:
        said = line(f"a whole number from 1 to {MOST_REPLICAS}; S stops it", Tone.WARN)
        right = "new ones are proven first, those that go are drained; nothing is deployed"
        shown = said if self.number is None else line(right, Tone.QUIET)
        self.query_one("#wrong", Static).update(words(shown))

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._tell()

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        if self.number is not None:
            wanted = tuple((one.service, self.number) for one in self._services)
            self.dismiss(Scale(environment=self._environment, replicas=wanted))

    def action_step(self, step: int) -> None:
        field = self.query_one(Input)
        number = (self.number or 1) + step
        field.value = str(min(max(number, 1), MOST_REPLICAS))
        field.action_end()

    def action_leave(self) -> None:
        self.dismiss(None)


def present_lines(services: Sequence[ServiceStatus]) -> tuple[Line, ...]:
    """How many there are of each, and how many the file says."""
    columns = max(width(show(one.service)) for one in services)
    return tuple((*_present(one, columns),) for one in services)


def _present(one: ServiceStatus, columns: int) -> Iterator[Cell]:
    yield Cell(f"{pad(show(one.service), columns)}  ")
    runs = f", {one.running} of them running" if one.running != one.wanted else ""
    yield Cell(f"{counted(one.wanted)} now{runs}")
    if one.in_file is None:
        return
    by_hand = one.scaled is not None and one.in_file != one.wanted
    file = f"as scaled by hand; the file says {one.in_file}" if by_hand else ""
    same = "as the file says" if one.in_file == one.wanted else f"the file says {one.in_file}"
    yield Cell(f", {file or same}", Tone.QUIET)
