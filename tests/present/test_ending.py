"""The end of a run in words: live at the switch, and what is still ending after it."""

from dataclasses import replace
from datetime import timedelta

from compartment_tui.cli.event_lines import event_line
from compartment_tui.domain.callers import Caller, CallerKind, Connections
from compartment_tui.domain.deployment import Purpose, Stage
from compartment_tui.domain.events import (
    DrainWaits,
    RunFinished,
    StageFinished,
    StageStarted,
    WentLive,
)
from compartment_tui.domain.outcome import Outcome
from compartment_tui.domain.planning.plan import Plan, Run
from compartment_tui.present.progress import closing_lines, doing, result_lines, track_lines
from compartment_tui.present.timeline import Timeline, fold
from compartment_tui.tui.runs.stage_grid import grid
from tests.present.test_timeline import API, BUILDING, BUILT, PLANNED, RUN, WEB, at, told, words

SWITCHING = StageStarted(at=at(3), target=WEB, stage=Stage.SWITCHING_ROUTE)
SWITCHED = StageFinished(
    at=at(3.4), target=WEB, stage=Stage.SWITCHING_ROUTE, took=timedelta(seconds=0.4)
)
LIVE = WentLive(
    at=at(3.4),
    run="run_1",
    environment="staging",
    after=timedelta(seconds=3.4),
    services=("web", "api"),
    ending={"web": "dep_01KDWCJ2M00000000000000007"},
)
DRAINING = StageStarted(at=at(3.5), target=WEB, stage=Stage.DRAINING_PREVIOUS)
WAITS = DrainWaits(
    at=at(5),
    target=WEB,
    connections=Connections(
        ((Caller(CallerKind.EDGE), 1), (Caller(CallerKind.SERVICE, "worker"), 1))
    ),
    cut_off_after=timedelta(seconds=30),
)
OVER = RunFinished(
    at=at(14),
    run="run_1",
    outcome=Outcome.LIVE,
    took=timedelta(seconds=14),
    live_after=timedelta(seconds=3.4),
)


def live() -> Timeline:
    return told(PLANNED, BUILDING, BUILT, SWITCHING, SWITCHED, LIVE, DRAINING)


def test_a_service_is_live_from_the_switch_on_whatever_still_ends() -> None:
    shown = words(track_lines(live(), at(9)))[0]
    assert "✓ live" in shown
    assert "2.4s" in shown, "from its first stage to the switch"
    assert "0000000007 is ending" in shown
    assert "draining" not in shown


def test_what_ends_after_the_switch_has_lines_and_times_of_its_own() -> None:
    drained = StageFinished(
        at=at(8), target=WEB, stage=Stage.DRAINING_PREVIOUS, took=timedelta(seconds=4.5)
    )
    stopping = StageStarted(at=at(8), target=WEB, stage=Stage.STOPPING_PREVIOUS)
    told_so_far = fold(fold(fold(live(), WAITS), drained), stopping)
    _, drain, stop, *_ = words(track_lines(told_so_far, at(9)))
    assert "· draining the previous: done" in drain
    assert drain.endswith("4.5s")
    assert "▸ stopping the previous" in stop
    assert stop.endswith("1.0s")


def test_a_drain_that_waits_names_who_is_connected_on_its_line() -> None:
    waiting = fold(live(), WAITS)
    callers = "1 through the edge, 1 from worker; cut off after 30s"
    drain = words(track_lines(waiting, at(9)))[1]
    assert "▸ draining the previous" in drain
    assert drain.endswith(f"5.5s  {callers}")
    said = event_line(WAITS, verbose=False)
    assert said is not None
    assert words((said,)) == [f"web: waits for 2 connections: {callers}"]
    assert grid(waiting, at(9)).rows[0].said == f"waits for 2 connections: {callers}"


def test_the_line_of_the_switch_names_what_is_still_ending() -> None:
    said = event_line(LIVE, verbose=False)
    assert said is not None
    assert words((said,)) == ["✓ staging is live after 3.4s; still ending: web 0000000007"]
    alone = event_line(replace(LIVE, ending={}), verbose=False)
    assert alone is None, "the closing line says it, a moment later"


def test_the_result_has_the_time_of_the_switch_and_the_end_beside_it() -> None:
    timeline = told(PLANNED, BUILDING, BUILT, SWITCHING, SWITCHED, LIVE, DRAINING, OVER)
    assert words(result_lines(timeline, 80))[0].endswith("2.4s")
    (closing,) = words(closing_lines(timeline))
    assert closing.startswith("✓ staging is live after 3.4s, the previous ended 11s later")


def test_a_run_left_after_the_switch_is_live() -> None:
    left = replace(OVER, outcome=Outcome.NEEDS_ATTENTION)
    (head, way) = words(closing_lines(told(PLANNED, SWITCHING, SWITCHED, LIVE, left)))
    assert "is live, but its run is not finished" in head
    assert "finishes it" in way


def test_the_grid_says_live_too() -> None:
    assert [row.state.text for row in grid(live(), at(9)).rows] == ["✓ live", "○ waiting"]


def changed(run: Run, **plan: object) -> Timeline:
    plans: tuple[Plan, ...] = tuple(replace(one, **plan) for one in run.plans)  # type: ignore[arg-type]
    return told(replace(PLANNED, run=replace(run, plans=plans)))


def test_stages_are_called_what_they_are_for_this_service() -> None:
    assert doing(told(PLANNED), "web", Stage.SWITCHING_ROUTE) == "switching the route"
    worker = changed(RUN, host=None)
    assert doing(worker, "web", Stage.SWITCHING_ROUTE) == "taking its place"
    discarded = told(replace(PLANNED, run=replace(RUN, purpose=Purpose.DISCARD)))
    assert doing(discarded, "web", Stage.STOPPED) == "discarding"
    assert doing(Timeline(), "web", Stage.STOPPED) == "stopping"
    assert doing(Timeline(), "web", Stage.STARTING) == "starting"


def test_nothing_is_said_of_a_drain_where_nothing_was_before() -> None:
    first = changed(RUN, previous=None)
    draining = StageStarted(at=at(4), target=API, stage=Stage.DRAINING_PREVIOUS)
    assert event_line(draining, verbose=True, timeline=first) is None
