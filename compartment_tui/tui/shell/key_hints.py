"""The line at the bottom: what the most useful keys do here and now."""

from textual.content import Content
from textual.events import Click
from textual.screen import Screen
from textual.style import Style
from textual.widget import Widget

from compartment_tui.tui.shell.key_bindings import KeyHint, hints, live, ruled


class Hints(Widget):
    """At most eight keys for what has the focus, made from the live bindings; click to press."""

    COMPONENT_CLASSES = {"hints--key", "hints--verb", "hints--words", "hints--rule"}
    DEFAULT_CSS = """
    Hints { height: 1; padding: 0; background: $footer-background; color: $footer-foreground; }
    """
    ALLOW_SELECT = False

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - the toolkit's name for it
        super().__init__(id=id)
        self._ends: list[tuple[int, str]] = []
        """Where each hint ends, and its key."""

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._bindings_changed)

    def _bindings_changed(self, _screen: Screen[object]) -> None:
        self.refresh()

    def render(self) -> Content:
        """Rendered anew when bindings, focus or size change; never on a clock."""
        read_only = bool(getattr(getattr(self.app, "board", None), "read_only", False))
        shown = hints(live(self.app, self.screen, read_only=read_only), self.size.width)
        self._ends = []
        pieces: list[Content] = []
        column = 0
        for key, rule in ruled(shown):
            piece = self._piece(key, rule=rule)
            column += piece.cell_length
            self._ends.append((column, key.name))
            pieces.append(piece)
        return Content("").join(pieces)

    def on_click(self, event: Click) -> None:
        """As if the key had been pressed."""
        key = next((name for end, name in self._ends if event.x < end), None)
        if key is not None:
            self.app.simulate_key(key)

    def _piece(self, key: KeyHint, *, rule: bool) -> Content:
        return Content.assemble(
            ("│" if rule else "", self._part("rule")),
            " ",
            (key.cap, self._part("verb" if key.changes else "key")),
            " ",
            (key.words, self._part("words")),
            " ",
        )

    def _part(self, name: str) -> Style:
        return self.get_visual_style(f"hints--{name}", partial=True)
