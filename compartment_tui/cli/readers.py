"""What the commands about readers of sensitive values do and write."""

from compartment_tui.cli.session import Session
from compartment_tui.domain.declared import Readers
from compartment_tui.domain.errors import UsageProblem
from compartment_tui.operations import recipients
from compartment_tui.present.json_variables import readers_document
from compartment_tui.present.readers import readers_lines
from compartment_tui.present.status import PROGRAM
from compartment_tui.present.text import counted


def rekey(session: Session) -> None:
    """Raises UsageProblem, SensitiveUnreadable."""
    found = recipients.rekey(session.world)
    _write_readers(session, found)
    session.output.say(f"{counted(found.sensitive, 'value')} encrypted again")


def list_recipients(session: Session) -> None:
    """Who may read, and whether we may."""
    _write_readers(session, recipients.readers(session.world))


def add_recipients(session: Session, names: tuple[str, ...]) -> None:
    """Raises UsageProblem, SensitiveUnreadable."""
    _write_readers(session, recipients.add(session.world, names))


def remove_recipients(session: Session, names: tuple[str, ...]) -> None:
    """Raises NotFound, UsageProblem, SensitiveUnreadable."""
    if not names:
        raise UsageProblem("which recipient?", hint=f"{PROGRAM} recipients list shows them")
    found = recipients.remove(session.world, names)
    _write_readers(session, found)
    if found.sensitive:
        session.output.warn("they may have kept what they could read: change those values too")


def _write_readers(session: Session, found: Readers) -> None:
    if session.output.json:
        session.output.document(readers_document(found))
    else:
        session.output.lines(readers_lines(found))
