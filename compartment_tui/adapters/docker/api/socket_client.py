"""What a status and a usual run ask of an engine, over the local socket or over ssh.

The SDK takes longer to load than a status takes besides, and as long as a run takes to be planned.
What is asked here is one request with JSON in and out, called as the SDK's own is and answered the
same, so that an engine behind TLS is asked through the SDK.
"""

import json
import socket
import threading
from collections.abc import Iterable, Mapping
from typing import Any, Protocol
from urllib.parse import quote, urlencode

from compartment_tui.adapters.docker.api.line import Door, HttpAnswer, Line, LoginSilence
from compartment_tui.domain import bounds
from compartment_tui.domain.errors import EngineTooOld

OLDEST_API = (1, 41)
"""Docker Engine 20.10."""
READ_SECONDS = 60
LINES_KEPT = 4
"""A server lets one login have ten commands at a time, and streams are some of them."""
LINES_ASKED = 2
"""How many are opened for what only looks. More of it is asked behind what is already asked: to
open a connection starts a program at either end.
"""
FREE_SECONDS = 0.1
"""How long what is asked alone waits for one to get free: to open another takes longer."""

_NOT_MODIFIED = 304
"""It is already so: started, stopped."""

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
    def remove_image(self, image: str) -> Any: ...  # noqa: ANN401
    def attach_socket(self, container: str, params: Mapping[str, int]) -> object: ...
    def ask(
        self,
        method: str,
        path: str,
        query: Mapping[str, object] | None = None,
        body: Json | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any: ...  # noqa: ANN401


class EngineRefusal(Exception):
    """The engine's answer is no: its HTTP status and its reason."""

    def __init__(self, status: int, explanation: str) -> None:
        super().__init__(explanation)
        self.status = status
        self.explanation = explanation


class SocketEngine:
    """Keeps the promises of `EngineWay` on sockets; for several threads at once.

    Raises Refusal, EngineTooOld; ConnectionError or TimeoutError when there is no answer.
    """

    def __init__(self, door: Door, url: str) -> None:
        self._door = door
        self._url = url
        self._lines: list[Line] = []
        self._choosing = threading.Condition()

    def close(self) -> None:
        """End the connections that are kept for the next question."""
        with self._choosing:
            lines, self._lines = self._lines, []
            for line in lines:
                if not line.waiting:
                    line.close()

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

    def remove_image(self, image: str) -> None:
        self._send("DELETE", f"/images/{quote(image, safe='/:')}")

    def tag(self, image: str, repository: str, tag: str) -> None:
        path = f"/images/{quote(image, safe='/:')}/tag"
        self._send("POST", path, {"repo": repository, "tag": tag})

    def attach_socket(self, container: str, params: Mapping[str, int]) -> socket.socket:
        """The connection itself, from the end of the head on."""
        line = self._line(alone=True)
        with self._choosing:
            line.waiting = 0
            if line in self._lines:  # from now on it is no HTTP
                self._lines.remove(line)
        return self._attached(line, container, params)

    def attach_apart(self, container: str, params: Mapping[str, int]) -> socket.socket:
        """As `attach_socket`, over one that hangs on nothing which others share."""
        return self._attached(self._door.open_apart(), container, params)

    def _attached(self, line: Line, container: str, params: Mapping[str, int]) -> socket.socket:
        target = f"{_of(container, '/attach')}?{urlencode(params)}"
        request = _head("POST", target, "Connection: Upgrade\r\nUpgrade: tcp\r\n")
        try:
            answer = line.upgrade(request, bounds.ENGINE_ANSWER, READ_SECONDS)
            if not answer.upgraded:
                raise _refusal(answer)
        except BaseException:
            line.close()
            raise
        return line.channel

    def ask(
        self,
        method: str,
        path: str,
        query: Mapping[str, object] | None = None,
        body: Json | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:  # noqa: ANN401 - its shape is known to whoever asked
        """What the SDK has no use for: any question with JSON in and out."""
        if method == "GET":
            return self._json(path, query)
        content = self._send(method, path, query, body=body, headers=headers)
        return json.loads(content) if content.strip() else None

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
        headers: Mapping[str, str] | None = None,
        bound: int = bounds.ENGINE_ANSWER,
        patience: int = 0,
    ) -> bytes:
        # Without a version in the path the engine speaks its newest.
        target = f"{path}?{urlencode(query or {})}"
        content = b"" if body is None else json.dumps(body).encode()
        kind = f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n"
        further = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
        further += "" if self._door.keeps else "Connection: close\r\n"
        request = _head(method, target, further + (kind if content else "")) + content
        answer = self._ask(request, bound, READ_SECONDS + patience, again=method == "GET")
        bounds.refuse_large(len(answer.content), bound, "the answer of the Docker engine")
        refuse_old(answer.headers.get("api-version", ""), self._url)
        if answer.status >= 300 and not (answer.status == _NOT_MODIFIED and method == "POST"):
            raise _refusal(answer)
        return answer.content

    def _ask(self, request: bytes, bound: int, seconds: float, *, again: bool) -> HttpAnswer:
        """`again`: it changes nothing, and may be asked twice when a connection has died."""
        line, ended = self._line(alone=not again), True
        try:
            answer = line.ask(request, bound, seconds)
            ended = answer.ended
        except TimeoutError as error:
            self._door.leave()
            if not (again and isinstance(error, LoginSilence)):
                raise
        except ConnectionError:
            if not (again and line.doubtful):
                raise
        else:
            return answer
        finally:
            self._release(line, ended=ended)
        self.close()
        return self._ask(request, bound, seconds, again=False)

    def _line(self, *, alone: bool) -> Line:
        """One to ask on. `alone`: nobody is to ask behind us, nor waits before us."""
        if not self._door.keeps:
            return self._door.open()
        with self._choosing:
            if alone and len(self._lines) >= LINES_ASKED:
                self._choosing.wait_for(self._free, FREE_SECONDS)
            free = self._free()
            shared = [line for line in self._lines if not line.alone]
            if free:
                line = free[0]
            elif alone or not shared or len(self._lines) < LINES_ASKED:
                line = self._door.open()
                self._lines.append(line)
            else:
                line = min(shared, key=lambda one: one.waiting)
            line.waiting += 1
            line.alone = alone
            return line

    def _free(self) -> list[Line]:
        """Those that nobody waits at; what ended meanwhile is left."""
        for line in [line for line in self._lines if not line.waiting and line.over]:
            self._lines.remove(line)
            line.close()
        return [line for line in self._lines if not line.waiting]

    def _release(self, line: Line, *, ended: bool) -> None:
        with self._choosing:
            if self._door.keeps:
                line.waiting -= 1
                line.alone = False
                many = len(self._lines) > LINES_KEPT and not line.waiting
                if line in self._lines and (ended or many):
                    self._lines.remove(line)
            if ended or (line not in self._lines and not line.waiting):
                line.close()
            self._choosing.notify_all()


def _head(method: str, target: str, headers: str) -> bytes:
    return f"{method} {target} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n".encode()


def _refusal(answer: HttpAnswer) -> EngineRefusal:
    return EngineRefusal(answer.status, _reason(answer.content) or f"HTTP {answer.status}")


def _of(container: str, what: str = "/json") -> str:
    return f"/containers/{quote(container, safe='')}{what}"


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
