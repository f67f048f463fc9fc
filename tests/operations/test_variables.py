"""What a service gets, and whether that is what runs."""

from dataclasses import replace

import pytest

from compartment_tui.adapters.memory.world import MemoryWorld, memory_world
from compartment_tui.domain.config import EnvironmentConfig, Kind, ProjectConfig, ServiceSpec
from compartment_tui.domain.errors import NotFound, SensitiveUnreadable
from compartment_tui.domain.requests import Deploy
from compartment_tui.domain.variable import Scope, Secret, Sensitivity, Variable
from compartment_tui.domain.variables.views import VariableState
from compartment_tui.operations import requests
from compartment_tui.operations.variables import resolved
from tests.faults import Fault, FaultPlan, When, faulty

WEB = ServiceSpec(name="web", path="web", port=8080)
WORKER = ServiceSpec(name="worker", kind=Kind.WORKER, path="worker")


def plain(**values: str) -> dict[str, Variable]:
    return {key: Variable(key=key, value=Secret(value)) for key, value in values.items()}


def config(
    environment: dict[str, Variable], web: dict[str, Variable], *services: ServiceSpec
) -> ProjectConfig:
    staging = EnvironmentConfig(name="staging", variables=environment, services={"web": web})
    return ProjectConfig(name="shop", services=services or (WEB, WORKER), environments=(staging,))


DEPLOYED = config(plain(A="1", B="1", GONE="1"), plain(B="of web"))


@pytest.fixture
def live() -> MemoryWorld:
    opened = memory_world(DEPLOYED)
    list(requests.execute(opened.world, Deploy(environment="staging", services=("web",))))
    return opened


def states(opened: MemoryWorld, service: str = "web") -> dict[str, VariableState]:
    rows = resolved(opened.world, environment="staging", service=service)
    assert [one.key for one in rows] == sorted(one.key for one in rows)
    return {one.key: one.state for one in rows}


def test_what_was_deployed_runs(live: MemoryWorld) -> None:
    assert set(states(live).values()) == {VariableState.RUNNING}


def test_edits_are_told_apart(live: MemoryWorld) -> None:
    live.project.write(config(plain(A="2", B="2", NEW=""), plain(B="of web")))
    assert states(live) == {
        "A": VariableState.CHANGED,
        "B": VariableState.RUNNING,
        "GONE": VariableState.REMOVED,
        "NEW": VariableState.NEW,
    }


def test_the_winner_and_what_it_shadows(live: MemoryWorld) -> None:
    found = {one.key: one for one in resolved(live.world, environment="staging", service="web")}
    assert (found["A"].scope, found["A"].shadowed) == (Scope.ENVIRONMENT, None)
    assert (found["B"].scope, found["B"].value) == (Scope.SERVICE, Secret("of web"))
    shadowed = found["B"].shadowed
    assert shadowed is not None
    assert (found["B"].shown(), shadowed.shown()) == ("of web", "1")


def test_what_is_required_and_has_no_value_is_missing(live: MemoryWorld) -> None:
    needy = replace(WEB, requires=("TOKEN", "GONE", "A"))
    live.project.write(config(plain(A="1"), {}, needy))
    assert states(live) == {
        "A": VariableState.RUNNING,
        "B": VariableState.REMOVED,
        "GONE": VariableState.MISSING,
        "TOKEN": VariableState.MISSING,
    }


def test_a_sealed_value_is_unknown_and_never_changed(live: MemoryWorld) -> None:
    sealed = Variable(key="A", value=None, sensitivity=Sensitivity.SENSITIVE, sealed="age…")
    live.project.write(config({**plain(B="1", GONE="1"), "A": sealed}, plain(B="of web")))
    assert states(live)["A"] is VariableState.UNKNOWN


def test_what_is_sensitive_is_compared_and_not_shown(live: MemoryWorld) -> None:
    secret = Variable(key="A", value=Secret("1"), sensitivity=Sensitivity.SENSITIVE)
    live.project.write(config({**plain(B="1", GONE="1"), "A": secret}, plain(B="of web")))
    (row, *_) = resolved(live.world, environment="staging", service="web")
    assert (row.key, row.state) == ("A", VariableState.RUNNING)
    assert row.shown() == "<hidden>"


def test_nothing_to_compare_with_before_the_first_deploy(live: MemoryWorld) -> None:
    assert set(states(live, "worker").values()) == {VariableState.NOT_DEPLOYED}


def test_a_service_that_left_the_file_can_be_asked_for_while_it_runs(live: MemoryWorld) -> None:
    live.project.write(config(plain(A="1"), {}, WORKER))
    assert states(live)["A"] is VariableState.RUNNING


def test_an_unknown_service_is_refused(live: MemoryWorld) -> None:
    with pytest.raises(NotFound, match="there is no service") as refused:
        resolved(live.world, environment="staging", service="wbe")
    assert "web" in refused.value.hint


def test_with_the_engine_away_the_file_still_tells_its_values(live: MemoryWorld) -> None:
    away = faulty(live.world, FaultPlan(Fault(at=2, when=When.BEFORE)))
    rows = resolved(away, environment="staging", service="web")
    assert [(one.key, one.shown()) for one in rows] == [("A", "1"), ("B", "of web"), ("GONE", "1")]
    assert {one.state for one in rows} == {VariableState.UNKNOWN}


def test_what_is_required_and_cannot_be_read_is_there_but_refused(live: MemoryWorld) -> None:
    sealed = Variable(key="A", value=None, sensitivity=Sensitivity.SENSITIVE, sealed="age…")
    needy = replace(WEB, requires=("A",))
    live.project.write(config({**plain(B="1"), "A": sealed}, {}, needy))
    with pytest.raises(SensitiveUnreadable, match="web needs A in “staging”") as refused:
        requests.plan(live.world, Deploy(environment="staging"))
    assert "recipients add age1memory" in refused.value.hint
