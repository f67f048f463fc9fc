"""Who may read the sensitive values."""

from typing import Annotated

import typer

from compartment_tui import PROGRAM
from compartment_tui.cli.command import command
from compartment_tui.cli.json_documents.variables import readers_document
from compartment_tui.cli.reader_questions import allow_moves, allow_readers_of_all
from compartment_tui.cli.session import Session
from compartment_tui.domain.errors import UsageProblem
from compartment_tui.domain.variables.views import Readers
from compartment_tui.operations import recipients
from compartment_tui.present.recipients import reader_count_words, readers_lines
from compartment_tui.present.text import counted

app = typer.Typer()

Recipients = Annotated[
    list[str] | None,
    typer.Argument(metavar="[RECIPIENT]...", help="An age recipient: age1…", show_default=False),
]


@command(app, "rekey", changes=True)
def rekey(session: Session) -> None:
    """Encrypt every sensitive value again, for the recipients.

    Each is sealed for the place where it stands. Those that were sealed for another place are
    named, and you are asked whether it was you who moved or renamed them.
    """
    moved = allow_moves(session)
    accepted = allow_readers_of_all(session)
    found = recipients.rekey(session.world, accepted=accepted, moved=moved)
    _write_readers(session, found)
    session.output.say(f"{counted(found.sensitive, 'value')} encrypted again, each for its place")
    _say_readers(session, found)


@command(app, "list")
def list_recipients(session: Session) -> None:
    """List who may read the sensitive values, and whether you may."""
    _write_readers(session, recipients.readers(session.world))


@command(
    app,
    "add",
    changes=True,
    examples=("recipients add                 you", "recipients add age1…"),
)
def add_recipients(session: Session, *, names: Recipients = None) -> None:
    """Let somebody read the sensitive values; you, if none is named.

    They are all encrypted again. An identity is made when you have none.
    """
    added = tuple(names or ())
    accepted = allow_readers_of_all(session, without=[name.strip() for name in added])
    found = recipients.add(session.world, added, accepted=accepted)
    _write_readers(session, found)
    _say_readers(session, found)


@command(app, "remove", changes=True, examples=("recipients remove age1…",))
def remove_recipients(session: Session, *, names: Recipients = None) -> None:
    """Encrypt the sensitive values again, no longer for these.

    What they could read once they may have kept: change those values too.
    """
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
