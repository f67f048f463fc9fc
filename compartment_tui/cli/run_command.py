"""How a function that makes a request becomes a command that shows it or does it."""

from collections.abc import Callable
from inspect import Signature, signature
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from compartment_tui.cli.command import command

if TYPE_CHECKING:
    from compartment_tui.cli.session import Session
    from compartment_tui.domain.requests import FollowedRequest

Label = Annotated[
    str, typer.Option("--label", metavar="TEXT", help="A name for this run in the history.")
]
Request: TypeAlias = "Callable[..., FollowedRequest]"
"""Takes the session, and by keyword the options of its own."""


def run_command(
    app: typer.Typer, *, services: bool = True, plan: bool = True, examples: tuple[str, ...]
) -> Callable[[Request], Request]:
    """Register a function as a command that is followed to its end: see `command`.

    It may be about `services`, and may only show its `plan`.
    """
    ways = [way for way in signature(_followed).parameters.values() if plan or way.name != "plan"]

    def register(request: Request) -> Request:
        def body(
            session: "Session", *, plan: bool = False, events: bool = False, **own: object
        ) -> int:
            asked = request(session, **own)
            if not plan:
                _ask_early(session, asked)
            from compartment_tui.cli.follow_run import carry_out

            return carry_out(session, asked, plan=plan, events=events)

        own = signature(request).parameters.values()
        body.__signature__ = Signature([*own, *ways])  # type: ignore[attr-defined]
        body.__name__, body.__doc__ = request.__name__, request.__doc__
        command(
            app, environment=True, services=services, changes=True, owned=True, examples=examples
        )(body)
        return request

    return register


def _ask_early(session: "Session", asked: "FollowedRequest") -> None:
    """Ask what it will be planned from while the rest loads, which takes as long."""
    from compartment_tui.domain.requests import Deploy, Redeploy, Rollback

    if isinstance(asked, Deploy | Redeploy | Rollback):
        session.engine_world.records.warm_up(session.key)
        session.engine_world.engine.warm_up()
    if isinstance(asked, Deploy):
        session.engine_world.builder.warm_up()


def _followed(
    *,
    plan: Annotated[
        bool, typer.Option("--plan", help="Show what would happen, and do nothing.")
    ] = False,
    events: Annotated[
        bool, typer.Option("--events", help="One JSON object a line on stdout for each event.")
    ] = False,
) -> None:
    """What commands take that are followed to their end."""
