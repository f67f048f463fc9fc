"""What a rollback says it brings back, and what of it is there at all."""

from datetime import timedelta

import pytest

from compartment_tui.adapters.memory.world import MemoryWorld
from compartment_tui.domain.errors import Refused
from compartment_tui.domain.events import Noted
from compartment_tui.domain.outcome import Outcome
from compartment_tui.domain.requests import Rollback
from compartment_tui.domain.views import Left
from compartment_tui.operations import completion, requests
from compartment_tui.operations.history import history
from compartment_tui.operations.status import status
from tests.cli.line import line
from tests.rollout.shop import API, WEB, deploy, open_shop, rollback, shop_config, state


def only_a_variable_differs(*services: str) -> tuple[MemoryWorld, str]:
    """A bad value is live, and somebody pruned the kept container of the good one."""
    opened = open_shop(WEB, API) if services else open_shop(WEB)
    deploy(opened)
    good = state(opened).active["web"]
    opened.project.current = shop_config(*((WEB, API) if services else (WEB,)), greeting="bad")
    deploy(opened)
    del opened.host.containers[good]
    return opened, good


def test_it_is_refused_where_nothing_of_it_can_come_back() -> None:
    opened, good = only_a_variable_differs()
    bad = state(opened).active["web"]
    said = line(opened, "rollback")
    assert said.code == 5
    assert good[-10:].lower() in said.err
    assert "GREETING" in said.err
    assert "redeploy -s web" in said.err
    assert "is live" not in said.err.replace("the one that is live", "")
    assert line(opened, "rollback", "--plan").code == 5
    assert state(opened).active["web"] == bad
    assert len(state(opened).runs) == 2


@pytest.mark.parametrize("how", [("-s", "web"), ("-s", "web", "--to", "GOOD")])
def test_it_is_refused_by_every_road_to_it(how: tuple[str, ...]) -> None:
    opened, good = only_a_variable_differs()
    words = [good[-10:].lower() if word == "GOOD" else word for word in how]
    assert line(opened, "rollback", *words).code == 5


def test_one_service_that_cannot_come_back_keeps_the_others_from_going_alone() -> None:
    opened, _ = only_a_variable_differs("web", "api")
    with pytest.raises(Refused, match="nothing of web"):
        rollback(opened)
    assert rollback(opened, "api") is Outcome.LIVE


def test_a_forced_copy_of_the_same_is_not_gone_back_to_either() -> None:
    opened = open_shop(WEB)
    deploy(opened)
    first = state(opened).active["web"]
    deploy(opened, force=True)
    del opened.host.containers[first]
    with pytest.raises(Refused, match="nothing of web"):
        rollback(opened)


def test_with_the_good_value_in_the_file_again_it_comes_back() -> None:
    opened, _ = only_a_variable_differs()
    opened.project.current = shop_config(WEB)
    said = line(opened, "rollback")
    assert said.code == 0
    assert "a new deployment, with the values it had" in said.err
    active = state(opened).active["web"]
    assert opened.host.containers[active].environment["GREETING"] == "hello"


def test_another_image_comes_back_and_the_run_says_whose_values_it_has() -> None:
    opened = open_shop(WEB)
    deploy(opened)
    first = state(opened).active["web"]
    opened.host.change("web", "2")
    deploy(opened)
    del opened.host.containers[first]
    opened.project.current = shop_config(WEB, greeting="today")
    events = list(requests.execute(opened.world, Rollback(environment="production")))
    (note,) = (one.message for one in events if isinstance(one, Noted))
    assert note == (
        f"the container of {first[-10:].lower()} is gone, so its image runs as a new deployment,"
        " with today's values and not those it had (GREETING)"
    )


def test_another_way_to_run_comes_back_where_the_file_has_it_again() -> None:
    opened = open_shop(WEB)
    deploy(opened)
    first = state(opened).active["web"]
    slow = shop_config(
        *(type(WEB)(name="web", path="web", port=8080, settle=timedelta(seconds=3)),)
    )
    opened.project.current = slow
    deploy(opened)
    del opened.host.containers[first]
    with pytest.raises(Refused):
        rollback(opened)
    opened.project.current = shop_config(WEB)
    assert rollback(opened) is Outcome.LIVE


def left_everywhere(opened: MemoryWorld, before: str) -> tuple[Left | None, str, str, str]:
    """What is said of it by the status, the history, the completion, and the command line."""
    (row,) = status(opened.world, environment="production").services
    past = history(opened.world, environment="production")
    (view,) = (one for run in past for one in run.deployments if one.deployment.id == before)
    offered = dict(completion.deployments(opened.world, environment="production"))[before]
    listed = line(opened, "deployment", "list").out
    (text,) = (row for row in listed.splitlines() if before[-10:].lower() in row)
    return row.rollback_left, view.available, offered, text


def test_everything_that_lists_a_way_back_looks_whether_it_is_there() -> None:
    opened = open_shop(WEB)
    deploy(opened)
    before = state(opened).active["web"]
    opened.host.change("web", "2")
    deploy(opened)
    image = state(opened).deployments[before].image

    left, available, offered, text = left_everywhere(opened, before)
    assert (left, available) == (Left.CONTAINER, "container")
    assert offered.endswith(", kept")
    assert ", kept" in text
    assert f"{before[-10:].lower()}, kept" in line(opened, "inspect", "-s", "web").out

    del opened.host.containers[before]
    left, available, offered, text = left_everywhere(opened, before)
    assert (left, available) == (Left.IMAGE, "image")
    assert offered.endswith(", image only")
    assert ", image only" in text
    assert f"{before[-10:].lower()}, image only" in line(opened, "inspect", "-s", "web").out

    del opened.host.images[image]
    left, available, offered, text = left_everywhere(opened, before)
    assert (left, available) == (Left.GONE, "gone")
    assert offered.endswith(", gone")
    assert ", gone" in text
    assert "what was before it is gone" in line(opened, "inspect", "-s", "web").out
