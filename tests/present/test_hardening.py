"""What a plan says of a network, an edge and privileges that the run brings."""

from dataclasses import replace

import pytest

from compartment_tui.adapters.memory.world import MemoryWorld
from compartment_tui.domain.config import EdgeSettings, Limits
from compartment_tui.domain.errors import Refused
from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.domain.requests import Deploy
from compartment_tui.operations import requests
from compartment_tui.present.plan import PlanContext, plan_lines
from tests.rollout.shop import PRODUCTION, WEB, deploy, open_shop


def said(opened: MemoryWorld, environment: str = PRODUCTION.environment) -> str:
    run = requests.plan(opened.world, Deploy(environment=environment))
    context = PlanContext(http_port=8080, commits={})
    lines = plan_lines(run, context)
    return "\n".join("".join(cell.text for cell in line) for line in lines)


def test_the_first_plan_names_the_network_and_where_the_edge_will_listen() -> None:
    opened = open_shop(WEB)
    first = said(opened)
    assert "network   10.201.0.0/24, made for this environment" in first
    assert "it listens on 127.0.0.1:8080 and 8443, for its own machine alone" in first
    assert opened.world.edge.info() is None
    deploy(opened)
    again = said(opened)
    assert "10.201" not in again
    assert "listens" not in again
    other = said(opened, "staging")
    assert "network   10.201.1.0/24, made for this environment" in other
    assert "listens" not in other


def test_an_edge_for_other_machines_is_said_to_be_one() -> None:
    opened = open_shop(WEB)
    edge = EdgeSettings(bind="::", http_port=80)
    opened.project.write(replace(opened.project.config(), edge=edge))
    assert "listens on [::]:80 and 8443: whoever reaches that address" in said(opened)


def test_what_a_service_may_do_beyond_the_usual_is_said_once() -> None:
    opened = open_shop(WEB)
    deploy(opened)
    assert "may gain" not in said(opened)
    more = replace(WEB, new_privileges=True, limits=Limits(pids=30))
    opened.project.write(replace(opened.project.config(), services=(more,)))
    words = said(opened)
    assert "may gain  more privileges than it was started with" in words
    assert "processes 30 at most" in words
    deploy(opened)
    assert "may gain" not in said(opened)
    opened.project.write(replace(opened.project.config(), services=(WEB,)))
    assert "may gain  no longer" in said(opened)
    assert "processes 4096 at most" in said(opened)


def test_a_pool_with_the_name_server_in_it_is_refused_before_anything_is_made() -> None:
    opened = open_shop(WEB)
    opened.host.needed["10.201.7.9"] = "the name server"
    with pytest.raises(Refused, match=r"holds 10\.201\.7\.9, the name server"):
        requests.plan(opened.world, Deploy(environment="production"))
    assert EnvironmentKey("shop", "production") not in opened.world.engine.networks()
