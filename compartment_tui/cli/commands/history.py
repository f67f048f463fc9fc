"""What was deployed, when, and how it went."""

from typing import Annotated

import typer

from compartment_tui.cli import completion
from compartment_tui.cli.command import command
from compartment_tui.cli.json_documents.common import (
    deployment_document,
    deployment_logs_document,
    history_document,
)
from compartment_tui.cli.log_writer import Margin, write_feed
from compartment_tui.cli.options import DEFAULT_TAIL, Replica, Tail
from compartment_tui.cli.session import Session
from compartment_tui.cli.status_report import nothing_deployed
from compartment_tui.operations import history
from compartment_tui.operations import logs as operations
from compartment_tui.present.fields import deployment_facts
from compartment_tui.present.tables import history_table

app = typer.Typer()

DeploymentId = Annotated[
    str,
    typer.Argument(
        metavar="DEPLOYMENT",
        help="Its id, or the end of it.",
        show_default=False,
        autocompletion=completion.deployments,
    ),
]


@command(
    app,
    "list",
    environment=True,
    services=True,
    examples=("deployment list -s web --limit 5",),
)
def list_deployments(
    session: Session,
    *,
    limit: Annotated[
        int, typer.Option("--limit", min=1, max=1000, metavar="RUNS", help="How many runs.")
    ] = 20,
) -> None:
    """List past runs and their deployments, newest first."""
    runs = history.history(
        session.world,
        environment=session.environment,
        services=session.services,
        limit=limit,
    )
    if session.output.json:
        session.output.document(history_document(runs, session.key))
    elif runs:
        session.output.table(history_table(runs, session.world.clock.now()))
    else:
        session.output.say(nothing_deployed(session.environment))


@command(app, "show", environment=True, examples=("deployment show 7q2m9x1kaz",))
def show_deployment(session: Session, *, deployment: DeploymentId) -> None:
    """Show where one deployment came from and how it ended."""
    found = history.deployment(
        session.world, environment=session.environment, deployment=deployment
    )
    if session.output.json:
        session.output.document(deployment_document(found, session.key))
    else:
        session.output.facts(deployment_facts(found, session.world.clock.now()))


@command(app, "logs", environment=True, examples=("deployment logs 7q2m9x1kaz -n 50",))
def deployment_logs(
    session: Session, *, deployment: DeploymentId, tail: Tail = None, replica: Replica = None
) -> None:
    """Show what a deployment wrote, also a failed or stopped one."""
    where = {"environment": session.environment, "deployment": deployment}
    found = history.deployment(session.world, **where)
    feed = operations.deployment_logs(
        session.world,
        **where,
        replica=replica,
        tail=DEFAULT_TAIL if tail is None else tail,
    )
    if session.output.json:
        try:
            session.output.document(deployment_logs_document(found, feed, session.key))
        finally:
            feed.close()
    else:
        write_feed(session, feed, Margin(session, (found.deployment.service,)))
