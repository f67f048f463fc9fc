"""Documents for scripts: only data on stdout, and no key lost or renamed unnoticed."""

import json
from datetime import timedelta

import pytest

from compartment_tui.adapters.memory.world import Behaviour, MemoryWorld
from tests.cli.line import Said, check_transcript, line
from tests.rollout.shop import API, WEB, WORKER, change_everything, open_shop

SUMMARY = {
    "id",
    "deploymentRunId",
    "serviceName",
    "status",
    "promotionStage",
    "health",
    "isActive",
    "label",
    "routeUrl",
    "failureMessage",
    "rollbackAvailable",
    "reusableImageState",
    "createdAt",
    "completedAt",
    "operation",
}
"""Compartment's names; ours come on top."""

DOCUMENTS = {
    "deploy": ("deploy", "--force"),
    "deploy_plan": ("deploy", "--plan"),
    "hold": ("deploy", "--hold", "--force"),
    "hold_plan": ("deploy", "--hold", "--plan"),
    "promote_across_plan": ("promote", "--from", "production", "--to", "staging", "--plan"),
    "promote_across": ("promote", "--from", "production", "--to", "staging"),
    "rollback": ("rollback",),
    "status": ("status",),
    "inspect": ("inspect",),
    "deployment_list": ("deployment", "list"),
    "environment_list": ("environment", "list"),
    "environment_show": ("environment", "show"),
    "environment_delete": ("environment", "delete", "production", "--plan"),
    "route_list": ("route", "list"),
    "edge_status": ("edge", "status"),
    "lock_show": ("lock", "show"),
    "stop": ("stop", "-s", "web"),
    "stop_plan": ("stop", "--plan"),
    "start": ("start",),
    "restart": ("restart",),
    "prune": ("prune", "--yes"),
    "prune_secrets": ("prune", "--secrets-before", "0s", "--plan"),
    "info": ("info",),
    "doctor": ("doctor",),
    "open": ("open",),
    "not_found": ("status", "-s", "nope"),
}


@pytest.fixture
def live() -> MemoryWorld:
    opened = open_shop(WEB, API, WORKER)
    line(opened, "deploy", "--quiet", "--label", "spring")
    change_everything(opened, "2")
    assert line(opened, "deploy", "--quiet").code == 0
    return opened


def shape(document: object, path: str = "") -> set[str]:
    """Every key as a path; what lists hold is one shape."""
    if isinstance(document, dict):
        own = {f"{path}.{key}".lstrip(".") for key in document}
        return own.union(*(shape(value, f"{path}.{key}") for key, value in document.items()))
    if isinstance(document, list):
        return set().union(*(shape(value, f"{path}[]") for value in document))
    return set()


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_keeps_its_shape(live: MemoryWorld, name: str) -> None:
    said = line(live, *DOCUMENTS[name], "--output", "json")
    keys = "\n".join(sorted(shape(json.loads(said.out))))
    check_transcript(f"json_{name}", Said(words=(*said.words,), out=keys, err="", code=said.code))


HELD_DOCUMENTS = {
    "status_held": ("status",),
    "promote": ("promote", "-s", "web"),
    "promote_plan": ("promote", "--plan"),
    "discard": ("discard",),
    "discard_plan": ("discard", "--plan"),
    "route_list_held": ("route", "list"),
}


@pytest.mark.parametrize("name", HELD_DOCUMENTS)
def test_a_document_about_what_is_held_keeps_its_shape(live: MemoryWorld, name: str) -> None:
    assert line(live, "deploy", "--hold", "--force", "--quiet").code == 0
    said = line(live, *HELD_DOCUMENTS[name], "--output", "json")
    keys = "".join(f"  {key}\n" for key in sorted(shape(json.loads(said.out))))
    check_transcript(f"json_{name}", Said(words=said.words, out=keys, err="", code=said.code))


def test_the_image_id_proves_what_was_promoted(live: MemoryWorld) -> None:
    words = ("promote", "--from", "production", "--to", "staging", "-s", "web", "--output", "json")
    active = json.loads(line(live, "status", "-s", "web", "--output", "json").out)
    planned = json.loads(line(live, *words, "--plan").out)
    done = json.loads(line(live, *words).out)
    [source] = active["activeDeployments"]
    [plan] = planned["deployments"]
    [made] = done["activeDeployments"]
    assert plan["imageId"] == source["imageId"] == made["imageId"]
    assert done["rollout"][0]["imageId"] == source["imageId"]
    assert made["sourceDeploymentId"] == source["id"]
    assert planned["sourceEnvironment"] == {"name": "production"}


def test_a_discard_is_no_run(live: MemoryWorld) -> None:
    line(live, "deploy", "--hold", "--force", "--quiet")
    before = json.loads(line(live, "deployment", "list", "--output", "json").out)["runs"]
    document = json.loads(line(live, "discard", "--output", "json").out)
    assert (document["trigger"], document["purpose"]) == (None, "discard")
    assert document["outcome"] == "discarded"
    after = json.loads(line(live, "deployment", "list", "--output", "json").out)["runs"]
    assert [one["id"] for one in after] == [one["id"] for one in before]


def test_a_status_has_compartments_names(live: MemoryWorld) -> None:
    document = json.loads(line(live, "status", "--output", "json").out)
    assert {"activeDeployments", "deployments", "environment", "project"} <= document.keys()
    assert [one["serviceName"] for one in document["activeDeployments"]] == ["web", "api", "worker"]
    for one in (*document["activeDeployments"], *document["deployments"]):
        assert one.keys() >= SUMMARY
    web = document["activeDeployments"][0]
    assert web["isActive"] is True
    assert (web["status"], web["promotionStage"]) == ("succeeded", "active")
    assert web["routeUrl"] == "http://shop.localhost:8080"
    assert web["operation"]["type"] == "deployment.create"
    assert web["createdAt"].endswith("Z")


def test_a_history_says_what_one_can_go_back_to(live: MemoryWorld) -> None:
    document = json.loads(line(live, "deployment", "list", "--output", "json").out)
    assert [run["label"] for run in document["runs"]] == [None, "spring"]
    assert [one["label"] for one in document["deployments"]] == [None] * 3 + ["spring"] * 3
    assert [one["rollbackAvailable"] for one in document["deployments"]] == [False] * 3 + [True] * 3


def test_a_failed_run_says_why(live: MemoryWorld) -> None:
    live.host.change("web", "3")
    live.host.behave("web", Behaviour(exits_after=timedelta(seconds=1), last_words=("boom",)))
    said = line(live, "deploy", "-s", "web", "--output", "json")
    document = json.loads(said.out)
    assert said.code == 5
    assert document["outcome"] == "failed"
    assert document["failure"]["code"] == "candidate_exited"
    assert "boom" in document["failure"]["tail"]
    assert document["deployments"][0]["status"] == "failed"
    stages = {one["stage"]: one["state"] for one in document["rollout"][0]["stages"]}
    assert stages["checking_readiness"] == "failed"
    assert "running" not in stages.values()


def test_events_are_one_object_a_line(live: MemoryWorld) -> None:
    change_everything(live, "3")
    live.host.behave("web", Behaviour(connections=1, drain_takes=timedelta(minutes=5)))
    said = line(live, "deploy", "--events")
    events = [json.loads(text) for text in said.out.splitlines()]
    assert {"type", "at", "environment", "service", "stage"} <= set.intersection(
        *(set(event) for event in events)
    )
    assert events[0]["type"] == "run_planned"
    assert events[-1]["type"] == "run_finished"
    assert events[-1]["outcome"] == "live"
    assert {event["environment"] for event in events} == {"production"}
    assert {event["type"] for event in events} == {
        "run_planned",
        "stage_started",
        "output",
        "probed",
        "stage_finished",
        "went_live",
        "run_finished",
    }
    (live_event,) = (event for event in events if event["type"] == "went_live")
    assert live_event["liveAfterSeconds"] == events[-1]["liveAfterSeconds"]
    assert live_event["liveAfterSeconds"] < events[-1]["durationSeconds"]
    assert set(live_event["stillEnding"]) == {"web", "api"}, "the worker was stopped before"


def test_a_drain_that_waits_tells_who_is_connected(live: MemoryWorld) -> None:
    callers = ("worker", "10.9.9.9", "10.9.9.9")
    script = Behaviour(connections=4, callers=callers, drain_takes=timedelta(seconds=2))
    live.host.behave("web", script)
    line(live, "deploy", "-s", "web", "--force", "--quiet")
    said = line(live, "deploy", "-s", "web", "--force", "--events")
    events = [json.loads(text) for text in said.out.splitlines()]
    (waits,) = (event for event in events if event["type"] == "drain_waits")
    assert waits.pop("at").endswith("Z")
    assert waits == {
        "type": "drain_waits",
        "environment": "production",
        "service": "web",
        "stage": "draining_previous",
        "connections": 4,
        "callers": [
            {"kind": "edge", "name": None, "connections": 1},
            {"kind": "service", "name": "worker", "connections": 1},
            {"kind": "address", "name": "10.9.9.9", "connections": 2},
        ],
        "cutOffAfterSeconds": WEB.drain_timeout.total_seconds(),
    }


def test_a_refusal_is_an_event_too(live: MemoryWorld) -> None:
    said = line(live, "deploy", "-s", "nope", "--events")
    assert said.code == 7
    assert json.loads(said.out)["error"]["code"] == "not_found"


def test_logs_are_one_object_a_line(live: MemoryWorld) -> None:
    live.host.behave("web", Behaviour(says=("\x1b[31mas it was\x1b[0m",)))
    line(live, "deploy", "-s", "web", "--force", "--quiet")
    lines = line(live, "logs", "-s", "web", "--output", "json").out.splitlines()
    keys = {"deploymentId", "environmentName", "serviceName", "replica", "stream"}
    assert [json.loads(text).keys() for text in lines] == [keys | {"timestamp", "message"}]
    assert json.loads(lines[0])["message"] == "\x1b[31mas it was\x1b[0m"
    assert "\x1b" not in lines[0]


def test_values_of_variables_are_nowhere(live: MemoryWorld) -> None:
    for words in (*DOCUMENTS.values(), ("deploy", "--events", "--force")):
        said = line(live, *words, "--output", "json")
        assert "hello" not in said.out + said.err
