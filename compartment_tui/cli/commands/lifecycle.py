"""`stop`, `start`, `restart`: parse, show what would be done, or do it and follow."""

from typing import TYPE_CHECKING

import typer

from compartment_tui.cli.run_command import run_command

if TYPE_CHECKING:
    from compartment_tui.cli.session import Session
    from compartment_tui.domain.requests import Restart, Start, Stop

app = typer.Typer()


@run_command(
    app,
    examples=("stop -e staging", "stop -s worker    only the worker"),
)
def stop(session: "Session") -> "Stop":
    """Stop what is live, until `start`.

    Routes stay: the edge answers 503 and names the service. Not even a restart of the Docker
    engine brings it back.
    """
    from compartment_tui.domain.requests import Stop

    return Stop(**session.scope)


@run_command(app, examples=("start -s worker",))
def start(session: "Session") -> "Start":
    """Start again what was stopped.

    It is proven to be ready before its visitors get to it.
    """
    from compartment_tui.domain.requests import Start

    return Start(**session.scope)


@run_command(app, examples=("restart -s web",))
def restart(session: "Session") -> "Restart":
    """Stop and start the same containers: this interrupts.

    `redeploy` does not. What was stopped by hand stays so, unless it is named.
    """
    from compartment_tui.domain.requests import Restart

    return Restart(**session.scope)
