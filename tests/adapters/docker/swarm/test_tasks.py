"""Services and tasks, as the engine's API has them, as instances of deployments."""

from datetime import UTC, datetime
from typing import Any

import pytest

from compartment_tui.adapters.docker.api import labels
from compartment_tui.adapters.docker.swarm import services
from compartment_tui.adapters.docker.swarm.tasks import Task, instance_of, newest, task_of
from compartment_tui.domain.deployment import Instance, InstanceState
from compartment_tui.domain.names import EnvironmentKey, active_name
from compartment_tui.domain.placement import Placement

Json = dict[str, Any]
KEY = EnvironmentKey("shop", "production")
DEPLOYMENT = "dep_01JZ0000000000000000000001"
NAMES = {"id1": "n1", "id2": "n2"}
BORN = "2026-01-01T00:00:00.5Z"


def service(scale: int, *, wanted: int = 3, life: str = services.STARTED, **marks: str) -> Json:
    return {
        "ID": "svc",
        "UpdatedAt": "2026-01-01T00:00:01Z",
        "Spec": {
            "Name": "dep-01jz0000000000000000000001",
            "Labels": {
                **labels.of_environment(labels.Role.SERVICE, KEY),
                labels.SERVICE: "web",
                labels.DEPLOYMENT: DEPLOYMENT,
                labels.CREATED: BORN,
                labels.PORT: "8080",
                labels.IMAGE: "sha256:abc",
                services.REPLICAS: str(wanted),
                services.LIFE: life,
                services.SINCE: BORN,
                **{labels.PREFIX + name: value for name, value in marks.items()},
            },
            "Mode": {"Replicated": {"Replicas": scale}},
        },
    }


def task(
    slot: int,
    second: int,
    state: str = "running",
    wanted: str = "running",
    *,
    node: str = "id1",
    code: int = 0,
    error: str = "",
) -> Task:
    row = {
        "ID": f"task{slot}-{second}",
        "ServiceID": "svc",
        "Slot": slot,
        "NodeID": node,
        "CreatedAt": f"2026-01-01T00:00:{second:02}.123456789Z",
        "DesiredState": wanted,
        "Status": {
            "Timestamp": f"2026-01-01T00:00:{second:02}Z",
            "State": state,
            "Err": error,
            "ContainerStatus": {"ContainerID": "c", "ExitCode": code},
        },
        "NetworksAttachments": [{"Addresses": [f"10.0.0.{second}/24"]}],
    }
    return task_of(row)


def failed(slot: int, second: int, code: int = 3) -> Task:
    return task(slot, second, "failed", "shutdown", code=code)


def seen(made: Json, *tasks: Task) -> Instance:
    found = instance_of(made, tasks, NAMES)
    assert found is not None
    return found


def states(instance: Instance) -> list[InstanceState]:
    return [one.state for one in instance.replicas]


@pytest.mark.parametrize(
    ("constraints", "stranded"),
    [
        (["node.id==id2"], False),
        (["node.id==gone"], True),
        (["node.id!=gone"], False),
        (["node.labels.compartment.image.abc==yes"], False),
        ([], False),
    ],
)
def test_what_is_bound_to_a_machine_that_is_gone_cannot_start(
    constraints: list[str], stranded: bool
) -> None:
    made = service(0, life=services.STOPPED, wanted=1)
    made["Spec"]["TaskTemplate"] = {"Placement": {"Constraints": constraints}}
    found = seen(made)
    assert (found.stranded, found.can_start) == (stranded, not stranded)


def test_replicas_that_run_have_a_machine_and_an_address() -> None:
    found = seen(service(3), task(1, 1), task(2, 2, node="id2"), task(3, 3, node="new"))
    assert found.all_running
    assert found.one_name
    assert [one.number for one in found.replicas] == [1, 2, 3]
    assert [one.node for one in found.replicas] == ["n1", "n2", "new"]
    assert [one.address for one in found.replicas] == ["10.0.0.1", "10.0.0.2", "10.0.0.3"]
    assert found.containers == ("svc", "svc/2", "svc/3")
    assert (found.image, found.port, found.restarts) == ("sha256:abc", 8080, 0)


def test_made_and_never_started_or_stopped() -> None:
    made = service(0, life=services.CREATED)
    assert states(seen(made)) == [InstanceState.CREATED] * 3
    stopped = service(0, life=services.STOPPED)
    assert states(seen(stopped)) == [InstanceState.EXITED] * 3


def test_more_replicas_are_there_and_not_started() -> None:
    found = seen(service(2), task(1, 1), task(2, 2))
    running = [InstanceState.RUNNING] * 2
    assert states(found) == [*running, InstanceState.CREATED]


def test_one_that_failed_is_tried_again_with_its_reason() -> None:
    found = seen(service(3), task(1, 1), task(2, 2), failed(3, 3), task(3, 4, "preparing", "ready"))
    assert states(found)[2] is InstanceState.RESTARTING
    assert (found.replicas[2].exit_code, found.replicas[2].restarts) == (3, 1)


def test_one_whose_place_is_empty_is_told_with_how_the_last_one_ended() -> None:
    found = seen(service(2, wanted=2), task(1, 1), failed(2, 2, code=9))
    assert states(found)[1] is InstanceState.RESTARTING
    assert found.replicas[1].exit_code == 9


def test_what_failed_and_runs_again_was_restarted() -> None:
    found = seen(service(1, wanted=1), failed(1, 1), failed(1, 2), task(1, 3))
    assert found.running
    assert found.restarts == 2


def test_what_a_machine_could_not_begin_is_no_restart() -> None:
    refused = task(1, 1, "rejected", "shutdown", error="No such image: web")
    taken = "starting container failed: Address already in use"
    unstarted = task(1, 2, "failed", "shutdown", code=128, error=taken)
    found = seen(service(1, wanted=1), refused, unstarted, task(1, 3))
    assert (found.running, found.restarts) == (True, 0)
    ended = seen(service(1, wanted=1), failed(1, 1), refused, task(1, 3))
    assert ended.restarts == 1


def test_a_replica_that_moved_from_a_lost_machine_runs_and_was_not_restarted() -> None:
    lost = task(1, 1, "running", "shutdown")
    found = seen(service(1, wanted=1), lost, task(1, 2, node="id2"))
    assert (found.running, found.node, found.restarts) == (True, "n2", 0)


def second(number: int) -> datetime:
    return datetime(2026, 1, 1, 0, 0, number, 123456, tzinfo=UTC)


def test_a_replica_of_a_lost_machine_tells_where_it_was_and_since_when() -> None:
    lost = task(2, 2, "running", "shutdown", node="id2")
    waits = task(2, 20, "pending", node="")
    found = seen(service(2, wanted=2), task(1, 1), lost, waits)
    (first, moving) = found.replicas
    assert (first.node, first.placement) == ("n1", None)
    assert (moving.node, moving.state) == ("", InstanceState.RESTARTING)
    assert moving.placement == Placement(state="pending", since=second(20), left="n2")
    given = task(2, 20, "preparing", node="id1")
    found = seen(service(2, wanted=2), task(1, 1), lost, given)
    placed = Placement(state="preparing", since=second(20), left="n2", node="n1")
    assert found.replicas[1].placement == placed


def test_one_that_no_machine_takes_tells_why() -> None:
    lost = task(1, 2, "running", "shutdown", node="id2")
    waits = task(1, 20, "pending", node="", error="no suitable node (host down)")
    placement = seen(service(1, wanted=1), lost, waits).placement
    assert placement is not None
    assert (placement.left, placement.node) == ("n2", "")
    assert placement.message == "no suitable node (host down)"


def test_one_that_its_machine_cannot_start_tells_which_and_why() -> None:
    lost = task(1, 2, "running", "shutdown", node="id2")
    refused = task(1, 20, "rejected", "shutdown", node="id1", error="No such image: sha256:abc")
    again = task(1, 25, "ready", "ready", node="")
    placement = seen(service(1, wanted=1), lost, refused, again).placement
    assert placement == Placement(
        state="ready",
        since=second(20),
        left="n2",
        node="n1",
        message="No such image: sha256:abc",
    )


def test_what_starts_for_the_first_time_was_nowhere_before() -> None:
    gone = task(2, 1, "shutdown", "remove", node="id2")
    found = seen(service(3), task(1, 1), gone, task(2, 9, "starting", node="id2"))
    assert [one.placement for one in found.replicas] == [
        None,
        Placement(state="starting", since=second(9), node="n2"),
        Placement(state="new"),
    ]


def test_what_ended_by_itself_is_told_by_how_it_ended_unless_nobody_takes_it_again() -> None:
    assert seen(service(1, wanted=1), failed(1, 1), task(1, 2, "ready", "ready")).placement is None
    waits = task(1, 2, "pending", node="", error="no suitable node (1 node not available)")
    placement = seen(service(1, wanted=1), failed(1, 1), waits).placement
    assert placement is not None
    assert (placement.left, placement.message) == ("", waits.error)


def test_earlier_lives_are_over() -> None:
    again = service(1, wanted=1, since="2026-01-01T00:00:30Z")
    found = seen(again, failed(1, 1), task(1, 40))
    assert (found.running, found.restarts) == (True, 0)


@pytest.mark.parametrize(
    ("slots", "numbers"), [((1, 3), {1: 1, 2: 3}), ((2, 3), {1: 3, 2: 2}), ((1, 2), {1: 1, 2: 2})]
)
def test_a_gap_that_a_swarm_left_is_no_replica(
    slots: tuple[int, int], numbers: dict[int, int]
) -> None:
    found = newest(service(2, wanted=2), [task(slot, slot) for slot in slots])
    assert {number: one.slot for number, one in found.items()} == numbers


def test_the_active_one_says_so_by_its_name() -> None:
    assert seen(service(0, active="yes")).name == active_name("web", KEY)
    assert seen(service(0)).name != active_name("web", KEY)


def test_somebody_elses_service_is_none_of_ours() -> None:
    foreign = service(1)
    foreign["Spec"]["Labels"] = {"com.example": "x"}
    assert instance_of(foreign, (), NAMES) is None
