"""The keys of one scope, each with what it comes to there."""

from dataclasses import dataclass

from textual.binding import Binding
from textual.message import Message

from compartment_tui.tui.kit.grid import Row
from compartment_tui.tui.kit.key_table import KeyTable
from compartment_tui.tui.variables.editor_model import Editor, EditorRow, editor_rows, fits
from compartment_tui.tui.variables.editor_table import drawn_rows, editor_grid, editor_notes


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
        self._rows: tuple[tuple[EditorRow, Row], ...] = ()
        """All of the scope: of thousands, typing a filter makes none anew."""
        self.rows: tuple[EditorRow, ...] = ()
        """Those that are wanted."""

    def put_editor(self, editor: Editor) -> None:
        """Show its scope."""
        before, self._editor = self._editor, editor
        if before is None or not same_scope(before, editor):
            rows = editor_rows(editor)
            self._rows = tuple(zip(rows, drawn_rows(rows, service=editor.service), strict=True))
        elif before.wanted == editor.wanted and before.staged == editor.staged:
            return
        self._draw()

    def _draw(self) -> None:
        editor = self._editor
        if editor is None or not self.size.width:
            return
        wanted = [(row, drawn) for row, drawn in self._rows if fits(row.key, editor.wanted)]
        self.rows = tuple(row for row, _ in wanted)
        rows = [drawn for _, drawn in wanted]
        notes = editor_notes(editor, self.rows)
        self.put(editor_grid(rows, self.room, service=editor.service), notes)
        self.mark(frozenset(row.key for row in self.rows if row.staged))

    def on_resize(self) -> None:
        self._draw()
        super().on_resize()

    def chosen(self, key: str) -> None:
        self.post_message(self.Moved(key))

    def opened(self, key: str) -> None:
        self.post_message(self.Opened(key))


def same_scope(one: Editor, other: Editor) -> bool:
    """Whether both have the very same rows, wanted or not."""
    return one.before is other.before and one.after is other.after and one.service == other.service
