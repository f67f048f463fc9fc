"""What the commands about readers of sensitive values do and write."""

from compartment_tui.cli.asking import allow_moves, allow_readers_of_all
from compartment_tui.cli.session import Session
from compartment_tui.domain.errors import UsageProblem
from compartment_tui.domain.variables.views import Readers
from compartment_tui.operations import recipients
from compartment_tui.present.json_variables import readers_document
from compartment_tui.present.recipients import reader_count_words, readers_lines
from compartment_tui.present.status import PROGRAM
from compartment_tui.present.text import counted


def rekey(session: Session) -> None:
    """Raises UsageProblem, SensitiveUnreadable, AnswerNeeded, Cancelled."""
    moved = allow_moves(session)
    accepted = allow_readers_of_all(session)
    found = recipients.rekey(session.world, accepted=accepted, moved=moved)
    _write_readers(session, found)
    session.output.say(f"{counted(found.sensitive, 'value')} encrypted again, each for its place")
    _say_readers(session, found)


def list_recipients(session: Session) -> None:
    """Who may read, and whether we may."""
    _write_readers(session, recipients.readers(session.world))


def add_recipients(session: Session, names: tuple[str, ...]) -> None:
    """Raises UsageProblem, SensitiveUnreadable, AnswerNeeded, Cancelled."""
    accepted = allow_readers_of_all(session, without=[name.strip() for name in names])
    found = recipients.add(session.world, names, accepted=accepted)
    _write_readers(session, found)
    _say_readers(session, found)


def remove_recipients(session: Session, names: tuple[str, ...]) -> None:
    """Raises NotFound, UsageProblem, SensitiveUnreadable, AnswerNeeded, Cancelled."""
    if not names:
        raise UsageProblem("which recipient?", hint=f"{PROGRAM} recipients list shows them")
    accepted = allow_readers_of_all(session, without=[name.strip() for name in names])
    found = recipients.remove(session.world, names, accepted=accepted)
    _write_readers(session, found)
    _say_readers(session, found)
    if found.sensitive:
        session.output.warn("they may have kept what they could read: change those values too")


def _say_readers(session: Session, found: Readers) -> None:
    if found.sensitive:
        words = reader_count_words(len(found.recipients), found.sensitive)
        session.output.say(words)


def _write_readers(session: Session, found: Readers) -> None:
    if session.output.json:
        session.output.document(readers_document(found))
    else:
        session.output.lines(readers_lines(found))
