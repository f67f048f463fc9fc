"""Images as the engine hands them out, takes them in and pushes them; each on its connection."""

import json
import queue
import zlib
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import closing
from typing import TYPE_CHECKING

from compartment_tui.adapters.docker.api.build_and_pull import credentials_note
from compartment_tui.adapters.docker.api.cancellable_stream import Chunk, Found, watched_chunks
from compartment_tui.adapters.docker.api.client import Client
from compartment_tui.domain import bounds
from compartment_tui.ports import Cancel

if TYPE_CHECKING:
    import requests

    from compartment_tui.adapters.docker.api.sdk_session import SdkSession

DONE = "compartment-tui done"
"""The key of a chunk that is not the engine's: how many bytes have gone their way."""
PIECE = 1024 * 1024
PATIENCE_SECONDS = 600
"""An engine writes all of an image to its own disk before it hands out the first byte."""
_FAST = 1
_GZIP = 31
"""What zlib calls its own header and check sum, for the formats that the engine knows."""


def saved_chunks(
    client: Client, image: str, write: Callable[[bytes], None], cancel: Cancel
) -> Generator[Chunk, None, None]:
    """How much of an image's archive was written; see `watched_chunks`."""

    def ask(session: "SdkSession") -> Iterable[Chunk]:
        done = 0
        path = f"/images/{image}/get"
        saved = session.open_stream(path, {}, endless=False, patience=PATIENCE_SECONDS)
        with closing(saved) as response:
            for piece in response.iter_content(PIECE):
                write(piece)
                done += len(piece)
                yield {DONE: done}

    return watched_chunks(client, ask, cancel)


def loaded_chunks(
    client: Client, pieces: Callable[[], Iterator[bytes]], cancel: Cancel
) -> Generator[Chunk, None, None]:
    """How much of an archive was sent, then what the engine says of it; see `watched_chunks`.

    On a way that is longer than a socket it is packed: a fast packing more than halves it.
    """
    upload = _Upload(pieces, packed=client.address.socket is None)
    try:
        yield from watched_chunks(client, upload.ask, cancel, found=upload.found)
    finally:
        upload.stopped = True


def pushed_chunks(
    client: Client, repository: str, tag: str, cancel: Cancel
) -> Generator[Chunk, None, None]:
    """What the engine says while it pushes; see `watched_chunks`."""

    def ask(session: "SdkSession") -> Iterable[Chunk]:
        yield from credentials_note(session, repository)
        yield from session.push(repository, tag=tag, stream=True, decode=True)

    return watched_chunks(client, ask, cancel)


class _Stopped(Exception):
    """Nobody waits for it any more."""


class _Upload:
    """An archive that is sent in the reader's thread, piece by piece, until somebody stops it."""

    def __init__(self, pieces: Callable[[], Iterator[bytes]], *, packed: bool) -> None:
        self.found: Found = queue.SimpleQueue()
        self.stopped = False
        self._pieces = pieces
        self._packed = packed

    def ask(self, session: "SdkSession") -> Iterable[Chunk]:
        body = self._packing() if self._packed else self._counted()
        told = {"quiet": 0}
        loaded = session.post_stream("/images/load", told, body, patience=PATIENCE_SECONDS)
        with closing(loaded) as response:
            yield from _chunks(response)

    def _counted(self) -> Iterator[bytes]:
        done = 0
        for piece in self._pieces():
            if self.stopped:
                raise _Stopped
            yield piece
            done += len(piece)
            self.found.put({DONE: done})

    def _packing(self) -> Iterator[bytes]:
        packer = zlib.compressobj(_FAST, wbits=_GZIP)
        for piece in self._counted():
            if packed := packer.compress(piece):
                yield packed
        yield packer.flush()


def _chunks(response: "requests.Response") -> Iterator[Chunk]:
    """Its lines of JSON. Raises bounds.TooMuch, ValueError."""
    for line in response.iter_lines(chunk_size=None):
        bounds.refuse_large(len(line), bounds.STREAM_LINE, "a line of the Docker engine")
        chunk = json.loads(line) if line else None
        if isinstance(chunk, Mapping):
            yield dict(chunk)
