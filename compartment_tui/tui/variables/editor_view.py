"""Variables to look at: scopes above, keys in the middle, and below what each service gets."""

from dataclasses import replace

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Container, Vertical
from textual.screen import Screen

from compartment_tui.domain.variables.sheet import Sheet
from compartment_tui.present.tone import Cell
from compartment_tui.tui import messages as news
from compartment_tui.tui.base import BoardApp
from compartment_tui.tui.kit.filter_line import Narrow
from compartment_tui.tui.kit.styled_lines import line_width
from compartment_tui.tui.kit.text_lines import TextLines
from compartment_tui.tui.shell.banner import Banner
from compartment_tui.tui.shell.key_hints import Hints
from compartment_tui.tui.state.app_state import Board
from compartment_tui.tui.variables.editor_bridge import VariableBridge
from compartment_tui.tui.variables.editor_model import Editor
from compartment_tui.tui.variables.editor_rows import EditorRows
from compartment_tui.tui.variables.editor_table import scope_tabs, staged_words, title_line
from compartment_tui.tui.variables.effect import effect_lines, effects, headline
from compartment_tui.tui.variables.scope_bar import ScopeBar

_BY_NUMBER = Binding.Group("Environment by its number")


BESIDE = 160
"""From so many columns on the preview stands beside the keys."""
PANEL = 84
"""Columns it has there."""


class VariablesView(Screen[None]):
    """Draws the editor. What changes it is in a class of its own."""

    VERTICAL_BREAKPOINTS = [(0, "-short"), (30, "-tall")]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (BESIDE, "-wide")]
    BINDINGS = [
        *(
            Binding(
                str(number),
                f"environment({number})",
                f"Environment {number}",
                show=False,
                id=f"env.variables.{number}",
                group=_BY_NUMBER,
            )
            for number in range(1, 10)
        ),
        Binding("right_square_bracket,right", "scope_by(1)", "Next scope", show=False,
                id="pane.variables.next"),
        Binding("left_square_bracket,left", "scope_by(-1)", "Previous scope", show=False,
                id="pane.variables.previous"),
        Binding("slash", "filter", "Filter", id="view.variables.filter"),
        Binding("y", "copy", "Copy name", show=False, id="variables.copy"),
        Binding("ctrl+r,f5", "refresh", "Refresh", show=False, id="view.variables.refresh"),
    ]  # fmt: skip
    app: BoardApp

    def __init__(self, bridge: VariableBridge, service: str | None, key: str | None = None) -> None:
        super().__init__()
        self.bridge = bridge
        self.editor = Editor(service=service)
        self._first = key
        """The key to begin at, until its row was there."""
        self._asked = ""
        """The environment whose sheet is on its way."""

    @property
    def holds_keys(self) -> bool:
        """Until the sheet is here or cannot be had: what is typed before means the keys on it."""
        return self.editor.before is None and self.app.board.trouble is None

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
        yield Hints(id="hints")

    def on_mount(self) -> None:
        self.query_one(EditorRows).focus()
        self._ask()
        self._draw()

    # --- what arrives ----------------------------------------------------------------------------

    def show(self, board: Board, before: Board) -> None:
        """Another environment was chosen, or there is news of it: perhaps of the file too."""
        self.query_one(Banner).show(board, self.app.world.clock.now())
        if board.environment != before.environment or board.status is not before.status:
            self._ask()
        if board.environments is not before.environments:
            self._draw()

    def _ask(self) -> None:
        self._asked = self.app.board.environment
        if self._asked:
            self.bridge.sheet(self._asked)

    def take_sheet(self, sheet: Sheet) -> None:
        """The file as it is by now, and what runs; that of another environment is late."""
        if sheet.environment != self.app.board.environment or sheet == self.editor.before:
            return
        self.become(self.editor.with_sheet(sheet))
        if self._first is not None:
            self.query_one(EditorRows).point_at(self._first)
            self._first = None
            self._draw_preview()

    def become(self, editor: Editor) -> None:
        """Something of it is another: draw what differs."""
        self.editor = editor
        self._draw()

    # --- drawing ---------------------------------------------------------------------------------

    def on_resize(self) -> None:
        self.call_after_refresh(self._draw)

    def _draw(self) -> None:
        if not self.is_mounted:
            return
        self._draw_head()
        self.query_one(ScopeBar).put(scope_tabs(self.editor))
        self.query_one(EditorRows).put_editor(self.editor)
        self._draw_preview()
        self.refresh_bindings()

    def _draw_head(self) -> None:
        board = self.app.board
        name = self.editor.environment or board.environment
        protected = any(one.protected for one in board.environments if one.key.environment == name)
        left = title_line(self.editor, protected=protected, read_only=board.read_only)
        right = staged_words(self.editor)
        gap = max(1, self.size.width - line_width(left) - line_width(right))
        self.query_one("#where", TextLines).put((*left, Cell(" " * gap), *right))

    def _draw_preview(self) -> None:
        key, editor = self.query_one(EditorRows).cursor, self.editor
        head, gets = self.query_one("#headline", TextLines), self.query_one("#gets", TextLines)
        if key is None or editor.before is None or editor.after is None:
            head.put()
            gets.put()
            return
        found = effects(editor.before, editor.after, key)
        head.put(headline(key, found, environment=editor.environment, trying=False))
        gets.put(*effect_lines(found, *self._preview_room))

    @property
    def _preview_room(self) -> tuple[int, int]:
        """Columns and rows of the preview: below the keys these have the larger part."""
        if self.size.width >= BESIDE:
            return PANEL - 4, self.size.height - 8
        return self.size.width - 4, max(4, self.size.height * 2 // 5 - 1)

    # --- moving ----------------------------------------------------------------------------------

    @on(EditorRows.Moved)
    def _moved(self, event: EditorRows.Moved) -> None:
        event.stop()
        self._draw_preview()
        self.refresh_bindings()

    @on(ScopeBar.Chosen)
    def _scope_chosen(self, event: ScopeBar.Chosen) -> None:
        event.stop()
        self.become(self.editor.choosing(event.service))

    def action_scope_by(self, step: int) -> None:
        self.become(self.editor.by(step))

    def action_environment(self, number: int) -> None:
        names = [one.key.environment for one in self.app.board.environments]
        if number <= len(names):
            self.post_message(news.EnvironmentChosen(names[number - 1]))

    def action_filter(self) -> None:
        self.query_one(Narrow).open()

    @on(Narrow.Typed)
    def _narrowed(self, event: Narrow.Typed) -> None:
        event.stop()
        if event.wanted != self.editor.wanted:
            self.become(replace(self.editor, wanted=event.wanted))

    @on(Narrow.Left)
    def _filter_left(self, event: Narrow.Left) -> None:
        event.stop()
        self.query_one(EditorRows).focus()

    def action_refresh(self) -> None:
        self.app.feeds.look()
        self._ask()

    def action_copy(self) -> None:
        key = self.query_one(EditorRows).cursor
        if key is not None:
            self.post_message(news.CopyWanted(key, "name"))
