"""The program: the one place that sees both front ends and what they work on."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from compartment_tui import startup

if TYPE_CHECKING:
    from compartment_tui.ports import Factories


def main() -> None:
    """Do what the command line says. Docker and the rest load when a command asks for them."""
    startup.begin()
    from compartment_tui.cli.app import run

    try:
        run(_entrances, _launch)
    finally:
        startup.end()


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
