"""Rows of a log as strips: a gutter, the time, the service, the text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo
from types import MappingProxyType
from zlib import crc32

from textual.cache import LRUCache
from textual.content import Content, Span
from textual.strip import Strip
from textual.style import Style
from textual.widget import Widget

from compartment_tui.present.text import fit, pad, width
from compartment_tui.present.tone import SYMBOLS, Tone
from compartment_tui.tui.kit.styled_text import drawn_over
from compartment_tui.tui.logs.log_row import LogRow, Times, clock, fold, gap, level, pattern

HUES = 6
"""Colours that tell services apart."""
PARTS = ("bar", "bad", "cursor", "hit", "mark", "more", "service", "stderr", "time", "warn")
_TIME_COLUMNS = 8
_SERVICE_LIMIT = 16
_GUTTER_COLUMNS = 2
_TONES: Mapping[Tone, str] = MappingProxyType({Tone.BAD: "bad", Tone.WARN: "warn"})


@dataclass(frozen=True, slots=True, kw_only=True)
class RowStyle:
    """The settings that every row is drawn with."""

    services: tuple[str, ...] = ()
    times: Times = Times.OFF
    sought: str = ""
    zone: tzinfo | None = None

    @property
    def prefix(self) -> int:
        """Columns before the text."""
        time = _TIME_COLUMNS + 1 if self.times is not Times.OFF else 0
        names = self.names + 3 if self.names else 0
        return _GUTTER_COLUMNS + time + names

    @property
    def names(self) -> int:
        """Columns for a service's name; none when there is only one."""
        if len(self.services) < 2:
            return 0
        return min(_SERVICE_LIMIT, max(width(name) for name in self.services))


class Painter:
    """Rows as strips, in the component styles `log--…` of a widget.

    What was drawn lately is kept until the look or the styles change.
    """

    def __init__(self, widget: Widget) -> None:
        self._widget = widget
        self._look = RowStyle()
        self._styles: dict[str, Style] = {}
        self._drawn: LRUCache[tuple[int, int, int, bool, int], tuple[Strip, Strip]] = LRUCache(512)

    def forget(self) -> None:
        """The styles changed."""
        self._styles.clear()
        self._drawn.clear()

    def use(self, look: RowStyle) -> None:
        if look != self._look:
            self._look = look
            self._drawn.clear()

    def line(
        self,
        row: LogRow,
        above: LogRow | None,
        *,
        part: int,
        left: int | None,
        columns: int,
        current: bool,
    ) -> Strip:
        """A line of the row: what stands before its text and stays there, then its text.

        `left`: columns of the text that are left out before it; None: it is folded.
        """
        space = max(1, columns - self._look.prefix)
        before, text = self._whole(
            row, above, part=part, folded=space if left is None else 0, current=current
        )
        if left is not None:
            beyond = text.cell_length > left + space
            text = text.crop(left, left + space - beyond)
            if beyond:
                more = Content.styled("…", self._style("more"))
                text = Strip.join([text, drawn_over(more, self._base(current=current))])
        return self._filled(Strip.join([before, text]), columns, current=current)

    def rule(self, row: LogRow, columns: int, *, current: bool) -> Strip:
        """A mark, across the whole view."""
        line = f"── {row.text} {clock(row.at, self._look.zone)} " + "─" * columns
        content = Content.styled(line[:columns], self._style("mark"))
        strip = drawn_over(content, self._base(current=current))
        return self._filled(strip, columns, current=current)

    def words(self, text: str, columns: int) -> Strip:
        """A quiet sentence instead of rows."""
        content = Content.styled(text, self._style("time"))
        return self._filled(drawn_over(content, self._base(current=False)), columns, current=False)

    def _whole(
        self, row: LogRow, above: LogRow | None, *, part: int, folded: int, current: bool
    ) -> tuple[Strip, Strip]:
        beyond = above.number if above and self._look.times is Times.GAP else 0
        key = (row.number, part, folded, current, beyond)
        drawn = self._drawn.get(key)
        if drawn is None:
            base = self._base(current=current)
            before = self._before(row, above) if part == 0 else Content(" " * self._look.prefix)
            drawn = (drawn_over(before, base), drawn_over(self._text(row, part, folded), base))
            self._drawn[key] = drawn
        return drawn

    def _filled(self, strip: Strip, columns: int, *, current: bool) -> Strip:
        return strip.adjust_cell_length(columns, self._base(current=current).rich_style)

    def _base(self, *, current: bool) -> Style:
        """The style under every row."""
        return self._style("cursor") if current else self._style("")

    def _style(self, part: str) -> Style:
        found = self._styles.get(part)
        if found is None:
            found = self._widget.get_visual_style(*([f"log--{part}"] if part else []))
            if part not in ("", "cursor", "hit"):
                found = replace(found, background=None)  # so that the current line's shows through
            self._styles[part] = found
        return found

    def _before(self, row: LogRow, above: LogRow | None) -> Content:
        look = self._look
        pieces: list[tuple[str, Style]] = [self._gutter(row)]
        if look.times is Times.CLOCK:
            pieces.append((clock(row.at, look.zone) + " ", self._style("time")))
        elif look.times is Times.GAP:
            pieces.append((gap(row, above).rjust(_TIME_COLUMNS) + " ", self._style("time")))
        if look.names:
            name = pad(fit(row.service, look.names), look.names)
            pieces.append((name, self._style(f"service-{_hue(row.service, look.services)}")))
            pieces.append((" | ", self._style("bar")))
        return Content.assemble(*pieces)

    def _gutter(self, row: LogRow) -> tuple[str, Style]:
        """A symbol for the level, so that colour alone never tells it; `e`: standard error."""
        found = level(row.text)
        if found is not None:
            return f"{SYMBOLS[found.tone]} ", self._style(_TONES[found.tone])
        return ("e " if row.stderr else "  "), self._style("stderr")

    def _text(self, row: LogRow, part: int, columns: int) -> Content:
        content = Content(row.text, self._spans(row.text))
        if not columns:
            return content
        starts = fold(row.text, columns)
        end = starts[part + 1] if part + 1 < len(starts) else len(row.text)
        return content[starts[part] : end]

    def _spans(self, text: str) -> list[Span]:
        found = level(text)
        spans = []
        if found is not None:
            spans.append(Span(found.start, found.end, self._style(_TONES[found.tone])))
        if self._look.sought:
            hit = self._style("hit")
            places = pattern(self._look.sought).finditer(text)
            spans += [Span(place.start(), place.end(), hit) for place in places]
        return spans


def _hue(service: str, services: Sequence[str]) -> int:
    """A colour by name, the next free one when a service before it by name has that."""
    taken: set[int] = set()
    for name in services:
        hue = crc32(name.encode()) % HUES
        while hue in taken and len(taken) < HUES:
            hue = (hue + 1) % HUES
        if name == service:
            return hue
        taken.add(hue)
    return crc32(service.encode()) % HUES
