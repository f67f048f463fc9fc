"""Images that come from another engine: promoted across, or built here for an engine elsewhere."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import cast

import pytest

from compartment_tui.adapters.memory.host import Host
from compartment_tui.adapters.memory.image_carriage import BASE_SIZE, OWN_SIZE
from compartment_tui.adapters.memory.world import MemoryWorld
from compartment_tui.cli.json_documents.common import Json
from compartment_tui.cli.json_documents.runs import plan_document
from compartment_tui.domain.config import BuildPlace, EngineSpec
from compartment_tui.domain.deployment import EnvironmentRecord, Image, Stage
from compartment_tui.domain.errors import EngineUnreachable, Refused
from compartment_tui.domain.events import Event, Output, RunFinished, StageFailed, StageStarted
from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.domain.outcome import Outcome
from compartment_tui.domain.planning.plan import Run
from compartment_tui.domain.requests import (
    Deploy,
    PromoteFrom,
    Prune,
    Redeploy,
    Rollback,
    RunRequest,
)
from compartment_tui.operations import requests, runs
from compartment_tui.present.plan import PlanContext, plan_lines
from tests.contract.test_image_carriage import finish as taken
from tests.operations.test_engines import PROD, open_engines
from tests.rollout.shop import finish, outcome

PRODUCTION = EnvironmentKey("shop", "production")
STAGING = EnvironmentKey("shop", "staging")
ACROSS = PromoteFrom(origin="staging", environment="production")
REGISTRY = "registry.example.com/shop"


def staged() -> MemoryWorld:
    """Something is live in staging, on the docker command's engine; prod has nothing."""
    opened = open_engines()
    assert outcome(requests.execute(opened.world, Deploy(environment="staging"))) is Outcome.LIVE
    return opened


def with_prod(opened: MemoryWorld, prod: EngineSpec) -> None:
    config = opened.project.config()
    others = tuple(one for one in config.engines if one.name != "prod")
    opened.project.write(replace(config, engines=(prod, *others)))


def run_across(opened: MemoryWorld) -> list[Event]:
    return list(requests.execute(opened.world, ACROSS))


def image_of(host: Host, key: EnvironmentKey) -> str:
    record: EnvironmentRecord = host.records[key]
    active = record.active_deployment("web")
    assert active is not None
    return active.image


def lines(events: list[Event]) -> list[str]:
    return [one.line for one in events if isinstance(one, Output)]


def words(opened: MemoryWorld, run: Run) -> str:
    context = PlanContext(http_port=8080, commits={})
    return "\n".join("".join(cell.text for cell in one) for one in plan_lines(run, context))


def test_the_very_image_goes_live_on_the_other_engine() -> None:
    opened = staged()
    prod = opened.host_of("prod")
    events = run_across(opened)
    assert finish(events).outcome is Outcome.LIVE
    assert image_of(prod, PRODUCTION) == image_of(opened.host, STAGING)
    assert prod.received == [BASE_SIZE + OWN_SIZE]
    assert prod.problems() == opened.host.problems() == []
    stages = [one.stage for one in events if isinstance(one, StageStarted)]
    assert stages[:2] == [Stage.BUILDING, Stage.STARTING_CANDIDATE]


def test_what_the_other_engine_has_is_not_sent() -> None:
    opened = staged()
    prod = opened.host_of("prod")
    run_across(opened)
    opened.host.change("web", "2")
    outcome(requests.execute(opened.world, Deploy(environment="staging")))
    assert finish(run_across(opened)).outcome is Outcome.LIVE
    assert prod.received == [BASE_SIZE + OWN_SIZE, OWN_SIZE]
    again = run_across(opened)
    assert finish(again).outcome is Outcome.UNCHANGED
    assert not [one for one in again if isinstance(one, StageStarted)]
    assert len(prod.received) == 2


def test_layers_that_are_there_without_their_image_are_not_sent_either() -> None:
    opened = staged()
    prod = opened.host_of("prod")
    alike = Image(id="sha256:alike")
    prod.images[alike.id] = alike
    prod.layers[alike.id] = opened.host.layers[image_of(opened.host, STAGING)]
    events = run_across(opened)
    assert lines(events)[-1] == "prod has all of its layers: nothing has to be sent"
    assert prod.received == [0]


def test_how_far_it_is_is_told_now_and_then() -> None:
    opened = staged()
    opened.host.carriage_takes = opened.host_of("prod").carriage_takes = timedelta(seconds=1)
    told = lines(run_across(opened))
    assert told[:2] == [
        "reading it from default: 16 of 64 MB",
        "reading it from default: 32 of 64 MB",
    ]
    assert told[-1] == "carrying 64 MB to prod: 64 of 64 MB"
    opened = staged()
    assert len(lines(run_across(opened))) <= 4  # all at once


def test_the_plan_says_where_it_comes_from_and_how_much() -> None:
    opened = staged()
    run = requests.plan(opened.world, ACROSS)
    origin = run.plans[0].image_origin
    assert origin is not None
    assert (origin.engine, origin.address, origin.size) == ("", "memory://", 64_000_000)
    assert "from the engine default (memory://): 64 MB, less what is there" in words(opened, run)
    (document,) = cast(list[Json], plan_document(run, {})["deployments"])
    assert document["imageOrigin"] == {
        "engine": None,
        "address": "memory://",
        "bytes": 64_000_000,
        "registry": None,
    }
    assert runs.known_images(opened.world, run)["web"].id == run.plans[0].image
    run_across(opened)
    there = requests.plan(opened.world, ACROSS)
    assert there.plans[0].image_origin is None
    assert "carried" not in words(opened, there)


def test_two_names_of_one_engine_carry_nothing() -> None:
    opened = open_engines()
    opened.hosts["prod"] = opened.host
    outcome(requests.execute(opened.world, Deploy(environment="staging")))
    assert requests.plan(opened.world, ACROSS).plans[0].image_origin is None
    assert finish(run_across(opened)).outcome is Outcome.LIVE
    assert opened.host.received == []


def test_an_image_that_neither_engine_has_is_refused() -> None:
    opened = staged()
    opened.host.images.clear()
    with pytest.raises(Refused, match="no longer on the engine"):
        requests.plan(opened.world, ACROSS)


def test_where_the_engine_it_comes_from_is_away_that_is_said_and_the_way_on() -> None:
    opened = staged()
    opened.host.go_away("no route to staging")
    with pytest.raises(EngineUnreachable, match="“staging” are on the engine “default”") as away:
        requests.plan(opened.world, ACROSS)
    assert "no route to staging" in away.value.message
    assert "compartment-tui deploy" in away.value.hint


@pytest.mark.parametrize("lost", ["source", "target"])
def test_an_engine_that_is_lost_in_the_middle_is_named_and_the_next_run_works(lost: str) -> None:
    opened = staged()
    prod = opened.host_of("prod")
    run_across(opened)
    before = image_of(prod, PRODUCTION)
    opened.host.change("web", "2")
    outcome(requests.execute(opened.world, Deploy(environment="staging")))
    gone = opened.host if lost == "source" else prod
    gone.carriage_takes = timedelta(seconds=5)
    opened.clock.call_in(timedelta(seconds=3), lambda: gone.go_away("it was unplugged"))
    failure, ending = _failed(run_across(opened))
    end = "read from default" if lost == "source" else "carried to prod"
    assert failure == f"the image of “web” could not be {end}: it was unplugged"
    assert prod.answer("shop.localhost") in prod.containers
    assert image_of(prod, PRODUCTION) == before
    assert len(prod.images) == 1
    gone.away, gone.carriage_takes = "", timedelta()
    if lost == "source":
        assert ending.outcome is Outcome.FAILED
    else:
        assert ending.outcome is Outcome.NEEDS_ATTENTION  # nobody could put it on its record
    assert finish(run_across(opened)).outcome is Outcome.LIVE
    assert image_of(prod, PRODUCTION) != before
    assert prod.problems() == []


def _failed(events: list[Event]) -> tuple[str, RunFinished]:
    (failed,) = (one for one in events if isinstance(one, StageFailed))
    assert failed.stage is Stage.BUILDING
    return failed.failure.message, finish(events)


def test_a_disk_that_is_full_there_is_told_and_nothing_is_left() -> None:
    opened = staged()
    prod = opened.host_of("prod")
    prod.room_for_images = False
    failure, ending = _failed(run_across(opened))
    assert failure.startswith("the image of “web” could not be carried to prod: the engine has no")
    assert ending.outcome is Outcome.FAILED
    assert not prod.images
    assert not prod.containers


def test_one_that_is_cancelled_on_its_way_leaves_nothing() -> None:
    opened = staged()
    prod = opened.host_of("prod")
    prod.carriage_takes = timedelta(seconds=1)
    events: Iterator[Event] = iter(requests.execute(opened.world, ACROSS))
    seen = []
    for event in events:
        seen.append(event)
        if isinstance(event, Output) and event.line.startswith("carrying"):
            opened.cancel.requests = 1
    assert finish(seen).outcome is Outcome.CANCELLED
    assert not prod.images
    opened.cancel.requests = 0
    assert finish(run_across(opened)).outcome is Outcome.LIVE


def test_by_a_registry_where_the_engine_names_one() -> None:
    opened = staged()
    with_prod(opened, replace(PROD, registry=REGISTRY))
    assert f"by {REGISTRY}: 64 MB" in words(opened, requests.plan(opened.world, ACROSS))
    events = run_across(opened)
    assert finish(events).outcome is Outcome.LIVE
    image = image_of(opened.host, STAGING)
    assert list(opened.host.registry) == [f"{REGISTRY}/web@{image}"]
    assert lines(events)[-1] == "pulling it to prod: 64 of 64 MB"
    assert image_of(opened.host_of("prod"), PRODUCTION) == image


def test_a_registry_that_refuses_fails_the_run_before_anything_is_started() -> None:
    opened = staged()
    with_prod(opened, replace(PROD, registry=REGISTRY))
    opened.host.unpublished.add(REGISTRY)
    failure, ending = _failed(run_across(opened))
    assert REGISTRY in failure
    assert ending.outcome is Outcome.FAILED
    assert not opened.host_of("prod").containers


def test_images_are_built_here_and_carried_where_the_engine_says_so() -> None:
    opened = open_engines()
    with_prod(opened, replace(PROD, build_on=BuildPlace.LOCAL))
    prod = opened.host_of("prod")
    request = Deploy(environment="production")
    plan = requests.plan(opened.world, request)
    assert "built on the engine default (memory://), and carried" in words(opened, plan)
    assert outcome(requests.execute(opened.world, request)) is Outcome.LIVE
    image = image_of(prod, PRODUCTION)
    assert set(opened.host.images) == set(prod.images) == {image}
    assert not opened.host.containers
    assert outcome(requests.execute(opened.world, request)) is Outcome.UNCHANGED
    assert len(prod.received) == 1
    opened.host.change("web", "2")
    assert outcome(requests.execute(opened.world, request)) is Outcome.LIVE
    assert prod.received[-1] == OWN_SIZE
    for verb in (Redeploy(environment="production"), Rollback(environment="production")):
        assert outcome(requests.execute(opened.world, verb)) is Outcome.LIVE
    assert len(prod.received) == 2


@pytest.mark.parametrize("lost", ["builds", "runs it"])
def test_what_was_built_here_and_did_not_arrive_changes_nothing(lost: str) -> None:
    opened = open_engines()
    with_prod(opened, replace(PROD, build_on=BuildPlace.LOCAL))
    prod, request = opened.host_of("prod"), Deploy(environment="production")
    outcome(requests.execute(opened.world, request))
    before = image_of(prod, PRODUCTION)
    opened.host.change("web", "2")
    gone = opened.host if lost == "builds" else prod
    gone.carriage_takes = timedelta(seconds=5)
    opened.clock.call_in(timedelta(seconds=3), lambda: gone.go_away("it was unplugged"))
    failure, _ = _failed(list(requests.execute(opened.world, request)))
    assert failure.endswith("it was unplugged")
    assert prod.answer("shop.localhost") in prod.containers
    assert image_of(prod, PRODUCTION) == before
    gone.away, gone.carriage_takes = "", timedelta()
    assert outcome(requests.execute(opened.world, request)) is Outcome.LIVE
    assert image_of(prod, PRODUCTION) != before
    assert prod.problems() == []


def test_built_here_for_an_engine_that_is_this_one_nothing_is_carried() -> None:
    opened = open_engines()
    with_prod(opened, replace(PROD, build_on=BuildPlace.LOCAL))
    opened.hosts["prod"] = opened.host
    assert outcome(requests.execute(opened.world, Deploy(environment="production"))) is Outcome.LIVE
    assert opened.host.received == []


def test_a_carried_image_goes_with_the_last_deployment_that_needs_it() -> None:
    opened = staged()
    prod = opened.host_of("prod")
    opened.project.write(replace(opened.project.config(), keep=1))
    for version in ("2", "3", "4"):
        run_across(opened)
        opened.host.change("web", version)
        outcome(requests.execute(opened.world, Deploy(environment="staging")))
    run_across(opened)
    assert len(prod.received) == 4
    assert len(prod.images) == 2  # the active one, and the one that a rollback leads to


def test_one_that_came_for_a_run_that_failed_is_pruned() -> None:
    opened = staged()
    prod = opened.host_of("prod")
    world = opened.world.at("prod")
    image = image_of(opened.host, STAGING)
    plan = requests.plan(opened.world, ACROSS).plans[0]
    _, archive = taken(opened.world.engine.save_image(image, opened.cancel))
    taken(world.engine.load_image(archive, plan, opened.cancel))
    assert set(prod.images) == {image}
    requests.execute(world, Prune(environment="production"))
    assert not prod.images


def test_the_plan_says_how_the_machines_of_a_swarm_get_an_image() -> None:
    opened = open_engines()

    def planned(spec: EngineSpec, request: RunRequest) -> tuple[object, str]:
        with_prod(opened, spec)
        run = requests.plan(opened.world, request)
        (document,) = cast(list[Json], plan_document(run, {})["deployments"])
        return document["imageToNodes"], words(opened, run)

    deploy = Deploy(environment="production")
    by, said = planned(replace(PROD, swarm=True), deploy)
    assert by == {"by": "connections", "registry": None}
    assert "are brought it, each over its own connection" in said
    by, said = planned(replace(PROD, swarm=True, registry=REGISTRY), deploy)
    assert by == {"by": "registry", "registry": REGISTRY}
    assert f"pull it from {REGISTRY}, by its digest" in said
    by, said = planned(replace(PROD, registry=REGISTRY), deploy)
    assert by is None
    assert "nodes" not in said


def test_what_has_volumes_or_its_container_still_is_brought_to_no_other_machine() -> None:
    opened = open_engines()
    with_prod(opened, replace(PROD, swarm=True))
    deploy = Deploy(environment="production")
    for version in ("1", "2"):
        opened.host_of("prod").change("web", version)
        assert outcome(requests.execute(opened.world, deploy)) is Outcome.LIVE
    (plan,) = requests.plan(opened.world, Rollback(environment="production")).plans
    assert plan.reuses_container
    assert plan.node_carriage is None
    config = opened.project.config()
    volumes = tuple(replace(one, volumes=(("data", "/data"),)) for one in config.services)
    opened.project.write(replace(config, services=volumes))
    (plan,) = requests.plan(opened.world, deploy).plans
    assert plan.node_carriage is None
