"""The routes in force."""

import typer

from compartment_tui.cli.command import command
from compartment_tui.cli.json_documents.common import route_summary
from compartment_tui.cli.session import Session
from compartment_tui.operations.routes import routes
from compartment_tui.present.tables import routes_table

app = typer.Typer()


@command(app, "list", environment=True, examples=("route list -e staging",))
def list_routes(session: Session) -> None:
    """List the routes in force.

    Those of every environment, unless one is named.
    """
    named = session.named_environment
    found = routes(session.world, environment=None if named is None else session.environment)
    if session.output.json:
        project = {"name": session.config.name}
        summaries = [route_summary(one) for one in found]
        session.output.document({"routes": summaries, "project": project})
    elif found:
        session.output.table(routes_table(found))
    else:
        session.output.say("no routes: nothing that is live has an address")
