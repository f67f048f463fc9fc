"""`init`: Docker's init process in front of a service, and what is recorded of it."""

from dataclasses import replace

from compartment_tui.domain.config import ServiceSpec
from compartment_tui.domain.requests import Deploy
from compartment_tui.operations import requests
from compartment_tui.present.plan import PlanContext, plan_lines
from tests.rollout.shop import WEB, deploy, open_shop, shop_config

BEHIND_INIT = replace(WEB, init=True)


def test_it_is_left_out_at_its_default_so_nothing_recorded_changes() -> None:
    assert "init" not in WEB.text()
    assert ServiceSpec.of_text(WEB.text()).init is False
    assert ServiceSpec.of_text(BEHIND_INIT.text()).init is True


def planned(*, before: bool, after: bool) -> str:
    opened = open_shop(replace(WEB, init=before))
    deploy(opened)
    opened.project.current = shop_config(replace(WEB, init=after))
    run = requests.plan(opened.world, Deploy(environment="production"))
    lines = plan_lines(run, PlanContext(http_port=80, commits={}))
    return "\n".join("".join(cell.text for cell in line) for line in lines)


def test_the_plan_shows_it_where_it_changes() -> None:
    assert "init      Docker's init process goes first" in planned(before=False, after=True)
    assert "init      no longer" in planned(before=True, after=False)
    assert "init  " not in planned(before=True, after=True)
    assert "init  " not in planned(before=False, after=False)
