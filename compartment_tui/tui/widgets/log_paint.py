"""How one row of a log looks: a gutter, its time, its service, its text."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from types import MappingProxyType
from zlib import crc32

from textual.cache import LRUCache
from textual.content import Content, Span
from textual.strip import Strip
from textual.style import Style

from compartment_tui.present.loglines import Row, Times, clock, fold, gap, level, pattern
from compartment_tui.present.text import fit, pad, width
from compartment_tui.present.tone import SYMBOLS, Tone

HUES = 6
"""Colours that tell services apart."""
PARTS = ("bar", "bad", "cursor", "hit", "mark", "more", "service", "stderr", "time", "warn")
_TIME_COLUMNS = 8
_SERVICE_LIMIT = 16
_GUTTER_COLUMNS = 2
_TONES: Mapping[Tone, str] = MappingProxyType({Tone.BAD: "bad", Tone.WARN: "warn"})

Find = Callable[[str], Style]


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What decides how every row looks."""

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
    """Rows as strips. What was drawn lately is kept until the look or the styles change."""

    def __init__(self, style: Find) -> None:
        self._style = style
        self._look = Look()
        self._drawn: LRUCache[tuple[int, int, int, bool, int], tuple[Strip, Strip]] = LRUCache(512)

    def forget(self) -> None:
        """The styles changed."""
        self._drawn.clear()

    def use(self, look: Look) -> None:
        if look != self._look:
            self._look = look
            self._drawn.clear()

    def line(
        self, row: Row, above: Row | None, *, part: int, columns: int, current: bool
    ) -> tuple[Strip, Strip]:
        """What stands before a line of the row and stays there, and the line.

        `columns`: what the text is folded to; 0: it is not, and the line is all of it.
        """
        beyond = above.number if above and self._look.times is Times.GAP else 0
        key = (row.number, part, columns, current, beyond)
        drawn = self._drawn.get(key)
        if drawn is None:
            base = self.base(current=current)
            before = self._before(row, above) if part == 0 else Content(" " * self._look.prefix)
            drawn = (_strip(before, base), _strip(self._text(row, part, columns), base))
            self._drawn[key] = drawn
        return drawn

    def rule(self, row: Row, columns: int, *, current: bool) -> Strip:
        """A mark, across the whole view."""
        words = f"── {row.text} {clock(row.at, self._look.zone)} "
        line = (words + "─" * columns)[:columns]
        return _strip(Content.styled(line, self._style("mark")), self.base(current=current))

    def more(self, *, current: bool) -> Strip:
        """Stands at the right edge where a line goes on."""
        return _strip(Content.styled("…", self._style("more")), self.base(current=current))

    def words(self, text: str) -> Strip:
        """A quiet sentence instead of rows."""
        return _strip(Content.styled(text, self._style("time")), self.base(current=False))

    def base(self, *, current: bool) -> Style:
        """What is under every row."""
        return self._style("cursor") if current else self._style("")

    def _before(self, row: Row, above: Row | None) -> Content:
        look = self._look
        pieces: list[tuple[str, Style]] = [_gutter(row, self._style)]
        if look.times is Times.CLOCK:
            pieces.append((clock(row.at, look.zone) + " ", self._style("time")))
        elif look.times is Times.GAP:
            pieces.append((gap(row, above).rjust(_TIME_COLUMNS) + " ", self._style("time")))
        if look.names:
            name = pad(fit(row.service, look.names), look.names)
            pieces.append((name, self._style(f"service-{_hue(row.service, look.services)}")))
            pieces.append((" | ", self._style("bar")))
        return Content.assemble(*pieces)

    def _text(self, row: Row, part: int, columns: int) -> Content:
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


def _gutter(row: Row, style: Find) -> tuple[str, Style]:
    """A symbol for the level, so that it is not told by colour alone; `e`: standard error."""
    found = level(row.text)
    if found is not None:
        return f"{SYMBOLS[found.tone]} ", style(_TONES[found.tone])
    return ("e " if row.stderr else "  "), style("stderr")


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


def _strip(content: Content, base: Style) -> Strip:
    return Strip(content.render_segments(base), content.cell_length)
