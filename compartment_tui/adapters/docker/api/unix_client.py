"""What a status and a usual run ask of an engine, over the local socket.

The SDK takes longer to load than a status takes besides, and as long as a run takes to be planned.
What is asked here is one request with JSON in and out, called as the SDK's own is and answered the
same, so that an engine elsewhere is asked through the SDK. The standard library's HTTP loads TLS
and e-mail, for a tenth of a status: what a request takes stands here.
"""

import json
import socket
import time
from collections.abc import Iterable, Mapping
from typing import Any, BinaryIO, Protocol, cast
from urllib.parse import quote, urlencode

from compartment_tui.domain import bounds
from compartment_tui.domain.errors import EngineTooOld

OLDEST_API = (1, 41)
"""Docker Engine 20.10."""
CONNECT_SECONDS = 10
READ_SECONDS = 60
HEAD_LINE = 65536
HEAD_LINES = 100
"""A head of longer lines, or of more, is no engine's."""

_NO_CONTENT = 204
_NOT_MODIFIED = 304
"""It is already so: started, stopped."""
_UPGRADED = (101, 200)

Json = dict[str, Any]
Filters = Mapping[str, list[str]]


class EngineWay(Protocol):
    """What can be asked without the SDK, and with it. The names are the SDK's."""

    def containers(self, *, all: bool, filters: Filters) -> list[Json]: ...  # noqa: A002
    def inspect_container(self, container: str) -> Json: ...
    def inspect_image(self, image: str) -> Json: ...
    def history(self, image: str) -> list[Json]: ...
    def networks(self, *, filters: Filters) -> list[Json]: ...
    def get_archive(self, container: str, path: str) -> tuple[Iterable[bytes], Any]: ...
    def info(self) -> Json: ...
    def inspect_network(self, network: str) -> Json: ...
    def create_container_from_config(self, config: Mapping[str, Any], name: str | None) -> Json: ...
    def update_container(self, container: str, *, restart_policy: Json) -> Any: ...  # noqa: ANN401
    def start(self, container: str) -> None: ...
    def stop(self, container: str, *, timeout: int) -> None: ...
    def rename(self, container: str, name: str) -> None: ...
    def remove_container(self, container: str, *, force: bool, v: bool) -> None: ...
    def tag(self, image: str, repository: str, tag: str) -> Any: ...  # noqa: ANN401
    def attach_socket(self, container: str, params: Mapping[str, int]) -> object: ...


class EngineRefusal(Exception):
    """The engine's answer is no: its HTTP status and its reason."""

    def __init__(self, status: int, explanation: str) -> None:
        super().__init__(explanation)
        self.status = status
        self.explanation = explanation


class UnixEngine:
    """Keeps the promises of `EngineWay` on a Unix socket; for several threads at once.

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
        found: Json = self._json(_of(container))
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
        found = self._get(_of(container, "/archive"), {"path": path}, bound=bounds.ARCHIVE)
        return (found,), None

    def info(self) -> Json:
        found: Json = self._json("/info")
        return found

    def inspect_network(self, network: str) -> Json:
        found: Json = self._json(f"/networks/{quote(network, safe='')}")
        return found

    def create_container_from_config(self, config: Mapping[str, Any], name: str | None) -> Json:
        query = {} if name is None else {"name": name}
        made: Json = json.loads(self._send("POST", "/containers/create", query, body=config))
        return made

    def update_container(self, container: str, *, restart_policy: Json) -> None:
        self._send("POST", _of(container, "/update"), body={"RestartPolicy": restart_policy})

    def start(self, container: str) -> None:
        self._send("POST", _of(container, "/start"))

    def stop(self, container: str, *, timeout: int) -> None:
        # It answers when the container has ended, however long that takes.
        self._send("POST", _of(container, "/stop"), {"t": timeout}, patience=timeout)

    def rename(self, container: str, name: str) -> None:
        self._send("POST", _of(container, "/rename"), {"name": name})

    def remove_container(self, container: str, *, force: bool, v: bool) -> None:
        self._send("DELETE", _of(container, ""), {"force": int(force), "v": int(v)})

    def tag(self, image: str, repository: str, tag: str) -> None:
        path = f"/images/{quote(image, safe='/:')}/tag"
        self._send("POST", path, {"repo": repository, "tag": tag})

    def attach_socket(self, container: str, params: Mapping[str, int]) -> socket.socket:
        """The connection itself, from the end of the head on."""
        channel = _connected(self._path)
        try:
            target = f"{_of(container, '/attach')}?{urlencode(params)}"
            channel.sendall(_head("POST", target, "Connection: Upgrade\r\nUpgrade: tcp\r\n"))
            # Byte by byte: what follows the head belongs to whoever attaches.
            with channel.makefile("rb", buffering=0) as answer:
                lines = cast(BinaryIO, answer)
                status, headers = _read_head(lines)
                if status not in _UPGRADED:
                    content = _read_body(lines, headers, bounds.ENGINE_ANSWER)
                    raise EngineRefusal(status, _reason(content) or f"HTTP {status}")
        except BaseException:
            channel.close()
            raise
        return channel

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
        return self._send("GET", path, query, bound=bound)

    def _send(
        self,
        method: str,
        path: str,
        query: Mapping[str, object] | None = None,
        *,
        body: Mapping[str, Any] | None = None,
        bound: int = bounds.ENGINE_ANSWER,
        patience: int = 0,
    ) -> bytes:
        # Without a version in the path the engine speaks its newest.
        target = f"{path}?{urlencode(query or {})}"
        content = b"" if body is None else json.dumps(body).encode()
        kind = f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n"
        headers = "Connection: close\r\n" + (kind if content else "")
        with _connected(self._path) as channel, channel.makefile("rb") as answer:
            channel.settimeout(READ_SECONDS + patience)
            channel.sendall(_head(method, target, headers) + content)
            status, answered = _read_head(answer)
            content = b"" if status == _NO_CONTENT else _read_body(answer, answered, bound)
        bounds.refuse_large(len(content), bound, "the answer of the Docker engine")
        refuse_old(answered.get("api-version", ""), self._url)
        if status >= 300 and not (status == _NOT_MODIFIED and method == "POST"):
            raise EngineRefusal(status, _reason(content) or f"HTTP {status}")
        return content


def _of(container: str, what: str = "/json") -> str:
    return f"/containers/{quote(container, safe='')}{what}"


def _head(method: str, target: str, headers: str) -> bytes:
    return f"{method} {target} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n".encode()


def _connected(path: str) -> socket.socket:
    """Raises ConnectionError."""
    channel = socket.socket(socket.AF_UNIX)
    try:
        channel.settimeout(CONNECT_SECONDS)
        _enter(channel, path)
        channel.settimeout(READ_SECONDS)
    except OSError as error:
        channel.close()
        raise ConnectionError(str(error)) from error
    return channel


def _enter(channel: socket.socket, path: str) -> None:
    deadline = time.monotonic() + CONNECT_SECONDS
    while True:
        try:
            channel.connect(path)
        except BlockingIOError:
            # So many are at the door at this moment that a socket with a time-out is sent away.
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


def _read_head(answer: BinaryIO) -> tuple[int, dict[str, str]]:
    """The status, and the headers by their names in small letters. Raises ConnectionError."""
    version, _, status = _line(answer).partition(" ")
    if not version.startswith("HTTP/1.") or not status[:3].isdecimal():
        raise ConnectionError("what answers there does not speak HTTP")
    headers: dict[str, str] = {}
    for _ in range(HEAD_LINES):
        line = _line(answer)
        if not line:
            return int(status[:3]), headers
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    raise ConnectionError("the head of its answer does not end")


def _read_body(answer: BinaryIO, headers: Mapping[str, str], bound: int) -> bytes:
    """All of it, or one byte more than the bound. Raises ConnectionError when it breaks off."""
    if headers.get("transfer-encoding", "").lower() == "chunked":
        return _read_chunks(answer, bound)
    length = headers.get("content-length")
    if length is None:
        return answer.read(bound + 1)
    return _exactly(answer, _size(length, 10), bound)


def _read_chunks(answer: BinaryIO, bound: int) -> bytes:
    content = bytearray()
    while size := _size(_line(answer).partition(";")[0], 16):
        content += _exactly(answer, size, bound - len(content))
        if len(content) > bound:
            break
        if _line(answer):
            raise ConnectionError("its answer is none")
    return bytes(content)


def _exactly(answer: BinaryIO, size: int, bound: int) -> bytes:
    wanted = min(size, bound + 1)
    content = answer.read(wanted)
    if len(content) < wanted:
        raise ConnectionError("its answer broke off")
    return content


def _size(text: str, base: int) -> int:
    try:
        size = int(text, base)
    except ValueError:
        size = -1
    if size < 0:
        raise ConnectionError("its answer is none")
    return size


def _line(answer: BinaryIO) -> str:
    """Without its end. Raises ConnectionError when there is none."""
    line = answer.readline(HEAD_LINE)
    if not line.endswith(b"\n"):
        raise ConnectionError("its answer broke off")
    return line.rstrip(b"\r\n").decode("latin-1")


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
