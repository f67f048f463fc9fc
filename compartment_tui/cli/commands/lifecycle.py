"""`stop`, `start`, `restart`, `scale`: parse, show what would be done, or do it and follow."""

import re
from typing import TYPE_CHECKING, Annotated

import typer

from compartment_tui.cli import completion
from compartment_tui.cli.run_command import run_command

if TYPE_CHECKING:
    from compartment_tui.cli.session import Session
    from compartment_tui.domain.requests import Restart, Scale, Start, Stop

app = typer.Typer()
_NUMBER = re.compile(r"(?P<service>[^=]+)=(?P<number>[0-9]{1,6})")
Wanted = Annotated[
    list[str],
    typer.Argument(
        metavar="SERVICE=NUMBER...",
        help="How many of each.",
        show_default=False,
        autocompletion=completion.services,
    ),
]


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


@run_command(app, services=False, examples=("scale web=4", "scale web=4 worker=2 -e staging"))
def scale(session: "Session", *, wanted: Wanted) -> "Scale":
    """Run more or fewer replicas of what is live, at once.

    No deployment is made: new ones are copies with the values that run, and are proven before they
    get requests; those that go are drained. It lasts until `replicas` in the project file says
    another number.
    """
    from compartment_tui.domain.requests import Scale

    return Scale(
        environment=session.environment,
        take_over=session.take_over,
        replicas=tuple(_numbers(wanted).items()),
    )


def _numbers(wanted: list[str]) -> dict[str, int]:
    """Raises UsageProblem for a word that is not `service=number`, and a service named twice."""
    from compartment_tui.domain.errors import UsageProblem
    from compartment_tui.domain.names import show

    found: dict[str, int] = {}
    for word in wanted:
        said = _NUMBER.fullmatch(word)
        if said is None:
            hint = "write a service, = and how many of it are to run, such as web=3"
            raise UsageProblem(f"{show(word)} is not SERVICE=NUMBER", hint=hint)
        if said["service"] in found:
            raise UsageProblem(f"{show(said['service'])} is named twice")
        found[said["service"]] = int(said["number"])
    return found
