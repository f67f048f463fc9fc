"""A command inside a live container."""

from typing import Annotated

import typer

from compartment_tui.cli import completion
from compartment_tui.cli.command import command
from compartment_tui.cli.session import Session
from compartment_tui.operations import exec_command

app = typer.Typer()


@command(
    app,
    "exec",
    environment=True,
    services=True,
    takes_command=True,
    examples=(
        "exec -s web -- sh",
        "exec -s web --replica 2 -- sh",
        "exec -s api -e staging -- python3 migrate.py --dry-run",
    ),
)
def execute(
    session: Session,
    *,
    words: Annotated[
        list[str], typer.Argument(metavar="COMMAND", help="What to run.", show_default=False)
    ],
    deployment: Annotated[
        str | None,
        typer.Option(
            "--deployment",
            metavar="DEPLOYMENT",
            help="In this one instead of the live one.",
            autocompletion=completion.deployments,
        ),
    ] = None,
    replica: Annotated[
        int | None,
        typer.Option(
            "--replica",
            min=1,
            metavar="NUMBER",
            help="In this one, of a service that runs several times; the first when not given.",
            autocompletion=completion.replicas,
        ),
    ] = None,
) -> int:
    """Run a command inside a live container.

    It ends with the exit code of the command.
    """
    service = session.one_service(tuple(spec.name for spec in session.config.services), "exec")
    return exec_command.execute(
        session.world,
        environment=session.environment,
        service=service,
        command=tuple(words),
        terminal=session.output.interactive,
        deployment=deployment,
        replica=replica,
    )
