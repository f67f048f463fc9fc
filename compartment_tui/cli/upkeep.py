"""The commands around deployments: a project's first file, a look inside, locks, the edge."""

from typing import TYPE_CHECKING, Annotated

import typer

from compartment_tui.cli import completing
from compartment_tui.cli.command import command, group
from compartment_tui.cli.inspect import environment

if TYPE_CHECKING:
    from compartment_tui.cli.session import Session

app = typer.Typer()
edge = group("edge", "The reverse proxy that all projects of a Docker engine share.")
lock = group("lock", "Who is changing an environment.")


@command(app, examples=("init", "init --name shop"))
def init(
    session: "Session",
    *,
    name: Annotated[
        str | None,
        typer.Option(
            "--name", metavar="NAME", help="The project's name. Default: the directory's."
        ),
    ] = None,
) -> None:
    """Write a compartment.toml for the directory you are in."""
    from compartment_tui.cli import keeping

    keeping.init(session, name)


@command(app, "open", environment=True, services=True, examples=("open -s web -e staging",))
def open_service(session: "Session") -> None:
    """Print a service's address, and open it in a browser.

    The browser only where there is one, and when a person looks at the output.
    """
    from compartment_tui.cli import keeping

    keeping.open_service(session)


@command(
    app,
    "exec",
    environment=True,
    services=True,
    takes_command=True,
    examples=("exec -s web -- sh", "exec -s api -e staging -- python3 migrate.py --dry-run"),
)
def execute(
    session: "Session",
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
            autocompletion=completing.deployments,
        ),
    ] = None,
) -> int:
    """Run a command inside a live container.

    It ends with the exit code of the command.
    """
    from compartment_tui.cli import keeping

    return keeping.execute(session, tuple(words), deployment)


@command(
    environment,
    "delete",
    environment=True,
    changes=True,
    owned=True,
    examples=("environment delete staging", "environment delete staging --yes --volumes"),
)
def delete_environment(
    session: "Session",
    *,
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME]",
            help="As --env.",
            show_default=False,
            autocompletion=completing.environments,
        ),
    ] = None,
    volumes: Annotated[
        bool, typer.Option("--volumes", help="Its volumes too, with all data in them.")
    ] = False,
    variables: Annotated[
        bool, typer.Option("--variables", help="What the project file says of it, too.")
    ] = False,
    plan: Annotated[
        bool, typer.Option("--plan", help="Show what would go, and do nothing.")
    ] = False,
) -> None:
    """Remove an environment: routes, containers, network, record.

    Its volumes stay, and the variables in the file. It lists exactly what goes, and asks.
    """
    from compartment_tui.cli import keeping

    session.name_environment(name)
    keeping.delete_environment(session, volumes=volumes, variables=variables, plan=plan)


@command(
    app,
    environment=True,
    changes=True,
    owned=True,
    examples=(
        "prune --plan                    what would go",
        "prune --secrets-before 2h       kept containers whose values leaked",
    ),
)
def prune(
    session: "Session",
    *,
    secrets_before: Annotated[
        str | None,
        typer.Option(
            "--secrets-before",
            metavar="TIME",
            help="Kept containers made before: 2h, 1d ago, or an ISO time. Their images stay.",
        ),
    ] = None,
    plan: Annotated[
        bool, typer.Option("--plan", help="Show what would go, and do nothing.")
    ] = False,
) -> None:
    """Remove containers beyond retention, and images nobody needs.

    Of every environment that is not protected, unless one is named. What a rollback leads to
    stays. It lists exactly what goes, and asks.
    """
    from compartment_tui.cli import pruning

    pruning.prune(session, secrets_before=secrets_before, plan=plan)


@command(edge, "status")
def edge_status(session: "Session") -> None:
    """Show whether the edge runs, where it listens, and whom it serves."""
    from compartment_tui.cli import keeping

    keeping.edge_status(session)


@command(edge, "restart", changes=True)
def edge_restart(
    session: "Session",
    *,
    apply: Annotated[
        bool, typer.Option("--apply", help="With the [edge] settings of this project's file.")
    ] = False,
) -> None:
    """Restart the edge; this interrupts every project for a moment."""
    from compartment_tui.cli import keeping

    keeping.edge_restart(session, apply=apply)


@command(edge, "remove", changes=True)
def edge_remove(session: "Session") -> None:
    """Remove the edge.

    No project on this engine is reached until the next deploy makes it again.
    """
    from compartment_tui.cli import keeping

    keeping.edge_remove(session)


@command(lock, "show", environment=True)
def lock_show(session: "Session") -> None:
    """Show who is changing an environment right now."""
    from compartment_tui.cli import keeping

    keeping.lock_show(session)


@command(lock, "release", environment=True, changes=True)
def lock_release(session: "Session") -> None:
    """Take an environment's lock away from whoever holds it.

    Their run stops at its next step; `resume` then finishes or reverts it.
    """
    from compartment_tui.cli import keeping

    keeping.lock_release(session)


@command(app, examples=("schema > compartment.schema.json",))
def schema(session: "Session") -> None:
    """Print the JSON Schema of compartment.toml, for editors.

    With it they complete and check while you type; the README says how.
    """
    session.output.document(dict(session.entrances.file_schema()))
