"""The values that services get, by environment."""

from typing import Annotated

import typer

from compartment_tui.cli.command import command
from compartment_tui.cli.commands.variable_common import (
    Sensitive,
    decoded,
    say_first_reader,
    say_next,
    say_reader_count,
    service_of,
    without_line_break,
)
from compartment_tui.cli.confirm import allow_change
from compartment_tui.cli.json_documents.variables import (
    resolved_document,
    variable_document,
    variables_document,
)
from compartment_tui.cli.reader_questions import allow_readers
from compartment_tui.cli.session import Session
from compartment_tui.domain.errors import NotFound, UsageProblem
from compartment_tui.domain.names import DEFAULT_ENVIRONMENT
from compartment_tui.domain.variable import Secret, Sensitivity
from compartment_tui.domain.variables.edits import check_key
from compartment_tui.domain.variables.views import Declared
from compartment_tui.operations import variables
from compartment_tui.present.text import show, show_name
from compartment_tui.present.tone import Tone, with_symbol
from compartment_tui.present.variables import declared_facts, declared_table, variables_table

app = typer.Typer()

Key = Annotated[str, typer.Argument(metavar="KEY", help="Its name.", show_default=False)]


@command(
    app,
    "list",
    environment=True,
    services=True,
    examples=("variable list -e staging", "variable list -s web    what web gets"),
)
def list_variables(session: Session) -> None:
    """List an environment's variables, or what a service gets."""
    service = service_of(session)
    found = variables.listed(session.world, environment=session.environment, service=service)
    if session.output.json:
        session.output.document(variables_document(found, session.key, service))
    elif found:
        session.output.table(declared_table(found))
    else:
        session.output.say(f"no variables in {show_name(session.environment)}")


@command(
    app,
    "show",
    environment=True,
    services=True,
    examples=("variable show LOG_LEVEL -s web",),
)
def show_variable(session: Session, *, key: Key) -> None:
    """Show one variable; a sensitive value stays hidden."""
    service = service_of(session)
    _write_one(session, _shown(session, key, service), service)


@command(
    app,
    environment=True,
    services=True,
    examples=("variable resolve -s web", "variable resolve LOG_LEVEL -s web -e staging"),
)
def resolve(
    session: Session,
    *,
    key: Annotated[
        str | None, typer.Argument(metavar="[KEY]", help="Only this one.", show_default=False)
    ] = None,
) -> None:
    """Show what a service gets, from where, and whether it runs."""
    names = tuple(spec.name for spec in session.config.services)
    service = session.one_service(names, "variable resolve")
    found = variables.resolved(session.world, environment=session.environment, service=service)
    if key is not None:
        found = tuple(one for one in found if one.key == key)
        if not found:
            raise NotFound(f"{show(service)} has no variable {show(key)}")
    if session.output.json:
        session.output.document(resolved_document(found, session.key, service))
    elif found:
        session.output.table(variables_table(found))
    else:
        session.output.say(f"{show(service)} has no variables in {show_name(session.environment)}")


@command(
    app,
    "set",
    environment=True,
    services=True,
    changes=True,
    examples=(
        "variable set LOG_LEVEL debug -s web",
        "variable set API_TOKEN --sensitive              asks for it, hidden",
        "variable set API_TOKEN --sensitive --stdin < token.txt",
    ),
)
def set_variable(
    session: Session,
    *,
    key: Key,
    value: Annotated[
        str | None, typer.Argument(metavar="[VALUE]", help="Never a sensitive one.")
    ] = None,
    sensitive: Sensitive = False,
    plain: Annotated[
        bool, typer.Option("--plain", help="In clear, though it is a sensitive one so far.")
    ] = False,
    stdin: Annotated[
        bool,
        typer.Option("--stdin", help="Read the value from stdin; one line break at its end goes."),
    ] = False,
) -> None:
    """Set a variable in the project file.

    For every service of the environment, or with --service for that one. What runs gets it with
    the next deploy or redeploy.
    """
    service = service_of(session)
    check_key(key)
    _refuse_both(sensitive and plain, "--sensitive and --plain")
    _refuse_both(value is not None and stdin, "a value and --stdin")
    was_sensitive = _is_sensitive(session, key, service)
    hidden = sensitive or (was_sensitive and not plain)
    if hidden:
        _refuse_typed(key, value)
    allow_change(session, f"set {key}")
    accepted = allow_readers(session) if hidden else ()
    secret = Secret(value) if value is not None else _given(session, key, hidden, stdin)
    found = variables.set_variable(
        session.world,
        environment=session.environment,
        service=service,
        key=key,
        value=secret,
        sensitive=hidden,
        accepted=accepted,
    )
    say_first_reader(session, found.first_reader)
    if session.output.json:
        session.output.document(variable_document(found, session.key, service))
        return
    session.output.lines([(with_symbol(f"{key} is set{_where(session, service)}", Tone.GOOD),)])
    say_reader_count(session, found.readers)
    if was_sensitive and not hidden:
        session.output.warn(f"no longer sensitive: {key}")
    say_next(session)


@command(
    app,
    "remove",
    environment=True,
    services=True,
    changes=True,
    examples=("variable remove LOG_LEVEL -s web",),
)
def remove_variable(session: Session, *, key: Key) -> None:
    """Take a variable out of the project file."""
    service = service_of(session)
    _shown(session, key, service)
    allow_change(session, f"remove {key}")
    variables.remove(session.world, environment=session.environment, service=service, key=key)
    if session.output.json:
        session.output.document({"success": True})
        return
    session.output.lines([(with_symbol(f"{key} is removed{_where(session, service)}", Tone.GOOD),)])
    say_next(session)


@command(
    app,
    "run",
    environment=True,
    services=True,
    takes_command=True,
    examples=("variable run -e staging -s api -- ./manage.py shell",),
)
def run_with_variables(
    session: Session,
    *,
    words: Annotated[
        list[str], typer.Argument(metavar="-- COMMAND", help="What to run.", show_default=False)
    ],
    allow_production: Annotated[
        bool, typer.Option("--allow-production", help="Yes, with the values of production.")
    ] = False,
    allow: Annotated[
        list[str] | None,
        typer.Option(
            "--allow",
            metavar="KEY",
            help="Give it this variable though it decides what is run here; repeatable.",
        ),
    ] = None,
) -> int:
    """Run a command here with an environment's variables.

    Sensitive values too; nothing is written anywhere. It ends with the exit code of the command.
    The command is found by your own PATH. Variables by which a file could decide what is run on
    this machine, such as PATH, LD_PRELOAD or NODE_OPTIONS, are refused unless allowed by name.
    """
    if session.named_environment is None:
        raise UsageProblem("variable run needs --env", hint="name the environment it is to be")
    if session.environment == DEFAULT_ENVIRONMENT and not allow_production:
        raise UsageProblem(
            f"these are the values of {DEFAULT_ENVIRONMENT}",
            hint="--allow-production runs it with them",
        )
    # What is opened is warned of at a command's end, and this one never gets there.
    variables.listed(session.world, environment=session.environment, service=service_of(session))
    session.warn_of_old_seals()
    return variables.run(
        session.world,
        environment=session.environment,
        service=service_of(session),
        command=tuple(words),
        allow=tuple(allow or ()),
    )


def _refuse_both(given: bool, options: str) -> None:
    """Raises UsageProblem."""
    if given:
        raise UsageProblem(f"{options} cannot both be")


def _refuse_typed(key: str, value: str | None) -> None:
    """Raises UsageProblem: what is typed with a command is seen by others and kept by the shell."""
    if value is not None:
        raise UsageProblem(
            f"{key} is sensitive, and the command line is no place for its value",
            hint="leave the value out to be asked for it, or pass it with --stdin",
        )


def _write_one(session: Session, found: Declared, service: str | None) -> None:
    if session.output.json:
        session.output.document(variable_document(found, session.key, service))
    else:
        session.output.facts(declared_facts(found))


def _shown(session: Session, key: str, service: str | None) -> Declared:
    return variables.shown(session.world, environment=session.environment, service=service, key=key)


def _is_sensitive(session: Session, key: str, service: str | None) -> bool:
    """Whether it is so already: it does not become plain by being forgotten."""
    try:
        found = _shown(session, key, service)
    except NotFound:
        return False
    return found.variable.sensitivity is Sensitivity.SENSITIVE


def _given(session: Session, key: str, hidden: bool, stdin: bool) -> Secret:
    """The value from stdin, or asked for."""
    if stdin:
        return Secret(without_line_break(decoded(session.output.given(), "the value")))
    if not session.output.can_ask:
        ways = "--stdin" if hidden else "a value, or --stdin"
        raise UsageProblem(f"{key} needs a value, and there is no terminal to ask on", hint=ways)
    question = f"{key} in {show_name(session.environment)}:"
    answer = session.output.ask_hidden(question) if hidden else session.output.ask(question)
    if answer is None:
        raise UsageProblem(f"{key} needs a value")
    return Secret(answer)


def _where(session: Session, service: str | None) -> str:
    return f" in {show_name(session.environment)}" + (f" for {show(service)}" if service else "")
