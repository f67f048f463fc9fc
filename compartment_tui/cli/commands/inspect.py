"""Everything about services, from image to address."""

import typer

from compartment_tui.cli.command import command
from compartment_tui.cli.json_documents.upkeep import inspect_document
from compartment_tui.cli.session import Session
from compartment_tui.operations import inspect as operations
from compartment_tui.present.fields import inspect_facts
from compartment_tui.present.tone import line

app = typer.Typer()


@command(app, environment=True, services=True, examples=("inspect -s web",))
def inspect(session: Session) -> None:
    """Show everything about services, from image to address."""
    views = operations.inspect_services(
        session.world, environment=session.environment, services=session.services
    )
    if session.output.json:
        session.output.document(inspect_document(views, session.key))
        return
    for number, view in enumerate(views):
        if number:
            session.output.lines([line("")])
        session.output.facts(inspect_facts(view, session.world.clock.now()))
