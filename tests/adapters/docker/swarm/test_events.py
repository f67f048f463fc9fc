"""Events of tasks: what changed between two looks."""

import pytest

from compartment_tui.adapters.docker.swarm import events
from compartment_tui.adapters.docker.swarm.events import (
    SwarmEvents,
    SwarmSight,
    changes,
    node_changes,
)
from compartment_tui.adapters.docker.swarm.nodes import SwarmNode, node_of
from compartment_tui.adapters.docker.swarm.tasks import Task
from compartment_tui.adapters.memory.feeds import MemoryFeed
from compartment_tui.ports import EngineEvent
from tests.adapters.docker.swarm.test_tasks import DEPLOYMENT, KEY, Json, failed, service, task


def seen(*tasks: Task, of: Json | None = None) -> SwarmSight:
    return SwarmSight.of([service(4, wanted=4)] if of is None else [of], tasks, ())


def test_only_what_changed_is_told() -> None:
    before = seen(task(1, 1), task(2, 2, "preparing"))
    now = seen(task(1, 1), task(2, 2), failed(3, 3), task(4, 4, "preparing"))
    found = list(changes(now, before))
    assert [(one.action, one.replica) for one in found] == [("start", 2), ("die", 3), ("create", 4)]
    assert {(one.key, one.service) for one in found} == {(KEY, "web")}


def test_a_task_that_is_told_to_end_has_not_started_again() -> None:
    assert not list(changes(seen(task(1, 1, wanted="shutdown")), seen(task(1, 1))))


def test_a_service_that_is_gone_has_taken_its_tasks_along() -> None:
    """They are forgotten with it, and what had ended was told before."""
    nothing = SwarmSight.of((), (), ())
    before = seen(task(1, 1), failed(2, 2), of=service(2, wanted=2))
    found = list(changes(nothing, before))
    assert [(one.action, one.replica) for one in found] == [("die", 1), ("destroy", 1)]
    assert {(one.deployment, one.service) for one in found} == {(DEPLOYMENT, "web")}


def test_the_number_of_a_replica_is_the_one_that_it_has_everywhere() -> None:
    two_of_three_slots = service(2, wanted=2)
    found = changes(
        seen(task(1, 1), task(3, 2), of=two_of_three_slots), seen(of=two_of_three_slots)
    )
    assert sorted(one.replica for one in found) == [1, 2]


def test_the_first_look_is_silent_and_a_change_is_told_after_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(events, "PAUSE_SECONDS", 0.0)
    looks = iter([[task(1, 1, "preparing")], [task(1, 1)]])
    told = [service(1, wanted=1)]
    home = MemoryFeed[EngineEvent]()
    feed = SwarmEvents(home, lambda: (told, next(looks, [task(1, 1)]), ()))
    assert next(feed).action == "start"
    feed.close()
    assert list(feed) == []


def node(number: int, state: str = "ready", availability: str = "active") -> SwarmNode:
    return node_of(
        {
            "ID": f"id{number}",
            "Description": {"Hostname": f"n{number}"},
            "Status": {"State": state},
            "Spec": {"Availability": availability},
        }
    )


def test_machines_that_go_away_come_back_and_are_drained() -> None:
    before = {
        "id1": ("ready", "active"),
        "id2": ("ready", "active"),
        "id3": ("down", "active"),
        "id4": ("ready", "active"),
    }
    now = [node(1), node(2, "down"), node(3), node(4, availability="drain")]
    found = list(node_changes(now, before))
    assert [(one.node, one.action) for one in found] == [
        ("n2", "away"),
        ("n3", "back"),
        ("n4", "update"),
    ]
    assert {one.key for one in found} == {None}
