"""The status of an environment as a command reports it: once, or as it changes."""

from collections.abc import Iterator

from compartment_tui import PROGRAM
from compartment_tui.cli.exit_codes import ENGINE_AWAY
from compartment_tui.cli.session import Session
from compartment_tui.domain.errors import ProjectFileInvalid
from compartment_tui.domain.shell_quotes import option_for
from compartment_tui.domain.views import EnvironmentStatus
from compartment_tui.operations import status as operations
from compartment_tui.ports import Feed
from compartment_tui.present.failure import failure_lines
from compartment_tui.present.status import status_notes
from compartment_tui.present.tables import status_table
from compartment_tui.present.text import on_engine, show_name
from compartment_tui.present.tone import Cell, Line, Tone, line


def report_status(session: Session) -> int:
    """The status now; the exit code."""
    found = operations.status(
        session.world, environment=session.environment, services=session.services
    )
    if session.output.json:
        from compartment_tui.cli.json_documents.common import status_document

        session.output.document(status_document(found))
    else:
        session.output.lines(status_lines(session, found))
    return told_why(session, found)


def told_why(session: Session, found: EnvironmentStatus) -> int:
    """Why it is only a copy, said apart from the data; the exit code."""
    if found.away is None:
        return 0
    if not session.output.json:
        session.output.insist(failure_lines(found.away.message, hint=found.away.hint))
    return ENGINE_AWAY


def follow_status(session: Session) -> int:
    """Every state until interrupted, or until nobody reads any more; the exit code.

    With the engine away from the start there is nothing to watch.
    """
    # Threads and file events: only for those who stay.
    from compartment_tui.cli.json_documents.common import status_document
    from compartment_tui.cli.live_region import Region
    from compartment_tui.operations.watch import watch as watched

    feed = watched(session.world, environment=session.environment, services=session.services)
    output, region, last = session.output, Region(session.output.out), list[Line]()
    first, code = True, 0
    try:
        for found in _looks(feed):
            if isinstance(found, ProjectFileInvalid):
                lines = [*last, *failure_lines(found.message, hint=found.hint)]
            else:
                lines = last = status_lines(session, found)
            if output.json and isinstance(found, EnvironmentStatus):
                output.json_line(status_document(found))
            elif output.out.moving:
                region.draw(lines)
            elif not output.json:
                output.lines([*lines, line("")])
            if isinstance(found, EnvironmentStatus):
                code = told_why(session, found) if first else _code(found)
            if output.out.closed or (first and code):
                break
            first = False
    finally:
        feed.close()
    return code


def _code(found: EnvironmentStatus) -> int:
    return ENGINE_AWAY if found.away else 0


def _looks(
    feed: Feed[EnvironmentStatus],
) -> Iterator[EnvironmentStatus | ProjectFileInvalid]:
    """Every look; a file that is broken while it is edited is news, not the end, once one came."""
    yield next(feed)
    while True:
        try:
            yield next(feed)
        except StopIteration:
            return
        except ProjectFileInvalid as error:
            yield error


def status_lines(session: Session, found: EnvironmentStatus) -> list[Line]:
    """One environment as a table, with what a person should know beside it."""
    where = f"{found.key.project} in {show_name(found.key.environment)}"
    where += on_engine(found.engine)
    head = (Cell(where), Cell(", protected" if found.protected else "", Tone.QUIET))
    if not found.services or all(one.latest is None for one in found.services):
        nothing = line(nothing_deployed(found.key.environment))
        return [head, nothing, *status_notes(found)] if found.last_met else [head, nothing]
    table = session.output.laid_out(status_table(found, session.world.clock.now()))
    return [head, *table, *status_notes(found)]


def nothing_deployed(environment: str) -> str:
    """What `deploy` would do about it."""
    deploy = f"{PROGRAM} deploy{option_for(environment)}"
    return f"nothing is deployed in {show_name(environment)} yet: {deploy}"
