"""Many variables at once: imported, exported, copied, compared."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from compartment_tui.cli import completion
from compartment_tui.cli.command import command
from compartment_tui.cli.commands.variable_common import (
    Sensitive,
    decoded,
    say_first_reader,
    say_next,
    say_reader_count,
    service_of,
)
from compartment_tui.cli.confirm import allow_change
from compartment_tui.cli.json_documents.variables import comparison_document, transfer_document
from compartment_tui.cli.reader_questions import allow_readers
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
from compartment_tui.present.text import clean, counted, show_name, variable_words
from compartment_tui.present.tone import line
from compartment_tui.present.variable_comparison import comparison_table
from compartment_tui.present.variables import key_words, transfer_notes

app = typer.Typer()

Form = Annotated[
    TextForm,
    typer.Option(
        "--format",
        metavar="dotenv|shell|docker",
        help="Whose file it is; docker is its --env-file.",
    ),
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", "--plan", help="Show what would change, and do nothing.")
]


@command(
    app,
    "import",
    environment=True,
    services=True,
    changes=True,
    examples=("variable import .env -e staging --dry-run", "variable import - -s web < web.env"),
)
def import_variables(
    session: Session,
    *,
    path: Annotated[
        Path,
        typer.Argument(metavar="PATH", help="A dotenv file; - is stdin.", show_default=False),
    ],
    replace: Annotated[
        bool, typer.Option("--replace", help="Remove what the file does not have.")
    ] = False,
    sensitive: Sensitive = False,
    form: Form = TextForm.DOTENV,
    dry_run: DryRun = False,
) -> None:
    """Take variables over from a dotenv file.

    References to other variables stay as they are written.
    """
    service = service_of(session)
    text = _file_text(session, path)
    found = variable_transfer.import_(
        session.world,
        environment=session.environment,
        service=service,
        text=text,
        replace=replace,
        sensitive=sensitive,
        form=form,
    )
    _carry_over(session, (found,), dry_run=dry_run, service=service)


@command(
    app,
    "export",
    environment=True,
    services=True,
    examples=(
        "variable export -e staging > staging.env",
        "variable export -s web --resolved",
        "variable export --format docker > web.env",
    ),
)
def export_variables(
    session: Session,
    *,
    sensitive: Annotated[
        bool, typer.Option("--sensitive", help="Sensitive values too, in clear.")
    ] = False,
    resolved: Annotated[
        bool, typer.Option("--resolved", help="With what the service inherits.")
    ] = False,
    form: Form = TextForm.DOTENV,
) -> None:
    """Write variables as a dotenv file.

    What is everyone's in the environment, or with --service what is that one's own. A shell reads
    the same from it, and so does an import. Docker knows no quotes: --format docker is for it.
    """
    service = service_of(session)
    if resolved and service is None:
        raise UsageProblem("--resolved is about one service", hint="name it with --service")
    found = variable_transfer.export(
        session.world,
        environment=session.environment,
        service=service,
        sensitive=sensitive,
        inherited=resolved,
        form=form,
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


@command(
    app,
    "copy",
    services=True,
    changes=True,
    examples=("variable copy --from production --to staging LOG_LEVEL CURRENCY",),
)
def copy_variables(
    session: Session,
    *,
    keys: Annotated[
        list[str] | None,
        typer.Argument(metavar="[KEY]...", help="Only these.", show_default=False),
    ] = None,
    source: Annotated[
        str,
        typer.Option(
            "--from",
            metavar="NAME",
            help="The environment to read.",
            autocompletion=completion.environments,
        ),
    ],
    target: Annotated[
        str,
        typer.Option(
            "--to",
            metavar="NAME",
            help="The one to change.",
            autocompletion=completion.environments,
        ),
    ],
    dry_run: DryRun = False,
) -> None:
    """Copy variables to another environment, at every scope."""
    session.named_environment = target
    service = service_of(session)
    found = variable_transfer.copy(
        session.world, source=source, target=target, service=service, keys=tuple(keys or ())
    )
    _carry_over(session, found, dry_run=dry_run, service=service)


@command(
    app,
    "compare",
    services=True,
    examples=(
        "variable compare --from staging --to production",
        "variable compare --from staging --to production -s web    what web gets",
    ),
)
def compare_variables(
    session: Session,
    *,
    source: Annotated[
        str,
        typer.Option(
            "--from", metavar="NAME", help="One of them.", autocompletion=completion.environments
        ),
    ],
    target: Annotated[
        str,
        typer.Option(
            "--to", metavar="NAME", help="The other.", autocompletion=completion.environments
        ),
    ],
) -> None:
    """Compare what the project file has for two environments.

    At every scope, or with --service what that one gets. Sensitive values stay hidden; whether they
    are equal is told where they can be read here.
    """
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
