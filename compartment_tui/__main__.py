"""The program: the one place that sees both front ends and what they work on."""

from pathlib import Path
from typing import TYPE_CHECKING

from compartment_tui.cli.app import run

if TYPE_CHECKING:
    from compartment_tui.ports import Entrances


def main() -> None:
    """Do what the command line says. Docker and the rest load when a command asks for them."""
    run(_entrances, _launch)


def _entrances() -> "Entrances":
    from compartment_tui.bootstrap import entrances

    return entrances()


def _launch(entrances: "Entrances", *, file: Path | None, demo: bool, read_only: bool) -> int:
    from compartment_tui.tui.launch import launch

    return launch(entrances, file=file, demo=demo, read_only=read_only)


if __name__ == "__main__":
    main()
