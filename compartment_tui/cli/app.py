"""All commands, put together. It loads neither Docker nor the domain, so `--help` is quick."""

import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Protocol

import typer

from compartment_tui.cli import handling, inspect, promoting, runs, streams, upkeep, variables
from compartment_tui.cli.command import PROGRAM, epilog
from compartment_tui.cli.parsing import Group

if TYPE_CHECKING:
    from compartment_tui.ports import Factories

ORDER = (
    *("init", "deploy", "promote", "discard", "rollback", "redeploy", "resume"),
    *("stop", "start", "restart", "remove"),
    *("status", "inspect", "logs", "exec", "open", "prune", "doctor", "info", "schema"),
)
"""How the commands are listed: as a newcomer meets them."""

GROUPS = (
    *(inspect.deployment, inspect.environment, variables.variable, variables.recipients),
    *(inspect.route, upkeep.edge, upkeep.lock),
)


class Launch(Protocol):
    """Opens the terminal application; its exit code. Raises CompartmentError."""

    def __call__(
        self, entrances: "Factories", *, file: Path | None, demo: bool, read_only: bool
    ) -> int: ...


COMPLETING = f"_{PROGRAM}_COMPLETE".replace("-", "_").upper()
"""Set by a shell that wants to know how a line may go on: any command may be in that line."""

OPENING = frozenset(("--demo", "--read-only"))
"""With nothing but these it opens the terminal application, and needs no command for that."""


def build(
    launch: Launch | None = None, *, first: str = "", only_opens: bool = False
) -> typer.Typer:
    """The whole command line. Its context's object is a function that gives the entrances.

    `launch` is what it does without a command, on a terminal. When `first`, its first word, is a
    command, then that is all there is: putting all of them together takes a quick one's time. When
    it `only_opens` the terminal application there is none at all.
    """
    root = typer.Typer(
        name=PROGRAM,
        cls=Group,
        help="Deploy the services of a repository to Docker, with no request lost.\n\n"
        "Without a command it opens the terminal application.",
        epilog=epilog(("init", "deploy", "status", "rollback")),
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["--help", "-h"]},
    )
    root.callback(invoke_without_command=True)(_root(launch))
    parts = (runs.app, promoting.app, handling.app, inspect.app, upkeep.app)
    found = [one for part in parts for one in part.registered_commands]
    root.registered_commands = [one for one in found if one.name == first]
    if root.registered_commands or only_opens:
        return root
    root.registered_commands = sorted(found, key=lambda one: ORDER.index(one.name or ""))
    for part in GROUPS:
        root.add_typer(part)
    return root


def run(entrances: Callable[[], "Factories"], launch: Launch | None = None) -> None:
    """Do what the command line says, and leave with its exit code."""
    streams.open_missing()
    sys.exit(streams.leave(lambda: _run(entrances, launch)))


def _run(entrances: Callable[[], "Factories"], launch: Launch | None) -> None:
    words = sys.argv[1:]
    if COMPLETING in os.environ:
        build(launch)(obj=entrances, prog_name=PROGRAM)
        return
    only_opens = launch is not None and OPENING.issuperset(words) and _on_terminal()
    root = build(launch, first="".join(words[:1]), only_opens=only_opens)
    root(obj=entrances, prog_name=PROGRAM)


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
