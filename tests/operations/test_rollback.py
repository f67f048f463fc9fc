"""Where a rollback leads: always to what was live before, never in circles."""

from datetime import timedelta

import pytest

from compartment_tui.adapters.memory.world import Behaviour, MemoryWorld
from compartment_tui.domain.errors import NotFound, Refused, UsageProblem
from compartment_tui.domain.outcome import Outcome
from compartment_tui.domain.requests import Redeploy, Rollback
from compartment_tui.operations import requests
from tests.rollout.shop import (
    API,
    WEB,
    change_everything,
    deploy,
    open_shop,
    outcome,
    rollback,
    shop_config,
    state,
)


def deploy_version(opened: MemoryWorld, version: str) -> str:
    opened.host.change("web", version)
    assert deploy(opened) is Outcome.LIVE
    return state(opened).active["web"]


def test_rollback_follows_previous_and_never_rewrites_it() -> None:
    opened = open_shop(WEB)
    d1, d2, _ = (deploy_version(opened, version) for version in "123")
    rollback(opened)
    assert state(opened).active["web"] == d2
    deploy_version(opened, "4")
    rollback(opened)
    assert state(opened).active["web"] == d2
    rollback(opened)
    assert state(opened).active["web"] == d1
    with pytest.raises(NotFound, match="nothing before"):
        rollback(opened)


def test_without_an_argument_it_undoes_exactly_what_the_newest_run_switched() -> None:
    opened = open_shop(WEB, API)
    deploy(opened)
    first = dict(state(opened).active)
    opened.host.change("web", "2")
    opened.host.change("api", "2")
    deploy(opened)
    second = dict(state(opened).active)
    opened.host.change("web", "3")
    deploy(opened)
    rollback(opened)
    assert dict(state(opened).active) == second
    rollback(opened)
    assert dict(state(opened).active) == first


def test_one_service_and_one_exact_deployment() -> None:
    opened = open_shop(WEB, API)
    deploy(opened)
    first = dict(state(opened).active)
    for version in "23":
        opened.host.change("web", version)
        opened.host.change("api", version)
        deploy(opened)
    third = dict(state(opened).active)
    rollback(opened, "web", to=first["web"][-8:].lower())
    assert state(opened).active == {"web": first["web"], "api": third["api"]}
    with pytest.raises(UsageProblem, match="exactly one"):
        rollback(opened, to=first["web"])
    with pytest.raises(UsageProblem, match="is a deployment of web"):
        rollback(opened, "api", to=first["web"])
    with pytest.raises(Refused, match="is live already"):
        rollback(opened, "web", to=first["web"])


def test_a_whole_run_only_when_it_covers_everything_that_is_live() -> None:
    opened = open_shop(WEB, API)
    deploy(opened, "web")
    only_web = state(opened).runs[-1].id
    deploy(opened)
    both = state(opened).runs[-1].id
    opened.host.change("web", "2")
    opened.host.change("api", "2")
    deploy(opened)
    with pytest.raises(Refused, match="live now: api"):
        outcome(requests.execute(opened.world, Rollback(environment="production", run=only_web)))
    assert (
        outcome(requests.execute(opened.world, Rollback(environment="production", run=both)))
        is Outcome.LIVE
    )
    assert dict(state(opened).active) == dict(state(opened).run(both).deployments)  # type: ignore[union-attr]


def test_a_kept_container_runs_with_the_values_it_had() -> None:
    opened = open_shop(WEB)
    first = deploy_version(opened, "1")
    opened.project.current = shop_config(WEB, greeting="other")
    deploy(opened)
    rollback(opened)
    assert state(opened).active["web"] == first
    assert opened.host.containers[first].environment["GREETING"] == "hello"


def test_when_only_the_image_is_left_it_becomes_a_new_deployment_with_todays_values() -> None:
    opened = open_shop(WEB)
    d1, d2, d3 = (deploy_version(opened, version) for version in "123")
    del opened.host.containers[d2]
    opened.project.current = shop_config(WEB, greeting="today")
    plan = requests.plan(opened.world, Rollback(environment="production")).plans[0]
    assert plan.changes.changed == ("GREETING",)
    assert plan.differs.changed == ("GREETING",)
    rollback(opened)
    made = state(opened).active_deployment("web")
    assert made is not None
    assert made.id not in {d1, d2, d3}
    assert (made.source, made.image) == (d2, state(opened).deployments[d2].image)
    assert opened.host.containers[made.id].environment["GREETING"] == "today"
    rollback(opened)
    assert state(opened).active["web"] == d1


def test_when_nothing_is_left_it_is_refused_and_nothing_is_touched() -> None:
    opened = open_shop(WEB)
    first, second = (deploy_version(opened, version) for version in "12")
    image = opened.host.containers.pop(first).birth.image.id
    del opened.host.images[image]
    with pytest.raises(Refused, match="no longer on the engine"):
        rollback(opened)
    assert opened.host.answer("shop.localhost") == second


def test_a_target_that_is_not_ready_any_more_leaves_the_active_one() -> None:
    opened = open_shop(WEB)
    first, second = (deploy_version(opened, version) for version in "12")
    opened.host.containers[first].behaviour = Behaviour(exits_after=timedelta(seconds=0.1))
    assert rollback(opened) is Outcome.FAILED
    assert state(opened).active["web"] == second == opened.host.answer("shop.localhost")
    assert first in opened.host.containers
    assert opened.host.problems() == []


def test_redeploy_runs_the_recorded_image_with_todays_values() -> None:
    opened = open_shop()
    deploy(opened)
    before = state(opened)
    change_everything(opened, "2")
    assert (
        outcome(requests.execute(opened.world, Redeploy(environment="production"))) is Outcome.LIVE
    )
    for service, id_ in state(opened).active.items():
        old = before.deployments[before.active[service]]
        new = state(opened).deployments[id_]
        assert new.image == old.image
        assert (new.source, new.previous) == (old.id, old.id)
    assert opened.host.releases == [before.active["api"]]


def test_after_the_record_was_lost_a_rollback_still_leads_back() -> None:
    opened = open_shop(WEB)
    first, second = (deploy_version(opened, version) for version in "12")
    opened.host.records.clear()
    assert opened.host.answer("shop.localhost") == second
    assert rollback(opened) is Outcome.LIVE
    assert opened.host.answer("shop.localhost") == first == state(opened).active["web"]
    assert opened.host.problems() == []
