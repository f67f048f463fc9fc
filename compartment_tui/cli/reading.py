"""What containers wrote, as text with a margin or as objects."""

import re
from datetime import datetime, timedelta

from compartment_tui.cli.session import Session
from compartment_tui.domain.errors import UsageProblem
from compartment_tui.operations import inspect as operations
from compartment_tui.ports import Feed, LogLine
from compartment_tui.present.json import deployment_logs_document, log_line
from compartment_tui.present.text import clean, pad, show, width

DEFAULT_TAIL = 100
COLOURS = ("36", "33", "32", "35", "34", "96", "93", "92", "95", "94")
"""Of services, in the order of the file; far enough apart to be told from each other."""

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_SPAN = re.compile(r"(?:\d+[smhd])+")


def logs(session: Session, *, follow: bool, tail: int | None, since: str | None) -> None:
    """Until the feed ends, is interrupted, or nobody reads any more."""
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
    _write(session, feed, Margin(session, names))


def deployment_logs(session: Session, identifier: str, *, tail: int | None) -> None:
    """What one deployment wrote, live or not. Raises NotFound, InstanceGone."""
    where = {"environment": session.environment, "deployment": identifier}
    found = operations.deployment(session.world, **where)
    feed = operations.deployment_logs(
        session.world, **where, tail=DEFAULT_TAIL if tail is None else tail
    )
    if session.output.json:
        try:
            session.output.document(deployment_logs_document(found, feed, session.key))
        finally:
            feed.close()
    else:
        _write(session, feed, Margin(session, (found.deployment.service,)))


def parse_since(text: str, now: datetime) -> datetime:
    """`10m`, `1h30m` ago, or an ISO time, local if it names no zone. Raises UsageProblem."""
    if _SPAN.fullmatch(text):
        span = timedelta()
        for number, unit in re.findall(r"(\d+)([smhd])", text):
            span += timedelta(**{_UNITS[unit]: int(number)})
        return now - span
    try:
        return datetime.fromisoformat(text).astimezone(now.tzinfo)
    except ValueError as error:
        raise UsageProblem(
            f"{show(text)} is neither a time nor how long ago",
            hint="for example 30s, 10m, 2h, 1h30m, 1d, or 2025-01-31T10:00:00Z",
        ) from error


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


def _write(session: Session, feed: Feed[LogLine], margin: Margin) -> None:
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
