"""Variables to look at: scopes above, keys in the middle, and below what each service gets."""

from datetime import datetime

from textual import on
from textual.app import ComposeResult
from textual.containers import Container, Vertical

from compartment_tui.present.tone import Cell, line_width
from compartment_tui.tui.kit.filter_line import Narrow
from compartment_tui.tui.kit.text_lines import TextLines
from compartment_tui.tui.shell.banner import Banner
from compartment_tui.tui.state.app_state import Board
from compartment_tui.tui.variables.editor_model import Editor
from compartment_tui.tui.variables.editor_rows import EditorRows
from compartment_tui.tui.variables.editor_table import scope_tabs, staged_words, title_line
from compartment_tui.tui.variables.effect import effect_lines, effects, headline
from compartment_tui.tui.variables.scope_bar import ScopeBar

BESIDE = 160
"""From so many columns on the effect stands beside the keys."""
PANEL = 84
"""Columns it has there."""


class EditorView(Vertical):
    """Draws an editor, and points at one of its keys. It changes nothing."""

    DEFAULT_CSS = """
    EditorView { height: 1fr; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._editor = Editor()
        self._board = Board()

    def compose(self) -> ComposeResult:
        yield TextLines(id="where")
        yield ScopeBar(id="scopes")
        yield Banner(id="banner")
        narrow = Narrow(id="filter")
        narrow.placeholder = "filter: a part of the name, !not"
        yield narrow
        with Container(id="body"):
            yield EditorRows(id="rows")
            with Vertical(id="panel"):
                yield TextLines(id="headline")
                yield TextLines(id="gets")

    @property
    def cursor(self) -> str | None:
        """The key it points at."""
        return self.query_one(EditorRows).cursor if self.is_mounted else None

    def point_at(self, key: str) -> None:
        """Point at this key, where the scope has it."""
        self.query_one(EditorRows).point_at(key)
        self._draw_effect()

    def take_keys(self) -> None:
        """The keyboard belongs to the rows."""
        self.query_one(EditorRows).focus()

    def open_filter(self) -> None:
        self.query_one(Narrow).open()

    def clear_filter(self) -> None:
        self.query_one(Narrow).clear_all()

    # --- drawing ---------------------------------------------------------------------------------

    def put(self, editor: Editor, board: Board) -> None:
        """Draw what differs."""
        self._editor, self._board = editor, board
        if not self.is_mounted:
            return
        self._draw_title()
        self.query_one(ScopeBar).put(scope_tabs(editor))
        self.query_one(EditorRows).put_editor(editor)
        self._draw_effect()

    def put_trouble(self, board: Board, now: datetime) -> None:
        """Show the banner, where there is trouble."""
        self.query_one(Banner).show(board, now)

    def on_resize(self) -> None:
        self.call_after_refresh(lambda: self.put(self._editor, self._board))

    def _draw_title(self) -> None:
        editor, board = self._editor, self._board
        name = editor.environment or board.environment
        protected = any(
            environment.protected
            for environment in board.environments
            if environment.key.environment == name
        )
        left = title_line(editor, protected=protected, read_only=board.read_only)
        right = staged_words(editor)
        gap = max(1, self.size.width - line_width(left) - line_width(right))
        self.query_one("#where", TextLines).put((*left, Cell(" " * gap), *right))

    @on(EditorRows.Moved)
    def _draw_effect(self) -> None:
        key, editor = self.cursor, self._editor
        head, gets = self.query_one("#headline", TextLines), self.query_one("#gets", TextLines)
        if key is None or editor.before is None or editor.after is None:
            head.put()
            gets.put()
            return
        found = effects(editor.before, editor.after, key)
        head.put(headline(key, found, environment=editor.environment, trying=False))
        gets.put(*effect_lines(found, *self._effect_room))

    @property
    def _effect_room(self) -> tuple[int, int]:
        """Columns and rows for the effect: below the keys these have the larger part."""
        columns, rows = self.screen.size
        if columns >= BESIDE:
            return PANEL - 4, rows - 8
        return columns - 4, max(4, rows * 2 // 5 - 1)

    @on(Narrow.Left)
    def _leave_filter(self, event: Narrow.Left) -> None:
        event.stop()
        self.take_keys()
