"""Patience with managers that look for a leader, or were just told something else."""

import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from compartment_tui.adapters.docker.api.client import Client
from compartment_tui.adapters.docker.api.errors import Conflict, Missing
from compartment_tui.domain.errors import DiskFull, EngineProblem, EngineUnreachable

T = TypeVar("T")
Json = dict[str, Any]
PATIENCE_SECONDS = 30.0
PAUSE_SECONDS = 0.5
ATTEMPTS = 20
_LEADERLESS = (
    "does not have a leader",
    "no leader",
    "lost leader",
    "leadership",
    "deadline exceeded",
    "code = unavailable",
)
"""How managers say that they do not know who leads them: they will in some seconds."""
_OUT_OF_DATE = "out of sequence"
_NO_LEADER_HINT = (
    "more than half of its managers must be up. Where they are lost for good: `docker swarm init"
    " --force-new-cluster` on a manager that is left. A machine that `edge adopt` has replaced is"
    " no longer one: `docker swarm leave --force` there"
)


def ask(
    client: Client,
    method: str,
    path: str,
    doing: str,
    *,
    query: Mapping[str, object] | None = None,
    body: Json | None = None,
    headers: Mapping[str, str] | None = None,
) -> Any:  # noqa: ANN401 - its shape is known to whoever asked
    """Ask a manager, again while there is no leader. Raises what `Client.translate` does."""

    def once() -> Any:  # noqa: ANN401 - as above
        with client.translate(doing):
            return client.ask(method, path, query, body, headers)

    return patiently(once)


def patiently(do: Callable[[], T]) -> T:
    """Do what may be done twice, again while there is no leader."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return do()
        except (EngineUnreachable, DiskFull, Missing, Conflict):
            raise
        except EngineProblem as error:
            said = error.message.lower()
            if not any(words in said for words in _LEADERLESS):
                raise
            if time.monotonic() > deadline:
                raise EngineProblem(error.message, hint=_NO_LEADER_HINT) from error
            time.sleep(PAUSE_SECONDS)


def update(
    client: Client,
    path: str,
    doing: str,
    change: Callable[[Json], Json],
    headers: Mapping[str, str] | None = None,
    *,
    known: Json | None = None,
) -> Json:
    """Read, change and write something of the Swarm; as it was read last.

    `known` is how it was a moment ago, which saves reading it. Somebody else may have written in
    between: then it is read again. Raises Missing.
    """
    left = ATTEMPTS
    while True:
        found: Json = ask(client, "GET", path, doing) if known is None else known
        known = None
        wanted = change(found)
        if wanted == found["Spec"]:
            return found
        version = {"version": found["Version"]["Index"]}
        try:
            at = f"{path}/update"
            ask(client, "POST", at, doing, query=version, body=wanted, headers=headers)
        except EngineProblem as error:
            left -= 1
            if not left or not is_out_of_date(error):
                raise
        else:
            return found


def is_out_of_date(error: EngineProblem) -> bool:
    """Whether somebody else has written what was to be changed."""
    return _OUT_OF_DATE in error.message.lower()
