"""Which container a deployment has: the one that its record names, whatever labels others bear."""

import secrets
from datetime import timedelta

import pytest

from compartment_tui.domain.deployment import (
    Deployment,
    EnvironmentRecord,
    Instance,
    Stage,
    Status,
    Trigger,
)
from compartment_tui.domain.errors import ContainerClaimed, RecordInvalid
from compartment_tui.ports import World
from tests.contract.bench import SECOND, Bench


def recorded(bench: Bench, made: Instance, *, container: str) -> None:
    one = Deployment(
        id=made.deployment,
        run=made.run,
        service=made.service,
        created=made.created,
        trigger=Trigger.DEPLOY,
        spec=made.spec,
        image=made.image,
        container=container,
        port=8080,
        status=Status.SUCCEEDED,
        stage=Stage.ACTIVE,
        activated=made.created,
    )
    state = EnvironmentRecord(
        key=bench.key, active={made.service: one.id}, deployments={one.id: one}
    )
    with bench.lock() as lock:
        lock.write_record(state)


@pytest.fixture
def name() -> str:
    return f"neighbour-{secrets.token_hex(4)}"


@pytest.fixture
def other(bench: Bench) -> World:
    """Another process, which has read the record and made nothing."""
    return bench.another()


def test_what_is_done_to_a_deployment_is_done_to_the_container_of_its_record(
    bench: Bench, other: World, name: str
) -> None:
    made = bench.start("web")
    recorded(bench, made, container=made.container)
    bench.copy(made.deployment, name)
    other.records.read(bench.key)
    found = other.engine.instance(made.deployment)
    assert found is not None
    assert found.container == made.container
    assert [one.container for one in other.engine.instances(bench.key)] == [made.container]
    other.engine.retire(made.deployment, timedelta())
    assert not bench.now(made.deployment).running
    assert bench.copies_running() == 1


def test_with_the_real_one_gone_the_copy_does_not_take_its_place(
    bench: Bench, other: World, name: str
) -> None:
    made = bench.start("web")
    recorded(bench, made, container=made.container)
    bench.copy(made.deployment, name)
    bench.world.engine.remove(made.deployment)
    assert bench.copies_running() == 1
    other.records.read(bench.key)
    assert other.engine.instance(made.deployment) is None
    assert other.engine.instances(bench.key) == ()


def test_removing_an_environment_leaves_the_copy(bench: Bench, other: World, name: str) -> None:
    made = bench.start("web")
    recorded(bench, made, container=made.container)
    bench.copy(made.deployment, name)
    other.records.read(bench.key)
    other.engine.remove_environment(bench.key, volumes=False)
    assert bench.copies_running() == 1
    other.records.forget(bench.key)
    assert bench.another().engine.instances(bench.key) == ()


def test_without_an_id_on_record_a_single_container_counts_by_its_labels(
    bench: Bench, other: World
) -> None:
    made = bench.start("web")
    recorded(bench, made, container="")
    other.records.read(bench.key)
    found = other.engine.instance(made.deployment)
    assert found is not None
    assert found.container == made.container


def test_without_an_id_on_record_several_are_refused_by_name(
    bench: Bench, other: World, name: str
) -> None:
    made = bench.start("web")
    recorded(bench, made, container="")
    bench.copy(made.deployment, name)
    other.records.read(bench.key)
    with pytest.raises(ContainerClaimed) as refused:
        other.engine.retire(made.deployment, SECOND)
    assert name in refused.value.message
    assert made.name in refused.value.message
    assert "docker rm" in refused.value.hint
    assert bench.copies_running() == 1
    assert bench.accepts(made.deployment)


def test_a_lost_record_is_not_made_again_from_several_that_claim_to_be_one(
    bench: Bench, other: World, name: str
) -> None:
    made = bench.start("web")
    bench.copy(made.deployment, name)
    with (
        other.locks.environment(bench.key, actor="bob@desk", purpose="contract") as lock,
        pytest.raises(RecordInvalid, match="cannot be made again") as refused,
    ):
        lock.read_record()
    assert name in refused.value.message
    assert made.name in refused.value.message


def test_a_copy_is_named_among_what_does_not_fit(bench: Bench, other: World, name: str) -> None:
    made = bench.start("web")
    recorded(bench, made, container=made.container)
    bench.copy(made.deployment, name)
    other.records.read_all(bench.key.project)
    found = [one for one in other.engine.misfits(bench.key.project) if one.kind == "container"]
    assert name in [one.name for one in found]
    assert made.name not in [one.name for one in found]


def test_an_entry_of_the_index_that_makes_no_sense_hides_no_other(bench: Bench) -> None:
    made = bench.start("web")
    recorded(bench, made, container=made.container)
    bench.spoil_index()
    assert bench.world.records.environments(bench.key.project) == (bench.key,)
    assert list(bench.world.records.read_all(bench.key.project)) == [bench.key]
    assert bench.world.records.unreadable() == ("spoiled.toml",)
