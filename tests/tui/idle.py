"""Waits until the application has nothing to do, and not longer.

The toolkit takes the process to be idle when it used little of some 20 ms, several times a key:
most of what the tests of the screen took. Here it is idle when nothing waits in the event loop, no
timer is due as soon as that, and no other thread ran or wants to.
"""

import asyncio
import threading
from math import inf
from pathlib import Path
from time import monotonic
from typing import Any, cast

import textual.app
import textual.pilot
import textual.screen

SOON = 0.02
"""Timers that are due within so many seconds are waited for, as the toolkit does."""
LOOK = 0.001
"""Seconds in which another thread that has something to do begins with it."""
THREADS = Path("/proc/self/task")
RUNNABLE = "R"
FRAME = 0.004
"""Seconds from a change to its drawing; the toolkit takes 16, for eyes."""

Runs = dict[str, str]
"""Of each other thread, how long and how often it ran, as the system counts it."""


def use_for_pilots() -> None:
    """Have a pilot's pauses and keys end when all is done, where the system tells: on Linux."""
    if not THREADS.joinpath(str(threading.get_native_id()), "schedstat").exists():
        return
    for module in (textual.app, textual.pilot):
        module.wait_for_idle = wait_until_idle  # type: ignore[attr-defined]
    textual.screen.UPDATE_PERIOD = FRAME  # type: ignore[misc]


async def wait_until_idle(min_sleep: float = 0, max_sleep: float = 1) -> None:
    """Wait until nothing is left to do; `max_sleep` is for where there is always something."""
    loop = cast(Any, asyncio.get_running_loop())
    end = monotonic() + max_sleep
    before: Runs | None = None
    await asyncio.sleep(min_sleep)
    while monotonic() < end:
        if loop._ready:
            before = None
            await asyncio.sleep(0)
            continue
        due = _next_timer(loop)
        if due < SOON:
            before = None
            await asyncio.sleep(max(due, 0))
            continue
        runs = _other_threads()
        if runs is not None and runs == before:
            return
        before = runs
        await asyncio.sleep(LOOK)


def _next_timer(loop: Any) -> float:  # noqa: ANN401 - asyncio tells nobody what it waits for
    """Seconds until something is due that waits for its time."""
    due = [timer.when() for timer in loop._scheduled if not timer.cancelled()]
    return float(min(due, default=inf) - loop.time())


def _other_threads() -> Runs | None:
    """None while one of them runs or could."""
    ours, runs = str(threading.get_native_id()), {}
    for thread in THREADS.iterdir():
        if thread.name == ours:
            continue
        try:
            state = thread.joinpath("stat").read_text().rpartition(")")[2].split()[0]
            runs[thread.name] = thread.joinpath("schedstat").read_text()
        except OSError:  # it has ended
            return None
        if state == RUNNABLE:
            return None
    return runs
