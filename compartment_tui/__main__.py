"""The program: the one place that sees both front ends and what they work on."""

import gc
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from compartment_tui.ports import Factories

SELDOM = 50_000
"""How many new objects it takes until garbage is looked for: more than loading a command makes."""


def main() -> None:
    """Do what the command line says. Docker and the rest load when a command asks for them."""
    # What loads, stays. Looking for garbage among it, and once more at the end, is a fifth of the
    # time that a quick command takes.
    gc.set_threshold(SELDOM)
    from compartment_tui.cli.app import run

    try:
        run(_entrances, _launch)
    finally:
        gc.freeze()


def _entrances() -> "Factories":
    from compartment_tui.bootstrap import entrances

    return entrances()


def _launch(entrances: "Factories", *, file: Path | None, demo: bool, read_only: bool) -> int:
    from compartment_tui.tui.launch import launch

    return launch(entrances, file=file, demo=demo, read_only=read_only)


if __name__ == "__main__":
    # `python -m` looks for modules in the working directory first, which is a repository: what is
    # called `docker` or `textual` there is not what we mean.
    if not sys.flags.safe_path:
        del sys.path[0]
    main()
