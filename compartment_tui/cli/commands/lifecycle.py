"""`stop`, `start`, `restart`: parse, show what would be done, or do it and follow."""

from typing import TYPE_CHECKING

import typer

from compartment_tui.cli.command import command
from compartment_tui.cli.commands.runs import Events, PlanOnly

if TYPE_CHECKING:
    from compartment_tui.cli.session import Session

app = typer.Typer()


@command(
    app,
    environment=True,
    services=True,
    changes=True,
    owned=True,
    examples=("stop -e staging", "stop -s worker    only the worker"),
)
def stop(session: "Session", *, plan: PlanOnly = False, events: Events = False) -> int:
    """Stop what is live, until `start`.

    Routes stay: the edge answers 503 and names the service. Not even a restart of the Docker
    engine brings it back.
    """
    from compartment_tui.cli.follow_run import carry_out
    from compartment_tui.domain.requests import Stop

    request = Stop(
        environment=session.environment,
        services=session.services,
        take_over=session.take_over,
    )
    return carry_out(session, request, plan=plan, events=events)


@command(
    app, environment=True, services=True, changes=True, owned=True, examples=("start -s worker",)
)
def start(session: "Session", *, plan: PlanOnly = False, events: Events = False) -> int:
    """Start again what was stopped.

    It is proven to be ready before its visitors get to it.
    """
    from compartment_tui.cli.follow_run import carry_out
    from compartment_tui.domain.requests import Start

    request = Start(
        environment=session.environment,
        services=session.services,
        take_over=session.take_over,
    )
    return carry_out(session, request, plan=plan, events=events)


@command(
    app, environment=True, services=True, changes=True, owned=True, examples=("restart -s web",)
)
def restart(session: "Session", *, plan: PlanOnly = False, events: Events = False) -> int:
    """Stop and start the same containers: this interrupts.

    `redeploy` does not. What was stopped by hand stays so, unless it is named.
    """
    from compartment_tui.cli.follow_run import carry_out
    from compartment_tui.domain.requests import Restart

    request = Restart(
        environment=session.environment,
        services=session.services,
        take_over=session.take_over,
    )
    return carry_out(session, request, plan=plan, events=events)
