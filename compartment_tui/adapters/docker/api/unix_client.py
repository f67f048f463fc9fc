"""The few questions of whoever looks around, asked over the local socket.

The SDK takes longer to load than a status takes besides, and these are plain GETs. They are called
as the SDK's own are and answer the same, so that an engine elsewhere is asked through the SDK.
"""

import json
import socket
import time
from collections.abc import Iterable, Mapping
from contextlib import closing
from http.client import HTTPConnection, HTTPException
from typing import Any, Protocol
from urllib.parse import quote, urlencode

from compartment_tui.domain import bounds
from compartment_tui.domain.errors import EngineTooOld

OLDEST_API = (1, 41)
"""Docker Engine 20.10."""
CONNECT_SECONDS = 10
READ_SECONDS = 60

Json = dict[str, Any]
Filters = Mapping[str, list[str]]


class EngineReader(Protocol):
    """What can be asked without the SDK, and with it."""

    def containers(self, *, all: bool, filters: Filters) -> list[Json]: ...  # noqa: A002
    def inspect_container(self, container: str) -> Json: ...
    def inspect_image(self, image: str) -> Json: ...
    def history(self, image: str) -> list[Json]: ...
    def networks(self, *, filters: Filters) -> list[Json]: ...
    def get_archive(self, container: str, path: str) -> tuple[Iterable[bytes], Any]: ...


class EngineRefusal(Exception):
    """The engine's answer is no: its HTTP status and its reason."""

    def __init__(self, status: int, explanation: str) -> None:
        super().__init__(explanation)
        self.status = status
        self.explanation = explanation


class UnixEngineReader:
    """Keeps the promises of `EngineReader` on a Unix socket; for several threads at once.

    Raises Refusal, EngineTooOld; ConnectionError or TimeoutError when there is no answer.
    """

    def __init__(self, path: str, url: str) -> None:
        self._path = path
        self._url = url

    def containers(self, *, all: bool, filters: Filters) -> list[Json]:  # noqa: A002 - as the SDK
        found: list[Json] = self._json(
            "/containers/json", {"all": int(all), "filters": json.dumps(filters)}
        )
        return found

    def inspect_container(self, container: str) -> Json:
        found: Json = self._json(f"/containers/{quote(container, safe='')}/json")
        return found

    def inspect_image(self, image: str) -> Json:
        found: Json = self._json(f"/images/{quote(image, safe='/:')}/json")
        return found

    def history(self, image: str) -> list[Json]:
        found: list[Json] = self._json(f"/images/{quote(image, safe='/:')}/history")
        return found

    def networks(self, *, filters: Filters) -> list[Json]:
        found: list[Json] = self._json("/networks", {"filters": json.dumps(filters)})
        return found

    def get_archive(self, container: str, path: str) -> tuple[Iterable[bytes], None]:
        return (
            self._get(
                f"/containers/{quote(container, safe='')}/archive",
                {"path": path},
                bound=bounds.ARCHIVE,
            ),
        ), None

    # The shape of an answer is known to whoever asked.
    def _json(self, path: str, query: Mapping[str, object] | None = None) -> Any:  # noqa: ANN401
        content = self._get(path, query)
        try:
            return json.loads(content)
        except (ValueError, RecursionError) as error:
            raise ConnectionError("what answers there is no Docker engine") from error

    def _get(
        self,
        path: str,
        query: Mapping[str, object] | None = None,
        *,
        bound: int = bounds.ENGINE_ANSWER,
    ) -> bytes:
        with closing(_Connection(self._path)) as connection:
            try:
                # Without a version in the path the engine speaks its newest.
                connection.request("GET", f"{path}?{urlencode(query or {})}")
                answer = connection.getresponse()
                content = answer.read(bound + 1)
                # Asked for so many bytes, it does not say when there were fewer than promised.
                if answer.length and len(content) <= bound:
                    raise ConnectionError("its answer broke off")
            except HTTPException as error:
                raise ConnectionError("its answer broke off, or is none") from error
        bounds.refuse_large(len(content), bound, "the answer of the Docker engine")
        refuse_old(answer.headers.get("Api-Version", ""), self._url)
        if answer.status >= 300:
            raise EngineRefusal(answer.status, _reason(content) or f"HTTP {answer.status}")
        return content


class _Connection(HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("localhost")
        self._socket_path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        try:
            self.sock.settimeout(CONNECT_SECONDS)
            self._enter()
            self.sock.settimeout(READ_SECONDS)
        except OSError as error:
            raise ConnectionError(str(error)) from error

    def _enter(self) -> None:
        deadline = time.monotonic() + CONNECT_SECONDS
        while True:
            try:
                self.sock.connect(self._socket_path)
            except BlockingIOError:
                # So many are at the door at this moment that a socket with a time-out is sent away.
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.01)
            else:
                return


def refuse_old(version: str, url: str) -> None:
    """Raises EngineTooOld under 20.10; an engine that names no version we can read passes."""
    numbers = version.split(".")
    known = len(numbers) == 2 and all(number.isdecimal() for number in numbers)
    if known and tuple(map(int, numbers)) < OLDEST_API:
        raise EngineTooOld(
            f"the Docker engine at {url} speaks API {version}",
            hint="compartment-tui needs Docker Engine 20.10 (API 1.41) or newer: update it",
        )


def _reason(content: bytes) -> str:
    try:
        return str(json.loads(content)["message"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return content.decode(errors="replace")
