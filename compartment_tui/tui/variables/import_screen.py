"""Variables from a dotenv file, or from lines pasted here; what they would change stands below."""

from collections.abc import Callable

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Button, Input, Static

from compartment_tui.domain.variables.edits import VariableEdit
from compartment_tui.present.text import fit, show_name
from compartment_tui.present.tone import Line
from compartment_tui.tui.base import BoardApp
from compartment_tui.tui.kit.choice import Choice
from compartment_tui.tui.kit.choice_line import ChoiceLine
from compartment_tui.tui.kit.dialog import Dialog
from compartment_tui.tui.kit.text_lines import TextLines
from compartment_tui.tui.kit.value_field import ValueField
from compartment_tui.tui.variables.draft import problem_line, scope_choice
from compartment_tui.tui.variables.editor_model import Editor
from compartment_tui.tui.variables.import_model import (
    ImportSource,
    import_lines,
    kept_choice,
    nothing_yet,
    replace_choice,
)
from compartment_tui.tui.variables.messages import ImportRead


class VariableImport(Dialog[tuple[VariableEdit, ...]]):
    """The edits to be staged; none when it was left."""

    BINDINGS = [
        Binding("escape", "leave", "Leave", id="import.leave"),
        Binding("down", "app.focus_next", "Next field", show=False),
        Binding("up", "app.focus_previous", "Previous field", show=False),
    ]
    app: BoardApp

    def __init__(self, editor: Editor, read_import: Callable[[ImportSource, str], None]) -> None:
        super().__init__(classes="dialog wide form")
        self._read_import = read_import
        self._editor = editor
        self._asked: ImportSource | None = None
        self._edits: tuple[VariableEdit, ...] | None = None
        """The edits that were read; None while there is nothing that can be staged."""

    def compose(self) -> ComposeResult:
        services = self._editor.after.services if self._editor.after else ()
        with Vertical(classes="box") as box:
            where = fit(show_name(self._editor.environment), 40)
            box.border_title = Content(f"Import into {where}")
            box.border_subtitle = "enter reads, then stages · tab next · esc leaves"
            with Horizontal(classes="row"):
                yield Static("file", classes="label", markup=False)
                path = Input(id="path", compact=True, placeholder="the path of a dotenv file")
                path.cursor_blink = False
                yield path
            with Horizontal(classes="row"):
                yield Static("or lines", classes="label", markup=False)
                yield ValueField(words="paste them here", id="lines")
            yield from _choice("for", scope_choice(services, self._editor.service), "scope")
            yield from _choice("kept", kept_choice(), "kept")
            yield from _choice("how", replace_choice(), "how")
            yield TextLines(id="problem")
            with VerticalScroll(classes="body grows", can_focus=False):
                yield TextLines(id="brings")
            with Horizontal(classes="buttons"):
                yield Button("Cancel  esc", id="no", compact=True)
                yield Button("Stage  ⏎", id="yes", compact=True)

    def on_mount(self) -> None:
        self.query_one("#path").focus()
        self._show((), *nothing_yet())

    # --- what is asked, and what comes back ------------------------------------------------------

    @property
    def _source(self) -> ImportSource:
        services = (None, *(self._editor.after.services if self._editor.after else ()))
        lines = self.query_one(ValueField)
        return ImportSource(
            environment=self._editor.environment,
            service=services[self.query_one("#scope", ChoiceLine).chosen],
            path=self.query_one("#path", Input).value.strip() if lines.empty else "",
            sensitive=bool(self.query_one("#kept", ChoiceLine).chosen),
            replace=bool(self.query_one("#how", ChoiceLine).chosen),
        )

    def _read(self) -> None:
        source = self._source
        self._edits = None
        text = self.query_one(ValueField).text
        if not source.path and not text:
            self._asked = None
            self._show((), *nothing_yet())
            return
        self._asked = source
        self._read_import(source, text)

    def take(self, message: ImportRead) -> None:
        """Show the edits or the error; an answer to an earlier question is dropped."""
        if message.source is not self._asked:
            return
        self._edits = message.edits
        if message.error is not None:
            self._show(problem_line(message.error))
        else:
            self._show((), *import_lines(self._editor, message.edits or (), message.notes))

    def _show(self, problem: Line, *lines: Line) -> None:
        self.query_one("#problem", TextLines).put(problem)
        self.query_one("#brings", TextLines).put(*lines)
        self.fit()

    # --- what is typed and chosen ----------------------------------------------------------------

    @on(Input.Changed, "#path")
    def _path_typed(self, event: Input.Changed) -> None:
        """Only enter reads a file: a path half typed is not one."""
        event.stop()
        self._edits = None

    @on(Input.Submitted, "#path")
    def _path_entered(self, event: Input.Submitted) -> None:
        event.stop()
        self._read_or_stage()

    @on(ValueField.Changed)
    def _typed(self, event: ValueField.Changed) -> None:
        event.stop()
        self._read()

    @on(ValueField.Submitted)
    def _entered(self, event: ValueField.Submitted) -> None:
        event.stop()
        self._read_or_stage()

    @on(ChoiceLine.Changed)
    def _chosen(self, event: ChoiceLine.Changed) -> None:
        event.stop()
        if event.line.id == "kept":
            self.query_one(ValueField).hide(bool(event.line.chosen))
        self._read()

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        event.stop()
        self._read_or_stage() if event.button.id == "yes" else self.action_leave()

    def _read_or_stage(self) -> None:
        if self._edits:
            self.dismiss(self._edits)
        else:
            self._read()

    def action_leave(self) -> None:
        self.dismiss(())


def _choice(label: str, choice: Choice, name: str) -> ComposeResult:
    with Horizontal(classes="row"):
        yield Static(label, classes="label", markup=False)
        yield ChoiceLine(choice, id=name)
