from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import reduce

import pytest

from compartment_tui.cli.event_lines import event_line
from compartment_tui.domain.config import ServiceSpec
from compartment_tui.domain.deployment import Deployment, Stage, Trigger
from compartment_tui.domain.events import (
    Attempt,
    Event,
    Noted,
    Output,
    Probed,
    RunFinished,
    RunPlanned,
    ServiceUnchanged,
    StageFailed,
    StageFinished,
    StageReverted,
    StageStarted,
)
from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.domain.outcome import Failure, Outcome
from compartment_tui.domain.planning.plan import ImageSource, Plan, Run
from compartment_tui.domain.target import Target
from compartment_tui.present.progress import closing_lines, result_lines, track_lines
from compartment_tui.present.timeline import KEPT_LINES, StepState, Timeline, TrackState, fold
from compartment_tui.present.tone import Line

START = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
KEY = EnvironmentKey("shop", "staging")
WEB, API = Target("staging", "web"), Target("staging", "api")
BEFORE = Deployment(
    id="dep_BEFORE0000", run="run_0", service="web", created=START, trigger=Trigger.DEPLOY, spec=""
)
BROKEN = Failure(code="build_failed", message="it broke", hint="mend it", tail=("last words",))


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def plan(service: str, previous: Deployment | None = None) -> Plan:
    return Plan(
        key=KEY,
        run="run_1",
        trigger=Trigger.DEPLOY,
        spec=ServiceSpec(name=service, path=service),
        deployment=f"dep_{service}",
        source=ImageSource.BUILD,
        previous=previous,
        host=f"{service}.localhost",
    )


RUN = Run(
    id="run_1",
    key=KEY,
    trigger=Trigger.DEPLOY,
    created=START,
    actor="ada@laptop",
    plans=(plan("web", BEFORE), plan("api", BEFORE)),
)
PLANNED = RunPlanned(at=START, run=RUN)
BUILDING = StageStarted(at=at(1), target=WEB, stage=Stage.BUILDING)
BUILT = StageFinished(at=at(3), target=WEB, stage=Stage.BUILDING, took=timedelta(seconds=2))


def finished(outcome: Outcome, failure: Failure | None = None) -> RunFinished:
    return RunFinished(
        at=at(9), run="run_1", outcome=outcome, took=timedelta(seconds=9), failure=failure
    )


def told(*events: Event) -> Timeline:
    return reduce(fold, events, Timeline())


def words(lines: Iterable[Line]) -> list[str]:
    return ["".join(cell.text for cell in line) for line in lines]


def test_a_planned_run_waits() -> None:
    timeline = told(PLANNED)
    assert (timeline.environment, timeline.run_id) == ("staging", "run_1")
    assert [track.state for track in timeline.tracks] == [TrackState.WAITING] * 2
    assert [track.deployment for track in timeline.tracks] == ["dep_web", "dep_api"]


def test_time_goes_on_while_a_stage_runs_and_stops_with_it() -> None:
    running = told(PLANNED, BUILDING).track("web")
    assert running is not None
    assert running.step is not None
    assert running.step.elapsed(at(2.5)) == timedelta(seconds=1.5)
    done = told(PLANNED, BUILDING, BUILT).track("web")
    assert done is not None
    assert done.step is not None
    assert done.step.state is StepState.DONE
    assert done.step.elapsed(at(100)) == timedelta(seconds=2)
    assert done.took(at(100)) == timedelta(seconds=2)


def test_only_the_last_lines_are_kept_and_only_of_this_stage() -> None:
    lines = [
        Output(at=at(2), target=WEB, stage=Stage.BUILDING, line=f"line {number}")
        for number in range(KEPT_LINES + 5)
    ]
    timeline = told(PLANNED, BUILDING, *lines)
    track = timeline.track("web")
    assert track is not None
    assert track.lines[0] == "line 5"
    assert len(track.lines) == KEPT_LINES
    after = fold(timeline, StageStarted(at=at(4), target=WEB, stage=Stage.RELEASE)).track("web")
    assert after is not None
    assert after.lines == ()


def test_attempts_are_kept() -> None:
    attempt = Attempt(number=1, ready=False, detail="503", took=timedelta(milliseconds=3))
    started = StageStarted(at=at(4), target=WEB, stage=Stage.CHECKING_READINESS)
    timeline = told(PLANNED, started, Probed(at=at(5), target=WEB, attempt=attempt))
    assert "attempt 1: 503" in words(track_lines(timeline, at(6)))[0]


def test_a_failure_stays_a_failure_when_it_is_reverted() -> None:
    timeline = told(
        PLANNED,
        BUILDING,
        StageFailed(at=at(2), target=WEB, stage=Stage.BUILDING, failure=BROKEN),
        StageReverted(at=at(3), target=WEB, stage=Stage.BUILDING),
        StageReverted(at=at(3), target=API, stage=Stage.STARTING_CANDIDATE),
        finished(Outcome.FAILED, BROKEN),
    )
    web, api = timeline.tracks
    assert (web.state, web.failure, web.failed_at) == (TrackState.FAILED, BROKEN, Stage.BUILDING)
    assert api.state is TrackState.REVERTED
    assert timeline.failure == BROKEN
    assert words(closing_lines(timeline)) == [
        "  still live, as before: web before0000 and api before0000"
    ]


def test_nothing_runs_after_the_end() -> None:
    for outcome in Outcome:
        timeline = told(PLANNED, BUILDING, finished(outcome))
        steps = [step for track in timeline.tracks for step in track.steps]
        assert all(step.state is not StepState.RUNNING and step.ended for step in steps), outcome
        assert all(track.state is not TrackState.RUNNING for track in timeline.tracks), outcome


def test_what_is_live_and_what_was_left_alone() -> None:
    timeline = told(
        PLANNED,
        BUILDING,
        BUILT,
        ServiceUnchanged(at=at(4), target=API, deployment="dep_BEFORE0000"),
        Noted(at=at(5), target=WEB, message="2 connections were cut off"),
        Noted(at=at(5), target=None, message="the edge was made again"),
        finished(Outcome.LIVE),
    )
    assert words(result_lines(timeline, 8080)) == [
        "✓ live       web  http://web.localhost:8080  2.0s",
        "○ unchanged  api  http://api.localhost:8080",
    ]
    assert timeline.notes == ("the edge was made again",)
    assert timeline.tracks[0].notes == ("2 connections were cut off",)
    assert words(closing_lines(timeline)) == [
        "✓ staging is live after 9.0s  undo it with: compartment-tui rollback --env staging"
    ]


def test_no_undo_is_offered_where_there_is_nothing_before() -> None:
    first = replace(RUN, plans=(plan("web"), plan("api", BEFORE)))
    timeline = told(RunPlanned(at=START, run=first), finished(Outcome.LIVE))
    assert words(closing_lines(timeline)) == ["✓ staging is live after 9.0s"]


@pytest.mark.parametrize("outcome", list(Outcome))
def test_every_outcome_says_something(outcome: Outcome) -> None:
    assert words(closing_lines(told(PLANNED, finished(outcome))))


def test_what_needs_attention_claims_nothing() -> None:
    said = " ".join(words(closing_lines(told(PLANNED, finished(Outcome.NEEDS_ATTENTION)))))
    assert "compartment-tui resume --env staging" in said
    assert "live" not in said


def test_a_resumed_run_needs_no_plan() -> None:
    timeline = told(BUILDING, BUILT, finished(Outcome.CANCELLED))
    assert [track.service for track in timeline.tracks] == ["web"]
    assert words(track_lines(timeline, at(9)))


def test_notes_of_an_earlier_run_are_kept() -> None:
    timeline = told(Noted(at=START, target=None, message="finished the last one"), PLANNED)
    assert timeline.notes == ("finished the last one",)


def test_a_waiting_service_is_told_from_one_between_two_stages() -> None:
    web, api = words(track_lines(told(PLANNED, BUILDING, BUILT), at(8)))
    assert web.split() == ["web", "·", "building:", "done", "2.0s"]
    assert api.split() == ["api", "○", "waiting"]


def test_foreign_output_cannot_reach_the_terminal() -> None:
    evil = Output(at=at(2), target=WEB, stage=Stage.BUILDING, line="\x1b[2J\x1b]0;x\x07boo")
    (shown, _) = words(track_lines(told(PLANNED, BUILDING, evil), at(3)))
    assert shown.isprintable()
    assert shown.endswith("boo")
    line = event_line(evil, verbose=True)
    assert line is not None
    assert words([line]) == ["web: │ boo"]
    assert event_line(evil, verbose=False) is None
