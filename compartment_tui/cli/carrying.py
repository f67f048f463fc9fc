"""Many variables at once: what the commands that carry them over do and write."""

from collections.abc import Sequence
from pathlib import Path

from compartment_tui.cli.asking import allow_change, allow_readers
from compartment_tui.cli.editing import (
    decoded,
    say_first_reader,
    say_next,
    say_reader_count,
    service_of,
)
from compartment_tui.cli.session import Session
from compartment_tui.domain.errors import UsageProblem
from compartment_tui.domain.names import (
    DEFAULT_ENVIRONMENT,
    EnvironmentKey,
    parse_environment_name,
    show,
)
from compartment_tui.domain.suggestion import nearest
from compartment_tui.domain.variables.edits import VariableEdit, is_sensitive
from compartment_tui.domain.variables.views import Transfer
from compartment_tui.operations import variable_transfer, variables
from compartment_tui.ports import TextForm
from compartment_tui.present.json_variables import comparison_document, transfer_document
from compartment_tui.present.text import clean, counted, show_name, variable_words
from compartment_tui.present.tone import line
from compartment_tui.present.variable_comparison import comparison_table
from compartment_tui.present.variables import key_words, transfer_notes


def import_variables(
    session: Session,
    path: Path,
    *,
    replace: bool,
    sensitive: bool,
    dry_run: bool,
    form: str,
) -> None:
    """Raises UsageProblem with the line's number, never with the line."""
    service = service_of(session)
    text = _file_text(session, path)
    found = variable_transfer.import_(
        session.world,
        environment=session.environment,
        service=service,
        text=text,
        replace=replace,
        sensitive=sensitive,
        form=TextForm(form),
    )
    _carry_over(session, (found,), dry_run=dry_run, service=service)


def export_variables(session: Session, *, sensitive: bool, resolved: bool, form: str) -> None:
    """The text is the data, whatever the output. Raises UsageProblem."""
    service = service_of(session)
    if resolved and service is None:
        raise UsageProblem("--resolved is about one service", hint="name it with --service")
    found = variable_transfer.export(
        session.world,
        environment=session.environment,
        service=service,
        sensitive=sensitive,
        inherited=resolved,
        form=TextForm(form),
    )
    if session.output.json:
        unsaid = list(found.not_for_shells)
        session.output.document({"dotenv": found.text, "notForShellsKeyNames": unsaid})
        return
    session.output.out.write_exactly(found.text)
    if found.not_for_shells and form != TextForm.DOCKER:
        keys = key_words(found.not_for_shells)
        session.output.say(f"a shell that reads this file cannot have {keys}")
    if found.deciding and form != TextForm.DOCKER:
        keys = key_words(found.deciding)
        session.output.say(f"in a shell that reads this file, this decides what is run: {keys}")


def copy_variables(
    session: Session, keys: tuple[str, ...], source: str, target: str, *, dry_run: bool
) -> None:
    """Raises NotFound, SensitiveUnreadable."""
    session.named_environment = target
    service = service_of(session)
    found = variable_transfer.copy(
        session.world, source=source, target=target, service=service, keys=keys
    )
    _carry_over(session, found, dry_run=dry_run, service=service)


def compare_variables(session: Session, source: str, target: str) -> None:
    """What the file has for both, exit code 0 whatever differs. Raises NotFound, UsageProblem."""
    service = service_of(session)
    left, right = parse_environment_name(source), parse_environment_name(target)
    if service is None:
        scopes = variables.compare_scopes(session.world, left=left, right=right)
    else:
        pairs = variables.compare(session.world, left=left, right=right, service=service)
        scopes = ((service, pairs),)
    known = {DEFAULT_ENVIRONMENT, *(one.name for one in session.config.environments)}
    for name in dict.fromkeys((left, right)):
        if name not in known:
            close = nearest(name, known)
            session.output.say(f"the project file has no environment {show(name)}{close}")
    if session.output.json:
        document = comparison_document(scopes, session.config.name, (left, right))
        session.output.document(document)
        return
    if any(pairs for _, pairs in scopes):
        session.output.table(comparison_table(scopes, left, right))
        names = f"{show_name(left)} (from) and {show_name(right)} (to)"
        session.output.say(f"what the project file has for {names}; variable resolve has what runs")
    else:
        session.output.say("neither of them has a variable there")


def _carry_over(
    session: Session, found: Sequence[Transfer], *, dry_run: bool, service: str | None
) -> None:
    """Show what changes, then do it."""
    edits = [edit for one in found for edit in one.edits]
    readers = 0
    sealing: Sequence[VariableEdit] = ()
    if edits and not dry_run:
        allow_change(session, f"change {counted(len(edits), 'variable')}")
        sealing = [edit for edit in edits if is_sensitive(edit)]
        accepted = allow_readers(session) if sealing else ()
        written = variables.write(session.world, edits, accepted=accepted)
        readers = written.readers
        say_first_reader(session, written.first_reader)
    if session.output.json:
        key = EnvironmentKey(session.config.name, session.environment)
        document = transfer_document(found, key, service, done=not dry_run, readers=readers)
        session.output.document(document)
        return
    session.output.lines(
        line(
            f"{show_name(session.environment)}/{one.service or '*'}  {variable_words(one.changes)}"
        )
        for one in found
        if one.changes
    )
    for note in (note for one in found for note in transfer_notes(one)):
        session.output.say(note)
    if not edits:
        session.output.say("nothing to change: all of it is so already")
    elif dry_run:
        session.output.say(f"{counted(len(edits), 'change')}; without --dry-run they are made")
    else:
        say_reader_count(session, readers, len(sealing))
        say_next(session)


def _file_text(session: Session, path: Path) -> str:
    if str(path) == "-":
        return decoded(session.output.given(), "stdin")
    return decoded(session.world.dotenv.load(path), clean(str(path)))
