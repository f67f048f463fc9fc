"""What containers write."""

from typing import TYPE_CHECKING, Annotated

import typer

from compartment_tui.cli.command import command
from compartment_tui.cli.options import DEFAULT_TAIL, Replica, Tail

if TYPE_CHECKING:
    from compartment_tui.cli.session import Session

app = typer.Typer()


@command(
    app,
    environment=True,
    services=True,
    examples=(
        "logs -f                  all services, as they write",
        "logs -s web --since 10m  one service, the last ten minutes",
        "logs -s web --replica 2  one of several",
    ),
)
def logs(
    session: "Session",
    *,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Stay, also when a container is replaced.")
    ] = False,
    tail: Tail = None,
    since: Annotated[
        str | None,
        typer.Option(
            "--since", metavar="WHEN", help="Only newer lines: 30s, 10m, 2h, 1d, or an ISO time."
        ),
    ] = None,
    replica: Replica = None,
) -> None:
    """Show what the live containers write."""
    from compartment_tui.cli.log_writer import Margin, write_feed
    from compartment_tui.cli.time_spans import parse_since
    from compartment_tui.operations import logs as operations

    moment = None if since is None else parse_since(since, session.world.clock.now())
    if tail is None and moment is None:
        tail = DEFAULT_TAIL
    names = session.services or tuple(spec.name for spec in session.config.services)
    feed = operations.logs(
        session.world,
        environment=session.environment,
        services=session.services,
        replica=replica,
        follow=follow,
        tail=tail,
        since=moment,
    )
    session.output.streaming = session.output.json
    write_feed(session, feed, Margin(session, names))
