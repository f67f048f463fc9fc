"""Images that are kept get to a machine of the Swarm that lacks them before a candidate is made."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from compartment_tui.adapters.memory.container import Container
from compartment_tui.adapters.memory.world import MemoryWorld
from compartment_tui.domain.config import EnvironmentConfig
from compartment_tui.domain.deployment import Stage
from compartment_tui.domain.engine import NodeInfo
from compartment_tui.domain.events import Event, Output, StageFinished, StageStarted
from compartment_tui.domain.outcome import Outcome
from compartment_tui.domain.requests import (
    Deploy,
    PromoteFrom,
    Redeploy,
    Rollback,
    RunRequest,
)
from compartment_tui.operations import requests
from tests.rollout.shop import WEB, WORKER, change_everything, deploy, finish, open_swarm, state

REQUESTS: dict[str, RunRequest] = {
    "redeploy": Redeploy(environment="production"),
    "rollback": Rollback(environment="production"),
    "promote": PromoteFrom(origin="staging", environment="production"),
}
LONG = timedelta(seconds=30)
"""How long an image takes to a machine."""


def twice() -> MemoryWorld:
    """Two versions were live; of the first only the image is left; staging has a third."""
    opened = open_swarm(WEB, WORKER)
    opened.project.current = replace(
        opened.project.current,
        environments=(EnvironmentConfig(name="production"), EnvironmentConfig(name="staging")),
    )
    deploy(opened)
    first = tuple(state(opened).active.values())
    change_everything(opened, "2")
    deploy(opened)
    for deployment in first:
        opened.world.engine.remove(deployment)
    change_everything(opened, "3")
    assert finish(ask(opened, Deploy(environment="staging"))).outcome is Outcome.LIVE
    return opened


def ask(opened: MemoryWorld, request: RunRequest) -> Iterator[Event]:
    return requests.execute(opened.world, request)


def join(opened: MemoryWorld) -> None:
    """A machine is new that has no image."""
    opened.swarm.join(NodeInfo(name="n4", address="10.0.0.4"))


def building(events: Iterable[Event]) -> list[str]:
    """What is told of the building, a line each."""
    return [one.line for one in events if isinstance(one, Output) and one.stage is Stage.BUILDING]


def candidates(opened: MemoryWorld) -> list[Container]:
    """What production was given last."""
    active = state(opened).active.values()
    return [one for one in opened.host.containers.values() if one.deployment in active]


@pytest.mark.parametrize("name", REQUESTS)
def test_a_machine_that_lacks_it_gets_it_before_a_candidate_is_made(name: str) -> None:
    opened = twice()
    join(opened)
    events = list(ask(opened, REQUESTS[name]))
    assert finish(events).outcome is Outcome.LIVE
    lines = ["sending the image to n4", "n4: image sent"]
    assert building(events) == lines * 2
    stages = [one.stage for one in events if isinstance(one, StageStarted)]
    first = stages.index(Stage.STARTING_CANDIDATE)
    assert set(stages[:first]) == {Stage.BUILDING}
    assert Stage.BUILDING not in stages[first:]
    ended = [one for one in events if isinstance(one, StageFinished)]
    assert sum(one.stage is Stage.BUILDING for one in ended) == 2
    images = opened.swarm.machines["n4"].images
    assert {one.birth.image.id for one in candidates(opened)} <= images


@pytest.mark.parametrize("name", REQUESTS)
def test_where_all_have_it_there_is_no_such_stage(name: str) -> None:
    opened = twice()
    events = list(ask(opened, REQUESTS[name]))
    assert finish(events).outcome is Outcome.LIVE
    started = [one.stage for one in events if isinstance(one, StageStarted)]
    assert Stage.BUILDING not in started


@pytest.mark.parametrize("name", REQUESTS)
def test_it_can_be_cancelled_and_nothing_was_made(name: str) -> None:
    opened = twice()
    join(opened)
    opened.swarm.sending_takes = LONG
    before, made = dict(state(opened).active), set(opened.host.containers)
    opened.clock.call_in(LONG / 2, opened.cancel.request)
    assert finish(ask(opened, REQUESTS[name])).outcome is Outcome.CANCELLED
    assert state(opened).active == before
    assert set(opened.host.containers) == made
    assert opened.swarm.machines["n4"].images == set()
    assert opened.host.answer("shop.localhost") == before["web"]


def test_what_is_stopped_first_is_not_away_for_that() -> None:
    opened = twice()
    join(opened)
    opened.swarm.sending_takes = LONG
    gaps = finish(ask(opened, REQUESTS["redeploy"])).gaps
    assert gaps["worker"] < LONG


def test_one_out_of_reach_is_told_and_keeps_nobody() -> None:
    opened = twice()
    join(opened)
    opened.swarm.machines["n4"].reached = False
    events = list(ask(opened, REQUESTS["redeploy"]))
    assert finish(events).outcome is Outcome.LIVE
    assert building(events) == ["n4: not reached, nothing of this will run there"] * 2
    assert all(one.node != "n4" for one in candidates(opened))


def test_what_keeps_data_stays_on_the_home() -> None:
    opened = open_swarm(replace(WEB, volumes=(("data", "/data"),)))
    deploy(opened)
    events = list(ask(opened, REQUESTS["redeploy"]))
    assert finish(events).outcome is Outcome.LIVE
    assert building(events) == []
    assert [len(one.images) for one in opened.swarm.machines.values()] == [1, 0, 0]
