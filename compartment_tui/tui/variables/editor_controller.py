"""The variable editor's half of the application: opened, told the news, written, left."""

from typing import TYPE_CHECKING

from compartment_tui.present.text import counted
from compartment_tui.tui.base import mounted_screens
from compartment_tui.tui.messages import ActWanted
from compartment_tui.tui.runs.run_controller import Acting
from compartment_tui.tui.variables.messages import (
    EditorWanted,
    ImportRead,
    SheetArrived,
    VariablesWritten,
    WriteRefused,
    WriteWanted,
)

if TYPE_CHECKING:
    from compartment_tui.domain.requests import Redeploy
    from compartment_tui.tui.variables.editor_screen import VariablesScreen

LONG_SECONDS = 20
"""How long it stands there who may read sensitive values: it is said once."""


class Editing(Acting):
    """What is staged lives on the editor's screen; what is written goes through the bridge."""

    _editor: "VariablesScreen | None" = None

    @property
    def editor_screen(self) -> "VariablesScreen | None":
        """The open editor."""
        return self._editor if self._editor in mounted_screens(self) else None

    def on_editor_wanted(self, message: EditorWanted) -> None:
        if not self.board.environment:
            self.say_not_known_yet()
        elif self.editor_screen is None:
            from compartment_tui.tui.variables.editor_screen import VariablesScreen

            self._editor = VariablesScreen(message.service, message.key)
            self.push_screen(self._editor)

    def on_sheet_arrived(self, message: SheetArrived) -> None:
        screen = self.editor_screen
        if screen is not None:
            screen.take_sheet(message.sheet)
            self.say_old_seals()

    def on_import_read(self, message: ImportRead) -> None:
        from compartment_tui.tui.variables.import_screen import VariableImport

        for screen in mounted_screens(self):
            if isinstance(screen, VariableImport):
                screen.take(message)

    # --- writing ---------------------------------------------------------------------------------

    def on_write_wanted(self, message: WriteWanted) -> None:
        if message.edits and not self.board.read_only:
            self.bridge.write(message.edits, message.accepted)

    def on_variables_written(self, message: VariablesWritten) -> None:
        """Staged no longer; whoever runs without it can be given it now."""
        from compartment_tui.domain.variables.edits import is_sensitive
        from compartment_tui.present.recipients import first_reader_words, reader_count_words
        from compartment_tui.tui.variables.staged_edits import offers

        screen = self.editor_screen
        count = counted(len(message.edits), "edit")
        words = f"{count} written to {self.world.project.file.name}"
        timeout = None
        if message.readers:
            sealed = sum(is_sensitive(edit) for edit in message.edits)
            words = f"{words}\n{reader_count_words(message.readers, sealed)}"
        if message.first_reader is not None:
            words, timeout = f"{words}\n{first_reader_words(message.first_reader)}", LONG_SECONDS
        self.notify(words, timeout=timeout, markup=False)
        if screen is None:
            return
        found = offers(screen.editor, message.edits)
        screen.become(screen.editor.written(message.edits))
        self.bridge.sheet(self.board.environment)
        self.bridge.look()
        if found:
            self._offer(*found)

    def _offer(self, offer: "Redeploy", *others: "Redeploy") -> None:
        from compartment_tui.tui.kit.confirm import AskScreen
        from compartment_tui.tui.variables.staged_edits import redeploy_question

        names = tuple(one.environment for one in others)

        def answered(yes: bool | None) -> None:
            if yes:
                self.post_message(ActWanted(offer))

        self.push_screen(AskScreen(redeploy_question(offer, names)), answered)

    def on_write_refused(self, message: WriteRefused) -> None:
        """Nothing was written: everything stays staged."""
        from compartment_tui.tui.kit.confirm import AskScreen
        from compartment_tui.tui.variables.staged_edits import trouble_question

        def answered(yes: bool | None) -> None:
            if yes:
                self.post_message(WriteWanted(message.edits, message.accepted))

        self.push_screen(AskScreen(trouble_question(message.error)), answered)

    # --- leaving ---------------------------------------------------------------------------------

    def action_leave(self) -> None:
        """Quit; something staged is not dropped without a word."""
        screen = self.editor_screen
        if screen is None or not screen.editor.staged:
            super().action_leave()
            return
        from compartment_tui.tui.kit.confirm import AskScreen
        from compartment_tui.tui.variables.staged_edits import leave_question

        if not isinstance(self.screen, AskScreen):
            self.push_screen(AskScreen(leave_question(screen.editor)), self._leave_editor)

    def _leave_editor(self, yes: bool | None) -> None:
        if yes:
            super().action_leave()
