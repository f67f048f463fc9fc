"""All commands, put together. It loads neither Docker nor the domain, so `--help` is quick."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from compartment_tui.cli import inspect, runs, upkeep
from compartment_tui.cli.command import PROGRAM, epilog

if TYPE_CHECKING:
    from compartment_tui.ports import Entrances

ORDER = (
    *("init", "deploy", "rollback", "redeploy", "resume"),
    *("status", "inspect", "logs", "exec", "open", "doctor", "info"),
)
"""How the commands are listed: as a newcomer meets them."""


def build() -> typer.Typer:
    """The whole command line. Its context's object is a function that gives the entrances."""
    root = typer.Typer(
        name=PROGRAM,
        help="Deploy the services of a repository to Docker, with no request lost.",
        epilog=epilog(("init", "deploy", "status", "rollback")),
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["--help", "-h"]},
    )
    root.callback(invoke_without_command=True)(_root)
    found = [
        one for part in (runs.app, inspect.app, upkeep.app) for one in part.registered_commands
    ]
    root.registered_commands = sorted(found, key=lambda one: ORDER.index(one.name or ""))
    for part in (inspect.deployment, inspect.environment, inspect.route, upkeep.edge, upkeep.lock):
        root.add_typer(part)
    return root


def run(entrances: Callable[[], "Entrances"]) -> None:
    """Do what the command line says, and leave with its exit code."""
    build()(obj=entrances, prog_name=PROGRAM)


def _root(
    ctx: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Show the version and exit.")] = False,
) -> None:
    if version:
        from importlib.metadata import version as version_of

        typer.echo(f"{PROGRAM} {version_of(PROGRAM)}")
        raise typer.Exit
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())
        raise typer.Exit
