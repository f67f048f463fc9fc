"""What the shell offers for names and ids. Importing this must stay cheap.

It writes nothing, and never an error: a shell that completes has no place for one.
"""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, TypeAlias

import typer

if TYPE_CHECKING:
    from compartment_tui.ports import World

Offers: TypeAlias = list[tuple[str, str]]
"""Words and what they mean."""

_PLAIN = frozenset("_.@/+-")
"""What shells read as it is. The scripts that shells run do not quote what they are offered."""


def environments(ctx: typer.Context, incomplete: str) -> Offers:
    """Those of the file and of the engine."""

    def ask() -> Iterable[tuple[str, str]]:
        from compartment_tui.operations import completion

        return ((name, "") for name in completion.environments(_world(ctx)))

    return _offers(ask, incomplete)


def engines(ctx: typer.Context, incomplete: str) -> Offers:
    """Those of the file, and the docker command's."""

    def ask() -> Iterable[tuple[str, str]]:
        from compartment_tui.operations import completion

        return ((name, "") for name in completion.engines(_world(ctx)))

    return _offers(ask, incomplete)


def services(ctx: typer.Context, incomplete: str) -> Offers:
    """Those of the file."""

    def ask() -> Iterable[tuple[str, str]]:
        from compartment_tui.operations import completion

        return ((name, "") for name in completion.services(_world(ctx)))

    return _offers(ask, incomplete)


def deployments(ctx: typer.Context, incomplete: str) -> Offers:
    """The ends of the ids in the environment that was named so far."""

    def ask() -> Iterable[tuple[str, str]]:
        from compartment_tui.operations import completion

        return _short(completion.deployments(_world(ctx), environment=_environment(ctx)))

    return _offers(ask, incomplete)


def runs(ctx: typer.Context, incomplete: str) -> Offers:
    """As `deployments`, of runs."""

    def ask() -> Iterable[tuple[str, str]]:
        from compartment_tui.operations import completion

        return _short(completion.runs(_world(ctx), environment=_environment(ctx)))

    return _offers(ask, incomplete)


def replicas(ctx: typer.Context, incomplete: str) -> Offers:
    """The numbers of those that are there, of the services that were named so far, or of all."""

    def ask() -> Iterable[tuple[str, str]]:
        from compartment_tui.operations import completion

        services = tuple(ctx.params.get("service") or ())
        return completion.replicas(_world(ctx), environment=_environment(ctx), services=services)

    return _offers(ask, incomplete)


# Whatever is the matter, it is not the moment to tell.
def _offers(ask: Callable[[], Iterable[tuple[str, str]]], incomplete: str) -> Offers:
    try:
        return [one for one in ask() if one[0].startswith(incomplete) and _plain(one[0])]
    except Exception:
        return []


def _plain(word: str) -> bool:
    inside = all(char.isalnum() or char in _PLAIN for char in word)
    return inside and not word.startswith("-")


def _short(found: Iterable[tuple[str, str]]) -> Iterable[tuple[str, str]]:
    from compartment_tui.present.text import short_id

    return ((short_id(identifier), words) for identifier, words in found)


def _world(ctx: typer.Context) -> "World":
    world: World = ctx.obj().open_world(ctx.params.get("file"))
    return world


def _environment(ctx: typer.Context) -> str:
    from compartment_tui.domain.names import DEFAULT_ENVIRONMENT

    return ctx.params.get("env") or DEFAULT_ENVIRONMENT
