"""Builds and pulls as the engine tells of them, on connections of their own; build contexts."""

from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import closing
from typing import TYPE_CHECKING, Any

from compartment_tui.adapters.docker.api.cancellable_stream import Chunk, watched_chunks
from compartment_tui.adapters.docker.api.client import Client
from compartment_tui.ports import Cancel

if TYPE_CHECKING:
    from compartment_tui.adapters.docker.api.sdk_session import SdkSession

NOTE = "compartment-tui"
"""The key of a chunk that is not the engine's."""


def build_chunks(
    client: Client, cancel: Cancel, context: Callable[[], Any], settings: Mapping[str, Any]
) -> Generator[Chunk, None, None]:
    """What the engine says while its own builder builds a packed context; see `watched_chunks`."""

    def ask(session: "SdkSession") -> Iterable[Chunk]:
        yield from credentials_note(session)
        with closing(context()) as sent:
            yield from session.build(
                fileobj=sent, custom_context=True, rm=True, forcerm=True, decode=True, **settings
            )

    return watched_chunks(client, ask, cancel)


def pull_chunks(
    client: Client, reference: str, cancel: Cancel, *, patience: float
) -> Generator[Chunk, None, None]:
    """What the engine says while it pulls; see `watched_chunks`."""

    def ask(session: "SdkSession") -> Iterable[Chunk]:
        yield from credentials_note(session, reference)
        yield from session.pull(reference, stream=True, decode=True)

    return watched_chunks(client, ask, cancel, patience=patience)


def credentials_note(session: "SdkSession", reference: str | None = None) -> Iterable[Chunk]:
    """What is to be said of the credentials for a registry, or for all; see `NOTE`."""
    from compartment_tui.adapters.docker.api.registry_credentials import without_broken_store

    note = without_broken_store(session, reference)
    return () if note is None else ({NOTE: note},)


def build_context(root: str, paths: list[str], added: list[tuple[str, str]]) -> Any:  # noqa: ANN401
    """An open archive of files below `root`, and of `added` ones: name and text."""
    from compartment_tui.adapters.docker.api.sdk import create_archive

    return create_archive(root, paths, extra_files=added)


def matches_pattern(pattern: str, path: str) -> bool:
    """Whether a pattern of an ignore file fits a path. Raises re.error."""
    from compartment_tui.adapters.docker.api.sdk import PatternMatcher

    plain: Any = path  # the stubs ask for what it cannot take
    return bool(PatternMatcher([pattern]).matches(plain))
