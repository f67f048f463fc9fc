"""Many variables at once: what the commands that carry them over do and write."""

from collections.abc import Sequence
from pathlib import Path

from compartment_tui.cli.asking import allow_change
from compartment_tui.cli.editing import decoded, say_first_reader, say_next, service_of
from compartment_tui.cli.session import Session
from compartment_tui.domain.declared import Transfer
from compartment_tui.domain.errors import UsageProblem
from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.operations import transfers, variables
from compartment_tui.present.json_variables import transfer_document
from compartment_tui.present.text import clean, counted, show_name, variable_words
from compartment_tui.present.tone import line


def import_variables(
    session: Session, path: Path, *, replace: bool, sensitive: bool, dry_run: bool
) -> None:
    """Raises UsageProblem with the line's number, never with the line."""
    service = service_of(session)
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
    service = service_of(session)
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
    service = service_of(session)
    found = transfers.copy(session.world, source=source, target=target, service=service, keys=keys)
    _carry_over(session, found, dry_run=dry_run, service=service)


def _carry_over(
    session: Session, found: Sequence[Transfer], *, dry_run: bool, service: str | None
) -> None:
    """Show what changes, then do it."""
    edits = [edit for one in found for edit in one.edits]
    if edits and not dry_run:
        allow_change(session, f"change {counted(len(edits), 'variable')}")
        written = variables.write(session.world, edits)
        say_first_reader(session, written.first_reader)
    if session.output.json:
        key = EnvironmentKey(session.config.name, session.environment)
        document = transfer_document(found, key, service, done=not dry_run)
        session.output.document(document)
        return
    session.output.lines(
        line(
            f"{show_name(session.environment)}/{one.service or '*'}  {variable_words(one.changes)}"
        )
        for one in found
        if one.changes
    )
    if not edits:
        session.output.say("nothing to change: all of it is so already")
    elif dry_run:
        session.output.say(f"{counted(len(edits), 'change')}; without --dry-run they are made")
    else:
        say_next(session)


def _file_text(session: Session, path: Path) -> str:
    if str(path) == "-":
        return decoded(session.output.given(), "stdin")
    try:
        return decoded(path.read_bytes(), clean(str(path)))
    except OSError as error:
        raise UsageProblem(f"{clean(str(path))} cannot be read: {error.strerror}") from error
