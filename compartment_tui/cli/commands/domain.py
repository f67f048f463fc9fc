"""Domains of one's own: where they lead, and their certificates."""

from typing import Annotated

import typer

from compartment_tui.cli.command import command
from compartment_tui.cli.confirm import allow_change
from compartment_tui.cli.json_documents.public_side import checked_document, domains_document
from compartment_tui.cli.session import Session
from compartment_tui.domain.requests import CheckDomains
from compartment_tui.operations import requests
from compartment_tui.operations.domains import domains
from compartment_tui.present.domains import advice_lines, checked_lines, domains_table, fine

app = typer.Typer()
UNSETTLED = 5
"""The exit code when a domain that was checked is not as the file wants it."""

Hosts = Annotated[
    list[str] | None, typer.Argument(metavar="[DOMAIN]...", help="Only these.", show_default=False)
]


@command(app, "list", environment=True, examples=("domain list -e staging",))
def list_domains(session: Session) -> None:
    """List an environment's domains: where each leads, and until when it has a certificate."""
    found = domains(session.world, environment=session.environment)
    if session.output.json:
        session.output.document(domains_document(found, session.key))
    elif found:
        session.output.table(domains_table(found, session.world.clock.now()))
        session.output.lines(advice_lines(found))
    else:
        session.output.say(
            f"no domains: [environments.{session.environment}.services.NAME]"
            ' domains = ["example.com"] in compartment.toml gives a service one'
        )


@command(
    app,
    "check",
    environment=True,
    changes=True,
    owned=True,
    examples=("domain check", "domain check example.com -e staging"),
)
def check(session: Session, domain: Hosts = None) -> int:
    """Look again whether domains lead here, serve those that do, and get their certificates.

    No deploy is needed. Ends with 5 when one is still not as the file wants it.
    """
    allow_change(session, "check its domains")
    request = CheckDomains(
        environment=session.environment, take_over=session.take_over, hosts=tuple(domain or ())
    )
    found = requests.execute(session.world, request)
    if session.output.json:
        session.output.document(checked_document(found, session.key))
    else:
        session.output.lines(checked_lines(found))
        session.output.table(domains_table(found.domains, session.world.clock.now()))
    return 0 if all(fine(one) for one in found.domains) else UNSETTLED
