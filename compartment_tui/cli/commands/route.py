"""The routes in force."""

import typer

from compartment_tui.cli.command import command
from compartment_tui.cli.exit_codes import ENGINE_AWAY
from compartment_tui.cli.json_documents.common import route_summary
from compartment_tui.cli.session import Session
from compartment_tui.domain.errors import CompartmentError
from compartment_tui.operations.routes import project_routes, routes
from compartment_tui.present.failure import failure_lines
from compartment_tui.present.tables import routes_table

app = typer.Typer()


@command(app, "list", environment=True, examples=("route list -e staging",))
def list_routes(session: Session) -> int:
    """List the routes in force.

    Those of every environment, unless one is named.
    """
    failures: list[CompartmentError] = []
    if session.named_environment is not None:
        found = routes(session.world, environment=session.environment)
    else:
        answers = project_routes(session.world)
        found = tuple(view for one in answers for view in one.answer or ())
        failures = [one.engine.failure for one in answers if one.engine.failure is not None]
    if session.output.json:
        project = {"name": session.config.name}
        summaries = [route_summary(one) for one in found]
        session.output.document({"routes": summaries, "project": project})
    elif found:
        session.output.table(routes_table(found))
    else:
        session.output.say("no routes: nothing that is live has an address")
    for failure in failures:
        session.output.insist(failure_lines(failure.message, hint=failure.hint))
    return ENGINE_AWAY if failures else 0
