"""Maintenance: a page for visitors, while the containers run on."""

from typing import Annotated

import typer

from compartment_tui.cli.command import command
from compartment_tui.cli.confirm import allow_change
from compartment_tui.cli.json_documents.public_side import maintenance_document
from compartment_tui.cli.session import Session
from compartment_tui.domain.requests import BeginMaintenance, EndMaintenance, MaintenanceRequest
from compartment_tui.operations import requests
from compartment_tui.present.maintenance import maintained_lines, maintenance_lines
from compartment_tui.present.requests import verb

app = typer.Typer()

Plan = Annotated[bool, typer.Option("--plan", help="Show what would happen, and do nothing.")]


@command(
    app,
    "on",
    environment=True,
    services=True,
    changes=True,
    owned=True,
    examples=("maintenance on", 'maintenance on -s web --message "Back at noon"'),
)
def begin(
    session: Session,
    *,
    message: Annotated[
        str, typer.Option("--message", metavar="TEXT", help="What the page says.")
    ] = "",
    plan: Plan = False,
) -> None:
    """Have the edge answer visitors with a page, while the containers run on.

    It outlives deploys, until `maintenance off`. Previews and calls of other services get through.
    """
    _change(session, BeginMaintenance(**session.scope, message=message), plan=plan)


@command(
    app,
    "off",
    environment=True,
    services=True,
    changes=True,
    owned=True,
    examples=("maintenance off -s web",),
)
def end(session: Session, *, plan: Plan = False) -> None:
    """Let visitors through again."""
    _change(session, EndMaintenance(**session.scope), plan=plan)


def _change(session: Session, request: MaintenanceRequest, *, plan: bool) -> None:
    if plan:
        change, lines = requests.plan(session.world, request), maintenance_lines
    else:
        allow_change(session, verb(request).lower())
        change, lines = requests.execute(session.world, request), maintained_lines
    if session.output.json:
        session.output.document(maintenance_document(change))
    else:
        session.output.lines(lines(change))
