"""A service's address, in a browser where there is one."""

import webbrowser

import typer

from compartment_tui import PROGRAM
from compartment_tui.browser import has_browser
from compartment_tui.cli.command import command
from compartment_tui.cli.session import Session
from compartment_tui.domain.edge_address import detour
from compartment_tui.domain.errors import EngineUnreachable, NotFound, UsageProblem
from compartment_tui.domain.names import primary_web
from compartment_tui.domain.shell_quotes import option_for
from compartment_tui.operations import status as operations
from compartment_tui.present.text import clean, show, show_name
from compartment_tui.present.tone import line

app = typer.Typer()


@command(app, "open", environment=True, services=True, examples=("open -s web -e staging",))
def open_service(session: Session) -> None:
    """Print a service's address, and open it in a browser.

    The browser only where there is one, and when a person looks at the output.
    """
    service = _routed_service(session)
    status = operations.status(session.world, environment=session.environment, services=(service,))
    if status.away is not None:  # where a copy says that it was is no place to go to
        raise EngineUnreachable(status.away.message, hint=status.away.hint)
    found = next((one for one in status.services if one.service == service), None)
    if found is None or found.active is None:
        raise NotFound(
            f"{show(service)} is not live in {show_name(session.environment)}",
            hint=f"{PROGRAM} deploy{option_for(session.environment)}",
        )
    if found.url is None:
        raise UsageProblem(f"{show(service)} is a worker: it has no address")
    if session.output.json:
        session.output.document({"serviceName": service, "routeUrl": found.url})
        return
    session.output.lines([line(clean(found.url))])
    engine_host = session.engine_world.engine.info().host
    way = detour(found.active.host or "", session.edge, engine_host)
    if way is not None:
        session.output.say(f"the engine is {show(engine_host)}, that name is this machine: {way}")
        return
    if session.output.out.terminal and has_browser():
        webbrowser.open(found.url)


def _routed_service(session: Session) -> str:
    """The one named, else the one that owns the short address, else the only one with any."""
    routed = tuple(spec for spec in session.config.services if spec.kind.routed)
    primary = primary_web((spec.name, spec.kind.value) for spec in session.config.services)
    if not session.services and primary is not None:
        return primary
    return session.one_service(tuple(spec.name for spec in routed), "open")
