"""The reverse proxy that all projects of an engine share."""

from typing import Annotated

import typer

from compartment_tui.cli.command import command
from compartment_tui.cli.confirm import allow_exposure, allow_loss
from compartment_tui.cli.json_documents.upkeep import edge_document
from compartment_tui.cli.session import Session
from compartment_tui.operations import edge
from compartment_tui.present.tables import edge_rows
from compartment_tui.present.text import show_name
from compartment_tui.present.tone import Tone, line, with_symbol

app = typer.Typer()


@command(app, "status")
def edge_status(session: Session) -> None:
    """Show whether the edge runs, where it listens, and whom it serves."""
    found = edge.edge(session.world)
    if session.output.json:
        session.output.document(edge_document(found))
    elif found is None:
        session.output.say("this engine has no edge yet: the first deploy makes it")
    else:
        session.output.facts(edge_rows(found, session.world.clock.now()))


@command(app, "restart", changes=True)
def edge_restart(
    session: Session,
    *,
    apply: Annotated[
        bool, typer.Option("--apply", help="With the [edge] settings of this project's file.")
    ] = False,
) -> None:
    """Restart the edge; this interrupts every project for a moment."""
    before = edge.edge(session.world)
    if before is not None and before.environments:
        names = ", ".join(
            f"{show_name(key.environment)} of {key.project}" for key in before.environments
        )
        session.output.warn(f"interrupts for a moment: {names}")
    if apply or before is None:
        allow_exposure(session, changed=True)
    found = edge.restart_edge(session.world, apply=apply)
    if session.output.json:
        session.output.document(edge_document(found))
    else:
        session.output.facts(edge_rows(found, session.world.clock.now()))


@command(app, "remove", changes=True)
def edge_remove(session: Session) -> None:
    """Remove the edge.

    No project on this engine is reached until the next deploy makes it again.
    """
    found = edge.edge(session.world)
    if found is None:
        session.output.say("this engine has no edge")
    else:
        lines = [line(f"no longer reached: {found.hosts} hosts")]
        lines += [
            line(f"  {show_name(key.environment)} of {key.project}") for key in found.environments
        ]
        allow_loss(session, "remove the edge", lines, named=False)
        edge.remove_edge(session.world)
        session.output.say((with_symbol("the edge is removed", Tone.GOOD),))
    if session.output.json:
        session.output.document({"removed": found is not None})
