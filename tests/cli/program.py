"""The whole program in a process of its own, on a pretended machine with real signals.

`python -m tests.cli.program PACE WORDS…`: PACE is how many real seconds a pretended one takes.
"""

import os
import sys
from dataclasses import replace
from datetime import timedelta

from compartment_tui.adapters.memory.world import Behaviour, FakeClock, Host, memory_world
from compartment_tui.adapters.system import SignalCancel
from compartment_tui.cli.app import run
from tests.cli.line import entrances
from tests.rollout.shop import WEB, shop_config

TELLS, BEGUN = "TELL_THAT_IT_BEGAN", "it began"
"""With this variable it says so once everything is loaded: only then are its signals its own."""


def main() -> None:
    pace = float(sys.argv.pop(1))
    host = Host(clock=FakeClock(pace=pace))
    host.behave("web", Behaviour(ready_after=timedelta(seconds=5)))
    opened = memory_world(shop_config(WEB), host=host)
    if os.environ.get(TELLS):
        sys.stderr.write(f"{BEGUN}\n")
        sys.stderr.flush()
    run(lambda: entrances(replace(opened.world, cancel=SignalCancel())))


if __name__ == "__main__":
    main()
