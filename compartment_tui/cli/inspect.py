"""The commands that look around: parse, and hand over to `looking` and `reading`."""

from typing import TYPE_CHECKING, Annotated

import typer

from compartment_tui.cli import completing
from compartment_tui.cli.command import command, group

if TYPE_CHECKING:
    from compartment_tui.cli.session import Session

app = typer.Typer()
deployment = group("deployment", "What was deployed, when, and how it went.")
environment = group("environment", "The environments of this project.")
route = group("route", "Which address leads to which deployment.")

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


@command(
    app,
    environment=True,
    services=True,
    examples=("status -e staging", "status --watch", "status --output json"),
)
def status(
    session: "Session",
    *,
    watch: Annotated[
        bool, typer.Option("--watch", help="Stay, and show every change as it happens.")
    ] = False,
) -> int:
    """Show what is live, whether it is well, where it is reached."""
    from compartment_tui.cli import standing

    if watch:
        return standing.watch(session)
    return standing.status(session)


@command(app, environment=True, services=True, examples=("inspect -s web",))
def inspect(session: "Session") -> None:
    """Show everything about services, from image to address."""
    from compartment_tui.cli import looking

    looking.inspect(session)


@command(
    app,
    environment=True,
    services=True,
    examples=(
        "logs -f                  all services, as they write",
        "logs -s web --since 10m  one service, the last ten minutes",
    ),
)
def logs(
    session: "Session",
    *,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Stay, also when a container is replaced.")
    ] = False,
    tail: Tail = None,
    since: Annotated[
        str | None,
        typer.Option(
            "--since", metavar="WHEN", help="Only newer lines: 30s, 10m, 2h, 1d, or an ISO time."
        ),
    ] = None,
) -> None:
    """Show what the live containers write."""
    from compartment_tui.cli import reading

    reading.logs(session, follow=follow, tail=tail, since=since)


@command(
    deployment,
    "list",
    environment=True,
    services=True,
    examples=("deployment list -s web --limit 5",),
)
def list_deployments(
    session: "Session",
    *,
    limit: Annotated[
        int, typer.Option("--limit", min=1, max=1000, metavar="RUNS", help="How many runs.")
    ] = 20,
) -> None:
    """List past runs and their deployments, newest first."""
    from compartment_tui.cli import looking

    looking.history(session, limit=limit)


DeploymentId = Annotated[
    str,
    typer.Argument(
        metavar="DEPLOYMENT",
        help="Its id, or the end of it.",
        show_default=False,
        autocompletion=completing.deployments,
    ),
]


@command(deployment, "show", environment=True, examples=("deployment show 7q2m9x1kaz",))
def show_deployment(session: "Session", *, deployment: DeploymentId) -> None:
    """Show where one deployment came from and how it ended."""
    from compartment_tui.cli import looking

    looking.deployment(session, deployment)


@command(deployment, "logs", environment=True, examples=("deployment logs 7q2m9x1kaz -n 50",))
def deployment_logs(session: "Session", *, deployment: DeploymentId, tail: Tail = None) -> None:
    """Show what a deployment wrote, also a failed or stopped one."""
    from compartment_tui.cli import reading

    reading.deployment_logs(session, deployment, tail=tail)


@command(environment, "list")
def list_environments(session: "Session") -> None:
    """List the project's environments, deployed or only declared."""
    from compartment_tui.cli import looking

    looking.environments(session)


@command(environment, "show", environment=True, examples=("environment show staging",))
def show_environment(
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
) -> int:
    """Show one environment: last run, who changes it, services."""
    from compartment_tui.cli import looking

    session.name_environment(name)
    return looking.environment(session)


@command(route, "list", environment=True, examples=("route list -e staging",))
def list_routes(session: "Session") -> None:
    """List the routes in force.

    Those of every environment, unless one is named.
    """
    from compartment_tui.cli import looking

    looking.routes(session)


@command(app)
def doctor(session: "Session") -> int:
    """Check what a deploy needs, and say what to do about it.

    Ends with 1 when something would keep a deploy from working.
    """
    from compartment_tui.cli import looking

    return looking.doctor(session)


@command(app)
def info(session: "Session") -> None:
    """Show versions, the project file, and the Docker engine used."""
    from compartment_tui.cli import looking

    looking.info(session)
