"""The start of tasks: what is said of one that its machine refuses."""

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from compartment_tui.adapters.docker.swarm.start import TaskTail, await_running
from compartment_tui.domain.errors import CandidateExited
from tests.adapters.docker.swarm.fakes import Json, Managers
from tests.adapters.docker.swarm.test_tasks import DEPLOYMENT, NAMES, service

REFERENCE = f"registry.example.com/team/web@sha256:{'d' * 64}"
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def refused(image: str, error: str) -> CandidateExited:
    """What is said when the second replica's machine says that."""
    made = service(3)
    made["Spec"]["TaskTemplate"] = {"ContainerSpec": {"Image": image}}
    task = {
        "ID": "task",
        "ServiceID": "svc",
        "Slot": 2,
        "NodeID": "id2",
        "CreatedAt": "2026-01-01T00:00:02Z",
        "DesiredState": "shutdown",
        "Status": {"Timestamp": "2026-01-01T00:00:03Z", "State": "rejected", "Err": error},
    }

    def answer(_method: str, path: str, _query: Mapping[str, object], _body: Json | None) -> object:
        return [task] if path == "/tasks" else made

    client = Managers(answer).client
    with pytest.raises(CandidateExited) as told:
        await_running(
            client,
            DEPLOYMENT,
            LONG_AGO,
            written=TaskTail(client),
            name_of=lambda node: NAMES[node],
        )
    return told.value


def test_a_machine_that_cannot_pull_is_named_with_the_way_to_see_why() -> None:
    told = refused(REFERENCE, f"No such image: {REFERENCE}")
    expected = f"replica 2 of web cannot be started on n2: No such image: {REFERENCE}"
    assert told.message == expected
    assert told.hint == f"`docker pull {REFERENCE}` on n2 says why it cannot be pulled"


@pytest.mark.parametrize(
    ("image", "error"),
    [("sha256:abc", "No such image: sha256:abc"), (REFERENCE, "invalid mount config")],
)
def test_what_no_pull_would_tell_has_no_such_hint(image: str, error: str) -> None:
    told = refused(image, error)
    assert told.message == f"replica 2 of web cannot be started on n2: {error}"
    assert not told.hint
