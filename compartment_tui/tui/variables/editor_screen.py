"""The variable editor: every edit is staged, and taken back or written with the others."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.screen import Screen

from compartment_tui.domain.variables.edits import RemoveVariable, SetVariable, VariableEdit
from compartment_tui.domain.variables.sheet import Sheet
from compartment_tui.tui import messages as news
from compartment_tui.tui.base import BoardApp
from compartment_tui.tui.kit.choose import ChooseScreen
from compartment_tui.tui.kit.confirm import AskScreen
from compartment_tui.tui.kit.filter_line import Narrow
from compartment_tui.tui.shell.key_bindings import environment_bindings
from compartment_tui.tui.shell.key_hints import Hints
from compartment_tui.tui.state.app_state import Board
from compartment_tui.tui.variables.compare_screen import VariableCompare
from compartment_tui.tui.variables.editor_bridge import VariableBridge
from compartment_tui.tui.variables.editor_model import Editor, Place, declared, place_of
from compartment_tui.tui.variables.editor_rows import EditorRows
from compartment_tui.tui.variables.editor_view import BESIDE, EditorView
from compartment_tui.tui.variables.form_screen import VariableForm
from compartment_tui.tui.variables.import_screen import VariableImport
from compartment_tui.tui.variables.messages import WriteWanted
from compartment_tui.tui.variables.scope_bar import ScopeBar
from compartment_tui.tui.variables.staged_edits import (
    accepted_readers,
    leave_question,
    protected_names,
    write_question,
)
from compartment_tui.tui.variables.write_screen import WriteScreen

NEEDS_STAGED = ("write", "undo")
NEEDS_WRITING = ("edit", "new", "import", "write", "undo", "remove")
NEEDS_A_ROW = ("edit", "remove")


class VariablesScreen(Screen[None]):
    """Nothing is in the file before `W`; nothing that was staged goes away by itself."""

    VERTICAL_BREAKPOINTS = [(0, "-short"), (30, "-tall")]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (BESIDE, "-wide")]
    BINDINGS = [
        *environment_bindings("env.variables"),
        Binding("right_square_bracket,right", "scope_by(1)", "Next scope", show=False,
                id="pane.variables.next"),
        Binding("left_square_bracket,left", "scope_by(-1)", "Previous scope", show=False,
                id="pane.variables.previous"),
        Binding("slash", "filter", "Filter", id="view.variables.filter"),
        Binding("y", "copy", "Copy name", show=False, id="variables.copy"),
        Binding("ctrl+r,f5", "refresh", "Refresh", show=False, id="view.variables.refresh"),
        Binding("e", "edit", "Edit", id="variables.edit"),
        Binding("n", "new", "New", id="variables.new"),
        Binding("c", "compare", "Compare", id="variables.compare"),
        Binding("i", "import", "Import", show=False, id="variables.import"),
        Binding("escape", "leave", "Back", show=False, id="variables.leave"),
        Binding("W", "write", "Write", id="variables.write"),
        Binding("U", "undo", "Undo", id="variables.undo"),
        Binding("X", "remove", "Remove", id="variables.remove"),
    ]  # fmt: skip
    app: BoardApp

    def __init__(self, bridge: VariableBridge, service: str | None, key: str | None = None) -> None:
        super().__init__()
        self.bridge = bridge
        self.editor = Editor(service=service)
        self._view = EditorView()
        self._first = key
        """The key to begin at, until its row was there."""

    @property
    def holds_keys(self) -> bool:
        """Until the sheet is here or cannot be had: what is typed before means the keys on it."""
        return self.editor.before is None and self.app.board.trouble is None

    def compose(self) -> ComposeResult:
        yield self._view
        yield Hints(id="hints")

    def on_mount(self) -> None:
        self._view.take_keys()
        self._ask()
        self._draw()

    # --- what arrives ----------------------------------------------------------------------------

    def show(self, board: Board, before: Board) -> None:
        """Another environment was chosen, or there is news of it: perhaps of the file too."""
        self._view.put_trouble(board, self.app.world.clock.now())
        if board.environment != before.environment or board.status is not before.status:
            self._ask()
        if board.environments is not before.environments:
            self._draw()

    def _ask(self) -> None:
        environment = self.app.board.environment
        if environment:
            self.bridge.sheet(environment)

    def take_sheet(self, sheet: Sheet) -> None:
        """The file as it is by now, and what runs; that of another environment is late."""
        if sheet.environment != self.app.board.environment or sheet == self.editor.before:
            return
        self.become(self.editor.with_sheet(sheet))
        if self._first is not None:
            self._view.point_at(self._first)
            self._first = None

    def become(self, editor: Editor) -> None:
        """Something of it is another: whoever is writing something down hears of it too."""
        self.editor = editor
        self._draw()
        for screen in self.app.screen_stack:
            if isinstance(screen, VariableForm | VariableCompare):
                screen.show_editor(editor)

    def _draw(self) -> None:
        if self.is_mounted:
            self._view.put(self.editor, self.app.board)
            self.refresh_bindings()

    # --- looking around --------------------------------------------------------------------------

    @on(EditorRows.Moved)
    def _moved(self, event: EditorRows.Moved) -> None:
        event.stop()
        self.refresh_bindings()

    @on(ScopeBar.Chosen)
    def _scope_chosen(self, event: ScopeBar.Chosen) -> None:
        event.stop()
        self.become(self.editor.choosing(event.service))

    def action_scope_by(self, step: int) -> None:
        self.become(self.editor.by(step))

    def action_environment(self, number: int) -> None:
        environments = self.app.board.environments
        if number <= len(environments):
            chosen = environments[number - 1].key.environment
            self.post_message(news.EnvironmentChosen(chosen))

    def action_filter(self) -> None:
        self._view.open_filter()

    @on(Narrow.Typed)
    def _narrowed(self, event: Narrow.Typed) -> None:
        event.stop()
        if event.wanted != self.editor.wanted:
            self.become(replace(self.editor, wanted=event.wanted))

    def action_refresh(self) -> None:
        self.app.feeds.look()
        self._ask()

    def action_copy(self) -> None:
        key = self._view.cursor
        if key is not None:
            self.post_message(news.CopyWanted(key, "name"))

    # --- staging ---------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        del parameters
        if self.app.board.read_only and action in NEEDS_WRITING:
            return False
        if action in NEEDS_STAGED:
            return bool(self.editor.staged)
        if action in NEEDS_A_ROW:
            return self._view.cursor is not None
        return True

    @on(EditorRows.Opened)
    def _opened(self, event: EditorRows.Opened) -> None:
        event.stop()
        self.action_edit()

    def action_edit(self) -> None:
        key = self._view.cursor
        if key is not None and not self.app.board.read_only:
            self._write_down(key)

    def action_new(self) -> None:
        if self.editor.before is not None:
            self._write_down("")

    def _write_down(self, key: str) -> None:
        form = VariableForm(self.editor, service=self.editor.service, key=key)
        self.app.push_screen(form, self._written_down)

    def _written_down(self, edit: SetVariable | None) -> None:
        if edit is None:
            return
        self.stage(edit)
        self._view.point_at(edit.key)

    def stage(self, *edits: VariableEdit) -> None:
        """Put these to what is to be written."""
        self.become(self.editor.staging(edits))

    def action_import(self) -> None:
        if self.editor.before is not None:
            self.app.push_screen(
                VariableImport(self.editor, self.bridge.read_import), self._brought
            )

    def action_compare(self) -> None:
        """Beside another environment; which one is asked where there are several."""
        names = [view.key.environment for view in self.app.board.environments]
        others = [name for name in names if name != self.editor.environment]
        if self.editor.before is None or not others:
            self.notify("there is no other environment to compare with", markup=False)
        elif len(others) == 1:
            self._compare(others[0])
        else:
            self.app.push_screen(ChooseScreen("Compare with", others), self._compare)

    def _compare(self, other: str | None) -> None:
        if other is not None:
            self.app.push_screen(VariableCompare(self.editor, other), self._brought)

    def _brought(self, edits: Sequence[VariableEdit] | None) -> None:
        """From an import or from another environment."""
        if edits:
            self.stage(*edits)
            self._view.point_at(edits[0].key)

    def action_remove(self) -> None:
        """Stage that the key goes away at this scope; what was only staged is taken back."""
        key, editor = self._view.cursor, self.editor
        if key is None or editor.before is None:
            return
        place = Place(environment=editor.environment, service=editor.service, key=key)
        if editor.after is not None and declared(editor.after.config, place) is None:
            self._say_where(key)
            return
        self.stage(
            RemoveVariable(environment=place.environment, service=place.service, key=place.key)
        )

    def _say_where(self, key: str) -> None:
        words = f"{key} has no value of its own here: it is removed where it is set"
        self.notify(words, severity="warning", markup=False)

    def action_undo(self) -> None:
        """Take back what is staged for this key; where nothing is, what was staged last."""
        editor = self.editor
        key = self._view.cursor or ""
        here = editor.staged_at(key, editor.service) or editor.staged_at(key, None)
        edit = here or (editor.staged[-1] if editor.staged else None)
        if edit is not None:
            self.become(editor.dropping(place_of(edit)))
            self.notify(f"taken back: {edit.key}", timeout=3, markup=False)

    # --- writing and leaving ---------------------------------------------------------------------

    def action_write(self) -> None:
        if self.editor.staged:
            question = write_question(self.editor, file=self.app.world.project.file.name)
            names = protected_names(self.editor)
            accepted = accepted_readers(self.editor)
            self.app.push_screen(WriteScreen(question, names), partial(self._write, accepted))

    def _write(self, accepted: tuple[str, ...], yes: bool | None) -> None:
        if yes:
            self.post_message(WriteWanted(self.editor.staged, accepted))

    def action_leave(self) -> None:
        """First out of the filter, then out of the editor."""
        if self.editor.wanted:
            self._view.clear_filter()
            return
        if not self.editor.staged:
            self.app.pop_screen()
            return
        self.app.push_screen(AskScreen(leave_question(self.editor)), self._leave)

    def _leave(self, yes: bool | None) -> None:
        if yes:
            self.app.pop_screen()
