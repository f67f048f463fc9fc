"""`node list`, and where a replica runs, on a pretended Swarm."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from compartment_tui.adapters.memory.swarm import BEGIN_TAKES, NOTICED_AFTER
from compartment_tui.adapters.memory.world import MemoryWorld, swarm_world
from tests.cli.line import line
from tests.rollout.shop import API, WEB, open_shop, shop_config


@pytest.fixture
def live() -> MemoryWorld:
    opened = swarm_world(shop_config(replace(WEB, replicas=2), API))
    opened.swarm.lose("n3")
    opened.clock.sleep(NOTICED_AFTER)
    assert line(opened, "deploy", "--quiet").code == 0
    second = opened.swarm.machines["n2"]
    second.info = replace(second.info, manager=True)
    opened.swarm.set_availability("n2", "pause")
    return opened


def test_each_machine_with_what_runs_there(live: MemoryWorld) -> None:
    rows = line(live, "node", "list").out.splitlines()
    assert [row.split()[0] for row in rows[1:]] == ["n1", "n2", "n3"]
    assert "home, leader" in rows[1]
    assert "ready" in rows[1]
    assert rows[1].endswith("1 api, 1 web")
    assert "manager" in rows[2]
    assert "takes nothing new" in rows[2]
    assert rows[2].endswith("1 web")
    assert "worker" in rows[3]
    assert "away (down)" in rows[3]


def test_the_same_for_scripts(live: MemoryWorld) -> None:
    found = json.loads(line(live, "node", "list", "--output", "json").out)["nodes"]
    assert [one["name"] for one in found] == ["n1", "n2", "n3"]
    first, second, third = found
    assert (first["role"], first["leader"], first["home"]) == ("manager", True, True)
    assert [one["serviceName"] for one in second["replicas"]] == ["web"]
    assert (second["replicas"][0]["replica"], second["availability"]) == (2, "pause")
    assert (third["state"], third["replicas"]) == ("down", [])


def test_inspect_says_where_a_replica_runs(live: MemoryWorld) -> None:
    assert "running on n2 for" in line(live, "inspect", "-s", "web").out
    alone = line(live, "inspect", "-s", "api").out.splitlines()
    assert any(row.startswith("container") and row.endswith(" on n1") for row in alone)


def test_a_single_machine_has_none() -> None:
    refused = line(open_shop(WEB), "node", "list")
    assert refused.code == 5
    assert "a single machine" in refused.err
    assert "swarm = true" in refused.err


@pytest.fixture
def losing() -> MemoryWorld:
    """Three of web on three machines; the managers have noticed just now that n2 is lost."""
    opened = swarm_world(shop_config(replace(WEB, replicas=3), API))
    assert line(opened, "deploy", "--quiet").code == 0
    opened.swarm.lose("n2")
    opened.clock.sleep(NOTICED_AFTER)
    opened.clock.advance(timedelta(seconds=1))
    return opened


MOVES = "rescheduling 1 of 3 from n2, 1 s"


def test_status_and_inspect_say_what_is_brought_back(losing: MemoryWorld) -> None:
    told = line(losing, "status").out
    assert "! n2 is away\n" in told
    assert f"web is unhealthy: {MOVES}\n" in told
    row = next(one for one in told.splitlines() if one.startswith("web "))
    assert "2/3" in row
    assert "n1 1 · n3 1" in row
    looked = line(losing, "inspect", "-s", "web").out
    assert f"unhealthy: {MOVES}\n" in looked
    assert "2/3 (n1 1 · n3 1)" in looked
    assert "rescheduling from n2 to n" in looked


def test_the_list_of_machines_says_where_it_was_and_where_it_goes(losing: MemoryWorld) -> None:
    told = line(losing, "node", "list").out
    first, second, third = told.splitlines()[1:4]
    assert "away (down)" in second
    assert second.endswith("lost 1 web")
    assert sum("starting 1 web" in row for row in (first, third)) == 1
    assert f"web in production: {MOVES}\n" in told


def test_scripts_are_told_the_same(losing: MemoryWorld) -> None:
    found = json.loads(line(losing, "status", "--output", "json").out)
    assert [one["state"] for one in found["nodes"]] == ["ready", "down", "ready"]
    (web,) = [one for one in found["services"] if one["serviceName"] == "web"]
    assert (web["health"], web["healthReason"]) == ("unhealthy", MOVES)
    (placement,) = [one["placement"] for one in web["instances"] if "placement" in one]
    assert (placement["state"], placement["from"]) == ("preparing", "n2")
    assert placement["node"] in ("n1", "n3")
    (moving,) = json.loads(line(losing, "node", "list", "--output", "json").out)["moving"]
    assert moving["placement"] == placement
    assert (moving["serviceName"], moving["environment"]) == ("web", "production")


def test_one_that_no_machine_takes_is_told_with_the_reason(losing: MemoryWorld) -> None:
    losing.clock.sleep(BEGIN_TAKES)
    assert "is unhealthy" not in line(losing, "status").out
    for name in ("n1", "n3"):
        losing.swarm.machines[name].full = True
    losing.swarm.lose("n3")
    losing.clock.sleep(NOTICED_AFTER)
    told = line(losing, "status").out
    assert "! n2 and n3 are away\n" in told
    assert "cannot be placed: no suitable node (insufficient resources on 1 node" in told


def test_nothing_of_it_is_said_on_a_single_machine() -> None:
    opened = open_shop(replace(WEB, replicas=2))
    assert line(opened, "deploy", "--quiet").code == 0
    assert "nodes" not in line(opened, "status").out
    assert "nodes" not in json.loads(line(opened, "status", "--output", "json").out)
