"""What the commands for variables do and write."""

from collections.abc import Sequence
from pathlib import Path

from compartment_tui.cli.asking import allow_change
from compartment_tui.cli.session import Session
from compartment_tui.domain.declared import Declared, Readers, Transfer
from compartment_tui.domain.edits import check_key
from compartment_tui.domain.errors import NotFound, UsageProblem
from compartment_tui.domain.names import (
    DEFAULT_ENVIRONMENT,
    EnvironmentKey,
    show,
)
from compartment_tui.domain.variables import Secret, Sensitivity
from compartment_tui.operations import recipients, transfers, variables
from compartment_tui.present.json_variables import (
    readers_document,
    resolved_document,
    transfer_document,
    variable_document,
    variables_document,
)
from compartment_tui.present.plan import variable_words
from compartment_tui.present.readers import readers_lines
from compartment_tui.present.status import PROGRAM, option_for
from compartment_tui.present.text import clean, counted
from compartment_tui.present.tone import Tone, line, signed
from compartment_tui.present.variables import declared_facts, declared_table, variables_table


def list_variables(session: Session) -> None:
    """Everything the file has for the environment, or what one service gets."""
    service = _service(session)
    found = variables.listed(session.world, environment=session.environment, service=service)
    if session.output.json:
        session.output.document(variables_document(found, session.key, service))
    elif found:
        session.output.table(declared_table(found))
    else:
        session.output.say(f"no variables in {show(session.environment)}")


def show_variable(session: Session, key: str) -> None:
    """Raises NotFound."""
    service = _service(session)
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
        session.output.say(f"{show(service)} has no variables in {show(session.environment)}")


def set_variable(
    session: Session, key: str, value: str | None, *, sensitive: bool, plain: bool, stdin: bool
) -> None:
    """Raises UsageProblem, AnswerNeeded, NotFound."""
    service = _service(session)
    check_key(key)
    if sensitive and plain:
        raise UsageProblem("--sensitive and --plain cannot both be")
    if value is not None and stdin:
        raise UsageProblem("a value and --stdin cannot both be")
    hidden = sensitive or (not plain and _is_sensitive(session, key, service))
    if hidden and value is not None:
        raise UsageProblem(
            f"{key} is sensitive, and the command line is no place for its value",
            hint="leave the value out to be asked for it, or pass it with --stdin",
        )
    allow_change(session, f"set {key}")
    secret = Secret(value) if value is not None else _given(session, key, hidden, stdin)
    found = variables.set_variable(
        session.world,
        environment=session.environment,
        service=service,
        key=key,
        value=secret,
        sensitive=hidden,
    )
    if session.output.json:
        session.output.document(variable_document(found, session.key, service))
        return
    session.output.lines([(signed(f"{key} is set{_where(session, service)}", Tone.GOOD),)])
    _say_next(session)


def remove_variable(session: Session, key: str) -> None:
    """Raises NotFound, AnswerNeeded, Cancelled."""
    service = _service(session)
    _shown(session, key, service)
    allow_change(session, f"remove {key}")
    variables.remove(session.world, environment=session.environment, service=service, key=key)
    if session.output.json:
        session.output.document({"success": True})
        return
    session.output.lines([(signed(f"{key} is removed{_where(session, service)}", Tone.GOOD),)])
    _say_next(session)


def import_variables(
    session: Session, path: Path, *, replace: bool, sensitive: bool, dry_run: bool
) -> None:
    """Raises UsageProblem with the line's number, never with the line."""
    service = _service(session)
    text = _file_text(session, path)
    found = transfers.import_(
        session.world,
        environment=session.environment,
        service=service,
        text=text,
        replace=replace,
        sensitive=sensitive,
    )
    _carry_over(session, (found,), dry_run=dry_run, service=service)


def export_variables(session: Session, *, sensitive: bool, resolved: bool) -> None:
    """The dotenv text is the data, whatever the output. Raises UsageProblem."""
    service = _service(session)
    if resolved and service is None:
        raise UsageProblem("--resolved is about one service", hint="name it with --service")
    text = transfers.export(
        session.world,
        environment=session.environment,
        service=service,
        sensitive=sensitive,
        inherited=resolved,
    )
    if session.output.json:
        session.output.document({"dotenv": text})
    else:
        session.output.out.write(text)


def copy_variables(
    session: Session, keys: tuple[str, ...], source: str, target: str, *, dry_run: bool
) -> None:
    """Raises NotFound, SensitiveUnreadable."""
    session.named_environment = target
    service = _service(session)
    found = transfers.copy(session.world, source=source, target=target, service=service, keys=keys)
    _carry_over(session, found, dry_run=dry_run, service=service)


def run(session: Session, words: tuple[str, ...], *, allow_production: bool) -> int:
    """The command's exit code. Raises UsageProblem, NotFound, SensitiveUnreadable."""
    if session.named_environment is None:
        raise UsageProblem("variable run needs --env", hint="name the environment it is to be")
    if session.environment == DEFAULT_ENVIRONMENT and not allow_production:
        raise UsageProblem(
            f"these are the values of {DEFAULT_ENVIRONMENT}",
            hint="--allow-production runs it with them",
        )
    return variables.run(
        session.world, environment=session.environment, service=_service(session), command=words
    )


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


def _carry_over(
    session: Session, found: Sequence[Transfer], *, dry_run: bool, service: str | None
) -> None:
    """Show what changes, then do it."""
    edits = [edit for one in found for edit in one.edits]
    if edits and not dry_run:
        allow_change(session, f"change {counted(len(edits), 'variable')}")
        variables.write(session.world, edits)
    if session.output.json:
        key = EnvironmentKey(session.config.name, session.environment)
        document = transfer_document(found, key, service, done=not dry_run)
        session.output.document(document)
        return
    session.output.lines(
        line(f"{show(session.environment)}/{one.service or '*'}  {variable_words(one.changes)}")
        for one in found
        if one.changes
    )
    if not edits:
        session.output.say("nothing to change: all of it is so already")
    elif dry_run:
        session.output.say(f"{counted(len(edits), 'change')}; without --dry-run they are made")
    else:
        _say_next(session)


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
        return Secret(_without_line_break(_decoded(session.output.given(), "the value")))
    if not session.output.can_ask:
        ways = "--stdin" if hidden else "a value, or --stdin"
        raise UsageProblem(f"{key} needs a value, and there is no terminal to ask on", hint=ways)
    question = f"{key} in {show(session.environment)}:"
    answer = session.output.ask_hidden(question) if hidden else session.output.ask(question)
    if answer is None:
        raise UsageProblem(f"{key} needs a value")
    return Secret(answer)


def _without_line_break(text: str) -> str:
    """Exactly one goes: what `echo` puts there."""
    return text.removesuffix("\n").removesuffix("\r") if text.endswith("\n") else text


def _file_text(session: Session, path: Path) -> str:
    if str(path) == "-":
        return _decoded(session.output.given(), "stdin")
    try:
        return _decoded(path.read_bytes(), clean(str(path)))
    except OSError as error:
        raise UsageProblem(f"{clean(str(path))} cannot be read: {error.strerror}") from error


def _decoded(content: bytes, what: str) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        # Not kept as the cause: it carries what must not be seen.
        raise UsageProblem(f"{what} is not UTF-8 text") from None


def _service(session: Session) -> str | None:
    if len(session.services) > 1:
        raise UsageProblem("variables are about one service at a time")
    return session.services[0] if session.services else None


def _where(session: Session, service: str | None) -> str:
    return f" in {show(session.environment)}" + (f" for {show(service)}" if service else "")


def _say_next(session: Session) -> None:
    redeploy = f"{PROGRAM} redeploy{option_for(session.environment)}"
    session.output.say(f"what runs keeps its values until the next deploy, or {redeploy}")
