"""One connection to a Docker engine, made when first used; the SDK's errors in our words."""

import errno
import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPException
from typing import TYPE_CHECKING, cast

from compartment_tui.adapters.docker.api.address import Address, find_address
from compartment_tui.adapters.docker.api.sdk import load_sdk
from compartment_tui.adapters.docker.api.unix_client import (
    CONNECT_SECONDS,
    EngineReader,
    EngineRefusal,
    UnixEngineReader,
    refuse_old,
)
from compartment_tui.domain.errors import (
    CompartmentError,
    DiskFull,
    EngineProblem,
    EngineUnreachable,
    expected,
)

if TYPE_CHECKING:
    from compartment_tui.adapters.docker.api.sdk_session import SdkSession
    from compartment_tui.domain.deployment import EnvironmentRecord

NO_SPACE = "no space left on device"


class Missing(EngineProblem):
    """What was asked for is not on the engine (HTTP 404)."""


class Conflict(EngineProblem):
    """A name is taken, or the thing is in use (HTTP 409)."""


class Client:
    """A Docker engine and the way to it. Nothing is asked of it before `api` is first read."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self.containers: dict[str, str] = {}
        """By deployment: the container that its record names. No other is taken for its own."""
        self.readers: dict[str, str] = {}
        """By volume: the container that it is read through, once it was looked at."""
        self._session: SdkSession | None = None
        self._opening = threading.Lock()

    @property
    def api(self) -> "SdkSession":
        """The SDK's low-level client, connected.

        Raises:
            EngineUnreachable: nothing answers there, or we may not use the socket.
            EngineTooOld: it answers, and is older than 20.10.
        """
        with self._opening:
            if self._session is None:
                self._session = self._open()
            return self._session

    def warm_up(self) -> None:
        """Load the SDK and connect beside whatever else is done now; `api` waits for it."""

        def connect() -> None:
            with suppress(CompartmentError):  # whoever uses `api` is told
                _ = self.api

        threading.Thread(target=connect, daemon=True).start()

    @property
    def look(self) -> EngineReader:
        """Who is asked by those who only look: the engine itself when it is here, else the SDK.

        It raises what `translate` translates, and EngineTooOld.
        """
        if self._session is None and self.address.socket is not None:
            return UnixEngineReader(self.address.socket, self.address.url)
        return cast(EngineReader, self.api)

    @contextmanager
    def translate(self, doing: str = "do that") -> Iterator[None]:
        """Tell the SDK's errors as ours: `Docker could not {doing}: its reason`.

        Raises:
            EngineUnreachable: no answer, no permission, or the connection broke.
            DiskFull: the engine has no room left.
            Missing: a container, network or image is not there.
            Conflict: a name is taken, or something is in use.
            EngineProblem: the engine refused for any other reason.
        """
        try:
            yield
        except EngineRefusal as error:
            raise _refused(error.status, error, doing) from error
        except _foreign() as error:
            raise translated(error, self.address, doing) from error

    def heed(self, state: "EnvironmentRecord") -> "EnvironmentRecord":
        """Take from a record which containers are whose; the record."""
        for one in state.deployments.values():
            if one.container:
                self.containers[one.id] = one.container
        return state

    def close(self) -> None:
        """Give the connections back; the next use opens new ones."""
        with self._opening:
            if self._session is not None:
                self._session.close()
            self._session = None

    def _open(self) -> "SdkSession":
        try:
            _knock(self.address)
        except OSError as error:
            raise translated(error, self.address, "answer") from error
        load_sdk()
        with self.translate("answer"):
            from compartment_tui.adapters.docker.api.sdk_session import SdkSession

            session = SdkSession(self.address)
        try:
            refuse_old(session.api_version, self.address.url)
        except BaseException:
            session.close()
            raise
        return session


_REFUSALS: dict[int, type[EngineProblem]] = {404: Missing, 409: Conflict}


def connect() -> Client:
    """The engine a person means: DOCKER_HOST, the current docker context, else the local socket.

    Raises EngineUnreachable only when the docker context cannot be read; nothing is asked yet.
    """
    return Client(find_address())


def _knock(address: Address) -> None:
    """Raises OSError. The SDK would leave a socket that it cannot connect open."""
    if address.socket is None:
        return
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(CONNECT_SECONDS)
        probe.connect(address.socket)


def translated(error: BaseException, address: Address, doing: str) -> CompartmentError:
    """What an error of the SDK or of the connection means to a person."""
    load_sdk()
    from docker.errors import APIError

    chain = tuple(_causes(error))
    api = next((cause for cause in chain if isinstance(cause, APIError)), None)
    if any(NO_SPACE in str(cause).lower() for cause in chain):
        return _disk_full()
    if api is not None:
        return _refused(api.status_code or 0, api, doing)
    if any(isinstance(cause, PermissionError) for cause in chain) and address.socket:
        return EngineUnreachable(
            f"no permission to use the Docker socket {address.socket}",
            hint="join the docker group: `sudo usermod -aG docker $USER`, then log in again",
        )
    short = next((cause for cause in chain if getattr(cause, "errno", None) in _SHORT), None)
    if isinstance(short, OSError):
        return expected(short)
    if _no_connection(error, chain):
        return EngineProblem(f"Docker could not {doing}: {reason(error)}")
    return _unreachable(error, chain, address)


_SHORT = (errno.EMFILE, errno.ENFILE, errno.ENOMEM)
"""This machine is short of something: no engine is to blame."""


def _no_connection(error: BaseException, chain: tuple[BaseException, ...]) -> bool:
    """Whether it came of a program or of what it said, and not of the way to the engine."""
    load_sdk()
    from docker.credentials.errors import StoreError

    said = (json.JSONDecodeError, subprocess.SubprocessError)
    return isinstance(error, said) or any(isinstance(cause, StoreError) for cause in chain)


def _refused(status: int, error: BaseException, doing: str) -> EngineProblem:
    if NO_SPACE in reason(error).lower():
        return _disk_full()
    return _REFUSALS.get(status, EngineProblem)(f"Docker could not {doing}: {reason(error)}")


def _disk_full() -> DiskFull:
    return DiskFull(
        "the Docker engine has no space left on its disk",
        hint="`docker system df` shows what uses it",
    )


def _foreign() -> tuple[type[Exception], ...]:
    """What a connection that fails raises, and the SDK when it is loaded."""
    plain = (
        *(ConnectionError, TimeoutError, socket.gaierror, HTTPException),
        *(json.JSONDecodeError, subprocess.SubprocessError),
    )
    if "docker" not in sys.modules:
        return plain
    load_sdk()
    from docker.credentials.errors import StoreError
    from docker.errors import DockerException
    from requests.exceptions import RequestException
    from urllib3.exceptions import HTTPError

    return *plain, StoreError, DockerException, RequestException, HTTPError


def reason(error: BaseException) -> str:
    """The engine's own words, in one line."""
    words = getattr(error, "explanation", None) or str(error)
    return " ".join(str(words).split())


def _unreachable(
    error: BaseException, chain: tuple[BaseException, ...], address: Address
) -> EngineUnreachable:
    load_sdk()
    from docker.errors import TLSParameterError
    from requests.exceptions import InvalidURL, Timeout
    from urllib3.exceptions import NameResolutionError

    from compartment_tui.adapters.docker.api.ssh_transport import SshFailed

    where = f"at {address.url} (chosen by {address.chosen_by})"
    ssh = next((cause for cause in chain if isinstance(cause, SshFailed)), None)
    if ssh is not None:
        return EngineUnreachable(
            f"ssh did not get through to the Docker engine {where}: {ssh}",
            hint=f"see whether `ssh {address.host} docker version` works without asking anything",
        )
    never = (FileNotFoundError, NotADirectoryError, ConnectionRefusedError, NameResolutionError)
    never_there = any(
        isinstance(cause, never)
        or getattr(cause, "errno", None) in (errno.EHOSTUNREACH, errno.ENETUNREACH)
        for cause in chain
    )
    if never_there:
        return EngineUnreachable(
            f"no Docker engine answers {where}",
            hint="start Docker, or name another engine with DOCKER_HOST or `docker context use`",
        )
    if any(isinstance(cause, Timeout | TimeoutError) for cause in chain):
        return EngineUnreachable(
            f"the Docker engine {where} did not answer in time",
            hint="see whether `docker info` answers; if it hangs too, restart Docker",
        )
    if any(isinstance(cause, TLSParameterError | InvalidURL) for cause in chain):
        return EngineUnreachable(
            f"the Docker engine {where} cannot be used: {reason(error)}",
            hint="see whether `docker info` works with the same settings",
        )
    return EngineUnreachable(
        f"the connection to the Docker engine {where} failed: {reason(error)}",
        hint="see whether `docker info` answers, then try again",
    )


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and everything it wraps: requests and urllib3 keep causes in their arguments."""
    seen: set[int] = set()
    queue: list[BaseException] = [error]
    while queue:
        current = queue.pop(0)
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        inside = (current.__cause__, current.__context__, getattr(current, "reason", None))
        queue += [one for one in (*inside, *current.args) if isinstance(one, BaseException)]
