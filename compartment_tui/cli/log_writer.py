"""What containers write, as text with a margin or as objects."""

from compartment_tui.cli.json_documents.common import log_line
from compartment_tui.cli.session import Session
from compartment_tui.ports import Feed, LogLine
from compartment_tui.present.text import clean, pad, show, width

COLOURS = ("36", "33", "32", "35", "34", "96", "93", "92", "95", "94")
"""Of services, in the order of the file; far enough apart to be told from each other."""


class Margin:
    """What stands before a line.

    The service, in its colour, when there are several, with the number of a replica where it has
    several (`web/2`); with `--verbose` the time.
    """

    def __init__(self, session: Session, services: tuple[str, ...]) -> None:
        self._verbose = session.output.verbose
        self._coloured = session.output.out.coloured
        self._services = services
        self._width = max((width(show(name)) for name in services), default=0)

    def of(self, entry: LogLine) -> str:
        at = entry.at.astimezone().isoformat(timespec="milliseconds") + " " if self._verbose else ""
        if len(self._services) < 2 and not entry.several:
            return at
        name = show(entry.service)
        if entry.several:
            name = f"{name}/{entry.replica}"
            self._width = max(self._width, width(name))
        name = pad(name, self._width)
        if not self._coloured:
            return f"{name} | {at}"
        return f"\x1b[{self._colour(entry.service)}m{name} |\x1b[0m {at}"

    def _colour(self, service: str) -> str:
        place = self._services.index(service) if service in self._services else 0
        return COLOURS[place % len(COLOURS)]


def write_feed(session: Session, feed: Feed[LogLine], margin: Margin) -> None:
    """Until the feed ends, or nobody reads any more; it is closed then."""
    output = session.output
    try:
        for entry in feed:
            if output.json:
                output.json_line(log_line(entry, session.environment))
            else:
                output.out.write(f"{margin.of(entry)}{clean(entry.message)}\n")
            if output.out.closed:
                return
    finally:
        feed.close()
