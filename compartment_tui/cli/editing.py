"""What the commands for variables do and write."""

from compartment_tui.cli.asking import allow_change, allow_readers
from compartment_tui.cli.session import Session
from compartment_tui.domain.errors import NotFound, UsageProblem
from compartment_tui.domain.names import DEFAULT_ENVIRONMENT
from compartment_tui.domain.variable import Secret, Sensitivity
from compartment_tui.domain.variables.edits import check_key
from compartment_tui.domain.variables.views import Declared, Identity
from compartment_tui.operations import variables
from compartment_tui.present.json_variables import (
    resolved_document,
    variable_document,
    variables_document,
)
from compartment_tui.present.recipients import first_reader_words, reader_count_words
from compartment_tui.present.status import PROGRAM, option_for
from compartment_tui.present.text import show, show_name
from compartment_tui.present.tone import Tone, with_symbol
from compartment_tui.present.variables import declared_facts, declared_table, variables_table


def list_variables(session: Session) -> None:
    """Everything the file has for the environment, or what one service gets."""
    service = service_of(session)
    found = variables.listed(session.world, environment=session.environment, service=service)
    if session.output.json:
        session.output.document(variables_document(found, session.key, service))
    elif found:
        session.output.table(declared_table(found))
    else:
        session.output.say(f"no variables in {show_name(session.environment)}")


def show_variable(session: Session, key: str) -> None:
    """Raises NotFound."""
    service = service_of(session)
    _write_one(session, _shown(session, key, service), service)


def resolve(session: Session, key: str | None) -> None:
    """Raises NotFound (no such service, no such key), UsageProblem (which service?)."""
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


def set_variable(
    session: Session, key: str, value: str | None, *, sensitive: bool, plain: bool, stdin: bool
) -> None:
    """Raises UsageProblem, AnswerNeeded, NotFound."""
    service = service_of(session)
    check_key(key)
    if sensitive and plain:
        raise UsageProblem("--sensitive and --plain cannot both be")
    if value is not None and stdin:
        raise UsageProblem("a value and --stdin cannot both be")
    was_sensitive = _is_sensitive(session, key, service)
    hidden = sensitive or (was_sensitive and not plain)
    if hidden and value is not None:
        raise UsageProblem(
            f"{key} is sensitive, and the command line is no place for its value",
            hint="leave the value out to be asked for it, or pass it with --stdin",
        )
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


def remove_variable(session: Session, key: str) -> None:
    """Raises NotFound, AnswerNeeded, Cancelled."""
    service = service_of(session)
    _shown(session, key, service)
    allow_change(session, f"remove {key}")
    variables.remove(session.world, environment=session.environment, service=service, key=key)
    if session.output.json:
        session.output.document({"success": True})
        return
    session.output.lines([(with_symbol(f"{key} is removed{_where(session, service)}", Tone.GOOD),)])
    say_next(session)


def run(
    session: Session, words: tuple[str, ...], *, allow: tuple[str, ...], allow_production: bool
) -> int:
    """The command's exit code. Raises UsageProblem, NotFound, SensitiveUnreadable."""
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
        command=words,
        allow=allow,
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
        return Secret(_without_line_break(decoded(session.output.given(), "the value")))
    if not session.output.can_ask:
        ways = "--stdin" if hidden else "a value, or --stdin"
        raise UsageProblem(f"{key} needs a value, and there is no terminal to ask on", hint=ways)
    question = f"{key} in {show_name(session.environment)}:"
    answer = session.output.ask_hidden(question) if hidden else session.output.ask(question)
    if answer is None:
        raise UsageProblem(f"{key} needs a value")
    return Secret(answer)


def _without_line_break(text: str) -> str:
    """Exactly one goes: what `echo` puts there."""
    return text.removesuffix("\n").removesuffix("\r") if text.endswith("\n") else text


def decoded(content: bytes, what: str) -> str:
    """The text of it. Raises UsageProblem, without a word of it."""
    try:
        return content.decode()
    except UnicodeDecodeError:
        # Not kept as the cause: it carries what must not be seen.
        raise UsageProblem(f"{what} is not UTF-8 text") from None


def service_of(session: Session) -> str | None:
    """Whose variables are meant; None is everyone's. Raises UsageProblem when several are named."""
    if len(session.services) > 1:
        raise UsageProblem("variables are about one service at a time")
    return session.services[0] if session.services else None


def _where(session: Session, service: str | None) -> str:
    return f" in {show_name(session.environment)}" + (f" for {show(service)}" if service else "")


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
