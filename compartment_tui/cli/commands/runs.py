"""`deploy`, `rollback`, `redeploy`, `remove`, `resume`: parse, start one operation, follow it."""

from typing import TYPE_CHECKING, Annotated

import typer

from compartment_tui.cli import completion
from compartment_tui.cli.run_command import Label, run_command

if TYPE_CHECKING:
    from compartment_tui.cli.session import Session
    from compartment_tui.domain.requests import Deploy, Redeploy, Remove, Resume, Rollback

Ref = Annotated[
    str | None,
    typer.Option(
        "--ref",
        metavar="COMMIT",
        help="Services and their files from this commit, branch or tag; the rest from here.",
    ),
]
RemoveUndeclared = Annotated[
    bool,
    typer.Option("--remove-undeclared", help="Take away what the project file no longer has, too."),
]
app = typer.Typer()


@run_command(
    app,
    examples=(
        "deploy                      everything, to production",
        "deploy -e staging -s web    one service, to another environment",
        "deploy --plan               what would happen",
        "deploy --hold               prove it, and look at it before it goes live",
        "deploy --ref v1.4           what lies in a commit, not in the working tree",
    ),
)
def deploy(
    session: "Session",
    *,
    force: Annotated[
        bool, typer.Option("--force", help="Replace services that have not changed, too.")
    ] = False,
    hold: Annotated[
        bool,
        typer.Option("--hold", help="Stop before it goes live; `promote` or `discard` goes on."),
    ] = False,
    no_preview: Annotated[
        bool, typer.Option("--no-preview", help="With --hold: no address to look at it.")
    ] = False,
    ref: Ref = None,
    remove_undeclared: RemoveUndeclared = False,
    label: Label = "",
) -> "Deploy":
    """Build what the files say, prove it, and put it live.

    Candidates start beside what is live and must be ready before the routes move to them; no
    request is lost. Unchanged services are left alone, and so is what was stopped by hand, unless
    -s names it. If anything fails, what was live stays.
    """
    from compartment_tui.domain.requests import Deploy

    return Deploy(
        **session.scope,
        force=force,
        hold=hold,
        preview=not no_preview,
        remove_undeclared=remove_undeclared,
        ref=ref,
        label=label,
    )


@run_command(
    app,
    examples=(
        "rollback                           undo the newest run",
        "rollback -s web                    only web, to what it was before",
        "rollback -s web --to 7q2m9x1kaz    web, to one exact deployment",
        "rollback --run 4h8s0d2mve          everything, as that run left it",
    ),
)
def rollback(
    session: "Session",
    *,
    to: Annotated[
        str | None,
        typer.Option(
            "--to",
            metavar="DEPLOYMENT",
            help="With one service: exactly this one.",
            autocompletion=completion.deployments,
        ),
    ] = None,
    run: Annotated[
        str | None,
        typer.Option(
            "--run",
            metavar="RUN",
            help="Everything, as that run left it.",
            autocompletion=completion.runs,
        ),
    ] = None,
    label: Label = "",
) -> "Rollback":
    """Go back to what was live before, within seconds.

    Its containers were kept. Without options it undoes the newest run still in effect, exactly
    the services that run switched.
    """
    from compartment_tui.domain.requests import Rollback

    return Rollback(
        **session.scope,
        to=to,
        run=run,
        label=label,
    )


@run_command(
    app,
    examples=("redeploy -s web    the same image, after a variable was changed",),
)
def redeploy(session: "Session", *, label: Label = "") -> "Redeploy":
    """Put what is live into new containers, with today's variables.

    Nothing is built or pulled.
    """
    from compartment_tui.domain.requests import Redeploy

    return Redeploy(**session.scope, label=label)


@run_command(
    app,
    examples=(
        "remove               what is live and no longer in compartment.toml",
        "remove -s worker     this one, whatever the file says",
    ),
)
def remove(session: "Session", *, label: Label = "") -> "Remove":
    """Take away services that the project file no longer has.

    Their routes go, they are drained, stopped and kept: `rollback` brings them back.
    """
    from compartment_tui.domain.requests import Remove

    return Remove(**session.scope, label=label)


@run_command(app, services=False, plan=False, examples=("resume -e staging",))
def resume(session: "Session") -> "Resume":
    """Finish or revert what a crash or a second Ctrl-C left."""
    from compartment_tui.domain.requests import Resume

    return Resume(environment=session.environment, take_over=session.take_over)
