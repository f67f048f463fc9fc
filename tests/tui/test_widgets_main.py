from dataclasses import replace
from datetime import timedelta

import pytest

from compartment_tui.domain.deployment import Stage
from compartment_tui.domain.detail_views import RouteView, Visit
from compartment_tui.domain.errors import EngineUnreachable
from compartment_tui.domain.requests import Rollback
from compartment_tui.domain.routes import Route
from compartment_tui.tui import messages as news
from compartment_tui.tui.kit.key_table import CURSOR, MARK
from compartment_tui.tui.main.detail_pane import Overview
from compartment_tui.tui.main.environment_bar import EnvironmentBar
from compartment_tui.tui.main.history_pane import Releases
from compartment_tui.tui.main.pane_bar import PANES, PaneBar
from compartment_tui.tui.main.routes_pane import Routes
from compartment_tui.tui.main.services_table import Services
from compartment_tui.tui.main.variables_pane import Variables
from compartment_tui.tui.messages import ActWanted
from compartment_tui.tui.shell.banner import Banner
from tests.present.boards import (
    NOW,
    PRODUCTION,
    board,
    deployment,
    run,
    samples,
    service,
    sick,
    view,
    with_status,
)
from tests.tui.widget_host import On, on

SHOP = board(service("web"), sick("api"), service("worker"))


def tabs(number: int) -> tuple[str, ...]:
    return ("production", *(f"preview-{n:02}" for n in range(number)))


def marked(it: On[Services]) -> tuple[str, ...]:
    return it.widget.marked


# --- environments ---------------------------------------------------------------------------------


def test_the_bar_names_project_and_environments() -> None:
    async def test(it: On[EnvironmentBar]) -> None:
        it.widget.show(SHOP, NOW)
        await it.pilot.pause()
        assert it.lines()[0] == " shop  1 production ✗  2 staging ✓"

    on(EnvironmentBar(), test)


def test_a_click_on_a_tab_chooses_it() -> None:
    async def test(it: On[EnvironmentBar]) -> None:
        it.widget.show(SHOP, NOW)
        await it.pilot.pause()
        await it.pilot.click(EnvironmentBar, offset=(it.lines()[0].index("staging") + 3, 0))
        await it.pilot.click(EnvironmentBar, offset=(2, 0))
        await it.pilot.click(EnvironmentBar, offset=(70, 0))
        assert [getattr(one, "environment", "") for one in it.posted] == ["staging"]

    on(EnvironmentBar(), test)


@pytest.mark.parametrize("chosen", [0, 1, 20, 39, 40])
def test_the_chosen_tab_is_in_sight_and_can_be_clicked(chosen: int) -> None:
    names = tabs(40)

    async def test(it: On[EnvironmentBar]) -> None:
        shown = replace(board(names=names), environment=names[chosen])
        it.widget.show(shown, NOW)
        await it.pilot.pause()
        line = it.lines()[0]
        assert names[chosen] in line
        assert ("\u203a" in line) == (chosen < 38)
        await it.pilot.click(EnvironmentBar, offset=(line.index(names[chosen]), 0))
        (posted,) = it.posted
        assert isinstance(posted, news.EnvironmentChosen)
        assert posted.environment == names[chosen]

    on(EnvironmentBar(), test)


def test_the_bar_is_not_drawn_again_for_nothing() -> None:
    async def test(it: On[EnvironmentBar]) -> None:
        it.widget.show(SHOP, NOW)
        await it.pilot.pause()
        it.drawn.clear()
        it.widget.show(replace(SHOP, service="api"), NOW + timedelta(hours=1))
        await it.pilot.pause()
        assert it.drawn == []

    on(EnvironmentBar(), test)


# --- banner ---------------------------------------------------------------------------------------


def test_the_banner_takes_no_line_until_there_is_something_to_say() -> None:
    async def test(it: On[Banner]) -> None:
        it.widget.show(SHOP, NOW)
        await it.pilot.pause()
        assert it.widget.styles.display == "none"
        lost = replace(SHOP, trouble=EngineUnreachable("Docker does not answer: no [/b] socket"))
        it.widget.show(lost, NOW + timedelta(minutes=2))
        await it.pilot.pause()
        assert "no [/b] socket; what you see is from" in it.lines()[0]
        assert "(2m ago)" in it.lines()[0]
        assert "`compartment-tui doctor` says what to do" in " ".join(" ".join(it.lines()).split())
        it.widget.show(SHOP, NOW)
        await it.pilot.pause()
        assert it.widget.styles.display == "none"

    on(Banner(), test, size=(120, 24))


# --- services -------------------------------------------------------------------------------------


def test_services_show_the_board_and_its_selection() -> None:
    async def test(it: On[Services]) -> None:
        it.widget.show(replace(SHOP, service="api"), NOW)
        await it.pilot.pause()
        lines = it.lines()
        assert lines[2].startswith(f"{CURSOR} api")
        assert "✗ unhealthy  exited with code 137" in lines[2]
        assert it.posted == []

    on(Services(), test)


def test_moving_tells_the_service() -> None:
    async def test(it: On[Services]) -> None:
        it.widget.show(SHOP, NOW)
        await it.pilot.pause()
        await it.press("j")
        await it.pilot.click(Services, offset=(10, 3))
        assert [getattr(one, "service", "") for one in it.posted] == ["api", "worker"]

    on(Services(), test)


def test_space_marks_and_goes_on_and_a_marks_all_or_none() -> None:
    async def test(it: On[Services]) -> None:
        it.widget.show(SHOP, NOW)
        await it.pilot.pause()
        await it.press("space", "space")
        assert marked(it) == ("web", "api")
        assert it.lines()[1][1] == MARK
        await it.press("k", "k", "space")
        assert marked(it) == ("api",)
        await it.press("a")
        assert marked(it) == ("web", "api", "worker")
        await it.press("a")
        assert marked(it) == ()
        await it.pilot.click(Services, offset=(1, 3))
        assert marked(it) == ("worker",)

    on(Services(), test)


def test_marks_stay_with_their_services_and_end_with_the_environment() -> None:
    async def test(it: On[Services]) -> None:
        it.widget.show(SHOP, NOW)
        await it.pilot.pause()
        await it.press("j", "space")
        it.widget.show(board(sick("api"), service("zebra"), service("web")), NOW)
        assert marked(it) == ("api",)
        it.widget.show(SHOP.choosing("staging"), NOW)
        it.widget.show(SHOP, NOW)
        assert marked(it) == ()

    on(Services(), test)


def test_a_sample_draws_one_line() -> None:
    async def test(it: On[Services]) -> None:
        it.widget.show(SHOP, NOW)
        await it.pilot.pause()
        row = SHOP.selected
        assert row
        assert row.active
        first = replace(SHOP, samples={row.active.id: samples(2)})
        it.widget.show(first, NOW)
        await it.pilot.pause()
        it.drawn.clear()
        for cpu in (0.01, 0.07, 0.7, 7.0):
            it.widget.show(replace(SHOP, samples={row.active.id: samples(3, cpu=cpu)}), NOW)
            await it.pilot.pause()
        assert set(it.drawn) == {1}

    on(Services(), test, size=(200, 20))


def test_it_tells_which_services_can_be_seen() -> None:
    many = board(*(service(f"s{number:02}") for number in range(30)))

    async def test(it: On[Services]) -> None:
        it.widget.show(many, NOW)
        await it.pilot.pause()
        assert it.app.in_view[-1] == tuple(f"s{number:02}" for number in range(5))
        it.app.in_view.clear()
        await it.press("end")
        await it.pilot.pause()
        assert it.app.in_view[-1] == tuple(f"s{number:02}" for number in range(25, 30))
        it.app.in_view.clear()
        it.widget.show(many.selecting("s29"), NOW)
        await it.pilot.pause()
        assert it.app.in_view == []

    on(Services(), test, size=(80, 6))


def test_services_take_what_they_need() -> None:
    async def test(it: On[Services]) -> None:
        it.widget.styles.height = "auto"
        it.widget.show(SHOP, NOW)
        await it.pilot.pause()
        assert it.widget.size.height == 4
        it.widget.show(with_status(SHOP, services=()), NOW)
        await it.pilot.pause()
        assert "names no service yet" in it.lines()[1]

    on(Services(), test)


# --- panes ----------------------------------------------------------------------------------------


def test_the_pane_bar_marks_the_current_one() -> None:
    async def test(it: On[PaneBar]) -> None:
        it.widget.show(SHOP, NOW)
        await it.pilot.pause()
        line = it.lines()[0]
        assert all(pane.capitalize() in line for pane in PANES)
        assert line.endswith("web ──")
        before = it.widget.render_line(0)
        it.widget.current = "releases"
        await it.pilot.pause()
        assert it.lines()[0].endswith("production ──")
        assert it.widget.render_line(0) != before

    on(PaneBar(), test)


def test_the_overview_tells_what_helps_and_scrolls() -> None:
    async def test(it: On[Overview]) -> None:
        it.widget.show(replace(SHOP, service="api"), NOW)
        await it.pilot.pause()
        assert it.lines()[0] == " api  ✗ unhealthy  exited with code 137, out of memory"
        assert it.lines()[1].startswith(" what helps  l read its logs")
        await it.pilot.resize_terminal(80, 4)
        await it.press("G")
        assert "unhealthy" not in it.lines()[0]
        it.widget.show(replace(SHOP, service="web"), NOW)
        await it.pilot.pause()
        assert it.lines()[0] == " web  ✓ healthy  running"

    on(Overview(), test)


def test_the_overview_draws_only_what_moved() -> None:
    async def test(it: On[Overview]) -> None:
        row = SHOP.selected
        assert row
        assert row.active
        it.widget.show(replace(SHOP, samples={row.active.id: samples(2)}), NOW)
        await it.pilot.pause()
        it.drawn.clear()
        it.widget.show(replace(SHOP, samples={row.active.id: samples(3)}), NOW)
        await it.pilot.pause()
        assert len(set(it.drawn)) == 1

    on(Overview(), test)


def test_a_route_is_opened_and_copied() -> None:
    async def test(it: On[Routes]) -> None:
        routes = tuple(
            RouteView(
                key=PRODUCTION,
                service=name,
                route=Route(host=f"{name}.localhost", deployment="dep_1", port=80),
                url=f"http://{name}.localhost:8080",
                container="c",
                running=True,
            )
            for name in ("web", "api")
        )
        visits = {"api.localhost": Visit(status=503, detail="no", took=timedelta())}
        it.widget.show(replace(SHOP, routes=routes, visits=visits), NOW)
        it.widget.show(replace(SHOP, routes=routes, visits=visits), NOW + timedelta(minutes=3))
        await it.pilot.pause()
        assert "✗ 503 no  0 ms  3m ago" in it.lines()[2]
        await it.press("j", "o", "y")
        opened, copied = it.posted
        assert isinstance(opened, news.OpenWanted)
        assert opened.url == "http://api.localhost:8080"
        assert isinstance(copied, news.CopyWanted)
        assert copied.text == opened.url

    on(Routes(), test, size=(120, 10))


def test_enter_on_a_release_asks_for_the_way_back() -> None:
    old, new = deployment("web", 3, stage=Stage.STOPPED), deployment("web", 7)
    runs = (run(7, view(new, active=True)), run(3, view(old)))

    async def test(it: On[Releases]) -> None:
        it.widget.show(SHOP.with_history("production", runs), NOW)
        await it.pilot.pause()
        await it.press("enter")
        assert it.posted == []
        await it.press("j", "enter", "y")
        wanted, copied = it.posted
        assert isinstance(wanted, ActWanted)
        assert wanted.request == Rollback(environment="production", services=("web",), to=old.id)
        assert isinstance(copied, news.CopyWanted)
        assert copied.text == old.id

    on(Releases(), test)


def test_variables_are_looked_at() -> None:
    async def test(it: On[Variables]) -> None:
        it.widget.show(SHOP, NOW)
        await it.pilot.pause()
        assert "reading" in it.lines()[1]
        it.widget.show(replace(SHOP, variables=()), NOW)
        await it.pilot.pause()
        assert "no variables" in it.lines()[1]

    on(Variables(), test)
