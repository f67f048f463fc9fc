"""What all applications under test share: style sheets parsed once, and no waiting for nothing."""

import asyncio
from time import monotonic, process_time
from typing import Any

import pytest
import textual.app
import textual.pilot
from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet

QUIET = 0.003
"""Seconds in which nothing must happen before the application counts as idle."""
BUSY = QUIET / 6
"""Seconds of the processor, its threads included, that are something."""
SOON = 0.02
"""Seconds in which a timer that is due is waited for: a new size takes one, and drawing."""


@pytest.fixture(autouse=True, scope="session")
def _styles_parsed_once() -> None:
    """The toolkit shares what it parsed in the same way, but within one application and theme."""
    parse = Stylesheet._parse_rules
    parsed: dict[object, list[RuleSet]] = {}

    def parse_once(sheet: Stylesheet, *source: Any, **options: Any) -> list[RuleSet]:  # noqa: ANN401
        key = (tuple(sheet._variables.items()), source, tuple(options.items()))
        if key not in parsed:
            parsed[key] = parse(sheet, *source, **options)
        return parsed[key]

    Stylesheet._parse_rules = parse_once  # type: ignore[method-assign, assignment]


@pytest.fixture(autouse=True, scope="session")
def _idle_seen_at_once() -> None:
    """The toolkit waits at least 20 ms whenever it asks whether there is work, thrice for a key."""
    textual.app.wait_for_idle = wait_for_idle  # type: ignore[attr-defined]
    textual.pilot.wait_for_idle = wait_for_idle  # type: ignore[attr-defined]


async def wait_for_idle(min_sleep: float = 0, max_sleep: float = 1) -> None:
    """Wait until nothing is ready or due `SOON`, and no thread works, for `QUIET` seconds."""
    loop: Any = asyncio.get_running_loop()
    began = monotonic()
    while True:
        while loop._ready:
            await asyncio.sleep(0)
        worked = process_time()
        await asyncio.sleep(QUIET)
        worked, waited = process_time() - worked, monotonic() - began
        if waited >= max_sleep:
            return
        due = any(not one.cancelled() and one.when() < began + SOON for one in loop._scheduled)
        if waited >= min_sleep and worked < BUSY and not loop._ready and not due:
            return
