"""The options that commands share. Importing this must stay cheap: `--help` waits for it."""

from collections.abc import Callable
from enum import StrEnum
from inspect import Parameter, signature
from pathlib import Path
from typing import Annotated

import typer

from compartment_tui.cli import completion

DEFAULT_ENVIRONMENT = "production"
"""As `domain.names` has it; not imported from there because `--help` would pay for the domain."""


class Format(StrEnum):
    """How data is written."""

    TEXT = "text"
    JSON = "json"


EnvironmentName = Annotated[
    str | None,
    typer.Argument(
        metavar="[NAME]",
        help="As --env.",
        show_default=False,
        autocompletion=completion.environments,
    ),
]


EngineName = Annotated[
    str | None,
    typer.Option(
        "--engine",
        metavar="NAME",
        help="The engine, by its name in the project file; default is the docker command's.",
        autocompletion=completion.engines,
    ),
]


DEFAULT_TAIL = 100
Tail = Annotated[
    int | None,
    typer.Option(
        "--tail",
        "-n",
        min=0,
        metavar="LINES",
        help="Only the last lines of each service; 100 when not given, all with --since.",
    ),
]
Replica = Annotated[
    int | None,
    typer.Option(
        "--replica",
        min=1,
        metavar="NUMBER",
        help="Only this one, of a service that runs several times.",
        autocompletion=completion.replicas,
    ),
]


def _everywhere(
    *,
    file: Annotated[
        Path | None,
        typer.Option(
            "--file",
            metavar="PATH",
            help="The compartment.toml to use. Default: the nearest one, walking up from here.",
        ),
    ] = None,
    output: Annotated[
        Format,
        typer.Option("--output", metavar="text|json", help="For people, or for scripts."),
    ] = Format.TEXT,
    quiet: Annotated[
        bool, typer.Option("--quiet", help="Only data and problems, no progress and no remarks.")
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", help="Everything, also what builds print.")
    ] = False,
) -> None:
    """What every command takes."""


def _when_changing(
    *,
    yes: Annotated[
        bool,
        typer.Option(
            "--yes",
            help="Answer yes. A protected environment must also be named with --env.",
        ),
    ] = False,
) -> None:
    """What commands take that may ask before they change something."""


def _when_not(*, yes: Annotated[bool, typer.Option("--yes", hidden=True)] = False) -> None:
    """Where nothing is ever asked, `--yes` is taken and means nothing."""


def _where_owned(
    *,
    take_over: Annotated[
        bool,
        typer.Option(
            "--take-over",
            help="Go on though it belongs to another repository; then it is this one's.",
        ),
    ] = False,
) -> None:
    """What commands take that change what may belong to another repository."""


def _in_environment(
    *,
    env: Annotated[
        str | None,
        typer.Option(
            "--env",
            "-e",
            metavar="NAME",
            help=f"The environment; {DEFAULT_ENVIRONMENT} when not given.",
            autocompletion=completion.environments,
        ),
    ] = None,
) -> None:
    """What commands about one environment take."""


def _of_services(
    *,
    service: Annotated[
        list[str] | None,
        typer.Option(
            "--service",
            "-s",
            metavar="NAME",
            help="Only this service. Repeat it for more.",
            autocompletion=completion.services,
        ),
    ] = None,
) -> None:
    """What commands about services take."""


def shared(
    *, environment: bool, services: bool, changes: bool, owned: bool = False
) -> list[Parameter]:
    """The parameters a command shares with others."""
    sources: list[Callable[..., None]] = [_everywhere, _when_changing if changes else _when_not]
    if owned:
        sources.insert(0, _where_owned)
    if services:
        sources.insert(0, _of_services)
    if environment:
        sources.insert(0, _in_environment)
    return [one for source in sources for one in signature(source).parameters.values()]
