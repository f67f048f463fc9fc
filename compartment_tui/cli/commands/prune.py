"""Containers beyond retention and images nobody needs, removed."""

from dataclasses import replace
from typing import Annotated

import typer

from compartment_tui.cli.command import command
from compartment_tui.cli.confirm import allow_exposure, allow_loss
from compartment_tui.cli.json_documents.upkeep import pruning_document
from compartment_tui.cli.session import Session
from compartment_tui.cli.time_spans import parse_since
from compartment_tui.domain.requests import EVERY_ENVIRONMENT, Prune
from compartment_tui.operations import requests
from compartment_tui.present.prune import pruned_lines, pruning_lines

app = typer.Typer()


@command(
    app,
    environment=True,
    changes=True,
    owned=True,
    examples=(
        "prune --plan                    what would go",
        "prune --secrets-before 2h       kept containers whose values leaked",
    ),
)
def prune(
    session: Session,
    *,
    secrets_before: Annotated[
        str | None,
        typer.Option(
            "--secrets-before",
            metavar="TIME",
            help="Kept containers made before: 2h, 1d ago, or an ISO time. Their images stay.",
        ),
    ] = None,
    plan: Annotated[
        bool, typer.Option("--plan", help="Show what would go, and do nothing.")
    ] = False,
) -> None:
    """Remove containers beyond retention, and images nobody needs.

    Of every environment that is not protected, unless one is named. What a rollback leads to
    stays. It lists exactly what goes, and asks.
    """
    named = session.named_environment is not None
    now = session.world.clock.now()
    before = None if secrets_before is None else parse_since(secrets_before, now)
    request = Prune(
        environment=session.environment if named else EVERY_ENVIRONMENT,
        take_over=session.take_over,
        before=before,
    )
    found = requests.plan(session.world, request)
    if not plan and found.empty:
        found = replace(found, bytes_after=found.bytes_before)
    elif not plan:
        allow_loss(session, "prune", pruning_lines(found), named=named)
        allow_exposure(session)
        found = requests.execute(session.world, request)
    if session.output.json:
        session.output.document(pruning_document(found))
    else:
        session.output.lines(pruning_lines(found) if plan else pruned_lines(found))
