"""Small words for times, sizes and ids, and how foreign text becomes safe to print."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

from compartment_tui.domain.deployment import RunRecord, Stage, Trigger
from compartment_tui.domain.names import escaped
from compartment_tui.domain.variable import NameChanges
from compartment_tui.domain.views import LEFT_WORDS, Left

NOTHING = "-"
"""Stands where there is nothing to say."""

_SEQUENCE = re.compile(
    r"""
      \x1b\[ [0-?]* [ -/]* [@-~]             # colours, cursor movements
    | \x9b [0-?]* [ -/]* [@-~]
    | \x1b[\]PX^_] [^\x07\x1b]* (?: \x07 | \x1b\\ )   # titles, links, other strings it obeys
    | \x1b [ -/]* [0-~]
    """,
    re.VERBOSE,
)

_STAGES: Mapping[Stage, str] = MappingProxyType(
    {
        Stage.BUILDING: "building",
        Stage.RELEASE: "running the release command",
        Stage.STARTING_CANDIDATE: "starting the candidate",
        Stage.CHECKING_READINESS: "checking readiness",
        Stage.SWITCHING_ROUTE: "switching the route",
        Stage.DRAINING_PREVIOUS: "draining the previous",
        Stage.ACTIVE: "active",
        Stage.HELD: "held",
        Stage.STOPPED: "stopped",
        Stage.ROLLED_BACK: "rolled back",
        Stage.STARTING: "starting",
        Stage.STOPPING_PREVIOUS: "stopping the previous",
    }
)

_STEPS: Mapping[Stage, str] = MappingProxyType(
    {Stage.HELD: "holding the candidate", Stage.STOPPED: "stopping"}
)

_TRIGGERS: Mapping[Trigger, str] = MappingProxyType(
    {
        Trigger.DEPLOY: "deploy",
        Trigger.PROMOTE: "promote",
        Trigger.ROLLBACK: "roll back",
        Trigger.REDEPLOY: "redeploy",
    }
)


def show(text: str) -> str:
    """A foreign name as it is, with every control and format character escaped."""
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )


def show_name(text: str) -> str:
    """An environment's name: printable, no two of them alike, spaces at its ends to be seen."""
    return escaped(text)


def clean(text: str) -> str:
    """One line of foreign output: colours and other sequences taken out, the rest escaped.

    Of a line that was drawn over with carriage returns, the last state.
    """
    plain = _SEQUENCE.sub("", text).rstrip("\r\n").expandtabs(4)
    return show(plain.rsplit("\r", 1)[-1])


def clean_lines(text: str) -> tuple[str, ...]:
    """Foreign text as safe lines; empty lines at its end are left out."""
    return tuple(clean(part) for part in text.rstrip().split("\n"))


def width(text: str) -> int:
    """How many columns of a terminal printable text takes."""
    if text.isascii():
        return len(text)
    return sum(_columns(char) for char in text)


def fit(text: str, columns: int) -> str:
    """The text, cut with an ellipsis if it takes more columns than there are."""
    if width(text) <= columns:
        return text
    kept, used = [], 0
    for char in text:
        used += _columns(char)
        if used > columns - 1:
            break
        kept.append(char)
    return "".join(kept) + "…" if columns > 0 else ""


def pad(text: str, columns: int) -> str:
    """The text, filled with spaces up to so many columns."""
    return text + " " * max(0, columns - width(text))


def short_id(identifier: str) -> str:
    """The end of a deployment's or run's id, by which it can be named."""
    return identifier[-10:].lower()


def short_image(image: str) -> str:
    """As much of an image's id as Docker shows."""
    return image.removeprefix("sha256:")[:12]


def short_commit(commit: str) -> str:
    """As much of a commit as git shows."""
    return commit[:7]


def stage_words(stage: Stage) -> str:
    """What is going on, in words that follow a service's name."""
    return _STAGES[stage]


def step_words(stage: Stage) -> str:
    """The same for something that is being done, not for how a deployment stands."""
    return _STEPS.get(stage, _STAGES[stage])


def trigger_words(trigger: Trigger) -> str:
    """The verb a person used."""
    return _TRIGGERS[trigger]


def record_words(run: RunRecord) -> str:
    """The verb of a run in the history: one that only took services away was a removal."""
    return "remove" if run.removes_only else trigger_words(run.trigger)


def duration(span: timedelta) -> str:
    """How long, as exact as a person needs: `0.4s`, `12s`, `3m 05s`, `2h 10m`, `4d 3h`."""
    seconds = max(0.0, span.total_seconds())
    if seconds < 9.95:
        return f"{seconds:.1f}s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m {whole % 60:02d}s"
    if whole < 86400:
        return f"{whole // 3600}h {whole % 3600 // 60:02d}m"
    return f"{whole // 86400}d {whole % 86400 // 3600}h"


def age(at: datetime, now: datetime) -> str:
    """How long ago, in one unit: `just now`, `40s ago`, `3m ago`, `2h ago`, `4d ago`."""
    seconds = int((now - at).total_seconds())
    if seconds < 5:
        return "just now"
    for unit, length in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= length:
            return f"{seconds // length}{unit} ago"
    return f"{seconds}s ago"


def size(count: int) -> str:
    """Bytes in binary units: `512 B`, `1.5 MiB`."""
    if count < 1024:
        return f"{count} B"
    amount = float(count)
    for unit in ("KiB", "MiB", "GiB"):
        amount /= 1024
        if amount < 1024:
            return f"{amount:.1f} {unit}"
    return f"{amount / 1024:.1f} TiB"


def counted(count: int, word: str, plural: str = "") -> str:
    """`1 commit`, `3 commits`."""
    return f"{count} {word if count == 1 else plural or word + 's'}"


def left_words(left: Left | None) -> str:
    """What is left of a way back, for behind its name; nothing where nobody looked."""
    return f", {LEFT_WORDS[left]}" if left is not None else ""


def on_engine(name: str) -> str:
    """Which of the file's engines something is on, behind its name; the usual one goes unsaid."""
    return f" on {show_name(name)}" if name else ""


def listed(words: Iterable[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    *head, last = [*words] or [NOTHING]
    return f"{', '.join(head)} and {last}" if head else last


def url(host: str, http_port: int) -> str:
    """The address of a routed host behind an edge that listens on `http_port`."""
    return f"http://{host}" if http_port == 80 else f"http://{host}:{http_port}"


def _columns(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def variable_words(changes: NameChanges) -> str:
    """`+ NEW  ~ CHANGED  - GONE  no longer sensitive: PLAIN`, names only."""
    exposed = (f"no longer sensitive: {', '.join(changes.exposed)}",) if changes.exposed else ()
    marks = (
        *(f"+ {name}" for name in changes.added),
        *(f"~ {name}" for name in changes.changed),
        *(f"- {name}" for name in changes.removed),
        *exposed,
    )
    return "  ".join(marks)
