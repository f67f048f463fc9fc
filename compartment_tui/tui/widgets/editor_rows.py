"""The keys of one scope, each with what it comes to there."""

from dataclasses import dataclass

from textual.binding import Binding
from textual.message import Message

from compartment_tui.present.editor import Editor, EditorRow, editor_rows
from compartment_tui.present.editor_table import editor_grid, editor_notes
from compartment_tui.tui.widgets.table import KeyTable


class EditorRows(KeyTable):
    """Enter edits a row. What is staged is marked."""

    BINDINGS = [Binding("enter", "open", "Edit", show=False, id="variables.open")]

    @dataclass
    class Moved(Message):
        """The cursor is on another key."""

        key: str

    @dataclass
    class Opened(Message):
        """A person wants to edit this key."""

        key: str

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - the toolkit's name
        super().__init__(id=id)
        self._editor: Editor | None = None
        self.rows: tuple[EditorRow, ...] = ()

    def put_editor(self, editor: Editor) -> None:
        """Show its scope."""
        if self._editor is not None and same_rows(self._editor, editor):
            self._editor = editor
            return
        self._editor, self.rows = editor, editor_rows(editor)
        self._draw()

    def _draw(self) -> None:
        if self._editor is None or not self.size.width:
            return
        drawn = editor_grid(self.rows, self.room, service=self._editor.service)
        self.put(drawn, editor_notes(self._editor, self.rows))
        self.mark(frozenset(row.key for row in self.rows if row.staged))

    def on_resize(self) -> None:
        self._draw()
        super().on_resize()

    def chosen(self, key: str) -> None:
        self.post_message(self.Moved(key))

    def opened(self, key: str) -> None:
        self.post_message(self.Opened(key))


def same_rows(one: Editor, other: Editor) -> bool:
    """Whether both have the very same rows, so that nothing need be looked at again."""
    return (
        one.before is other.before
        and one.after is other.after
        and one.service == other.service
        and one.wanted == other.wanted
    )
