"""The line at the bottom: what the most useful keys do here and now."""

from textual.content import Content
from textual.screen import Screen
from textual.style import Style
from textual.widget import Widget

from compartment_tui.tui.keys import Key, hints, live, ruled

READ_ONLY = "read-only"


class Hints(Widget):
    """At most eight keys for what has the focus, made from the live bindings; click to press."""

    COMPONENT_CLASSES = {
        "hints--key",
        "hints--verb",
        "hints--words",
        "hints--rule",
        "hints--read-only",
    }
    DEFAULT_CSS = """
    Hints { height: 1; padding: 0; background: $footer-background; color: $footer-foreground; }
    """
    ALLOW_SELECT = False

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._bindings_changed)

    def _bindings_changed(self, _screen: Screen[object]) -> None:
        self.refresh()

    def render(self) -> Content:
        """Rendered anew when bindings, focus or size change; never on a clock."""
        read_only = bool(getattr(getattr(self.app, "board", None), "read_only", False))
        mark = f" {READ_ONLY} " if read_only else ""
        keys = live(self.app, self.screen, read_only=read_only)
        shown = hints(keys, self.size.width - len(mark))
        pieces = [piece for key, rule in ruled(shown) for piece in self._pieces(key, rule=rule)]
        line = Content.assemble(*pieces)
        if not mark:
            return line
        gap = " " * max(0, self.size.width - line.cell_length - len(mark))
        return Content.assemble(line, gap, (mark, self._part("read-only")))

    def _pieces(self, key: Key, *, rule: bool) -> list[Content]:
        press = Style.from_meta({"@click": f"press({key.name!r})"})
        cap = self._part("verb" if key.changes else "key") + press
        words = self._part("words") + press
        parts = [Content.styled("│", self._part("rule"))] if rule else []
        return [
            *parts,
            Content(" "),
            Content.styled(key.cap, cap),
            Content.styled(f" {key.words}", words),
            Content(" "),
        ]

    def _part(self, name: str) -> Style:
        return self.get_visual_style(f"hints--{name}", partial=True)

    def action_press(self, key: str) -> None:
        """As if the key had been pressed."""
        self.app.simulate_key(key)
