"""The variable editor's half of the application: opened, told the news, written, left."""

from compartment_tui.present.acts import Act, Verb
from compartment_tui.present.staged import (
    Redeploy,
    leave_question,
    offers,
    redeploy_question,
    trouble_question,
)
from compartment_tui.present.text import counted
from compartment_tui.tui import messages as news
from compartment_tui.tui.acting import Acting
from compartment_tui.tui.base import standing
from compartment_tui.tui.screens.ask import AskScreen
from compartment_tui.tui.screens.variable_import import VariableImport
from compartment_tui.tui.screens.variables import VariablesScreen


class Editing(Acting):
    """What is staged lives on the editor's screen; what is written goes through the bridge."""

    @property
    def editor_screen(self) -> VariablesScreen | None:
        """The open editor."""
        found = (one for one in standing(self) if isinstance(one, VariablesScreen))
        return next(found, None)

    def on_editor_wanted(self, message: news.EditorWanted) -> None:
        if self.editor_screen is None:
            self.push_screen(VariablesScreen(message.service, message.key))

    def on_sheet_arrived(self, message: news.SheetArrived) -> None:
        screen = self.editor_screen
        if screen is not None:
            screen.take_sheet(message.sheet)

    def on_import_read(self, message: news.ImportRead) -> None:
        for screen in standing(self):
            if isinstance(screen, VariableImport):
                screen.take(message)

    # --- writing ---------------------------------------------------------------------------------

    def on_write_wanted(self, message: news.WriteWanted) -> None:
        if message.edits and not self.board.read_only:
            self.bridge.write(message.edits)

    def on_variables_written(self, message: news.VariablesWritten) -> None:
        """Staged no longer; whoever runs without it can be given it now."""
        screen = self.editor_screen
        count = counted(len(message.edits), "edit")
        self.notify(f"{count} written to {self.world.project.file.name}", markup=False)
        if screen is None:
            return
        found = offers(screen.editor, message.edits)
        screen.become(screen.editor.written(message.edits))
        self.bridge.sheet(self.board.environment)
        self.bridge.look()
        if found:
            self._offer(*found)

    def _offer(self, offer: Redeploy, *others: Redeploy) -> None:
        names = tuple(one.environment for one in others)

        def answered(yes: bool | None) -> None:
            act = Act(verb=Verb.REDEPLOY, environment=offer.environment, services=offer.services)
            if yes:
                self.post_message(news.ActWanted(act))

        self.push_screen(AskScreen(redeploy_question(offer, names)), answered)

    def on_write_refused(self, message: news.WriteRefused) -> None:
        """Nothing was written: everything stays staged."""

        def answered(yes: bool | None) -> None:
            if yes:
                self.post_message(news.WriteWanted(message.edits))

        self.push_screen(AskScreen(trouble_question(message.error)), answered)

    # --- leaving ---------------------------------------------------------------------------------

    def action_leave(self) -> None:
        """Quit; something staged is not dropped without a word."""
        screen = self.editor_screen
        if screen is None or not screen.editor.staged:
            super().action_leave()
        elif not isinstance(self.screen, AskScreen):
            self.push_screen(AskScreen(leave_question(screen.editor)), self._leave_editor)

    def _leave_editor(self, yes: bool | None) -> None:
        if yes:
            super().action_leave()
