"""Long answers of the engine, read so that a person can stop them and silence is noticed."""

import queue
import threading
import time
from collections.abc import Callable, Generator, Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeAlias

from compartment_tui.adapters.docker.api.client import Client
from compartment_tui.domain.errors import Cancelled
from compartment_tui.ports import Cancel

if TYPE_CHECKING:
    import requests

    from compartment_tui.adapters.docker.api.sdk_session import SdkSession

POLL_SECONDS = 0.1

Chunk = dict[str, Any]
Ask = Callable[["SdkSession"], Iterable[Chunk]]
Found: TypeAlias = queue.SimpleQueue[Chunk | BaseException | None]


class Silence(Exception):
    """Nothing new came for as long as the caller would wait."""


def watched_chunks(
    client: Client,
    ask: Ask,
    cancel: Cancel,
    *,
    patience: float | None = None,
    found: Found | None = None,
) -> Generator[Chunk, None, None]:
    """What `ask` gets from the engine, chunk by chunk, on a connection of its own.

    When this is closed or raises, the connection is cut, and with it the engine's work ends.
    `patience` is in seconds; a chunk that only announces a retry is not news. What is put into
    `found` is a chunk, too.

    Raises what `ask` raises, and:
        Cancelled: a person asked to stop meanwhile.
        Silence: `patience` passed without news.
    """
    if cancel.requests:  # nothing is even begun
        raise Cancelled("the work of the engine was not begun")
    reader = _Reader(client, ask, found)
    heard = time.monotonic()
    try:
        while True:
            if cancel.requests:
                raise Cancelled("the work of the engine was ended")
            if patience is not None and time.monotonic() - heard > patience:
                raise Silence
            try:
                chunk = reader.found.get(timeout=POLL_SECONDS)
            except queue.Empty:
                continue
            if chunk is None:
                return
            if isinstance(chunk, BaseException):
                raise chunk
            if not str(chunk.get("status", "")).startswith("Retrying"):
                heard = time.monotonic()
            yield chunk
    finally:
        reader.close()


class _Reader:
    """Reads in a thread: the SDK's generators block, and cannot be closed from outside."""

    def __init__(self, client: Client, ask: Ask, found: Found | None) -> None:
        from compartment_tui.adapters.docker.api.sdk_session import SdkSession

        self.found: Found = queue.SimpleQueue() if found is None else found
        self._response: requests.Response | None = None
        self._session = SdkSession(client.address, client.ssh)
        self._session.hooks["response"].append(self._keep)
        threading.Thread(target=self._read, args=(ask,), daemon=True).start()

    def close(self) -> None:
        """Cut the connection. One that has not answered yet is left to its thread."""
        if self._response is not None:
            with suppress(OSError, ValueError, RuntimeError):
                self._response.raw.shutdown()
        self._session.close()

    def _read(self, ask: Ask) -> None:
        end: BaseException | None = None
        try:
            for chunk in ask(self._session):
                self.found.put(chunk)
        except Exception as error:  # whatever it is, it is raised again where it is read
            end = error
        self.found.put(end)

    def _keep(self, response: "requests.Response", *_: object, **__: object) -> None:
        self._response = response
