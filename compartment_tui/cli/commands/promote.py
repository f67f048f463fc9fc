"""`promote` and `discard`: what becomes of held candidates, and of another environment's images."""

from typing import TYPE_CHECKING, Annotated

import typer

from compartment_tui.cli import completion
from compartment_tui.cli.run_command import Label, run_command

if TYPE_CHECKING:
    from compartment_tui.cli.session import Session
    from compartment_tui.domain.requests import Discard, Promote, PromoteFrom

FromDeployment = Annotated[
    str | None,
    typer.Option(
        "--deployment",
        metavar="ID",
        help="With --from and one service: the image of this one instead.",
    ),
]
app = typer.Typer()


@run_command(
    app,
    examples=(
        "promote                                all that `deploy --hold` left waiting",
        "promote -s web                         only the held candidate of web",
        "promote --from staging --to production",
        "promote --from staging --to production -s web --deployment 7q2m9x1kaz",
    ),
)
def promote(
    session: "Session",
    *,
    origin: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="NAME",
            help="The very images that are live there.",
            autocompletion=completion.environments,
        ),
    ] = None,
    target: Annotated[
        str | None,
        typer.Option(
            "--to",
            metavar="NAME",
            help="With --from: the same as --env.",
            autocompletion=completion.environments,
        ),
    ] = None,
    deployment: FromDeployment = None,
    label: Label = "",
) -> "Promote | PromoteFrom":
    """Make live what has been proven: a held candidate, or what another environment runs.

    A held candidate is asked once more whether it is ready, and its release command is not run
    again. Images of another environment get the values of this one, and release commands run here.
    """
    from compartment_tui.domain.errors import UsageProblem
    from compartment_tui.domain.requests import Promote, PromoteFrom

    session.name_environment(target)
    if origin is None and (target is not None or deployment is not None):
        raise UsageProblem(
            "--to and --deployment go with --from",
            hint="without --from it is about what is held in the environment of --env",
        )
    if origin is None:
        return Promote(**session.scope, label=label)
    return PromoteFrom(
        **session.scope,
        origin=origin,
        deployment=deployment,
        label=label,
    )


@run_command(
    app,
    examples=("discard           all that is held", "discard -s web    only the candidate of web"),
)
def discard(session: "Session") -> "Discard":
    """Drop what `deploy --hold` left waiting: its preview, its container.

    What is live is not touched. What a release command did is not undone.
    """
    from compartment_tui.domain.requests import Discard

    return Discard(**session.scope)
