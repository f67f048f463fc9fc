"""`promote` and `discard`: what becomes of held candidates, and of another environment's images."""

from typing import TYPE_CHECKING, Annotated

import typer

from compartment_tui.cli import completion
from compartment_tui.cli.command import command
from compartment_tui.cli.commands.runs import Events, Label, PlanOnly

if TYPE_CHECKING:
    from compartment_tui.cli.session import Session
    from compartment_tui.domain.requests import Promote, PromoteFrom

app = typer.Typer()


@command(
    app,
    environment=True,
    services=True,
    changes=True,
    owned=True,
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
    deployment: Annotated[
        str | None,
        typer.Option(
            "--deployment",
            metavar="ID",
            help="With --from and one service: the image of this one instead.",
        ),
    ] = None,
    label: Label = "",
    plan: PlanOnly = False,
    events: Events = False,
) -> int:
    """Make live what has been proven: a held candidate, or what another environment runs.

    A held candidate is asked once more whether it is ready, and its release command is not run
    again. Images of another environment get the values of this one, and release commands run here.
    """
    from compartment_tui.cli.follow_run import carry_out
    from compartment_tui.domain.errors import UsageProblem

    session.name_environment(target)
    if origin is None and (target is not None or deployment is not None):
        raise UsageProblem(
            "--to and --deployment go with --from",
            hint="without --from it is about what is held in the environment of --env",
        )
    request = _promotion(session, origin, deployment, label)
    return carry_out(session, request, plan=plan, events=events)


def _promotion(
    session: "Session", origin: str | None, deployment: str | None, label: str
) -> "Promote | PromoteFrom":
    from compartment_tui.domain.requests import Promote, PromoteFrom

    if origin is None:
        return Promote(
            environment=session.environment,
            services=session.services,
            take_over=session.take_over,
            label=label,
        )
    return PromoteFrom(
        environment=session.environment,
        services=session.services,
        take_over=session.take_over,
        origin=origin,
        deployment=deployment,
        label=label,
    )


@command(
    app,
    environment=True,
    services=True,
    changes=True,
    owned=True,
    examples=("discard           all that is held", "discard -s web    only the candidate of web"),
)
def discard(session: "Session", *, plan: PlanOnly = False, events: Events = False) -> int:
    """Drop what `deploy --hold` left waiting: its preview, its container.

    What is live is not touched. What a release command did is not undone.
    """
    from compartment_tui.cli.follow_run import carry_out
    from compartment_tui.domain.requests import Discard

    request = Discard(
        environment=session.environment,
        services=session.services,
        take_over=session.take_over,
    )
    return carry_out(session, request, plan=plan, events=events)
