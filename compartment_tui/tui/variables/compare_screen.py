"""Two environments side by side; what is marked is copied from the other one, as staged edits."""

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.message import Message
from textual.screen import Screen

from compartment_tui.domain.variables.diff import Pair
from compartment_tui.domain.variables.edits import SetVariable
from compartment_tui.tui import messages as news
from compartment_tui.tui.base import BoardApp
from compartment_tui.tui.kit.key_table import KeyTable
from compartment_tui.tui.kit.text_lines import TextLines
from compartment_tui.tui.shell.key_hints import Hints
from compartment_tui.tui.variables.compare_model import (
    compare_grid,
    compare_notes,
    compare_title,
    compared,
    copies,
    differing,
)
from compartment_tui.tui.variables.editor_model import Editor


class ComparedRows(KeyTable):
    """Both values of each key."""

    class Taken(Message):
        """A person wants what is marked."""

    def opened(self, key: str) -> None:
        del key
        self.post_message(self.Taken())


class VariableCompare(Screen[tuple[SetVariable, ...]]):
    """The edits to be staged: none when it is only looked at."""

    BINDINGS = [
        Binding("enter", "take", "Copy it here", id="compare.take"),
        Binding("space", "mark", "Mark", id="compare.mark"),
        Binding("a", "mark_all", "Mark all that differ", id="compare.mark_all"),
        Binding("y", "copy", "Copy name", show=False, id="compare.copy"),
        Binding("escape", "leave", "Back", id="compare.leave"),
    ]
    app: BoardApp

    def __init__(self, editor: Editor, other: str) -> None:
        super().__init__()
        self._editor = editor
        self.other = other
        self.marked: frozenset[str] = frozenset()
        self.pairs: tuple[Pair, ...] = ()

    def compose(self) -> ComposeResult:
        yield TextLines(id="where")
        yield ComparedRows(id="pairs")
        yield Hints(id="hints")

    def on_mount(self) -> None:
        self.query_one(ComparedRows).focus()
        self.show_editor(self._editor)

    def show_editor(self, editor: Editor) -> None:
        """The file is another by now."""
        self._editor = editor
        self.pairs = compared(editor, self.other)
        self.marked &= differing(self.pairs)
        self._draw()

    def on_resize(self) -> None:
        self.call_after_refresh(self._draw)

    def _draw(self) -> None:
        if not self.is_mounted:
            return
        rows = self.query_one(ComparedRows)
        self.query_one("#where", TextLines).put(compare_title(self._editor, self.other))
        drawn = compare_grid(
            self.pairs,
            rows.room or self.size.width,
            here=self._editor.environment,
            other=self.other,
        )
        rows.put(drawn, compare_notes(self.pairs, len(self.marked)))
        rows.mark(self.marked)
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        del parameters
        changes = action in ("take", "mark", "mark_all")
        return not (changes and self.app.board.read_only)

    def action_mark(self) -> None:
        rows = self.query_one(ComparedRows)
        if rows.cursor is not None:
            self.marked = (self.marked ^ {rows.cursor}) & differing(self.pairs)
            rows.action_move(1)
            self._draw()

    def action_mark_all(self) -> None:
        """All that differ; none, when all were."""
        every = differing(self.pairs)
        self.marked = frozenset() if self.marked == every else every
        self._draw()

    @on(ComparedRows.Taken)
    def _taken(self, event: ComparedRows.Taken) -> None:
        event.stop()
        if not self.app.board.read_only:
            self.action_take()

    def action_take(self) -> None:
        """The marked rows, or the one under the cursor."""
        cursor = self.query_one(ComparedRows).cursor
        keys = self.marked or frozenset([cursor] if cursor else ())
        edits = copies(self._editor, self.pairs, keys & differing(self.pairs))
        if edits:
            self.dismiss(edits)
        else:
            self.notify("there is nothing to copy from there", severity="warning", markup=False)

    def action_copy(self) -> None:
        cursor = self.query_one(ComparedRows).cursor
        if cursor is not None:
            self.post_message(news.CopyWanted(cursor, "name"))

    def action_leave(self) -> None:
        self.dismiss(())
