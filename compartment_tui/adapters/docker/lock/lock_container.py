"""A running container with a fixed name is a lock: the engine makes no second one of that name."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from compartment_tui.adapters.docker.api import labels
from compartment_tui.adapters.docker.api.client import Client
from compartment_tui.adapters.docker.api.convert import moment
from compartment_tui.adapters.docker.api.errors import Conflict, Missing
from compartment_tui.adapters.docker.api.helper_shell import Shell, create, remove
from compartment_tui.adapters.docker.api.labels import PREFIX, Role
from compartment_tui.adapters.docker.api.ownership import name_taken, why_not_ours
from compartment_tui.domain.errors import Locked

HOLDER = PREFIX + "holder"
PURPOSE = PREFIX + "purpose"
SINCE = PREFIX + "since"

PATIENCE = timedelta(seconds=1)
"""The lock of someone who was killed goes within about 0.1 s: that is worth waiting for."""
STILLBORN = timedelta(seconds=10)
"""A lock that was made and never started for so long belongs to someone who died in between."""
PAUSE_SECONDS = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Who has a lock, as its container says."""

    container: str
    name: str
    purpose: str
    since: datetime
    state: Mapping[str, Any]
    created: datetime

    @property
    def running(self) -> bool:
        return bool(self.state.get("Running"))


def take(
    client: Client,
    name: str,
    *,
    marks: Mapping[str, str],
    image: str,
    network_mode: str,
    mounts: Mapping[str, str] | None = None,
    patience: timedelta = PATIENCE,
) -> Shell:
    """Take the lock called `name`, waiting for at most `patience`. Raises Locked."""
    deadline = time.monotonic() + patience.total_seconds()
    while True:
        try:
            with client.translate("make the lock"):
                container = create(
                    client,
                    labels=marks,
                    name=name,
                    network_mode=network_mode,
                    mounts=mounts,
                    image=image,
                )
        except Conflict as error:
            holder = holder_of(client, name)
            if holder is not None and not _cleared(client, holder):
                _refuse_when_late(holder, deadline, error)
            time.sleep(PAUSE_SECONDS)
        else:
            # Others may end what commands share, and must not end a run with it.
            return Shell.start(client, container, apart=True)


def marks(holder: str, purpose: str) -> dict[str, str]:
    """The labels that tell others who has a lock, and since when."""
    return {
        labels.ROLE: Role.LOCK.value,
        HOLDER: holder,
        PURPOSE: purpose,
        SINCE: datetime.now(UTC).isoformat(),
    }


def holder_of(client: Client, name: str) -> Holder | None:
    """Who has the lock called `name`; None when nobody has. Raises NameTaken."""
    try:
        with client.translate("look at the lock"):
            found = client.inspect_container(name)
    except Missing:
        return None
    if why := why_not_ours(found, Role.LOCK):
        raise name_taken(name, why)
    marked = found["Config"].get("Labels") or {}
    created = moment(found["Created"]) or datetime.now(UTC)
    return Holder(
        container=found["Id"],
        name=marked.get(HOLDER, "somebody"),
        purpose=marked.get(PURPOSE, ""),
        since=moment(marked.get(SINCE, "")) or created,
        state=found["State"],
        created=created,
    )


def _cleared(client: Client, holder: Holder) -> bool:
    """Remove what is no lock any more; False when it is one, or may yet become one."""
    if holder.running:
        return False
    never_started = holder.state.get("Status") == "created"
    # The age is told by the engine's own clock: ours may differ.
    if never_started and _engine_time(client) - holder.created < STILLBORN:
        return False
    remove(client, holder.container)
    return True


def _engine_time(client: Client) -> datetime:
    with client.translate("tell the time"):
        return moment(client.info()["SystemTime"]) or datetime.now(UTC)


def _refuse_when_late(holder: Holder, deadline: float, error: Conflict) -> None:
    # One that is only just being started is waited for: it is a lock in a moment, or it is removed.
    if not holder.running and time.monotonic() < deadline + STILLBORN.total_seconds():
        return
    if time.monotonic() < deadline:
        return
    doing = f" ({holder.purpose})" if holder.purpose else ""
    raise Locked(
        f"{holder.name} is changing it{doing} since {holder.since:%H:%M:%S} UTC",
        holder=holder.name,
        since=holder.since,
        hint="wait until that is done; `compartment-tui lock show` tells more",
    ) from error
