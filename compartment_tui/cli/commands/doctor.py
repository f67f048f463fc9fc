"""Whether a deploy has what it needs."""

import typer

from compartment_tui.cli.command import command
from compartment_tui.cli.json_documents.upkeep import checks_document
from compartment_tui.cli.options import EngineName
from compartment_tui.cli.session import Session
from compartment_tui.domain.detail_views import Check, Grade
from compartment_tui.operations import doctor as operations
from compartment_tui.present.tables import checks_table
from compartment_tui.present.text import clean
from compartment_tui.present.tone import line

app = typer.Typer()


@command(app, examples=("doctor --engine prod",))
def doctor(session: Session, *, engine: EngineName = None) -> int:
    """Check what a deploy needs, and say what to do about it.

    Ends with 1 when something would keep a deploy from working.
    """
    checks = operations.doctor(session.world, engine=engine)
    if session.output.json:
        session.output.document(checks_document(checks))
    else:
        for name in dict.fromkeys(check.engine for check in checks):
            if name:
                session.output.lines([line(""), line(f"on {clean(name)}:")])
            _tell(session, [check for check in checks if check.engine == name])
    return 1 if any(check.grade is Grade.BAD for check in checks) else 0


def _tell(session: Session, checks: list[Check]) -> None:
    session.output.table(checks_table(checks))
    for check in checks:
        if check.hint and check.grade is not Grade.GOOD:
            session.output.lines([line(f"{clean(check.name)} → {clean(check.hint)}")])
