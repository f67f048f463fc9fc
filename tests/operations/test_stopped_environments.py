"""An environment whose services were all stopped by hand is stopped: not pending, not healthy."""

import json

from compartment_tui.domain.deployment import Health
from compartment_tui.domain.requests import Stop
from compartment_tui.operations import requests
from compartment_tui.operations.environments import environments
from compartment_tui.operations.status import status
from compartment_tui.tui.main.environment_tabs import environment_tabs
from compartment_tui.tui.state.app_state import Board
from tests.cli.line import line
from tests.rollout.shop import WEB, WORKER, deploy, open_shop


def test_all_of_it_stopped() -> None:
    opened = open_shop(WEB, WORKER)
    deploy(opened)
    list(requests.execute(opened.world, Stop(environment="production")))
    (view,) = environments(opened.world)
    assert view.stopped
    said = line(opened, "environment", "list").out
    assert "○ stopped" in said
    assert "pending" not in said
    (listed,) = json.loads(line(opened, "environment", "list", "--output", "json").out)[
        "environments"
    ]
    assert (listed["health"], listed["stoppedServices"]) == (None, 2)
    assert "pending" not in line(opened, "environment", "show").out
    document = json.loads(line(opened, "status", "--output", "json").out)
    assert (document["health"], document["stopped"]) == (None, True)


def test_its_tab_says_so_with_and_without_a_status() -> None:
    opened = open_shop(WEB, WORKER)
    deploy(opened)
    list(requests.execute(opened.world, Stop(environment="production")))
    views = environments(opened.world)
    board = Board(environment="production", environments=views)
    now = status(opened.world, environment="production")
    for one in (
        board,
        Board(environment="production", environments=views, statuses={"production": now}),
    ):
        (tab,) = environment_tabs(one)
        assert "○ stopped" in "".join(piece.text for piece in tab.pieces)


def test_a_part_of_it_stopped_leaves_the_rest_to_tell() -> None:
    opened = open_shop(WEB, WORKER)
    deploy(opened)
    list(requests.execute(opened.world, Stop(environment="production", services=("worker",))))
    (view,) = environments(opened.world)
    assert (view.health, view.resting, view.stopped) == (Health.HEALTHY, 1, False)
    assert "healthy, 1 stopped" in line(opened, "environment", "list").out
    assert status(opened.world, environment="production").worst is Health.HEALTHY


def test_one_that_runs_though_it_was_stopped_is_not_stopped() -> None:
    opened = open_shop(WEB)
    deploy(opened)
    list(requests.execute(opened.world, Stop(environment="production")))
    for one in opened.host.containers.values():
        one.start()
    (view,) = environments(opened.world)
    assert not view.stopped
    assert view.health is Health.PENDING
