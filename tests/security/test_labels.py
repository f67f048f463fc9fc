"""A neighbour's container with our labels: it is never taken for ours, and stops nobody."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compartment_tui.adapters.docker.api import labels
from compartment_tui.adapters.docker.api.convert import (
    event_of,
    instance_of_inspect,
    instance_of_row,
    key_of,
    misfit_of,
    moment,
)
from compartment_tui.adapters.docker.resources.images import _is_built
from compartment_tui.adapters.docker.resources.logs import EventDecoder
from compartment_tui.adapters.memory.world import MemoryWorld
from compartment_tui.domain.detail_views import Grade
from compartment_tui.domain.errors import ContainerClaimed, RecordInvalid
from compartment_tui.domain.names import active_name
from compartment_tui.domain.outcome import Outcome
from compartment_tui.domain.requests import DeleteEnvironment, Deploy, Stop
from compartment_tui.operations import doctor, inspect, recovery, requests
from compartment_tui.operations.environments import environments
from compartment_tui.operations.exec_command import execute
from compartment_tui.operations.status import status
from tests.rollout.shop import PRODUCTION, WEB, deploy, open_shop, outcome

COPY = "crazy_pike"
GOOD = {
    labels.ROLE: "service",
    labels.PROJECT: "shop",
    labels.ENVIRONMENT: "production",
    labels.SERVICE: "web",
    labels.DEPLOYMENT: "dep_01M864E906D08D6PPX2ZDC33Y6",
    labels.RUN: "run_01M864E906D08D6PPX2ZDC33Y6",
    labels.CREATED: "2026-01-01T00:00:00+00:00",
    labels.PORT: "8080",
    labels.SPEC: "{}",
    labels.FINGERPRINTS: "{}",
}


def row(marks: object) -> dict[str, Any]:
    return {
        "Id": "c1",
        "Names": ["/somebody"],
        "ImageID": "sha256:1",
        "State": "running",
        "Status": "Up 2 seconds",
        "Labels": marks,
    }


def inspected(marks: object) -> dict[str, Any]:
    return {
        "Id": "c1",
        "Name": "/somebody",
        "Image": "sha256:1",
        "State": {"Status": "running", "StartedAt": "2026-01-01T00:00:00Z"},
        "Config": {"Labels": marks},
    }


# --- copies: the memory world ---


@pytest.fixture
def opened() -> MemoryWorld:
    made = open_shop(WEB)
    deploy(made)
    return made


def live(opened: MemoryWorld) -> str:
    return opened.host.records[PRODUCTION].active["web"]


def forget_ids(opened: MemoryWorld) -> None:
    """As the version before left its records."""
    state = opened.host.records[PRODUCTION]
    without = {id_: replace(one, container="") for id_, one in state.deployments.items()}
    opened.host.records[PRODUCTION] = replace(state, deployments=without)


def test_the_record_names_the_container_of_what_is_live(opened: MemoryWorld) -> None:
    deployment = opened.host.records[PRODUCTION].deployments[live(opened)]
    assert deployment.container == opened.host.containers[deployment.id].id


def test_a_copy_of_a_live_container_is_not_stopped_in_its_place(opened: MemoryWorld) -> None:
    copied = opened.host.copy(live(opened), COPY)
    outcome(requests.execute(opened.world, Stop(environment="production")))
    assert not opened.host.containers[live(opened)].running
    assert copied.running


def test_status_lists_and_inspect_show_the_real_one(opened: MemoryWorld) -> None:
    opened.host.copy(live(opened), COPY)
    (shown,) = status(opened.world, environment="production").services
    assert shown.instance is not None
    assert shown.instance.name == active_name("web", PRODUCTION)
    assert environments(opened.world)
    (view,) = inspect.inspect_services(opened.world, environment="production")
    assert view.status.instance == shown.instance


def test_the_next_deploy_goes_on_beside_a_copy(opened: MemoryWorld) -> None:
    copied = opened.host.copy(live(opened), COPY)
    opened.host.change("web", "2")
    assert deploy(opened) is Outcome.LIVE
    assert copied.running


def test_a_record_of_an_earlier_version_gets_the_ids_with_the_next_change(
    opened: MemoryWorld,
) -> None:
    forget_ids(opened)
    outcome(requests.execute(opened.world, Stop(environment="production")))
    test_the_record_names_the_container_of_what_is_live(opened)


def test_without_ids_several_claimants_are_refused_by_name(opened: MemoryWorld) -> None:
    forget_ids(opened)
    copied = opened.host.copy(live(opened), COPY)
    with pytest.raises(ContainerClaimed) as refused:
        outcome(requests.execute(opened.world, Stop(environment="production")))
    assert COPY in refused.value.message
    assert active_name("web", PRODUCTION) in refused.value.message
    assert copied.running
    assert opened.host.containers[live(opened)].running
    with pytest.raises(ContainerClaimed):
        execute(
            opened.world, environment="production", service="web", command=("id",), terminal=False
        )
    with pytest.raises(ContainerClaimed):
        requests.plan(opened.world, DeleteEnvironment(environment="production"))


def test_without_ids_a_status_shows_the_one_with_a_name_of_ours(opened: MemoryWorld) -> None:
    forget_ids(opened)
    opened.host.copy(live(opened), COPY)
    (shown,) = status(opened.world, environment="production").services
    assert shown.instance is not None
    assert shown.instance.name != COPY


def test_a_lost_record_is_not_made_again_from_several(opened: MemoryWorld) -> None:
    opened.host.copy(live(opened), COPY)
    del opened.host.records[PRODUCTION]
    with pytest.raises(RecordInvalid, match=COPY):
        outcome(requests.execute(opened.world, Deploy(environment="production")))


def test_once_the_copy_is_gone_the_record_is_made_again_with_the_id(opened: MemoryWorld) -> None:
    deployment = live(opened)
    opened.host.copy(deployment, COPY)
    del opened.host.records[PRODUCTION]
    opened.host.copies.clear()
    with opened.world.locks.environment(PRODUCTION, actor="a", purpose="test") as lock:
        list(recovery.recover_first(opened.world, lock))
    made = opened.host.records[PRODUCTION].deployments[deployment]
    assert made.container == opened.host.containers[deployment].id


def test_doctor_names_a_copy_and_an_index_entry_without_sense(opened: MemoryWorld) -> None:
    opened.host.copy(live(opened), COPY)
    opened.host.unreadable_index.append("spoiled.toml")
    found = [one for one in doctor.doctor(opened.world) if one.name == "strangers"]
    assert [one.grade for one in found] == [Grade.WARN, Grade.WARN]
    assert COPY in found[0].message
    assert "spoiled.toml" in found[1].message


# --- labels without sense ---


def test_labels_of_ours_make_an_instance() -> None:
    assert instance_of_row(row(GOOD)) is not None
    assert instance_of_inspect(inspected(GOOD)) is not None


@pytest.mark.parametrize(
    "changed",
    [
        {labels.CREATED: "9999-12-31T23:59:59-14:00"},
        {labels.CREATED: "0001-01-01T00:00:00+14:00"},
        {labels.CREATED: "soon"},
        {labels.CREATED: ""},
        {labels.PROJECT: "../../etc"},
        {labels.PROJECT: "Shop"},
        {labels.ENVIRONMENT: "x" * 64},
        {labels.ENVIRONMENT: "\ud800"},
        {labels.SERVICE: "a b"},
        {labels.SERVICE: "web\n"},
        {labels.SERVICE: ""},
        {labels.DEPLOYMENT: "dep_"},
        {labels.DEPLOYMENT: "x"},
        {labels.DEPLOYMENT: "dep_$(id)"},
        {labels.DEPLOYMENT: "dep_" + "A" * 100_000},
        {labels.SPEC: "x" * 1_000_000},
        {labels.PROJECT: 7},
        {labels.PROJECT: ["shop"]},
        {labels.DEPLOYMENT: None},
    ],
)
def test_labels_without_sense_are_left_out_and_told_why(changed: dict[str, Any]) -> None:
    marks = GOOD | changed
    assert misfit_of(marks)
    assert instance_of_row(row(marks)) is None
    assert instance_of_inspect(inspected(marks)) is None


@pytest.mark.parametrize("port", ["9" * 5000, "٣٣", "0", "-1", "x", "99999999", " 80"])
def test_a_port_that_is_none_is_nothing_known(port: str) -> None:
    made = instance_of_row(row(GOOD | {labels.PORT: port}))
    assert made is not None
    assert made.port is None


@pytest.mark.parametrize("name", [labels.FINGERPRINTS, labels.SPEC])
@pytest.mark.parametrize("text", ["[" * 5000, "{", "null", "[1]", '{"a": {"b": 1}}', "\ud800"])
def test_json_without_sense_in_a_label_is_nothing_known(name: str, text: str) -> None:
    assert instance_of_row(row(GOOD | {name: text})) is not None


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=4,
)
MARKS = st.dictionaries(st.sampled_from(sorted(GOOD)), ANYTHING).map(lambda odd: GOOD | odd)


@given(MARKS)
def test_no_labels_stop_a_list(marks: dict[str, Any]) -> None:
    misfit_of(marks)
    key_of(marks)
    for made in (instance_of_row(row(marks)), instance_of_inspect(inspected(marks))):
        assert made is None or (made.name == "somebody" and made.key.text)
    event_of({"Action": "start", "Actor": {"ID": "c1", "Attributes": marks}}, "shop")


@given(st.text(max_size=60))
def test_no_text_stops_the_reading_of_a_time(text: str) -> None:
    found = moment(text)
    assert found is None or found.tzinfo is not None


def test_the_events_of_a_copy_are_not_those_of_the_real_one() -> None:
    decoder = EventDecoder("shop", {GOOD[labels.DEPLOYMENT]: ("c1",)})
    line = '{"Action": "die", "Actor": {"ID": "%s", "Attributes": %s}}\n'
    marks = str(GOOD).replace("'", '"').replace('"{}"', '""')
    assert len(list(decoder.feed((line % ("c1", marks)).encode()))) == 1
    assert list(decoder.feed((line % ("c2", marks)).encode())) == []


def test_an_image_that_was_made_of_a_container_is_none_that_we_built() -> None:
    assert _is_built({labels.PROJECT: "shop", labels.SERVICE: "web"})
    assert not _is_built(GOOD)
    assert not _is_built(None)
