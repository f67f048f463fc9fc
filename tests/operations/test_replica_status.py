"""What is said of several replicas: which of them does not run and why, and how many there are."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from compartment_tui.adapters.memory.container import Container, replica_key
from compartment_tui.adapters.memory.world import MemoryWorld
from compartment_tui.domain.deployment import Health
from compartment_tui.domain.detail_views import Grade
from compartment_tui.domain.requests import Scale, Stop
from compartment_tui.domain.views import ServiceStatus
from compartment_tui.operations import requests
from compartment_tui.operations.doctor import doctor
from compartment_tui.operations.environments import environments
from compartment_tui.operations.routes import routes
from compartment_tui.operations.status import status
from tests.cli.line import line
from tests.operations.test_copies import away
from tests.rollout.shop import API, PRODUCTION, WEB, deploy, lock, open_shop, outcome, state


@pytest.fixture
def shop() -> MemoryWorld:
    opened = open_shop(replace(WEB, replicas=3), API)
    deploy(opened)
    return opened


def web(shop: MemoryWorld) -> ServiceStatus:
    return status(shop.world, environment="production", services=("web",)).services[0]


def said(shop: MemoryWorld) -> tuple[Health, str]:
    return web(shop).health, web(shop).reason


def replica(shop: MemoryWorld, number: int) -> Container:
    return shop.host.containers[replica_key(state(shop).active["web"], number)]


def scale(shop: MemoryWorld, number: int) -> None:
    outcome(
        requests.execute(shop.world, Scale(environment="production", replicas=(("web", number),)))
    )


def test_all_that_run_are_as_healthy_as_one(shop: MemoryWorld) -> None:
    assert said(shop) == (Health.HEALTHY, "running")
    found = web(shop)
    assert (found.wanted, found.running, found.several) == (3, 3, True)
    assert [one.number for one in found.replicas] == [1, 2, 3]


def test_one_that_ended_is_named_with_its_exit_code(shop: MemoryWorld) -> None:
    replica(shop, 2).always = False
    replica(shop, 2).die(137)
    assert said(shop) == (Health.UNHEALTHY, "replica 2 of 3: exited with code 137")
    assert web(shop).running == 2
    (view,) = [one for one in environments(shop.world) if one.key == PRODUCTION]
    assert view.health is Health.UNHEALTHY


def test_those_that_ended_alike_are_named_together(shop: MemoryWorld) -> None:
    for number in (1, 3):
        replica(shop, number).always = False
        replica(shop, number).die(1)
    replica(shop, 2).die(2)
    assert said(shop)[1].split("; ") == [
        "replicas 1 and 3 of 3: exited with code 1",
        "replica 2 of 3: restarting: it exited with code 2, once so far",
    ]


def test_one_that_was_brought_back_just_now_is_told_while_the_others_serve(
    shop: MemoryWorld,
) -> None:
    replica(shop, 3).die(137)
    shop.clock.advance(timedelta(seconds=1))
    assert said(shop) == (Health.UNHEALTHY, "replica 3 of 3: restarted once, just now")
    assert web(shop).running == 3
    shop.clock.advance(timedelta(minutes=10))
    assert said(shop) == (Health.HEALTHY, "running")


def test_one_whose_container_is_gone_is_missed_with_the_way_on(shop: MemoryWorld) -> None:
    del shop.host.containers[replica_key(state(shop).active["web"], 2)]
    assert said(shop) == (
        Health.UNHEALTHY,
        "2 of 3 replicas are there: `compartment-tui scale web=3` makes the other one",
    )
    scale(shop, 3)
    assert said(shop) == (Health.HEALTHY, "running")


def test_routes_that_lead_to_fewer_are_told(shop: MemoryWorld) -> None:
    table = shop.host.documents[PRODUCTION]
    fewer = tuple(replace(one, replicas=min(one.replicas, 2)) for one in table.routes)
    shop.host.put_in_force(PRODUCTION, replace(table, routes=fewer))
    assert said(shop) == (
        Health.UNHEALTHY,
        "its routes lead to 2 of 3 replicas: `compartment-tui scale web=3` settles that",
    )
    (view,) = [one for one in routes(shop.world, environment="production") if one.service == "web"]
    assert (view.route.replicas, len(view.replicas), view.running) == (2, 2, True)
    scale(shop, 3)
    assert said(shop) == (Health.HEALTHY, "running")


def test_while_somebody_scales_nothing_is_wrong_yet(shop: MemoryWorld) -> None:
    seen = set()
    change = Scale(environment="production", replicas=(("web", 5),))
    for _ in requests.execute(shop.world, change):
        seen.add(said(shop))
    assert (Health.PENDING, "3 of 5 replicas serve") in seen
    assert not any(health is Health.UNHEALTHY for health, _ in seen)
    assert said(shop) == (Health.HEALTHY, "running")


def test_what_was_stopped_by_hand_and_half_runs_is_told_with_how_many(shop: MemoryWorld) -> None:
    outcome(requests.execute(shop.world, Stop(environment="production", services=("web",))))
    assert said(shop) == (Health.PENDING, "stopped by hand")
    assert web(shop).rests
    replica(shop, 2).start()
    assert said(shop) == (
        Health.PENDING,
        "stopped by hand, and 1 of its 3 replicas run: start it, or stop it again",
    )
    assert not web(shop).rests


def test_a_held_candidate_names_its_replicas_too(shop: MemoryWorld) -> None:
    shop.host.change("web", "2")
    lock(shop, "web")
    held = web(shop).held
    assert held is not None
    assert (held.reason, held.running) == ("held: proven, without traffic", 3)
    shop.host.containers[replica_key(held.deployment.id, 2)].die(1)
    broken = web(shop).held
    assert broken is not None
    assert broken.health is Health.UNHEALTHY
    assert broken.reason.startswith("held, but replica 2 of 3: exited with code 1")


def test_a_number_that_is_not_the_files_is_told_with_its_reason(shop: MemoryWorld) -> None:
    assert (web(shop).in_file, web(shop).scaled) == (3, None)
    scale(shop, 4)
    assert (state(shop).audit[-1].verb, state(shop).audit[-1].detail) == ("scale", "web=4")
    assert "web: 4 replicas, as it was scaled by hand; the file says 3" in line(shop, "status").out
    config = shop.project.config()
    shop.project.write(replace(config, services=(replace(WEB, replicas=2), API)))
    words = "web: 4 replicas, the file says 2, as the next deploy will have it"
    assert words in line(shop, "status").out
    assert web(shop).scaled is None


def test_the_table_has_a_column_for_replicas_where_a_service_has_several(
    shop: MemoryWorld,
) -> None:
    replica(shop, 2).always = False
    replica(shop, 2).die(137)
    out = line(shop, "status").out
    rows = [text.split() for text in out.splitlines()]
    assert rows[1][:3] == ["SERVICE", "HEALTH", "REPLICAS"]
    assert [row[3] for row in rows[2:4]] == ["2/3", "1/1"]
    assert "web is unhealthy: replica 2 of 3: exited with code 137" in out
    assert "compartment-tui scale web=3 runs it again" in out
    alone = open_shop(WEB, API)
    deploy(alone)
    assert "REPLICAS" not in line(alone, "status").out


def test_documents_have_every_replica_by_number(shop: MemoryWorld) -> None:
    replica(shop, 2).always = False
    replica(shop, 2).die(137)
    for words in (("status",), ("inspect", "-s", "web")):
        document = json.loads(line(shop, *words, "--output", "json").out)
        found = document["services" if words == ("status",) else "deployments"][0]
        assert found["replicas"] == {"wanted": 3, "running": 2}
        assert [one["replica"] for one in found["instances"]] == [1, 2, 3]
        ended = found["instances"][1]
        assert (ended["state"], ended["exitCode"]) == ("exited", 137)
        assert (found["replicasInFile"], found["replicasByHand"]) == (3, False)
    (route,) = [
        one
        for one in json.loads(line(shop, "route", "list", "--output", "json").out)["routes"]
        if one["serviceName"] == "web"
    ]
    assert route["replicas"] == {"wanted": 3, "running": 2}
    assert route["running"] is True
    (listed,) = json.loads(line(shop, "deployment", "list", "-s", "web", "--output", "json").out)[
        "deployments"
    ]
    assert listed["replicas"] == {"wanted": 3, "running": 2}


def test_one_by_one_each_replica_is_shown_with_its_container(shop: MemoryWorld) -> None:
    replica(shop, 2).always = False
    replica(shop, 2).die(137)
    out = line(shop, "inspect", "-s", "web").out
    assert "replicas    2/3" in out
    assert "replica 2   ✗ exited with code 137, just now; " in out
    assert "replica 3   ✓ running for " in out
    assert "running 2/3" in line(shop, "route", "list").out


def test_an_engine_that_is_away_knows_no_number_of_those_that_run(shop: MemoryWorld) -> None:
    line(shop, "status")
    gone = away(shop)
    (found,) = status(gone.world, environment="production", services=("web",)).services
    assert (found.wanted, found.running) == (3, None)
    assert "-/3" in line(gone, "status").out
    document = json.loads(line(gone, "status", "--output", "json").out)
    assert document["services"][0]["replicas"] == {"wanted": 3, "running": None}


@pytest.mark.parametrize("number", [2, 5])
def test_doctor_finds_what_an_interrupted_scale_left(shop: MemoryWorld, number: int) -> None:
    assert not [one for one in doctor(shop.world) if one.name == "replicas"]
    shop.world.engine.set_replicas(state(shop).active["web"], number)
    (check,) = [one for one in doctor(shop.world) if one.name == "replicas"]
    words = {2: "2 of 3 replicas are there", 5: "5 replicas are there, and 3 wanted"}[number]
    assert (check.grade, check.message) == (Grade.WARN, f"web in “production”: {words}")
    assert "compartment-tui scale web=3" in check.hint
    scale(shop, 3)
    assert not [one for one in doctor(shop.world) if one.name == "replicas"]
