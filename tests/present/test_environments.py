from dataclasses import replace

from compartment_tui.domain.deployment import Health
from compartment_tui.domain.requests import Deploy
from compartment_tui.tui.main.environment_tabs import (
    PROTECTED,
    WORKING,
    environment_tabs,
    standing_words,
    tabs_in_sight,
)
from compartment_tui.tui.state.app_state import Board, Job
from tests.present.boards import NOW, board, environment, never, service, sick, text, with_status


def tab_texts(shown: Board) -> list[str]:
    return [text(tab.pieces).strip() for tab in environment_tabs(shown)]


def test_tabs_have_numbers_names_and_the_worst_health() -> None:
    shown = board(service("web"), sick("api"))
    assert tab_texts(shown) == ["1 production ✗", "2 staging ✓"]
    assert [tab.chosen for tab in environment_tabs(shown)] == [True, False]


def test_where_nothing_is_live_there_is_no_health() -> None:
    shown = replace(
        board(never("web")),
        environments=(environment("production"), environment("new", active=0)),
    )
    assert tab_texts(shown) == ["1 production ○", "2 new ○"]


def test_an_environment_without_a_status_has_what_the_list_said() -> None:
    views = (environment("production"), environment("staging", health=Health.UNHEALTHY))
    assert tab_texts(replace(board(), environments=views))[1] == "2 staging ✗"


def test_a_job_and_somebody_else_show_in_place_of_health() -> None:
    job = Job(number=1, request=Deploy(environment="staging"), started=NOW)
    assert tab_texts(board().with_job(job))[1] == f"2 staging {WORKING}"
    assert tab_texts(board().with_job(replace(job, over=True)))[1] == "2 staging ✓"
    assert tab_texts(with_status(board(), holder="bob@host"))[0] == f"1 production {WORKING}"


def test_protected_says_so_in_a_word_too() -> None:
    views = (environment("production", protected=True), environment("staging"))
    shown = replace(board(), environments=views)
    assert tab_texts(shown)[0].endswith(PROTECTED)
    assert "protected" in text(standing_words(shown))
    assert standing_words(replace(shown, environment="staging")) == ()


def test_after_nine_there_are_no_numbers() -> None:
    shown = board(names=("production", *(f"p{n}" for n in range(2, 12))))
    assert tab_texts(shown)[8] == "9 p9 ✓"
    assert tab_texts(shown)[9] == "p10 ✓"


def test_any_name_is_shown_escaped_and_cut() -> None:
    shown = board(names=("production", "[red]\x1b[2J\n", "x" * 63))
    assert tab_texts(shown)[1] == "2 [red]\\x1b[2J\\n ✓"
    assert "…" in tab_texts(shown)[2]


def test_the_chosen_tab_is_always_in_sight() -> None:
    names = tuple(f"preview-{n:02}" for n in range(40))
    shown = replace(board(names=names), environment="preview-27")
    in_sight = tabs_in_sight(environment_tabs(shown), 60)
    assert "preview-27" in [tab.environment for tab in in_sight.tabs]
    assert in_sight.more_before
    assert in_sight.more_after
    assert sum(tab.width for tab in in_sight.tabs) <= 56


def test_marks_only_where_there_is_more() -> None:
    tabs = environment_tabs(board(names=("production", "a" * 20, "b" * 20)))
    assert not tabs_in_sight(tabs, 80).more_after
    cut = tabs_in_sight(tabs, 50)
    assert (cut.more_before, cut.more_after) == (False, True)


def test_read_only_is_said() -> None:
    assert "read-only" in text(standing_words(replace(board(), read_only=True)))
