"""The environments of a project: listed and shown."""

import typer

from compartment_tui import PROGRAM
from compartment_tui.cli.command import command
from compartment_tui.cli.exit_codes import ENGINE_AWAY
from compartment_tui.cli.json_documents.common import environment_summary, status_document
from compartment_tui.cli.options import EnvironmentName
from compartment_tui.cli.session import Session
from compartment_tui.cli.status_report import status_lines, told_why
from compartment_tui.domain.errors import NotFound
from compartment_tui.operations import environments, status
from compartment_tui.present.failure import failure_lines
from compartment_tui.present.fields import environment_facts
from compartment_tui.present.tables import environments_table
from compartment_tui.present.text import show_name
from compartment_tui.present.tone import line

app = typer.Typer()


@command(app, "list")
def list_environments(session: Session) -> int:
    """List the project's environments, deployed or only declared."""
    found = environments.environments(session.world)
    if session.output.json:
        project = {"name": session.config.name}
        summaries = [environment_summary(one) for one in found]
        session.output.document({"environments": summaries, "project": project})
    elif found:
        session.output.table(environments_table(found, session.world.clock.now()))
    else:
        session.output.say(f"no environments yet: {PROGRAM} deploy makes the first")
    away = {one.away.message: one.away for one in found if one.away is not None}
    for failure in away.values():
        session.output.insist(failure_lines(failure.message, hint=failure.hint))
    return ENGINE_AWAY if away else 0


@command(app, "show", environment=True, examples=("environment show staging",))
def show_environment(
    session: Session,
    *,
    name: EnvironmentName = None,
) -> int:
    """Show one environment: last run, who changes it, services."""
    session.name_environment(name)
    views = environments.environments(session.world)
    view = next((one for one in views if one.key == session.key), None)
    if view is None:
        known = ", ".join(show_name(one.key.environment) for one in views) or "none"
        raise NotFound(
            f"there is no environment {show_name(session.environment)}", hint=f"there are: {known}"
        )
    found = status.status(session.world, environment=session.environment)
    if session.output.json:
        document = status_document(found)
        summary = environment_summary(view)
        session.output.document({**document, "environment": summary})
    else:
        session.output.facts(environment_facts(view, found, session.world.clock.now()))
        session.output.lines([line(""), *status_lines(session, found)])
    return told_why(session, found)
