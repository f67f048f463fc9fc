"""The variable editor in the application: opened, told the news, written, left."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from compartment_tui.domain.variables.sheet import Sheet
from compartment_tui.present.text import counted
from compartment_tui.tui.base import BoardApp, Part, mounted_screens
from compartment_tui.tui.messages import ActWanted, EditorWanted
from compartment_tui.tui.variables.editor_bridge import VariableBridge
from compartment_tui.tui.variables.messages import (
    ImportRead,
    VariablesWritten,
    WriteRefused,
    WriteWanted,
)

if TYPE_CHECKING:
    from compartment_tui.domain.requests import Redeploy
    from compartment_tui.tui.variables.editor_screen import VariablesScreen

LONG_SECONDS = 20
"""Seconds for which the names of the readers are shown: it is said once."""


class VariableEditorController(Part):
    """Opens and leaves the editor, and writes through the bridge; its screen has what is staged."""

    def __init__(self, app: BoardApp, bridge: VariableBridge) -> None:
        super().__init__(app)
        self.bridge = bridge
        self._editor: VariablesScreen | None = None

    @property
    def open_screen(self) -> "VariablesScreen | None":
        """The open editor."""
        return self._editor if self._editor in mounted_screens(self.app) else None

    def open(self, message: EditorWanted) -> None:
        """Once, however often it is wanted."""
        if not self.board.environment:
            self.say_not_known_yet()
        elif self.open_screen is None:
            from compartment_tui.tui.variables.editor_screen import VariablesScreen

            self._editor = VariablesScreen(self.bridge, message.service, message.key)
            self.push_screen(self._editor)

    def take_sheet(self, sheet: Sheet) -> bool:
        """Whether there is an editor that it is for."""
        screen = self.open_screen
        if screen is not None:
            screen.take_sheet(sheet)
        return screen is not None

    def take_import(self, message: ImportRead) -> None:
        """To the dialog that asked for it."""
        from compartment_tui.tui.variables.import_screen import VariableImport

        for screen in mounted_screens(self.app):
            if isinstance(screen, VariableImport):
                screen.take(message)

    # --- writing ---------------------------------------------------------------------------------

    def write(self, message: WriteWanted) -> None:
        """Into the project file, where that is allowed."""
        if message.edits and not self.board.read_only:
            self.bridge.write(message.edits, message.accepted)

    def take_written(self, message: VariablesWritten) -> None:
        """Staged no longer; whoever runs without it can be given it now."""
        from compartment_tui.domain.variables.edits import is_sensitive
        from compartment_tui.present.recipients import first_reader_words, reader_count_words
        from compartment_tui.tui.variables.staged_edits import offers

        screen = self.open_screen
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
        self.feeds.look()
        if found:
            self._offer(*found)

    def _offer(self, offer: "Redeploy", *others: "Redeploy") -> None:
        from compartment_tui.tui.kit.confirm import AskScreen
        from compartment_tui.tui.variables.staged_edits import redeploy_question

        names = tuple(other.environment for other in others)

        def answered(yes: bool | None) -> None:
            if yes:
                self.post_message(ActWanted(offer))

        self.push_screen(AskScreen(redeploy_question(offer, names)), answered)

    def refuse(self, message: WriteRefused) -> None:
        """Nothing was written: everything stays staged."""
        from compartment_tui.tui.kit.confirm import AskScreen
        from compartment_tui.tui.variables.staged_edits import trouble_question

        def answered(yes: bool | None) -> None:
            if yes:
                self.post_message(WriteWanted(message.edits, message.accepted))

        self.push_screen(AskScreen(trouble_question(message.error)), answered)

    # --- leaving ---------------------------------------------------------------------------------

    def leave(self, leave: Callable[[], None]) -> None:
        """Leave the application by `leave`; something staged is not dropped without a word."""
        screen = self.open_screen
        if screen is None or not screen.editor.staged:
            leave()
            return
        from compartment_tui.tui.kit.confirm import AskScreen
        from compartment_tui.tui.variables.staged_edits import leave_question

        def answered(yes: bool | None) -> None:
            if yes:
                leave()

        if not isinstance(self.screen, AskScreen):
            self.push_screen(AskScreen(leave_question(screen.editor)), answered)
