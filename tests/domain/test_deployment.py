from dataclasses import replace
from datetime import UTC, datetime

from compartment_tui.domain.deployment import (
    Deployment,
    EnvironmentRecord,
    RunRecord,
    Status,
    Trigger,
)
from compartment_tui.domain.names import EnvironmentKey

AT = datetime(2026, 1, 1, tzinfo=UTC)
EMPTY = EnvironmentRecord(key=EnvironmentKey("shop", "staging"))


def deployment(id_: str, service: str = "web") -> Deployment:
    return Deployment(
        id=id_, run="run_1", service=service, created=AT, trigger=Trigger.DEPLOY, spec=""
    )


def run(id_: str) -> RunRecord:
    return RunRecord(id=id_, trigger=Trigger.DEPLOY, created=AT, actor="ada", services=())


def test_the_active_deployment() -> None:
    one = deployment("dep_1")
    state = replace(EMPTY.with_deployment(one), active={"web": "dep_1", "api": "dep_lost"})
    assert state.active_deployment("web") == one
    assert state.active_deployment("api") is None
    assert state.active_deployment("other") is None
    assert state.is_active("dep_1")
    assert not state.is_active("dep_2")


def test_deployments_of_a_service_are_newest_first() -> None:
    state = EMPTY
    for one in (deployment("dep_2"), deployment("dep_3", "api"), deployment("dep_1")):
        state = state.with_deployment(one)
    assert [one.id for one in state.of_service("web")] == ["dep_2", "dep_1"]
    assert state.of_service("other") == ()


def test_a_deployment_is_replaced_by_id_and_the_old_record_stays_as_it_was() -> None:
    before = EMPTY.with_deployment(deployment("dep_1"))
    after = before.with_deployment(replace(deployment("dep_1"), status=Status.FAILED))
    assert before.deployments["dep_1"].status is Status.QUEUED
    assert after.deployments["dep_1"].status is Status.FAILED
    assert len(after.deployments) == 1


def test_a_run_is_replaced_in_its_place_or_added_at_the_end() -> None:
    state = EMPTY.with_run(run("run_1")).with_run(run("run_2"))
    failed = replace(run("run_1"), status=Status.FAILED)
    assert state.with_run(failed).runs == (failed, run("run_2"))
    assert state.run("run_2") == run("run_2")
    assert state.run("run_3") is None
