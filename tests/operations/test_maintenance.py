"""Maintenance: visitors get a page, the containers run on, and deploys do not end it."""

from datetime import timedelta

import pytest

from compartment_tui.adapters.memory.world import MemoryWorld
from compartment_tui.domain.errors import NotFound, Refused
from compartment_tui.domain.outcome import Outcome
from compartment_tui.domain.public_side import PublicSide
from compartment_tui.domain.requests import BeginMaintenance, EndMaintenance
from compartment_tui.operations import requests
from tests.rollout.shop import (
    PRODUCTION,
    change_everything,
    deploy,
    lock,
    open_shop,
    rollback,
    state,
)

HOST, API_HOST = "shop.localhost", "api-shop.localhost"


def begin(opened: MemoryWorld, *services: str, message: str = "") -> None:
    request = BeginMaintenance(environment="production", services=services, message=message)
    requests.execute(opened.world, request)


def end(opened: MemoryWorld, *services: str) -> None:
    requests.execute(opened.world, EndMaintenance(environment="production", services=services))


@pytest.fixture
def opened() -> MemoryWorld:
    shop = open_shop()
    assert deploy(shop) is Outcome.LIVE
    return shop


def test_only_visitors_of_that_service_notice(opened: MemoryWorld) -> None:
    begin(opened, "web")
    active = state(opened).active
    assert opened.host.answer(HOST) is None
    assert opened.host.answer(API_HOST) == active["api"]
    assert opened.host.running(PRODUCTION, "web") == (active["web"],)
    assert opened.host.call(active["worker"], "web") == active["web"]
    assert not opened.host.problems()


def test_it_outlives_deploys_and_a_rollback(opened: MemoryWorld) -> None:
    begin(opened, "web", message="Back at noon")
    change_everything(opened, "2")
    assert deploy(opened) is Outcome.LIVE
    assert rollback(opened) is Outcome.LIVE
    assert opened.host.answer(HOST) is None
    treatment = state(opened).public.treatment(HOST)
    assert (treatment.maintenance, treatment.message) == (True, "Back at noon")
    end(opened)
    assert opened.host.answer(HOST) == state(opened).active["web"]
    assert state(opened).public == PublicSide()


def test_a_preview_gets_through(opened: MemoryWorld) -> None:
    begin(opened)
    change_everything(opened, "2")
    assert lock(opened) is Outcome.HELD
    held = state(opened).held_deployment("web")
    assert held is not None
    assert held.preview is not None
    assert opened.host.answer(held.preview) == held.id


def test_lost_documents_come_back_in_maintenance(opened: MemoryWorld) -> None:
    begin(opened, "web")
    opened.host.empty_routes()
    opened.world.edge.ensure(opened.project.config().edge)
    opened.clock.sleep(timedelta(seconds=1))
    assert opened.host.in_force[PRODUCTION].public.treatment(HOST).maintenance


def test_what_has_no_route_is_refused(opened: MemoryWorld) -> None:
    with pytest.raises(NotFound, match="“worker” has no route"):
        begin(opened, "worker")
    with pytest.raises(NotFound, match="nothing that is live in “production” has a route"):
        begin(open_shop())


def test_an_edge_of_an_earlier_version_is_told_before_anything_is_written(
    opened: MemoryWorld,
) -> None:
    assert opened.host.edge is not None
    opened.host.edge.lacks = ("has no page for maintenance",)
    before = opened.host.documents[PRODUCTION]
    with pytest.raises(Refused, match="an earlier version made the edge") as refused:
        begin(opened)
    assert "edge restart --apply" in refused.value.hint
    assert opened.host.documents[PRODUCTION] == before


def test_an_edge_that_does_not_take_it_has_the_routes_as_they_were(opened: MemoryWorld) -> None:
    opened.host.route_delay = None
    before = opened.host.documents[PRODUCTION]
    with pytest.raises(Exception, match="did not take the routes"):
        begin(opened)
    assert opened.host.documents[PRODUCTION] == before
    assert state(opened).public == PublicSide()
