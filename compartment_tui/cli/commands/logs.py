"""What containers write, as text with a margin or as objects."""

from typing import Annotated

import typer

from compartment_tui.cli.command import command
from compartment_tui.cli.json_documents.common import log_line
from compartment_tui.cli.session import Session
from compartment_tui.cli.time_spans import parse_since
from compartment_tui.operations import logs as operations
from compartment_tui.ports import Feed, LogLine
from compartment_tui.present.text import clean, pad, show, width

DEFAULT_TAIL = 100
COLOURS = ("36", "33", "32", "35", "34", "96", "93", "92", "95", "94")
"""Of services, in the order of the file; far enough apart to be told from each other."""

app = typer.Typer()

Tail = Annotated[
    int | None,
    typer.Option(
        "--tail",
        "-n",
        min=0,
        metavar="LINES",
        help="Only the last lines of each service; 100 when not given, all with --since.",
    ),
]


@command(
    app,
    environment=True,
    services=True,
    examples=(
        "logs -f                  all services, as they write",
        "logs -s web --since 10m  one service, the last ten minutes",
    ),
)
def logs(
    session: Session,
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
) -> None:
    """Show what the live containers write."""
    moment = None if since is None else parse_since(since, session.world.clock.now())
    if tail is None and moment is None:
        tail = DEFAULT_TAIL
    names = session.services or tuple(spec.name for spec in session.config.services)
    feed = operations.logs(
        session.world,
        environment=session.environment,
        services=session.services,
        follow=follow,
        tail=tail,
        since=moment,
    )
    session.output.streaming = session.output.json
    write_feed(session, feed, Margin(session, names))


class Margin:
    """What stands before a line.

    The service, in its colour, when there are several; with `--verbose` the time.
    """

    def __init__(self, session: Session, services: tuple[str, ...]) -> None:
        self._verbose = session.output.verbose
        self._coloured = session.output.out.coloured
        self._services = services
        self._width = max((width(show(name)) for name in services), default=0)

    def of(self, one: LogLine) -> str:
        at = one.at.astimezone().isoformat(timespec="milliseconds") + " " if self._verbose else ""
        if len(self._services) < 2:
            return at
        name = pad(show(one.service), self._width)
        if not self._coloured:
            return f"{name} | {at}"
        return f"\x1b[{self._colour(one.service)}m{name} |\x1b[0m {at}"

    def _colour(self, service: str) -> str:
        place = self._services.index(service) if service in self._services else 0
        return COLOURS[place % len(COLOURS)]


def write_feed(session: Session, feed: Feed[LogLine], margin: Margin) -> None:
    """Until the feed ends, or nobody reads any more; it is closed then."""
    output = session.output
    try:
        for one in feed:
            if output.json:
                output.json_line(log_line(one, session.environment))
            else:
                output.out.write(f"{margin.of(one)}{clean(one.message)}\n")
            if output.out.closed:
                return
    finally:
        feed.close()
