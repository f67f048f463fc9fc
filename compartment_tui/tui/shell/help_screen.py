"""The keys that mean something here, made from the live bindings."""

from collections.abc import Iterable

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.fuzzy import Matcher
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from compartment_tui.tui.shell.key_bindings import CHANGING, KeyHint, grouped

CAP_COLUMNS = 14


class HelpScreen(ModalScreen[KeyHint | None]):
    """Type to filter, enter to do it. The result is the chosen key, which the caller presses."""

    BINDINGS = [
        Binding("escape", "leave", "Close", priority=True),
        Binding("down", "move('cursor_down')", "Down", show=False, priority=True),
        Binding("up", "move('cursor_up')", "Up", show=False, priority=True),
        Binding("pagedown", "move('page_down')", "Page down", show=False, priority=True),
        Binding("pageup", "move('page_up')", "Page up", show=False, priority=True),
    ]

    def __init__(self, keys: Iterable[KeyHint]) -> None:
        super().__init__()
        self._keys = grouped(keys)
        self._shown: tuple[KeyHint, ...] = ()

    def compose(self) -> ComposeResult:
        with Vertical(classes="sheet") as sheet:
            sheet.border_title = "Keys"
            yield Static(_rule(), classes="sheet-rule")
            find = Input(placeholder="type to find a key", classes="sheet-find", compact=True)
            find.cursor_blink = False
            yield find
            yield OptionList(classes="sheet-list")
            yield Static("enter does it · esc closes", classes="sheet-foot", markup=False)

    def on_mount(self) -> None:
        self.query_one(OptionList).can_focus = False
        self._fill("")

    def on_input_changed(self, event: Input.Changed) -> None:
        self._fill(event.value)

    def on_input_submitted(self) -> None:
        place = self.query_one(OptionList).highlighted
        option = (
            self.query_one(OptionList).get_option_at_index(place) if place is not None else None
        )
        if option is not None and option.id is not None:
            self.dismiss(self._shown[int(option.id)])

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        if event.option_id is not None:
            self.dismiss(self._shown[int(event.option_id)])

    def action_move(self, how: str) -> None:
        getattr(self.query_one(OptionList), f"action_{how}")()

    def action_leave(self) -> None:
        """First clear what was typed, then close."""
        find = self.query_one(Input)
        if find.value:
            find.value = ""
        else:
            self.dismiss(None)

    def _fill(self, wanted: str) -> None:
        self._shown = matching(self._keys, wanted)
        options: list[Option] = []
        group = ""
        for number, key in enumerate(self._shown):
            if key.group != group:
                group = key.group
                options.append(Option(_heading(group, first=not options), disabled=True))
            options.append(Option(_row(key), id=str(number)))
        rows = self.query_one(OptionList)
        rows.clear_options()
        rows.add_options(options or [Option("no key does that here", disabled=True)])
        rows.highlighted = 1 if self._shown else None
        rows.scroll_home(animate=False)


def matching(keys: Iterable[KeyHint], wanted: str) -> tuple[KeyHint, ...]:
    """Those that fit what was typed: the key itself, or letters of its words, in order."""
    if not wanted:
        return tuple(keys)
    matcher = Matcher(wanted)
    return tuple(
        key
        for key in keys
        if wanted in key.caps or matcher.match(f"{key.words} {key.group} {' '.join(key.caps)}") > 0
    )


def _rule() -> Content:
    return Content.assemble(
        ("lower case ", "bold $accent"), "looks · ", ("UPPER CASE ", "bold $warning"), "changes"
    )


def _heading(group: str, *, first: bool) -> Content:
    style = "bold $warning" if group == CHANGING else "bold $text-muted"
    return Content.assemble("" if first else "\n", (group, style))


def _row(key: KeyHint) -> Content:
    style = "bold $warning" if key.changes else "bold $accent"
    caps = "  ".join(key.caps)
    if len(caps) > CAP_COLUMNS:
        caps = f"{key.caps[0]} … {key.caps[-1]}"
    words = (key.words, "" if key.enabled else "$text-disabled")
    return Content.assemble("  ", (caps.ljust(CAP_COLUMNS), style), words)
