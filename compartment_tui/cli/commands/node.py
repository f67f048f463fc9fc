"""The machines of a Swarm."""

import typer

from compartment_tui.cli.command import command
from compartment_tui.cli.json_documents.upkeep import nodes_document
from compartment_tui.cli.options import EngineName
from compartment_tui.cli.session import Session
from compartment_tui.operations.nodes import swarm_view
from compartment_tui.present.nodes import nodes_table, swarm_notes

app = typer.Typer()


@command(app, "list")
def list_nodes(session: Session, *, engine: EngineName = None) -> None:
    """List the machines of a Swarm: what each is, how it does, what runs there."""
    found = swarm_view(session.world, engine=engine)
    if session.output.json:
        session.output.document(nodes_document(found))
    else:
        session.output.table(nodes_table(found.nodes))
        session.output.lines([*swarm_notes(found, session.world.clock.now())])
