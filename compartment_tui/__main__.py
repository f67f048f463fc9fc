"""The program: the one place that sees the front end and what it works on."""

from typing import TYPE_CHECKING

from compartment_tui.cli.app import run

if TYPE_CHECKING:
    from compartment_tui.ports import Entrances


def main() -> None:
    """Do what the command line says. Docker and the rest load when a command asks for them."""
    run(_entrances)


def _entrances() -> "Entrances":
    from compartment_tui.bootstrap import entrances

    return entrances()


if __name__ == "__main__":
    main()
