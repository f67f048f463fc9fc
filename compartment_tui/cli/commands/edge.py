"""The reverse proxy that all projects of an engine share, and the machine of a Swarm it is on."""

from typing import Annotated

import typer

from compartment_tui.cli.command import command
from compartment_tui.cli.confirm import allow_exposure, allow_loss
from compartment_tui.cli.exit_codes import EXIT_OF_OUTCOME
from compartment_tui.cli.json_documents.upkeep import adoption_document, edge_document
from compartment_tui.cli.options import EngineName
from compartment_tui.cli.session import Session
from compartment_tui.domain.outcome import Outcome
from compartment_tui.domain.requests import AdoptEdge
from compartment_tui.operations import edge, requests
from compartment_tui.operations.engines import swarm_world, world_at
from compartment_tui.present.adoption import adopted_lines, adoption_lines
from compartment_tui.present.tables import edge_rows
from compartment_tui.present.text import show_name
from compartment_tui.present.tone import Tone, line, with_symbol

app = typer.Typer()


@command(app, "status")
def edge_status(session: Session, *, engine: EngineName = None) -> None:
    """Show whether the edge runs, where it listens, and whom it serves."""
    world = world_at(session.world, engine)
    found = edge.edge(world)
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
    engine: EngineName = None,
) -> None:
    """Restart the edge; this interrupts every project for a moment."""
    world = world_at(session.world, engine)
    before = edge.edge(world)
    if before is not None and before.environments:
        names = ", ".join(
            f"{show_name(key.environment)} of {key.project}" for key in before.environments
        )
        session.output.warn(f"interrupts for a moment: {names}")
    if apply or before is None:
        allow_exposure(session, changed=True, world=world)
    found = edge.restart_edge(world, apply=apply)
    if session.output.json:
        session.output.document(edge_document(found))
    else:
        session.output.facts(edge_rows(found, session.world.clock.now()))


@command(app, "remove", changes=True)
def edge_remove(session: Session, *, engine: EngineName = None) -> None:
    """Remove the edge.

    No project on this engine is reached until the next deploy makes it again.
    """
    world = world_at(session.world, engine)
    found = edge.edge(world)
    if found is None:
        session.output.say("this engine has no edge")
    else:
        lines = [line(f"no longer reached: {found.hosts} hosts")]
        lines += [
            line(f"  {show_name(key.environment)} of {key.project}") for key in found.environments
        ]
        allow_loss(session, "remove the edge", lines, named=False)
        edge.remove_edge(world)
        session.output.say((with_symbol("the edge is removed", Tone.GOOD),))
    if session.output.json:
        session.output.document({"removed": found is not None})


@command(
    app,
    "adopt",
    changes=True,
    examples=("edge adopt --node n2 --plan", "edge adopt --node n2"),
)
def edge_adopt(
    session: Session,
    *,
    node: Annotated[
        str,
        typer.Option(
            "--node",
            metavar="NAME",
            help="The machine that becomes the home; the engine's address leads to it.",
            show_default=False,
        ),
    ],
    engine: EngineName = None,
    plan: Annotated[
        bool, typer.Option("--plan", help="Show what would be done, and do nothing.")
    ] = False,
) -> int:
    """Have another machine of a Swarm be its home, when the home is lost.

    The edge is made there, with the records and routes that the managers have copies of. The lost
    machine is taken out of the Swarm. It shows all of that, and asks. Refused while the home lives.
    """
    request = AdoptEdge(node=node, engine=engine)
    found = requests.plan(session.world, request)
    lines = adoption_lines(found)
    if not plan and not found.empty:
        allow_loss(session, f"make {show_name(node)} the home", lines, named=False)
        allow_exposure(session, world=swarm_world(session.world, engine))
        found = requests.execute(session.world, request)
        lines = adopted_lines(found)
    if session.output.json:
        session.output.document(adoption_document(found, done=not plan and not found.empty))
    else:
        session.output.lines(lines)
    return EXIT_OF_OUTCOME[Outcome.NEEDS_ATTENTION] if found.failed else 0
