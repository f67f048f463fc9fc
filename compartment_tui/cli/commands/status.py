"""What is live: once, or as it changes."""

from contextlib import suppress
from typing import TYPE_CHECKING, Annotated

import typer

from compartment_tui.cli.command import command

if TYPE_CHECKING:
    from compartment_tui.cli.session import Session

app = typer.Typer()


@command(
    app,
    environment=True,
    services=True,
    examples=("status -e staging", "status --watch", "status --output json"),
)
def status(
    session: "Session",
    *,
    watch: Annotated[
        bool, typer.Option("--watch", help="Stay, and show every change as it happens.")
    ] = False,
) -> int:
    """Show what is live, whether it is well, where it is reached."""
    from compartment_tui.domain.errors import EngineUnreachable

    # The engine takes as long to read a document as the rest takes to load.
    with suppress(EngineUnreachable):  # whoever wants the answers is told
        world = session.engine_world
        world.records.warm_up(session.key)
        world.edge.warm_up()
    from compartment_tui.cli.status_report import follow_status, report_status

    return follow_status(session) if watch else report_status(session)
