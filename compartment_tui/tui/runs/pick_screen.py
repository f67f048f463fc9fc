"""A list to choose a rollback or a promotion from; the likeliest is chosen already."""

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.fuzzy import Matcher
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from compartment_tui.domain.requests import PromoteFrom, Rollback
from compartment_tui.present.tone import line
from compartment_tui.tui.kit.dialog import Dialog
from compartment_tui.tui.kit.styled_text import words
from compartment_tui.tui.runs.rollback_choices import RollbackChoice


class PickScreen(Dialog[Rollback | PromoteFrom | None]):
    """The chosen request, yet to be planned and confirmed."""

    BINDINGS = [
        Binding("escape", "leave", "Back", id="pick.leave"),
        Binding("slash", "filter", "Filter", id="pick.filter"),
        Binding("j,down", "move(1)", "Next", show=False, id="pick.next"),
        Binding("k,up", "move(-1)", "Previous", show=False, id="pick.previous"),
    ]

    def __init__(self, title: str, choices: Sequence[RollbackChoice], *, nothing: str = "") -> None:
        super().__init__(classes="dialog wide")
        self._title = title
        self._nothing = nothing
        self._choices = tuple(choices)

    def compose(self) -> ComposeResult:
        with Vertical(classes="box") as box:
            box.border_title = Content(self._title)
            box.border_subtitle = "enter shows the plan · / filters · esc leaves"
            field = Input(placeholder="filter", id="filter", compact=True)
            field.cursor_blink = False
            yield field
            yield OptionList(classes="grows", id="choices", markup=False, compact=True)
            words = "nothing matches" if self._choices else self._nothing
            yield Static(words, id="none", markup=False)

    def on_mount(self) -> None:
        self.query_one("#filter").display = False
        self._fill("")
        self.query_one(OptionList).focus()

    def _fill(self, query: str) -> None:
        """The choices that match, under their headings; the first one is chosen."""
        matcher = Matcher(query)
        found = [
            (place, choice)
            for place, choice in enumerate(self._choices)
            if not query or matcher.match(choice.text) > 0
        ]
        options: list[Option] = []
        group = ""
        for place, choice in found:
            if choice.group != group:
                heading = ("\n" if group else "") + choice.group
                group = choice.group
                options.append(Option(words(line(heading)), disabled=True))
            options.append(Option(words(choice.line), id=str(place)))
        listed = self.query_one(OptionList)
        listed.set_options(options)
        listed.highlighted = listed.get_option_index(str(found[0][0])) if found else None
        self.query_one("#none").display = not found
        self.fit()

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._fill(event.value)

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        self.query_one(OptionList).action_select()

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        if event.option.id is not None:
            self.dismiss(self._choices[int(event.option.id)].request)

    def action_filter(self) -> None:
        field = self.query_one(Input)
        field.display = True
        field.focus()

    def action_move(self, step: int) -> None:
        listed = self.query_one(OptionList)
        listed.action_cursor_down() if step > 0 else listed.action_cursor_up()

    def action_leave(self) -> None:
        """First out of the filter, then out of the list."""
        field = self.query_one(Input)
        if not field.display:
            self.dismiss(None)
            return
        field.value = ""
        field.display = False
        self.query_one(OptionList).focus()
