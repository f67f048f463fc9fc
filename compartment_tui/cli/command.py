"""How a plain function becomes a command."""

from collections.abc import Callable
from inspect import Parameter, Signature, cleandoc, signature
from typing import TypeVar

import typer

from compartment_tui.cli.arguments import Command
from compartment_tui.cli.options import shared
from compartment_tui.cli.program import epilog

Body = TypeVar("Body", bound=Callable[..., int | None])
"""Takes the session, and by keyword the options of its own; returns the exit code, None for 0."""


def command(
    app: typer.Typer,
    name: str | None = None,
    *,
    environment: bool = False,
    services: bool = False,
    changes: bool = False,
    owned: bool = False,
    examples: tuple[str, ...] = (),
    takes_command: bool = False,
) -> Callable[[Body], Body]:
    """Register a function as a command of `app`, with the options it shares with others.

    Its docstring is its help. Whatever it raises ends in a sentence and an exit code.
    `changes`: it may ask before it does, so `--yes` means something.
    `owned`: what it changes may belong to another repository, so `--take-over` means something.
    `takes_command`: all words from the first argument on belong to it, options too.
    """

    def register(body: Body) -> Body:
        _, *own = signature(body).parameters.values()

        def entry(ctx: typer.Context, **given: object) -> None:
            # Help needs none of it.
            from compartment_tui.cli.session import Session

            session = Session.of(ctx.obj(), given)
            raise typer.Exit(session.guarded(lambda: body(session, **given)))

        context = Parameter("ctx", Parameter.KEYWORD_ONLY, annotation=typer.Context)
        common = shared(environment=environment, services=services, changes=changes, owned=owned)
        parameters = [one.replace(kind=Parameter.KEYWORD_ONLY) for one in (*own, *common)]
        entry.__signature__ = Signature([context, *parameters])  # type: ignore[attr-defined]
        entry.__annotations__ = {}
        app.command(
            name or body.__name__,
            help=cleandoc(body.__doc__ or ""),
            epilog=epilog(examples),
            context_settings={"allow_interspersed_args": not takes_command},
            cls=Command,
        )(entry)
        return body

    return register
