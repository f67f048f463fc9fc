"""What is different when a person looks on."""

import pytest

from compartment_tui.adapters.memory.world import Behaviour, MemoryWorld
from compartment_tui.cli.follow_run import follow
from compartment_tui.cli.live_region import Region
from compartment_tui.cli.output import CommandOutput
from compartment_tui.cli.output_stream import OutputStream
from compartment_tui.cli.session import Session
from compartment_tui.domain.requests import Deploy
from compartment_tui.present.tone import Cell, Tone, line
from tests.cli.line import entrances
from tests.cli.terminal import Terminal, screen
from tests.rollout.shop import API, WEB, open_shop


def test_a_region_is_drawn_over() -> None:
    terminal = Terminal()
    region = Region(OutputStream(terminal, {}))
    region.draw([line("one"), line("two, which is longer"), line("three")])
    region.draw([line("ONE"), line("two")])
    assert screen(terminal.getvalue()) == ["ONE", "two", ""]


def test_a_region_that_is_left_stays() -> None:
    terminal = Terminal()
    region = Region(OutputStream(terminal, {}))
    region.draw([line("one")])
    region.leave()
    region.draw([line("two")])
    region.clear()
    assert screen(terminal.getvalue()) == ["one", ""]


def test_a_region_fits_the_terminal() -> None:
    terminal = Terminal()
    Region(OutputStream(terminal, {})).draw([line("界" * 60 + str(number)) for number in range(40)])
    shown = screen(terminal.getvalue(), columns=200)
    assert len(shown) == 24
    assert shown[0] == "界" * 39 + "…"
    assert shown[22] == "  and 18 more"


@pytest.mark.parametrize(
    ("environment", "coloured"),
    [({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True), ({"TERM": "dumb"}, False)],
)
def test_colour_only_where_it_is_wanted(environment: dict[str, str], coloured: bool) -> None:
    terminal = Terminal()
    OutputStream(terminal, environment).lines(((Cell("✗ bad", Tone.BAD),),))
    assert ("\x1b[31m" in terminal.getvalue()) is coloured
    assert "✗ bad" in terminal.getvalue()


def deploy(opened: MemoryWorld, stdout: Terminal, stderr: Terminal) -> int:
    output = CommandOutput(stdin=Terminal(), stdout=stdout, stderr=stderr, environment={})
    session = Session(entrances=entrances(opened.world), output=output)

    return session.guarded(
        lambda: follow(
            session,
            Deploy(environment="production"),
            events=False,
        )
    )


def test_a_deploy_ends_with_what_is_live() -> None:
    terminal = Terminal()
    assert deploy(open_shop(WEB, API), terminal, terminal) == 0
    assert screen(terminal.getvalue())[-4:] == [
        "✓ live       web  http://shop.localhost:8080      1.1s",
        "✓ live       api  http://api-shop.localhost:8080  1.1s",
        "✓ production is live after 1.1s",
        "",
    ]


def test_a_failed_deploy_leaves_its_lines_standing() -> None:
    opened = open_shop(WEB, API)
    opened.host.behave("api", Behaviour(build_fails="no space for \x1b]0;you\x07 here"))
    terminal = Terminal()
    assert deploy(opened, terminal, terminal) == 5
    assert screen(terminal.getvalue(), columns=200)[-8:] == [
        "  web  ○ not done  0.0s",
        "  api  ✗ failed while building  0.0s",
        "✗ api failed while building: the image of api cannot be built: no space for  here",
        "    │ reading the build context",
        "    │ image is ready",
        "    │ no space for  here",
        "  not live, as before: web and api",
        "",
    ]
