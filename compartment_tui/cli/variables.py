"""The commands for variables: parse, and hand over to `editing`."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from compartment_tui.cli import completing
from compartment_tui.cli.command import command, group

if TYPE_CHECKING:
    from compartment_tui.cli.session import Session

variable = group("variable", "The values that services get, by environment.")
recipients = group("recipients", "Who may read the sensitive values.")


class TextFormat(StrEnum):
    """As `ports.TextForm` has it; not imported from there because `--help` would pay for it."""

    DOTENV = "dotenv"
    SHELL = "shell"
    DOCKER = "docker"


Key = Annotated[str, typer.Argument(metavar="KEY", help="Its name.", show_default=False)]
Sensitive = Annotated[
    bool, typer.Option("--sensitive", help="Encrypted in the file, and never shown again.")
]
Form = Annotated[
    TextFormat,
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
    variable,
    "list",
    environment=True,
    services=True,
    examples=("variable list -e staging", "variable list -s web    what web gets"),
)
def list_variables(session: "Session") -> None:
    """List an environment's variables, or what a service gets."""
    from compartment_tui.cli import editing

    editing.list_variables(session)


@command(variable, environment=True, services=True, examples=("variable show LOG_LEVEL -s web",))
def show(session: "Session", *, key: Key) -> None:
    """Show one variable; a sensitive value stays hidden."""
    from compartment_tui.cli import editing

    editing.show_variable(session, key)


@command(
    variable,
    environment=True,
    services=True,
    examples=("variable resolve -s web", "variable resolve LOG_LEVEL -s web -e staging"),
)
def resolve(
    session: "Session",
    *,
    key: Annotated[
        str | None, typer.Argument(metavar="[KEY]", help="Only this one.", show_default=False)
    ] = None,
) -> None:
    """Show what a service gets, from where, and whether it runs."""
    from compartment_tui.cli import editing

    editing.resolve(session, key)


@command(
    variable,
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
    session: "Session",
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
    from compartment_tui.cli import editing

    editing.set_variable(session, key, value, sensitive=sensitive, plain=plain, stdin=stdin)


@command(
    variable,
    environment=True,
    services=True,
    changes=True,
    examples=("variable remove LOG_LEVEL -s web",),
)
def remove(session: "Session", *, key: Key) -> None:
    """Take a variable out of the project file."""
    from compartment_tui.cli import editing

    editing.remove_variable(session, key)


@command(
    variable,
    "import",
    environment=True,
    services=True,
    changes=True,
    examples=("variable import .env -e staging --dry-run", "variable import - -s web < web.env"),
)
def import_variables(
    session: "Session",
    *,
    path: Annotated[
        Path,
        typer.Argument(metavar="PATH", help="A dotenv file; - is stdin.", show_default=False),
    ],
    replace: Annotated[
        bool, typer.Option("--replace", help="Remove what the file does not have.")
    ] = False,
    sensitive: Sensitive = False,
    form: Form = TextFormat.DOTENV,
    dry_run: DryRun = False,
) -> None:
    """Take variables over from a dotenv file.

    References to other variables stay as they are written.
    """
    from compartment_tui.cli import carrying

    carrying.import_variables(
        session, path, replace=replace, sensitive=sensitive, dry_run=dry_run, form=form
    )


@command(
    variable,
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
    session: "Session",
    *,
    sensitive: Annotated[
        bool, typer.Option("--sensitive", help="Sensitive values too, in clear.")
    ] = False,
    resolved: Annotated[
        bool, typer.Option("--resolved", help="With what the service inherits.")
    ] = False,
    form: Form = TextFormat.DOTENV,
) -> None:
    """Write variables as a dotenv file.

    What is everyone's in the environment, or with --service what is that one's own. A shell reads
    the same from it, and so does an import. Docker knows no quotes: --format docker is for it.
    """
    from compartment_tui.cli import carrying

    carrying.export_variables(session, sensitive=sensitive, resolved=resolved, form=form)


@command(
    variable,
    "copy",
    services=True,
    changes=True,
    examples=("variable copy --from production --to staging LOG_LEVEL CURRENCY",),
)
def copy_variables(
    session: "Session",
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
            autocompletion=completing.environments,
        ),
    ],
    target: Annotated[
        str,
        typer.Option(
            "--to",
            metavar="NAME",
            help="The one to change.",
            autocompletion=completing.environments,
        ),
    ],
    dry_run: DryRun = False,
) -> None:
    """Copy variables to another environment, at every scope."""
    from compartment_tui.cli import carrying

    carrying.copy_variables(session, tuple(keys or ()), source, target, dry_run=dry_run)


@command(
    variable,
    "compare",
    services=True,
    examples=(
        "variable compare --from staging --to production",
        "variable compare --from staging --to production -s web    what web gets",
    ),
)
def compare_variables(
    session: "Session",
    *,
    source: Annotated[
        str,
        typer.Option(
            "--from", metavar="NAME", help="One of them.", autocompletion=completing.environments
        ),
    ],
    target: Annotated[
        str,
        typer.Option(
            "--to", metavar="NAME", help="The other.", autocompletion=completing.environments
        ),
    ],
) -> None:
    """Compare what the project file has for two environments.

    At every scope, or with --service what that one gets. Sensitive values stay hidden; whether they
    are equal is told where they can be read here.
    """
    from compartment_tui.cli import carrying

    carrying.compare_variables(session, source, target)


@command(
    variable,
    "run",
    environment=True,
    services=True,
    takes_command=True,
    examples=("variable run -e staging -s api -- ./manage.py shell",),
)
def run_with_variables(
    session: "Session",
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
    from compartment_tui.cli import editing

    return editing.run(
        session, tuple(words), allow=tuple(allow or ()), allow_production=allow_production
    )


@command(variable, "rekey", changes=True)
def rekey(session: "Session") -> None:
    """Encrypt every sensitive value again, for the recipients.

    Each is sealed for the place where it stands. Those that were sealed for another place are
    named, and you are asked whether it was you who moved or renamed them.
    """
    from compartment_tui.cli import readers

    readers.rekey(session)


@command(recipients, "list")
def list_recipients(session: "Session") -> None:
    """List who may read the sensitive values, and whether you may."""
    from compartment_tui.cli import readers

    readers.list_recipients(session)


Recipients = Annotated[
    list[str] | None,
    typer.Argument(metavar="[RECIPIENT]...", help="An age recipient: age1…", show_default=False),
]


@command(
    recipients,
    "add",
    changes=True,
    examples=("recipients add                 you", "recipients add age1…"),
)
def add_recipients(session: "Session", *, names: Recipients = None) -> None:
    """Let somebody read the sensitive values; you, if none is named.

    They are all encrypted again. An identity is made when you have none.
    """
    from compartment_tui.cli import readers

    readers.add_recipients(session, tuple(names or ()))


@command(recipients, "remove", changes=True, examples=("recipients remove age1…",))
def remove_recipients(session: "Session", *, names: Recipients = None) -> None:
    """Encrypt the sensitive values again, no longer for these.

    What they could read once they may have kept: change those values too.
    """
    from compartment_tui.cli import readers

    readers.remove_recipients(session, tuple(names or ()))
