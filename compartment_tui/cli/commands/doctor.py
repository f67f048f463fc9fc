"""Whether a deploy has what it needs."""

import typer

from compartment_tui.cli.command import command
from compartment_tui.cli.json_documents.upkeep import checks_document
from compartment_tui.cli.session import Session
from compartment_tui.domain.detail_views import Grade
from compartment_tui.operations import doctor as operations
from compartment_tui.present.tables import checks_table
from compartment_tui.present.text import clean
from compartment_tui.present.tone import line

app = typer.Typer()


@command(app)
def doctor(session: Session) -> int:
    """Check what a deploy needs, and say what to do about it.

    Ends with 1 when something would keep a deploy from working.
    """
    checks = operations.doctor(session.world)
    if session.output.json:
        session.output.document(checks_document(checks))
    else:
        session.output.table(checks_table(checks))
        for check in checks:
            if check.hint and check.grade is not Grade.GOOD:
                session.output.lines([line(f"{clean(check.name)} → {clean(check.hint)}")])
    return 1 if any(check.grade is Grade.BAD for check in checks) else 0
