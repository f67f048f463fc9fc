"""Retention and prune: what is kept, what goes, and what a leak leaves."""

from dataclasses import replace
from datetime import timedelta

import pytest

from compartment_tui.adapters.memory.world import MemoryWorld, memory_world
from compartment_tui.domain.config import EnvironmentConfig, Kind, ServiceSpec
from compartment_tui.domain.errors import Locked
from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.domain.outcome import Outcome
from compartment_tui.domain.planning.retention import Pruning
from compartment_tui.domain.requests import DeleteEnvironment, Deploy, Prune
from compartment_tui.operations import requests
from tests.rollout.shop import (
    PRODUCTION,
    WEB,
    WORKER,
    change_everything,
    deploy,
    open_shop,
    outcome,
    rollback,
    shop_config,
    state,
)


@pytest.fixture
def shop() -> MemoryWorld:
    """Eight versions of web and worker, of which retention kept all."""
    opened = open_shop(WEB, WORKER, keep=20)
    for version in range(1, 9):
        change_everything(opened, str(version))
        assert deploy(opened) is Outcome.LIVE
        opened.clock.advance(timedelta(hours=1))
    return opened


def keeping(shop: MemoryWorld, keep: int) -> None:
    shop.project.write(replace(shop.world.project.config(), keep=keep))


def deploy_to(shop: MemoryWorld, environment: str) -> Outcome:
    return outcome(requests.execute(shop.world, Deploy(environment=environment)))


def plan(shop: MemoryWorld) -> Pruning:
    return requests.plan(shop.world, Prune())


def versions(shop: MemoryWorld, service: str = "web") -> list[str]:
    """Ids of its deployments, newest first."""
    return [one.id for one in state(shop).of_service(service)]


def here(shop: MemoryWorld, service: str = "web") -> list[str]:
    mine = [one for one in shop.host.containers.values() if one.service == service]
    return sorted((one.deployment for one in mine), reverse=True)


def test_keep_counts_stopped_reusable_deployments_besides_the_active_one(
    shop: MemoryWorld,
) -> None:
    keeping(shop, 2)
    done = requests.execute(shop.world, Prune())
    assert here(shop) == versions(shop)[:3]
    assert here(shop, "worker") == versions(shop, "worker")[:3]
    assert {one.deployment for one in done.containers if one.service == "web"} == set(
        versions(shop)[3:]
    )


def test_what_a_plan_says_is_what_goes(shop: MemoryWorld) -> None:
    keeping(shop, 3)
    before, containers = state(shop), set(shop.host.containers)
    said = plan(shop)
    assert state(shop) == before
    assert set(shop.host.containers) == containers
    assert said.bytes_after is None
    done = requests.execute(shop.world, Prune())
    assert (done.containers, done.images) == (said.containers, said.images)
    assert not shop.host.containers.keys() & {one.deployment for one in done.containers}
    assert not shop.host.images.keys() & set(done.images)
    assert plan(shop).empty


def test_the_rollback_target_of_the_active_one_is_never_pruned(shop: MemoryWorld) -> None:
    first = versions(shop)[-1]
    assert rollback(shop, "web", to=first) is Outcome.LIVE
    second = versions(shop)[-2]
    assert rollback(shop, "web", to=second) is Outcome.LIVE
    keeping(shop, 1)
    requests.execute(shop.world, Prune())
    assert first in here(shop)
    assert rollback(shop, "web") is Outcome.LIVE
    assert state(shop).active["web"] == first


def test_held_candidates_are_never_pruned(shop: MemoryWorld) -> None:
    shop.host.change("web", "held")
    held = outcome(
        requests.execute(shop.world, Deploy(environment="production", services=("web",), hold=True))
    )
    assert held is Outcome.HELD
    keeping(shop, 1)
    requests.execute(shop.world, Prune())
    candidate = state(shop).held["web"]
    assert candidate in here(shop)
    assert state(shop).deployments[candidate].image in shop.host.images


def test_an_image_goes_when_no_kept_deployment_anywhere_uses_it(shop: MemoryWorld) -> None:
    """Staging runs the oldest image; its own containers are another environment's."""
    oldest = state(shop).deployments[versions(shop)[-1]].image
    change_everything(shop, "1")
    assert deploy_to(shop, "staging") is Outcome.LIVE
    keeping(shop, 1)
    done = requests.execute(shop.world, Prune(environment="production"))
    assert oldest not in done.images
    assert oldest in shop.host.images
    used = {one.birth.image.id for one in shop.host.containers.values()}
    assert shop.host.built.keys() == used
    requests.execute(shop.world, DeleteEnvironment(environment="staging"))
    assert oldest in requests.execute(shop.world, Prune()).images
    assert oldest not in shop.host.images


def test_an_image_that_another_project_runs_stays(shop: MemoryWorld) -> None:
    oldest = state(shop).deployments[versions(shop)[-1]].image
    shop.host.pulled["compartment/shop/web:1"] = oldest
    shop.host.unpublished.add("compartment/shop/web:1")
    other = ServiceSpec(name="web", kind=Kind.API, image="compartment/shop/web:1", port=80)
    config = replace(shop_config(other), name="guest")
    guest = memory_world(config, host=shop.host)
    assert outcome(requests.execute(guest.world, Deploy(environment="production"))) is Outcome.LIVE
    keeping(shop, 1)
    assert oldest not in requests.execute(shop.world, Prune()).images
    assert oldest in shop.host.images


def test_an_image_that_we_did_not_build_stays() -> None:
    pulled = ServiceSpec(name="web", image="registry.example.com/web:1", port=80)
    opened = memory_world(shop_config(pulled, keep=1))
    for version in "1234":
        opened.host.change("registry.example.com/web:1", version)
        assert deploy(opened) is Outcome.LIVE
    before = set(opened.host.images)
    assert requests.execute(opened.world, Prune()).images == ()
    assert set(opened.host.images) == before


def test_bytes_before_and_after_are_told(shop: MemoryWorld) -> None:
    keeping(shop, 1)
    before = shop.world.engine.disk_use()
    done = requests.execute(shop.world, Prune())
    assert done.bytes_before == before
    assert done.bytes_after == shop.world.engine.disk_use()
    assert done.bytes_after < before


def test_secrets_before_takes_kept_containers_and_leaves_their_images(shop: MemoryWorld) -> None:
    moment = shop.clock.now() - timedelta(hours=3, minutes=30)
    images = dict(shop.host.images)
    done = requests.execute(shop.world, Prune(before=moment))
    assert here(shop) == versions(shop)[:3]
    assert all(one.was_live for one in done.containers)
    assert shop.host.images == images
    assert done.images == ()
    assert [line.verb for line in state(shop).audit][-1] == "prune --secrets-before"


def test_after_a_leak_a_rollback_makes_a_new_container_with_todays_values(
    shop: MemoryWorld,
) -> None:
    target = versions(shop)[1]
    requests.execute(shop.world, Prune(before=shop.clock.now()))
    assert target not in here(shop)
    keeping(shop, 2)
    requests.execute(shop.world, Prune())
    assert rollback(shop, "web") is Outcome.LIVE
    active = state(shop).active_deployment("web")
    assert active is not None
    assert active.source == target
    assert active.image == state(shop).deployments[target].image


def test_after_a_leak_the_next_deploys_keep_the_images_too(shop: MemoryWorld) -> None:
    keeping(shop, 3)
    requests.execute(shop.world, Prune(before=shop.clock.now()))
    target = state(shop).deployments[versions(shop)[1]]
    change_everything(shop, "9")
    assert deploy(shop) is Outcome.LIVE
    assert target.image in shop.host.images
    assert rollback(shop, "web", to=target.id) is Outcome.LIVE


def test_what_is_live_with_old_values_is_told_and_stays(shop: MemoryWorld) -> None:
    done = requests.execute(shop.world, Prune(before=shop.clock.now()))
    assert {one.service: one.why for one in done.remaining} == {
        "web": "active: redeploy it",
        "worker": "active: redeploy it",
    }
    assert here(shop) == versions(shop)[:1]


def test_protected_environments_have_to_be_named() -> None:
    protected = EnvironmentConfig(name="production", protected=True)
    opened = memory_world(replace(shop_config(WEB, keep=20), environments=(protected,)))
    for version in "1234":
        opened.host.change("web", version)
        assert deploy(opened) is Outcome.LIVE
    keeping(opened, 1)
    assert requests.execute(opened.world, Prune()).containers == ()
    assert PRODUCTION in requests.plan(opened.world, Prune()).skipped
    assert len(requests.execute(opened.world, Prune(environment="production")).containers) == 2


def test_an_environment_that_is_being_changed_is_left_out(shop: MemoryWorld) -> None:
    assert deploy_to(shop, "staging") is Outcome.LIVE
    keeping(shop, 1)
    other = shop.another(actor="bob@desk")
    staging = EnvironmentKey("shop", "staging")
    for version in "ab":
        change_everything(shop, version)
        assert deploy_to(shop, "staging") is Outcome.LIVE
    before = len(shop.host.containers)
    with other.world.locks.environment(PRODUCTION, actor="bob@desk", purpose="deploy"):
        done = requests.execute(shop.world, Prune())
        assert list(done.skipped) == [PRODUCTION]
        assert {one.key for one in done.containers} <= {staging}
        assert done.images == ()
        with pytest.raises(Locked, match="bob@desk"):
            requests.execute(shop.world, Prune(environment="production"))
    assert len(shop.host.containers) >= before - 2
    assert requests.execute(shop.world, Prune()).containers


def test_a_deploy_prunes_by_the_same_rule() -> None:
    opened = open_shop(WEB, keep=2)
    for version in range(6):
        opened.host.change("web", str(version))
        assert deploy(opened) is Outcome.LIVE
    assert len(here(opened)) == 3
    assert plan(opened).empty
    assert len(opened.host.built) == 3
