"""`edge adopt`: another home for a pretended Swarm whose home is lost."""

import json
from dataclasses import replace

import pytest

from compartment_tui.adapters.memory.world import MemoryWorld
from compartment_tui.domain.deployment import Image, Stage
from compartment_tui.domain.engine import NodeInfo
from compartment_tui.domain.errors import RecordInvalid
from compartment_tui.domain.events import StageStarted
from compartment_tui.domain.home import RecordCopy, SwarmHome
from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.domain.requests import Deploy
from compartment_tui.operations import requests
from tests.cli.line import line
from tests.rollout.shop import API, WEB, open_shop
from tests.swarm_home import lose_home as lose_swarm_home
from tests.swarm_home import open_managers

KEY = EnvironmentKey("shop", "production")
LOST = SwarmHome(
    node="id1", name="n1", address="10.0.0.1", state="down", addressed="n2", here=False, managers=3
)


@pytest.fixture
def live() -> MemoryWorld:
    """A shop on n1, which is the home."""
    opened = open_shop(WEB, replace(API, volumes=(("data", "/data"),)))
    opened.host.home = replace(LOST, state="ready", addressed="n1", here=True)
    assert line(opened, "deploy", "--quiet").code == 0
    return opened


def lose_home(opened: MemoryWorld) -> None:
    """From now on n2 is addressed, which has none of what was on n1."""
    host = opened.host
    host.home, host.edge = LOST, None
    host.fingerprint_seed = b"n2"
    host.records.clear()
    host.documents.clear()


def test_every_run_leaves_a_copy(live: MemoryWorld) -> None:
    host = live.host
    assert line(live, "stop", "-s", "web").code == 0
    copy = host.record_copies[KEY]
    assert not isinstance(copy, RecordInvalid)
    assert (copy.record, copy.table) == (host.records[KEY], host.documents[KEY])


def test_that_there_is_no_copy_is_told_and_fails_nothing(live: MemoryWorld) -> None:
    live.host.copy_problem = "it has 600 KiB, and a Swarm takes 500 KiB"
    said = line(live, "deploy", "-s", "web", "--force")
    assert said.code == 0
    assert "the Swarm has no copy of the record as it is now: it has 600 KiB" in said.text()


def test_the_home_that_lives_is_not_replaced(live: MemoryWorld) -> None:
    live.host.home = replace(LOST, state="ready")
    refused = line(live, "edge", "adopt", "--node", "n2", "--yes")
    assert refused.code == 5
    assert "n1 is the home of this Swarm, and it is there" in refused.err
    live.host.home = replace(LOST, state="unknown")
    refused = line(live, "edge", "adopt", "--node", "n2", "--yes")
    assert refused.code == 5
    assert "do not know yet whether n1, the home, is lost" in refused.err


def test_only_the_machine_that_is_addressed_becomes_it(live: MemoryWorld) -> None:
    lose_home(live)
    refused = line(live, "edge", "adopt", "--node", "n3", "--yes")
    assert refused.code == 2
    assert "n2 is addressed, and n3 is to become the home" in refused.err


def test_nothing_is_done_before_somebody_agrees(live: MemoryWorld) -> None:
    lose_home(live)
    assert line(live, "edge", "adopt", "--node", "n2", "--plan").code == 0
    refused = line(live, "edge", "adopt", "--node", "n2")
    assert refused.code == 2
    assert "pass --yes" in refused.err
    assert live.host.edge is None
    assert live.host.home == LOST


def test_records_and_routes_are_brought_and_the_next_verbs_go_on(live: MemoryWorld) -> None:
    before, table = live.host.records[KEY], live.host.documents[KEY]
    lose_home(live)
    done = line(live, "edge", "adopt", "--node", "n2", "--yes")
    assert done.code == 0, done.text()
    assert "n2 is the home, and answers for 2 hosts" in done.out
    record = live.host.records[KEY]
    assert record.active == before.active
    assert record.runs == before.runs
    assert record.audit[-1].verb == "edge adopt"
    # The data of api was on the lost machine: nobody starts it anew without being told to.
    api = before.active["api"]
    assert live.host.in_force[KEY] == table.marked(table.marker or "", {api: "api"})
    instance = live.world.engine.instance(api)
    assert instance is not None
    assert not instance.any_running
    assert live.host.home is not None
    assert live.host.home.here
    assert "nothing to do" in line(live, "edge", "adopt", "--node", "n2", "--yes").out
    # By the new home's key, too, no value is another than it was.
    assert "already runs exactly this" in line(live, "deploy").text()
    assert line(live, "deploy", "-s", "web", "--force", "--quiet").code == 0
    assert line(live, "rollback", "--quiet").code == 0
    assert live.host.records[KEY].active["api"] == api
    assert line(live, "deploy", "-s", "api", "--quiet").code == 0
    assert live.host.records[KEY].active["api"] != api


def test_a_home_of_once_does_not_keep_what_it_had_then(live: MemoryWorld) -> None:
    host = live.host
    old, routes = host.records[KEY], host.documents[KEY]
    assert line(live, "deploy", "-s", "web", "--force", "--quiet").code == 0
    newer = host.records[KEY]
    # It is the home again, and was stopped before it wrote what the copy says.
    host.records[KEY], host.documents[KEY] = old, routes
    assert line(live, "edge", "adopt", "--node", "n1", "--yes").code == 0
    assert host.records[KEY].active == newer.active


def test_the_same_for_scripts(live: MemoryWorld) -> None:
    lose_home(live)
    planned = json.loads(
        line(live, "edge", "adopt", "--node", "n2", "--plan", "--output", "json").out
    )
    assert (planned["adopted"], planned["lost"], planned["managers"]) == (False, "n1", 2)
    (environment,) = planned["environments"]
    assert environment["leftBehind"] == ["api"]
    done = line(live, "edge", "adopt", "--node", "n2", "--yes", "--output", "json")
    assert json.loads(done.out)["adopted"]


def test_what_could_not_be_brought_is_told_and_done_by_the_same_verb(live: MemoryWorld) -> None:
    lose_home(live)
    other = live.another(actor="bob@desk")
    live.host.disk_full = True
    done = line(live, "edge", "adopt", "--node", "n2", "--yes", "--output", "json")
    assert done.code == 8
    assert json.loads(done.out)["failed"] == [{"project": "shop", "name": "production"}]
    assert KEY not in live.host.records
    live.host.disk_full = False
    again = line(other, "edge", "adopt", "--node", "n2", "--yes")
    assert again.code == 0
    assert "n2 is the home, and answers for 2 hosts" in again.out
    assert KEY in live.host.in_force


def test_a_run_that_was_under_way_is_finished_where_its_routes_are(live: MemoryWorld) -> None:
    host, request = live.host, Deploy(environment="production", services=("web",), force=True)
    events = requests.execute(live.world, request)
    began = (one for one in events if isinstance(one, StageStarted))
    next(one for one in began if one.stage is Stage.DRAINING_PREVIOUS)
    record, table = host.records[KEY], host.documents[KEY]
    assert record.journal is not None
    host.record_copies[KEY] = RecordCopy(record=record, table=table, at=host.clock.now())
    host.kill(live.process)
    lose_home(live)
    done = line(live.another(), "edge", "adopt", "--node", "n2", "--yes")
    assert done.code == 0, done.text()
    assert "had switched its routes: finishing it" in done.text()
    now = host.records[KEY]
    assert now.journal is None
    assert now.active["web"] == record.journal_entries[0].deployment
    # And then what was left behind is stopped, as it is where no run was under way.
    assert now.deployments[now.active["api"]].resting
    assert host.in_force[KEY].answered_for(now.active["api"])
    assert not host.in_force[KEY].answered_for(now.active["web"])
    assert not line(live.another(), "status").text().count("needs attention")


GONE = "its volumes are on a machine that is no longer in the Swarm"
ANEW = "compartment-tui deploy -s api"


@pytest.fixture
def adopted() -> MemoryWorld:
    """Two deployments of each service; n2 has become the home, and n1 had the data of api."""
    opened = open_managers()
    for service in ("web", "api"):
        opened.host.change(service, "2")
    assert line(opened, "deploy", "--quiet").code == 0
    there = opened.at_manager("n2")
    lose_swarm_home(opened)
    done = line(there, "edge", "adopt", "--node", "n2", "--yes")
    assert done.code == 0, done.text()
    return there


def test_what_nobody_can_start_is_to_be_deployed(adopted: MemoryWorld) -> None:
    told = line(adopted, "status").out
    assert f"! api is stopped: {GONE}\n  {ANEW} makes it anew, without that data\n" in told
    assert "start -s api" not in told
    document = json.loads(line(adopted, "status", "--output", "json").out)
    web, api = document["services"]
    assert (api["healthReason"], api["stranded"]) == (f"stopped: {GONE}", True)
    assert "stranded" not in web
    planned = line(adopted, "deploy", "--plan").out
    assert "api: stopped, and cannot be started any more" in planned
    assert f"→ {ANEW} makes it anew" in planned
    assert line(adopted, "deploy", "-s", "api", "--quiet").code == 0
    assert "✓ healthy" in line(adopted, "status", "-s", "api").out


@pytest.mark.parametrize(
    "words", [("start", "-s", "api"), ("start",), ("restart", "-s", "api"), ("scale", "api=1")]
)
def test_what_nobody_can_start_is_refused(adopted: MemoryWorld, words: tuple[str, ...]) -> None:
    before = adopted.host.records[KEY]
    for more in (("--plan",), ()):
        refused = line(adopted, *words, *more)
        assert refused.code == 5
        assert f"cannot be started: {GONE}" in refused.err
        assert f"`{ANEW}` makes it anew" in refused.err
    assert adopted.host.records[KEY] == before


def test_what_can_be_started_is_and_the_rest_is_told(adopted: MemoryWorld) -> None:
    assert line(adopted, "stop", "-s", "web", "--quiet").code == 0
    done = line(adopted, "start")
    assert done.code == 0, done.text()
    assert f"api: {GONE}" in done.err
    assert "✓ healthy" in line(adopted, "status", "-s", "web").out


def test_a_kept_deployment_that_nobody_can_start_is_made_from_its_image_or_is_gone(
    adopted: MemoryWorld,
) -> None:
    record = adopted.host.records[KEY]
    before = record.deployments[record.active["api"]].previous
    assert before is not None
    image = record.deployments[before].image
    adopted.host.images.setdefault(image, Image(id=image))
    assert "the kept image of" in line(adopted, "rollback", "-s", "api", "--plan").out
    del adopted.host.images[image]
    refused = line(adopted, "rollback", "-s", "api", "--plan")
    assert refused.code == 5
    assert "is no longer on the engine" in refused.err


def test_a_home_of_once_that_has_joined_again_is_marked(adopted: MemoryWorld) -> None:
    assert "was home" not in line(adopted, "node", "list").out
    adopted.swarm.join(NodeInfo(name="n1", address="10.0.0.1", manager=True))
    told = line(adopted, "node", "list").out
    assert "n1    was home, manager  ✓ ready" in told
    assert "n1 was the home before, and is back: it may have its edge still" in told
    assert "`compartment-tui edge adopt --node n2` takes that away" in told
    nodes = json.loads(line(adopted, "node", "list", "--output", "json").out)["nodes"]
    assert {one["name"]: (one["home"], one["formerHome"]) for one in nodes} == {
        "n1": (False, True),
        "n2": (True, False),
        "n3": (False, False),
    }
    assert line(adopted, "edge", "adopt", "--node", "n2", "--yes").code == 0
    assert "was home" not in line(adopted, "node", "list").out


def test_a_held_candidate_that_nobody_can_start_is_to_be_discarded() -> None:
    opened = open_managers()
    opened.host.change("api", "2")
    assert line(opened, "deploy", "--hold", "-s", "api", "--quiet").code == 0
    there = opened.at_manager("n2")
    lose_swarm_home(opened)
    assert line(there, "edge", "adopt", "--node", "n2", "--yes").code == 0
    assert f"held, but {GONE}: discard it" in line(there, "status").out


@pytest.mark.parametrize(
    "stage",
    [
        Stage.STARTING_CANDIDATE,
        Stage.CHECKING_READINESS,
        Stage.SWITCHING_ROUTE,
        Stage.DRAINING_PREVIOUS,
    ],
)
def test_a_run_of_what_nobody_can_start_any_more_is_settled_all_the_same(stage: Stage) -> None:
    opened = open_managers()
    there, host = opened.at_manager("n2"), opened.host
    request = Deploy(environment="production", services=("api",), force=True)
    events = requests.execute(opened.world, request)
    began = (one for one in events if isinstance(one, StageStarted))
    next(one for one in began if one.stage is stage)
    record, table = host.records[KEY], host.documents[KEY]
    host.record_copies[KEY] = RecordCopy(record=record, table=table, at=host.clock.now())
    host.kill(opened.process)
    lose_swarm_home(opened)
    done = line(there, "edge", "adopt", "--node", "n2", "--yes")
    assert done.code == 0, done.text()
    assert "no machine of the Swarm takes" not in done.text()
    now = there.host.records[KEY]
    assert now.journal is None
    assert now.deployments[now.active["api"]].resting
    assert there.host.in_force[KEY].answered_for(now.active["api"])
    assert f"! api is stopped: {GONE}" in line(there, "status").out
    assert line(there, "deploy", "--force", "--quiet").code == 0
    assert line(there, "deploy", "-s", "api", "--quiet").code == 0


def test_a_single_machine_has_no_home() -> None:
    refused = line(open_shop(WEB), "edge", "adopt", "--node", "n2", "--yes")
    assert refused.code == 5
    assert "a single machine" in refused.err
