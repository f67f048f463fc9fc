"""The terminal application as whoever sits before it finds it, from outside, through a terminal."""

import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import psutil

from benchmarks.product import PROGRAM
from tests.e2e.terminals import Terminal

SIZE = (120, 40)
IDLE, LIVING, KEYS = 15.0, 15.0, 60
"""Seconds of looking on while nothing moves and while all does; keys pressed each time."""
MIB = 1024 * 1024
SUBJECTS = (sys.executable, "-m", "benchmarks.terminal_subjects")
DEMO = (str(PROGRAM), "--demo")


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A program, and what can be read when it is of use."""

    command: tuple[str, ...]
    words: tuple[str, ...]

    def opened(self) -> Terminal:
        return Terminal(self.command, size=SIZE)


MINIMAL = Subject(
    command=(sys.executable, "-m", "benchmarks.minimal_app"), words=("minimal", "row 5")
)
STILL = Subject(command=(*SUBJECTS, "still"), words=("production", "search", "unhealthy"))
FLOOD = Subject(command=(*SUBJECTS, "flood"), words=STILL.words)
TWENTY = Subject(command=(*SUBJECTS, "twenty"), words=("worker-12", "healthy", "▁"))
MANY = Subject(command=(*SUBJECTS, "many"), words=STILL.words)
LIVE = Subject(command=DEMO, words=STILL.words)


@dataclass(slots=True)
class Figures:
    """What was measured of one subject."""

    first: list[float] = field(default_factory=list)
    """Seconds from the start to the first useful frame."""
    left: list[float] = field(default_factory=list)
    """Seconds from `q` to the end of the process."""
    keys: list[float] = field(default_factory=list)
    """Seconds from a key to the first byte."""
    flooded: list[float] = field(default_factory=list)
    edited: list[float] = field(default_factory=list)
    cpu: float = 0.0
    """Percent of a core with nothing moving."""
    sent: float = 0.0
    """Bytes a second with nothing moving."""


def measure(rounds: int, tell: Callable[[str], None], *, old: float = 60.0) -> str:
    """A Markdown table: the application beside the toolkit's least, and what was aimed at.

    Its memory is taken after `old` seconds.
    """
    ours, least = Figures(), Figures()
    tell("terminal: opening and leaving")
    for _ in range(rounds):
        for figures, subject in ((least, MINIMAL), (ours, LIVE)):
            _open_and_leave(figures, subject)
    for figures, subject in ((least, MINIMAL), (ours, STILL)):
        tell(f"terminal: idle, and {KEYS} keys: {subject.command[-1]}")
        with subject.opened() as one:
            one.until(*subject.words)
            one.rest(1.0)
            figures.cpu, figures.sent = idle(one, IDLE)
            figures.keys = _keys(one)
    tell("terminal: the same under 10,000 log lines a second")
    with FLOOD.opened() as one:
        one.until(*FLOOD.words)
        one.press("l")
        one.until("following", "line ")
        flood_cpu, _ = idle(one, 5.0)
        ours.flooded = _keys(one)
    tell("terminal: keys in the editor of 5,000 variables")
    ours.edited = _edited()
    tell("terminal: twenty services whose CPU and memory move every second")
    with TWENTY.opened() as one:
        one.until(*TWENTY.words)
        one.rest(1.0, seconds=3)
        live_cpu, live_sent = idle(one, LIVING)
    tell(f"terminal: {old:.0f} s of the living demonstration")
    with LIVE.opened() as one:
        one.until(*LIVE.words)
        time.sleep(old)
        memory = psutil.Process(one.process.pid).memory_info().rss / MIB
    return _table(
        (
            ("first useful frame", _s(ours.first), _s(least.first), "≤ 0.70 s"),
            ("idle CPU, nothing moves", f"{ours.cpu:.1f} %", f"{least.cpu:.1f} %", "≤ 0.5 %"),
            ("idle output", f"{ours.sent:.0f} B/s", f"{least.sent:.0f} B/s", "≤ 1 KB/s"),
            ("CPU, 20 services' stats live", f"{live_cpu:.1f} %", "", "≤ 3 %"),
            ("output, the same", f"{live_sent:.0f} B/s", "", ""),
            ("key to first byte", _ms(ours.keys), _ms(least.keys), "p95 ≤ 50 ms"),
            ("key, 10,000 lines/s", _ms(ours.flooded), "", "p95 ≤ 50 ms"),
            ("key, editing 5,000 variables", _ms(ours.edited), "", "p95 ≤ 50 ms"),
            ("CPU, 10,000 lines/s (writer too)", f"{flood_cpu:.0f} %", "", "≤ 25 %"),
            (f"memory after {old:.0f} s", f"{memory:.0f} MiB", "", "≤ 80 MiB"),
            ("q to shell", _s(ours.left), _s(least.left), "≤ 0.50 s"),
        )
    )


def _edited() -> list[float]:
    """Seconds from each key to the first byte: on the keys, and while a value is typed."""
    with MANY.opened() as one:
        one.until(*MANY.words)
        one.press("v")
        one.until("what each service gets")
        one.rest(1.0)
        took = _keys(one)
        one.press("e")
        one.until("enter stages")
        return [*took, *_keys(one)]


def _open_and_leave(figures: Figures, subject: Subject) -> None:
    with subject.opened() as one:
        figures.first.append(one.until(*subject.words) - one.began)
        one.rest(0.3, seconds=2)
        pressed = one.press("q")
        one.process.wait(timeout=20)
        figures.left.append(time.monotonic() - pressed)


def idle(one: Terminal, seconds: float) -> tuple[float, float]:
    """Percent of a core, and bytes a second, while nobody touches it."""
    process, seen = psutil.Process(one.process.pid), len(one.written)
    before, began = process.cpu_times(), time.monotonic()
    time.sleep(seconds)
    after, took = process.cpu_times(), time.monotonic() - began
    used = after.user + after.system - before.user - before.system
    return 100 * used / took, (len(one.written) - seen) / took


def _keys(one: Terminal) -> list[float]:
    """Seconds from each key to the first byte after it; keys that nothing answers count as 5."""
    took = []
    for number in range(KEYS):
        # Not in step with anything that ticks.
        time.sleep(0.08 + 0.007 * (number % 11))
        seen = len(one.written)
        pressed = one.press("k" if number // 3 % 2 else "j")
        answered = one.next_byte(seen)
        took.append(5.0 if answered is None else answered - pressed)
    return took


def _s(seconds: Sequence[float]) -> str:
    return f"{statistics.median(seconds):.2f} s"


def _ms(seconds: Sequence[float]) -> str:
    p95 = statistics.quantiles(seconds, n=20, method="inclusive")[-1]
    return f"p50 {1000 * statistics.median(seconds):.0f} ms, p95 {1000 * p95:.0f} ms"


def _table(rows: Sequence[tuple[str, str, str, str]]) -> str:
    lines = [("what", "compartment-tui", "minimal Textual app", "aim"), *rows]
    widths = [max(len(line[place]) for line in lines) for place in range(4)]
    lines.insert(1, ("-" * widths[0], "-" * widths[1], "-" * widths[2], "-" * widths[3]))
    return "## The terminal application\n\n" + "\n".join(
        "| " + " | ".join(cell.ljust(wide) for cell, wide in zip(line, widths, strict=True)) + " |"
        for line in lines
    )
