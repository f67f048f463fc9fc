"""An environment and all that is its own, removed."""

from typing import Annotated

import typer

from compartment_tui import PROGRAM
from compartment_tui.cli.command import command
from compartment_tui.cli.confirm import allow_exposure, allow_loss
from compartment_tui.cli.json_documents.upkeep import deletion_document
from compartment_tui.cli.options import EngineName, EnvironmentName
from compartment_tui.cli.session import Session
from compartment_tui.domain.errors import UsageProblem
from compartment_tui.domain.requests import DeleteEnvironment
from compartment_tui.operations import requests
from compartment_tui.operations.engines import world_at
from compartment_tui.present.fields import deletion_lines
from compartment_tui.present.text import show_name
from compartment_tui.present.tone import Tone, with_symbol

app = typer.Typer()


@command(
    app,
    "delete",
    environment=True,
    changes=True,
    owned=True,
    examples=("environment delete staging", "environment delete staging --yes --volumes"),
)
def delete_environment(
    session: Session,
    *,
    name: EnvironmentName = None,
    volumes: Annotated[
        bool, typer.Option("--volumes", help="Its volumes too, with all data in them.")
    ] = False,
    variables: Annotated[
        bool, typer.Option("--variables", help="What the project file says of it, too.")
    ] = False,
    engine: EngineName = None,
    plan: Annotated[
        bool, typer.Option("--plan", help="Show what would go, and do nothing.")
    ] = False,
) -> None:
    """Remove an environment: routes, containers, network, record.

    Its volumes stay, and the variables in the file. It lists exactly what goes, and asks.
    """
    session.name_environment(name)
    if session.named_environment is None:
        raise UsageProblem(
            "which environment?", hint=f"{PROGRAM} environment delete NAME, or --env NAME"
        )
    where, world = session.environment, session.world
    request = DeleteEnvironment(
        environment=where,
        take_over=session.take_over,
        volumes=volumes,
        variables=variables,
        engine=engine,
    )
    deletion = requests.plan(world, request)
    lines = deletion_lines(deletion, volumes=volumes, variables=variables)
    if not plan:
        allow_loss(session, f"delete {show_name(where)}", lines)
        if deletion.deployed:
            at = session.engine_world if engine is None else world_at(world, engine)
            allow_exposure(session, world=at)
        deletion = requests.execute(world, request)
        lines = ((with_symbol(f"{show_name(where)} is deleted", Tone.GOOD),),)
    if session.output.json:
        done = not plan
        session.output.document(
            deletion_document(deletion, done=done, volumes=volumes, variables=variables)
        )
    else:
        session.output.lines(lines)
