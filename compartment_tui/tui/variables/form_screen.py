"""One variable being written down; below, what each service would get, letter by letter."""

from dataclasses import replace

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button, Input, Static

from compartment_tui.domain.errors import UsageProblem
from compartment_tui.domain.variable import Sensitivity
from compartment_tui.domain.variables.edits import SetVariable
from compartment_tui.present.text import fit, show, show_name
from compartment_tui.present.tone import Line, Tone, line
from compartment_tui.tui.kit.choice_line import ChoiceLine
from compartment_tui.tui.kit.dialog import Dialog
from compartment_tui.tui.kit.text_lines import TextLines
from compartment_tui.tui.kit.value_field import ValueField
from compartment_tui.tui.variables.draft import (
    KEY_WORDS,
    draft_of,
    nothing_typed,
    problem_line,
    scope_choice,
    sensitivity_choice,
    typed_at_first,
    value_words,
)
from compartment_tui.tui.variables.editor_model import Editor, in_force
from compartment_tui.tui.variables.effect import effect_lines, effects, headline


class VariableForm(Dialog[SetVariable | None]):
    """The edit to be staged. `key` empty: it is still to be named."""

    BINDINGS = [
        Binding("escape", "leave", "Leave", id="form.leave"),
        Binding("down", "app.focus_next", "Next field", show=False),
        Binding("up", "app.focus_previous", "Previous field", show=False),
    ]

    def __init__(self, editor: Editor, *, service: str | None, key: str) -> None:
        super().__init__(classes="dialog wide form")
        self._editor = editor
        there = in_force(editor, service, key)
        self._draft = draft_of(editor.environment, service, key, there)
        self._field = ValueField(
            typed_at_first(there),
            hidden=self._sensitive,
            words=value_words(self._draft.sensitivity),
            id="value",
        )

    # --- drawing ---------------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        draft = self._draft
        services = self._editor.after.services if self._editor.after else ()
        with Vertical(classes="box") as box:
            what = show(draft.key) or "New variable"
            box.border_title = Content(f"{what} in {fit(show_name(draft.environment), 40)}")
            box.border_subtitle = (
                "enter stages · tab next · ctrl+j new line · ctrl+z undoes · esc leaves"
            )
            with Horizontal(classes="row"):
                yield Static("key", classes="label", markup=False)
                if draft.new:
                    name = Input(id="key", compact=True, placeholder=KEY_WORDS)
                    name.cursor_blink = False
                    yield name
                else:
                    yield Static(Content(f" {show(draft.key)}"), id="name", markup=False)
            with Horizontal(classes="row"):
                yield Static("for", classes="label", markup=False)
                yield ChoiceLine(scope_choice(services, draft.service), id="scope")
            with Horizontal(classes="row"):
                yield Static("kept", classes="label", markup=False)
                yield ChoiceLine(sensitivity_choice(draft.sensitivity), id="sensitivity")
            with Horizontal(classes="row"):
                yield Static("value", classes="label", markup=False)
                yield self._field
            yield TextLines(id="problem")
            yield TextLines(id="headline")
            yield TextLines(id="gets", classes="grows")
            with Horizontal(classes="buttons"):
                yield Button("Cancel  esc", id="no", compact=True)
                yield Button("Stage  ⏎", id="yes", compact=True)

    def on_mount(self) -> None:
        self.query_one("#key" if self._draft.new else "#value").focus()
        self._draw()

    def on_resize(self) -> None:
        super().on_resize()
        self.call_after_refresh(self._draw)

    def show_editor(self, editor: Editor) -> None:
        """The file is another by now, or something else runs: the same draft, judged anew."""
        self._editor = editor
        self._draw()

    def _draw(self) -> None:
        gets = self.query_one("#gets", TextLines)
        room = max(20, gets.content_size.width or self.size.width - 10)
        problem = self._draft.problem(self._field.value)
        self.query_one("#problem", TextLines).put(problem or ())
        editor, head = self._editor, line("what each service would get", Tone.QUIET)
        lines: tuple[Line, ...] = ()
        before = editor.before
        after = editor.after
        if self._draft.key and not problem and not self._unfinished:
            after = editor.trying(self._draft.edit(self._field.value)) or after
        if self._draft.key and before and after:
            found = effects(before, after, self._draft.key)
            lines = effect_lines(found, room, max(3, self.size.height - 16))
            head = headline(
                self._draft.key, found, environment=self._draft.environment, trying=True
            )
        self.query_one("#headline", TextLines).put(head)
        gets.put(*lines)
        self.fit()

    # --- what is typed and chosen ----------------------------------------------------------------

    @property
    def _sensitive(self) -> bool:
        return self._draft.sensitivity is Sensitivity.SENSITIVE

    @property
    def _unfinished(self) -> bool:
        """A sensitive value of which nothing was typed yet: an empty one must be meant."""
        return self._sensitive and self._field.empty

    @on(Input.Changed, "#key")
    def _named(self, event: Input.Changed) -> None:
        event.stop()
        self._draft = replace(self._draft, key=event.value.strip())
        self._draw()

    @on(Input.Submitted, "#key")
    def _named_it(self, event: Input.Submitted) -> None:
        event.stop()
        self.set_focus(self._field)

    @on(ChoiceLine.Changed)
    def _chosen(self, event: ChoiceLine.Changed) -> None:
        event.stop()
        if event.line.id == "scope":
            services = (None, *(self._editor.after.services if self._editor.after else ()))
            self._draft = replace(self._draft, service=services[event.line.chosen])
        else:
            chosen = Sensitivity.SENSITIVE if event.line.chosen else Sensitivity.PLAIN
            self._draft = replace(self._draft, sensitivity=chosen)
            self._field.hide(self._sensitive, words=value_words(chosen))
        self._draw()

    @on(ValueField.Changed)
    def _typed(self, event: ValueField.Changed) -> None:
        event.stop()
        self._draw()

    @on(ValueField.Submitted)
    def _entered(self, event: ValueField.Submitted) -> None:
        event.stop()
        self._stage()

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        event.stop()
        self._stage() if event.button.id == "yes" else self.action_leave()

    def _stage(self) -> None:
        """Done, if it can be; else why not, and the field that is to blame has the keys."""
        if not self._draft.key:
            self.query_one("#key").focus()
            return
        if self._unfinished:
            self.query_one("#problem", TextLines).put(nothing_typed())
            self.set_focus(self._field)
            return
        try:
            self.dismiss(self._draft.edit(self._field.value))
        except UsageProblem as error:
            self.query_one("#problem", TextLines).put(problem_line(error))

    def action_leave(self) -> None:
        self.dismiss(None)
