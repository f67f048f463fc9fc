"""What the commands for variables say and read alike."""

from typing import Annotated

import typer

from compartment_tui import PROGRAM
from compartment_tui.cli.session import Session
from compartment_tui.domain.errors import UsageProblem
from compartment_tui.domain.shell_quotes import option_for
from compartment_tui.domain.variables.views import Identity
from compartment_tui.present.recipients import first_reader_words, reader_count_words

Sensitive = Annotated[
    bool, typer.Option("--sensitive", help="Encrypted in the file, and never shown again.")
]


def decoded(content: bytes, what: str) -> str:
    """The text of it. Raises UsageProblem, without a word of it."""
    try:
        return content.decode()
    except UnicodeDecodeError:
        # Not kept as the cause: it carries what must not be seen.
        raise UsageProblem(f"{what} is not UTF-8 text") from None


def without_line_break(text: str) -> str:
    """Exactly one goes: what `echo` puts there."""
    return text.removesuffix("\n").removesuffix("\r") if text.endswith("\n") else text


def service_of(session: Session) -> str | None:
    """Whose variables are meant; None is everyone's. Raises UsageProblem when several are named."""
    if len(session.services) > 1:
        raise UsageProblem("variables are about one service at a time")
    return session.services[0] if session.services else None


def say_first_reader(session: Session, reader: Identity | None) -> None:
    """Who may read sensitive values now, when the file named nobody before."""
    if reader is not None:
        session.output.say(first_reader_words(reader))


def say_reader_count(session: Session, readers: int, values: int = 1) -> None:
    """How many can read what was sealed just now; nothing when nothing was."""
    if readers:
        session.output.say(reader_count_words(readers, values))


def say_next(session: Session) -> None:
    """What runs does not change by itself."""
    redeploy = f"{PROGRAM} redeploy{option_for(session.environment)}"
    session.output.say(f"what runs keeps its values until the next deploy, or {redeploy}")
