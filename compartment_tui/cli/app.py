"""All commands, put together. It loads neither Docker nor the domain, so `--help` is quick."""

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Protocol

import typer

from compartment_tui import PROGRAM
from compartment_tui.cli import standard_streams
from compartment_tui.cli.command_group import CommandGroup
from compartment_tui.cli.program import epilog

if TYPE_CHECKING:
    from compartment_tui.ports import Factories


class Launch(Protocol):
    """Opens the terminal application; its exit code. Raises CompartmentError."""

    def __call__(
        self, entrances: "Factories", *, file: Path | None, demo: bool, read_only: bool
    ) -> int: ...


def build(launch: Launch | None = None) -> typer.Typer:
    """The whole command line. Its context's object is a function that gives the entrances.

    `launch` is what it does without a command, on a terminal.
    """
    root = typer.Typer(
        name=PROGRAM,
        cls=CommandGroup,
        help="Deploy the services of a repository to Docker, with no request lost.\n\n"
        "Without a command it opens the terminal application.",
        epilog=epilog(("init", "deploy", "status", "rollback")),
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["--help", "-h"]},
    )
    root.callback(invoke_without_command=True)(_root(launch))
    return root


def run(entrances: Callable[[], "Factories"], launch: Launch | None = None) -> None:
    """Do what the command line says, and leave with its exit code."""
    standard_streams.open_missing()
    sys.exit(standard_streams.leave(lambda: build(launch)(obj=entrances, prog_name=PROGRAM)))


def _root(launch: Launch | None) -> Callable[..., None]:
    """What happens before any command, and when there is none."""

    def root(
        ctx: typer.Context,
        *,
        version: Annotated[
            bool, typer.Option("--version", help="Show the version and exit.")
        ] = False,
        file: Annotated[
            Path | None,
            typer.Option("--file", metavar="PATH", help="The compartment.toml to open."),
        ] = None,
        demo: Annotated[
            bool, typer.Option("--demo", help="Look around a pretended machine; no Docker needed.")
        ] = False,
        read_only: Annotated[
            bool, typer.Option("--read-only", help="Look, and change nothing.")
        ] = False,
    ) -> None:
        if version:
            from importlib.metadata import version as version_of

            typer.echo(f"{PROGRAM} {version_of(PROGRAM)}")
            raise typer.Exit
        asked = bool(demo or read_only or file)
        if ctx.invoked_subcommand is not None:
            if asked:
                ctx.fail(
                    f"--demo and --read-only go without a command, --file behind it: {_hint(ctx)}"
                )
            return
        if launch is None or not _on_terminal():
            if asked:
                ctx.fail("these options open the terminal application, which needs a terminal")
            typer.echo(ctx.get_help())
            raise typer.Exit
        from compartment_tui.cli.session import Session

        session = Session.of(ctx.obj(), {})
        opened = partial(launch, session.entrances, file=file, demo=demo, read_only=read_only)
        raise typer.Exit(session.guarded(opened))

    return root


def _hint(ctx: typer.Context) -> str:
    return f"{PROGRAM} {ctx.invoked_subcommand} --file PATH"


def _on_terminal() -> bool:
    # The toolkit reads the first, and draws on the last.
    return all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr))
