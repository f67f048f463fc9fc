"""The jobs of this session; enter opens one."""

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from compartment_tui.tui.base import BoardApp
from compartment_tui.tui.kit.dialog import Dialog
from compartment_tui.tui.kit.styled_text import words
from compartment_tui.tui.runs.job_words import jobs_rows
from compartment_tui.tui.state.app_state import Board

EMPTY = "Nothing was done here yet. D on a service deploys it."


class ActivityScreen(Dialog[int | None]):
    """Jobs, newest first; the number of the one to open."""

    BINDINGS = [
        Binding("escape,b,q", "leave", "Back", id="activity.leave"),
        Binding("j", "move(1)", "Next", show=False, id="activity.next"),
        Binding("k", "move(-1)", "Previous", show=False, id="activity.previous"),
    ]
    app: BoardApp

    def __init__(self) -> None:
        super().__init__(classes="dialog wide")

    def compose(self) -> ComposeResult:
        with Vertical(classes="box") as box:
            box.border_title = "Activity"
            box.border_subtitle = "enter opens · esc leaves"
            yield Static(EMPTY, markup=False, id="empty")
            yield OptionList(classes="grows", id="jobs", markup=False, compact=True)

    def on_mount(self) -> None:
        self._draw()
        self.set_interval(1, self._tick)
        self.query_one(OptionList).focus()

    def show(self, board: Board, before: Board) -> None:
        if board.jobs != before.jobs:
            self._draw()

    def _tick(self) -> None:
        """Times grow only while something goes on."""
        if self.app.board.running_jobs:
            self._draw()

    def _draw(self) -> None:
        rows = jobs_rows(tuple(self.app.board.jobs.values()), self.app.world.clock.now())
        self.query_one("#empty").display = not rows
        listed = self.query_one(OptionList)
        listed.display = bool(rows)
        chosen = listed.highlighted_option.id if listed.highlighted_option else None
        if [option.id for option in listed.options] != [str(number) for number, _ in rows]:
            listed.set_options(Option(words(line), id=str(number)) for number, line in rows)
        else:
            for number, line in rows:
                listed.replace_option_prompt(str(number), words(line))
        self.fit()
        if rows:
            listed.highlighted = listed.get_option_index(chosen) if chosen else 0

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.dismiss(int(event.option.id or 0))

    def action_move(self, step: int) -> None:
        listed = self.query_one(OptionList)
        listed.action_cursor_down() if step > 0 else listed.action_cursor_up()

    def action_leave(self) -> None:
        self.dismiss(None)
