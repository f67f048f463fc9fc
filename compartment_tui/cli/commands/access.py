"""Who is let into an environment."""

from typing import Annotated

import typer

from compartment_tui.cli.command import command
from compartment_tui.cli.commands.variable_common import decoded, without_line_break
from compartment_tui.cli.session import Session
from compartment_tui.domain.errors import AnswerNeeded, UsageProblem
from compartment_tui.domain.variable import Secret
from compartment_tui.present.tone import line

app = typer.Typer()

PLACE = '[environments.NAME.access] users = { team = "…" }'
"""Where the hash goes."""


@command(app, "hash", examples=("access hash", "access hash --stdin < password.txt"))
def hash_password(
    session: Session,
    *,
    stdin: Annotated[
        bool,
        typer.Option("--stdin", help="Read it from stdin; one line break at its end goes."),
    ] = False,
) -> None:
    """Make the hash of a password, for the project file.

    It is asked for twice and not shown. The hash goes between `users` of an environment's access,
    as it is printed. It is bcrypt's, with cost 5: the edge compares it at every request.
    """
    password = _given(session) if stdin else _asked(session)
    made = session.entrances.hash_password(password)
    if session.output.json:
        session.output.document({"hash": made})
    else:
        session.output.lines((line(f'"{made}"'),))
        session.output.say(f"it goes here: {PLACE}")


def _given(session: Session) -> Secret:
    return Secret(without_line_break(decoded(session.output.given(), "the password")))


def _asked(session: Session) -> Secret:
    if not session.output.can_ask:
        raise AnswerNeeded("there is no terminal to ask for the password on", hint="--stdin")
    first = session.output.ask_hidden("password:")
    again = None if first is None else session.output.ask_hidden("once more:")
    if first is None or again is None:
        raise UsageProblem("no password was given")
    if Secret(first) != Secret(again):
        raise UsageProblem("the two are not the same", hint="type it again")
    return Secret(first)
