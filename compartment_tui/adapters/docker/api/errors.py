"""What goes wrong between an engine and us, in our words: the one place that translates."""

import errno
import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from typing import NamedTuple

from compartment_tui.adapters.docker.api.address import Address
from compartment_tui.adapters.docker.api.line import SshFailed
from compartment_tui.adapters.docker.api.socket_client import EngineRefusal
from compartment_tui.domain.errors import (
    CompartmentError,
    DiskFull,
    EngineProblem,
    EngineUnreachable,
    expected,
)

NO_SPACE = "no space left on device"

Kinds = tuple[type[Exception], ...]


class Missing(EngineProblem):
    """What was asked for is not on the engine (HTTP 404)."""


class Conflict(EngineProblem):
    """A name is taken, or the thing is in use (HTTP 409)."""


_REFUSALS: dict[int, type[EngineProblem]] = {404: Missing, 409: Conflict}


class _SdkErrors(NamedTuple):
    """The SDK's errors by what they mean; none of any kind before it is loaded."""

    all: Kinds = ()
    refusal: Kinds = ()
    credentials: Kinds = ()
    unresolved: Kinds = ()
    timeout: Kinds = ()
    unusable: Kinds = ()


def _sdk_errors() -> _SdkErrors:
    if "compartment_tui.adapters.docker.api.sdk" not in sys.modules:
        return _SdkErrors()
    from http.client import HTTPException

    from requests.exceptions import InvalidURL, RequestException, Timeout
    from urllib3.exceptions import HTTPError, NameResolutionError

    from compartment_tui.adapters.docker.api.sdk import (
        APIError,
        DockerException,
        StoreError,
        TLSParameterError,
    )

    return _SdkErrors(
        all=(StoreError, DockerException, RequestException, HTTPError, HTTPException),
        refusal=(APIError,),
        credentials=(StoreError,),
        unresolved=(NameResolutionError,),
        timeout=(Timeout,),
        unusable=(TLSParameterError, InvalidURL),
    )


def foreign_errors() -> Kinds:
    """What either way to the engine raises."""
    return (
        *(EngineRefusal, ConnectionError, TimeoutError, socket.gaierror),
        *(json.JSONDecodeError, subprocess.SubprocessError),
        *_sdk_errors().all,
    )


def is_image_missing(error: BaseException) -> bool:
    """Whether what a container was to be made from is not there: the engine says 404 to that too.

    It says so as well of what it was to be joined to.
    """
    return "no such image" in reason(error).lower()


def translated(error: BaseException, address: Address, doing: str) -> CompartmentError:
    """What an error of either way to the engine means to a person."""
    if isinstance(error, EngineRefusal):
        return _refused(error.status, error, doing)
    sdk, chain = _sdk_errors(), tuple(_causes(error))
    refusal = next((cause for cause in chain if isinstance(cause, sdk.refusal)), None)
    if any(NO_SPACE in str(cause).lower() for cause in chain):
        return disk_full()
    if refusal is not None:
        return _refused(getattr(refusal, "status_code", None) or 0, refusal, doing)
    if any(isinstance(cause, PermissionError) for cause in chain) and address.socket:
        return EngineUnreachable(
            f"no permission to use the Docker socket {address.socket}",
            hint="join the docker group: `sudo usermod -aG docker $USER`, then log in again",
        )
    short = next((cause for cause in chain if getattr(cause, "errno", None) in _SHORT), None)
    if isinstance(short, OSError):
        return expected(short)
    if _no_connection(error, chain, sdk):
        return EngineProblem(f"Docker could not {doing}: {reason(error)}")
    return _unreachable(error, chain, address, sdk)


_SHORT = (errno.EMFILE, errno.ENFILE, errno.ENOMEM)
"""This machine is short of something: no engine is to blame."""


def _no_connection(error: BaseException, chain: tuple[BaseException, ...], sdk: _SdkErrors) -> bool:
    """Whether it came of a program or of what it said, and not of the way to the engine."""
    said = (json.JSONDecodeError, subprocess.SubprocessError)
    return isinstance(error, said) or any(isinstance(cause, sdk.credentials) for cause in chain)


def _refused(status: int, error: BaseException, doing: str) -> EngineProblem:
    if NO_SPACE in reason(error).lower():
        return disk_full()
    return _REFUSALS.get(status, EngineProblem)(f"Docker could not {doing}: {reason(error)}")


def disk_full(start: str = "") -> DiskFull:
    """The engine's disk is full; `start` says of what that is the end."""
    return DiskFull(
        f"{start}the Docker engine has no space left on its disk",
        hint="`docker system df` shows what uses it",
    )


def reason(error: BaseException) -> str:
    """The engine's own words, in one line."""
    words = getattr(error, "explanation", None) or str(error)
    return " ".join(str(words).split())


def _unreachable(
    error: BaseException, chain: tuple[BaseException, ...], address: Address, sdk: _SdkErrors
) -> EngineUnreachable:
    where = f"at {address.url} (chosen by {address.chosen_by})"
    ssh = next((cause for cause in chain if isinstance(cause, SshFailed)), None)
    if ssh is not None:
        return EngineUnreachable(
            f"ssh did not get through to the Docker engine {where}: {ssh}",
            hint=f"see whether `ssh {address.host} docker version` works without asking anything",
        )
    plain: Kinds = (FileNotFoundError, NotADirectoryError, ConnectionRefusedError)
    never_there = any(
        isinstance(cause, (*plain, *sdk.unresolved))
        or getattr(cause, "errno", None) in (errno.EHOSTUNREACH, errno.ENETUNREACH)
        for cause in chain
    )
    if never_there:
        return EngineUnreachable(
            f"no Docker engine answers {where}",
            hint="start Docker, or name another engine with DOCKER_HOST or `docker context use`",
        )
    if any(isinstance(cause, (TimeoutError, *sdk.timeout)) for cause in chain):
        return EngineUnreachable(
            f"the Docker engine {where} did not answer in time",
            hint="see whether `docker info` answers; if it hangs too, restart Docker",
        )
    if any(isinstance(cause, sdk.unusable) for cause in chain):
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
