"""The log pane: a line that says where it stands, the rows, and a line to find in them."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from time import monotonic
from types import MappingProxyType
from typing import ClassVar, Self

from textual.actions import SkipAction
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Static

from compartment_tui.ports import LogLine
from compartment_tui.present.tone import Tone
from compartment_tui.tui.kit.styled_text import words
from compartment_tui.tui.logs.find_line import LogFind, Seeking
from compartment_tui.tui.logs.log_buffer import Logbook
from compartment_tui.tui.logs.log_row import plain
from compartment_tui.tui.logs.log_status import head
from compartment_tui.tui.logs.log_view import LogView
from compartment_tui.tui.messages import CopyWanted, SaveWanted

PAUSE = 0.1
"""Seconds between two drawings: ten a second are as many as an eye needs."""
WINDOWS = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(hours=1),
    None,
)
"""Time windows of the log, the shortest first; None: all lines."""
_STYLES: Mapping[Tone, str] = MappingProxyType(
    {
        Tone.PLAIN: "$foreground",
        Tone.GOOD: "$text-success",
        Tone.WARN: "$text-warning",
        Tone.BAD: "$text-error",
        Tone.QUIET: "$text-muted",
    }
)


class LogPane(Vertical):
    """Shows the lines it is fed. It draws when lines arrive or a key is pressed, else never."""

    class SinceChanged(Message):
        """A person wants lines from that moment on, or all; older ones may have to be fetched."""

        def __init__(self, since: datetime | None) -> None:
            super().__init__()
            self.since = since

    DEFAULT_CSS = """
    LogPane {
        & > #log-head { height: 1; padding: 0 1; background: $surface; color: $foreground; }
    }
    """
    _HITS = Binding.Group("Hits", compact=True)
    _WINDOW = Binding.Group("Window", compact=True)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f", "follow", "Follow", tooltip="follow, or hold still", id="logs.follow"),
        Binding("slash", "find", "Find", tooltip="find text", id="logs.find"),
        Binding("n", "hit(1)", "Next hit", group=_HITS, id="logs.next"),
        Binding("N", "hit(-1)", "Previous hit", group=_HITS, id="logs.previous"),
        Binding("w", "wrap", "Wrap", tooltip="fold long lines", id="logs.wrap"),
        Binding("t", "times", "Time", tooltip="time, time between lines, none", id="logs.times"),
        Binding("plus,equals_sign", "window(1)", "Older", group=_WINDOW, id="logs.older"),
        Binding("minus", "window(-1)", "Newer", group=_WINDOW, id="logs.newer"),
        Binding("m", "mark", "Mark", tooltip="set or take away a mark", id="logs.mark"),
        Binding("y", "copy", "Copy line", id="logs.copy"),
        Binding("ampersand", "only", "Show only", show=False, id="logs.only"),
        Binding("x", "hide", "Hide this line's service or replica", show=False, id="logs.hide"),
        Binding("a", "all", "Show all of them again", show=False, id="logs.all"),
        Binding("e", "save", "Save to a file", show=False, id="logs.save"),
        Binding("escape", "clear", "Clear", show=False, id="logs.clear"),
    ]

    def __init__(
        self,
        *,
        id: str | None = None,  # noqa: A002  # the toolkit's name for it
        zone: tzinfo | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        super().__init__(id=id)
        self._book = Logbook()
        self._view = LogView(self._book, zone=zone)
        self._find = LogFind()
        self._zone = zone
        self._now = now
        self._title = ""
        self._window = len(WINDOWS) - 1
        self._drawn_at = 0.0
        self._drawn_version = -1
        self._due: Timer | None = None

    def compose(self) -> ComposeResult:
        yield Static(id="log-head", markup=False)
        yield self._view
        yield self._find

    # --- what it is told --------------------------------------------------------------------------

    def show(self, title: str) -> None:
        """Set the title, which is printable text."""
        self._title = title
        self._tell()

    def feed(self, lines: Sequence[LogLine], dropped: int = 0) -> None:
        """Lines that arrived, the oldest first, and how many were lost before them."""
        self._book.append(lines, dropped)
        self._draw_soon()

    def reset(self) -> None:
        """Another stream begins: nothing of the old one stays but how it is looked at."""
        self._book.clear()
        self._view.forget()
        self._draw_soon()

    def ended(self, reason: str) -> None:
        """The stream ended. Lines that are fed later begin it again."""
        self._book.end(reason)
        self._draw_soon()

    def focus(self, scroll_visible: bool = True) -> Self:
        """Give the keys to the rows."""
        self._view.focus(scroll_visible)
        return self

    # --- drawing ----------------------------------------------------------------------------------

    def _draw_soon(self) -> None:
        """Draw now, or as soon as the pause is over; only what arrives sets a timer."""
        if self._due is not None or not self.is_mounted:
            return
        wait = self._drawn_at + PAUSE - monotonic()
        if wait <= 0:
            self._draw()
        else:
            self._due = self.set_timer(wait, self._draw)

    def _draw(self) -> None:
        self._due = None
        self._drawn_at = monotonic()
        if self._book.following or self._book.version != self._drawn_version:
            self._view.settle()
            self._drawn_version = self._book.version
        self._tell()

    def _tell(self) -> None:
        if not self.is_mounted:
            return
        line = self.query_one("#log-head", Static)
        cells = head(
            self._book,
            title=self._title,
            current=None if self._book.following else self._view.current,
            columns=line.content_size.width,
            zone=self._zone,
        )
        line.update(words(cells, _STYLES), layout=False)

    def on_mount(self) -> None:
        self._draw()

    def on_resize(self) -> None:
        self.call_after_refresh(self._tell)

    def on_log_view_moved(self) -> None:
        self._tell()

    # --- finding ----------------------------------------------------------------------------------

    def on_log_find_typed(self, event: LogFind.Typed) -> None:
        self._seek(event.seeking, event.text)

    def on_log_find_left(self, event: LogFind.Left) -> None:
        self._seek(event.seeking, event.before)
        self._view.focus()

    def on_log_find_entered(self, event: LogFind.Entered) -> None:
        """The nearest hit upwards: a log is read from its end."""
        self._view.focus()
        current = self._view.current
        if event.seeking is Seeking.FIND and current is not None:
            self._go(self._book.hit(current.number + 1, -1))

    def _seek(self, seeking: Seeking, text: str) -> None:
        if seeking is Seeking.FIND:
            self._book.search(text)
        else:
            self._book.filter(text)
        self._view.settle()
        self._tell()

    def _go(self, number: int | None) -> None:
        if number is not None:
            self._view.reach(number)

    # --- keys -------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool:
        """While one types, keys are text."""
        return not self._find.typing

    def action_follow(self) -> None:
        if self._book.following:
            self._view.pause()
        else:
            self._view.follow()

    def action_find(self) -> None:
        self._find.open(Seeking.FIND, self._book.sought)

    def action_only(self) -> None:
        self._find.open(Seeking.ONLY, self._book.choice.text)

    def action_hit(self, step: int) -> None:
        current = self._view.current
        if current is not None:
            self._go(self._book.hit(current.number, step))

    def action_wrap(self) -> None:
        self._view.wrap = not self._view.wrap
        self._view.settle()

    def action_times(self) -> None:
        self._view.times = self._view.times.next
        self._view.settle()

    def action_window(self, step: int) -> None:
        wanted = min(max(0, self._window + step), len(WINDOWS) - 1)
        if wanted == self._window:
            return
        self._window = wanted
        window = WINDOWS[wanted]
        since = self._now() - window if window else None
        self._book.since(since)
        self._changed()
        self.post_message(self.SinceChanged(since))

    def action_mark(self) -> None:
        current = self._view.current
        if current is not None:
            self._book.mark(current.number, self._now())
            self._changed()

    def action_hide(self) -> None:
        current = self._view.current
        if current is not None and not current.mark and len(self._book.services) > 1:
            self._book.toggle(current.service)
            self._changed()

    def action_all(self) -> None:
        self._book.show_all_services()
        self._changed()

    def action_copy(self) -> None:
        current = self._view.current
        if current is not None:
            self.post_message(CopyWanted(current.text, "line"))

    def action_save(self) -> None:
        text = "".join(f"{plain(row)}\n" for row in self._book.shown)
        self.post_message(SaveWanted(text, "logs"))

    def action_clear(self) -> None:
        """Take away what was looked for, then what was filtered; then esc is for others."""
        if self._book.sought:
            self._seek(Seeking.FIND, "")
        elif self._book.choice.text:
            self._seek(Seeking.ONLY, "")
        elif self._book.choice.hidden:
            self.action_all()
        else:
            raise SkipAction

    def _changed(self) -> None:
        self._view.settle()
        self._tell()
