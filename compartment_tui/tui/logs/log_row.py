"""One row of a log: made safe, looked at for its level, folded to a width."""

import re
from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import StrEnum

from compartment_tui.ports import LogLine
from compartment_tui.present.text import clean, duration, width
from compartment_tui.present.tone import Tone

LINE_LIMIT = 1_000
"""Characters of a line that are kept; what is beyond is cut, and an ellipsis says so."""
_RAW_LIMIT = 4 * LINE_LIMIT
"""Characters that are cleaned at all: a line of megabytes must not cost more than a long one."""

_BAD = "ERROR|ERR|FATAL|CRITICAL|PANIC|EMERG|ALERT"
_WARN = "WARNING|WARN"
# Lower case is a level only where programs write one: prose says "no error" all day.
_LEVEL = re.compile(
    rf"""
      \b (?: (?P<bad>{_BAD}) | (?P<warn>{_WARN}) ) \b
    | (?: \b (?:level|lvl|severity) ["']? \s* [=:] \s* ["']? | \[ )
      (?: (?P<bad_value>(?i:{_BAD})) | (?P<warn_value>(?i:{_WARN})) ) \b
    | ^ (?: (?P<bad_start>(?i:{_BAD})) | (?P<warn_start>(?i:{_WARN})) ) (?= : )
    """,
    re.VERBOSE,
)


class Times(StrEnum):
    """The time before a line: none, its own, or the time since the line above.

    Not its age, which would have to change while nothing arrives.
    """

    OFF = "off"
    CLOCK = "clock"
    GAP = "gap"

    @property
    def next(self) -> "Times":
        order = tuple(Times)
        return order[(order.index(self) + 1) % len(order)]


@dataclass(frozen=True, slots=True, kw_only=True)
class LogRow:
    """A line of a log, or a mark a person set between two; `text` is safe to print.

    Numbers rise down the log. Lines have even ones, so that a mark fits behind each.
    """

    number: int
    at: datetime
    text: str
    service: str = ""
    stderr: bool = False

    @property
    def mark(self) -> bool:
        return self.number % 2 == 1

    def lines(self, columns: int) -> int:
        """The number of lines it takes when it is folded to so many columns."""
        short = self.mark or len(self.text) * 2 <= columns
        return 1 if short else len(fold(self.text, columns))


@dataclass(frozen=True, slots=True)
class Level:
    """Where a line says how bad it is, and how bad."""

    start: int
    end: int
    tone: Tone


def read(line: LogLine, number: int, service: str) -> LogRow:
    """The row of a line; `service` is whose it is, safe to print: `web`, or `web/2`."""
    return LogRow(
        number=number,
        at=line.at,
        text=_safe(line.message),
        service=service,
        stderr=line.stream == "stderr",
    )


def level(text: str) -> Level | None:
    """The first word of a line that is a level worth seeing."""
    found = _LEVEL.search(text)
    if found is None or found.lastgroup is None:
        return None
    tone = Tone.BAD if found.lastgroup.startswith("bad") else Tone.WARN
    return Level(found.start(found.lastgroup), found.end(found.lastgroup), tone)


def pattern(wanted: str) -> re.Pattern[str]:
    """Finds the words as they are, upper or lower case."""
    return re.compile(re.escape(wanted), re.IGNORECASE)


def fold(text: str, columns: int) -> tuple[int, ...]:
    """Where each line of the text begins when it is folded to so many columns.

    Between words, unless a word would leave half of a line empty.
    """
    starts, begin = [0], 0
    while (end := _full(text, begin, columns)) < len(text):
        space = text.rfind(" ", begin + columns // 2, end + 1)
        begin = space + 1 if space >= 0 else end
        if begin == len(text):
            break
        starts.append(begin)
    return tuple(starts)


def _full(text: str, begin: int, columns: int) -> int:
    """Where a line that begins there is full; always beyond its beginning."""
    if text.isascii():
        return begin + columns
    used = 0
    for place in range(begin, len(text)):
        used += width(text[place])
        if used > columns and place > begin:
            return place
    return len(text)


def gap(row: LogRow, above: LogRow | None) -> str:
    """The time since the line above: `+0.4s`."""
    return f"+{duration(row.at - above.at)}" if above else ""


def clock(at: datetime, zone: tzinfo | None = None) -> str:
    """The time of day, in this machine's zone unless another is given."""
    return at.astimezone(zone).strftime("%H:%M:%S")


def plain(row: LogRow) -> str:
    """The row as a line of a file."""
    at = row.at.isoformat(timespec="milliseconds")
    return f"{at} --- {row.text} ---" if row.mark else f"{at} {row.service} | {row.text}"


def _safe(message: str) -> str:
    raw = message.rstrip("\r\n")
    if len(raw) > _RAW_LIMIT:
        raw = raw.rsplit("\r", 1)[-1][:_RAW_LIMIT]
    # Nearly every line is printable already, and cleaning is a walk over all its characters.
    text = raw if raw.isprintable() else clean(raw)
    return text if len(text) <= LINE_LIMIT else text[: LINE_LIMIT - 1] + "…"
