"""What the screens of a run say, as data."""

from dataclasses import replace
from datetime import timedelta

import pytest

from compartment_tui.adapters.memory.clock import BEGINNING
from compartment_tui.adapters.memory.world import Behaviour
from compartment_tui.domain.deployment import Stage
from compartment_tui.domain.errors import Refused
from compartment_tui.domain.events import Event, Output, Probed, StageFailed
from compartment_tui.domain.planning.plan import Run
from compartment_tui.domain.requests import Deploy, Remove, Request, Rollback
from compartment_tui.operations import requests, status
from compartment_tui.operations.history import history
from compartment_tui.present.plan import PlanContext
from compartment_tui.present.text import width
from compartment_tui.present.timeline import Timeline, TrackState, fold
from compartment_tui.present.tone import Cell, Line, Tone, line_text
from compartment_tui.tui.kit.folded_lines import wrapped
from compartment_tui.tui.runs.event_batcher import EventBatcher
from compartment_tui.tui.runs.job_words import (
    JobAction,
    again,
    cancel_question,
    committed,
    ending_lines,
    job_actions,
    job_cell,
    job_title,
    jobs_rows,
    no_shell,
    of_interest,
    quit_question,
    toast,
)
from compartment_tui.tui.runs.plan_model import proposal_lines, toggles
from compartment_tui.tui.runs.rollback_choices import choices
from compartment_tui.tui.runs.run_output import output_lines
from compartment_tui.tui.runs.stage_grid import grid, stages_of
from compartment_tui.tui.state.app_state import Job
from compartment_tui.tui.state.job_output import WAITING_LIMIT, JobOutput, OutputLine
from tests.rollout.shop import change_everything, deploy, open_shop, rollback, state

DEPLOY = Deploy(environment="production")
CONTEXT = PlanContext(http_port=8080, commits={})


def text(lines: tuple[Line, ...]) -> str:
    return "\n".join(line_text(line) for line in lines)


def events_of(**behaviours: Behaviour) -> list[Event]:
    opened = open_shop()
    deploy(opened)
    change_everything(opened, "2")
    for service, behaviour in behaviours.items():
        opened.host.behave(service, behaviour)
    return list(requests.execute(opened.world, Deploy(environment="production")))


def timeline_of(events: list[Event]) -> Timeline:
    timeline = Timeline()
    for event in events:
        timeline = fold(timeline, event)
    return timeline


def job_of(
    timeline: Timeline, *, over: bool = True, request: Request = DEPLOY, cancels: int = 0
) -> Job:
    ended = BEGINNING + timedelta(seconds=9) if over else None
    return Job(
        number=1,
        request=request,
        started=BEGINNING,
        timeline=timeline,
        over=over,
        ended=ended,
        http_port=8080,
        cancels=cancels,
    )


GOOD = events_of()
BAD = events_of(web=Behaviour(exits_after=timedelta(seconds=1), last_words=("boom",)))


def until(stage: Stage) -> Timeline:
    """The good run up to the start of a stage."""
    timeline = Timeline()
    for event in GOOD:
        timeline = fold(timeline, event)
        if getattr(event, "stage", None) is stage:
            return timeline
    raise AssertionError(stage)


@pytest.mark.parametrize(
    ("stage", "word", "over"),
    [
        (Stage.BUILDING, "Cancel and revert", False),
        (Stage.CHECKING_READINESS, "Cancel and revert", False),
        (Stage.SWITCHING_ROUTE, "Cancel and revert", False),
        (Stage.DRAINING_PREVIOUS, "End the drain", True),
    ],
)
def test_cancelling_means_what_it_does_at_that_moment(stage: Stage, word: str, over: bool) -> None:
    timeline = until(stage)
    assert committed(timeline) is over
    question = cancel_question(job_of(timeline, over=False))
    assert question.yes == word
    left = quit_question((job_of(timeline, over=False),))
    assert ("drain" in text(left.lines)) is over


def test_a_second_cancel_is_another_question() -> None:
    job = job_of(until(Stage.BUILDING), over=False, cancels=1)
    assert cancel_question(job).yes == "Leave it"
    assert job_cell(job) == Cell("▸ reverting", Tone.WARN)


def test_a_live_run_offers_its_address_and_the_way_back() -> None:
    job = job_of(timeline_of(GOOD))
    assert list(job_actions(job, "web")) == [
        JobAction.OPEN,
        JobAction.LOGS,
        JobAction.SHELL,
        JobAction.UNDO,
    ]
    assert JobAction.OPEN not in job_actions(job, "worker")
    assert "http://shop.localhost:8080" in text(ending_lines(job))
    assert toast(job) == ("✓ live", Tone.GOOD)
    assert job_title(job) == "Deploy web, api, worker in production"


def test_a_failed_run_offers_logs_and_another_try() -> None:
    job = job_of(timeline_of(BAD))
    assert list(job_actions(job, "web")) == [JobAction.RETRY, JobAction.LOGS]
    web = job.timeline.track("web")
    api = job.timeline.track("api")
    assert web is not None
    assert api is not None
    assert "is stopped" in no_shell(web)
    assert "no container" in no_shell(api)
    assert of_interest(job.timeline) == "web"
    words, tone = toast(job)
    assert "web exited with code 1" in words
    assert tone is Tone.BAD
    assert again(job) == DEPLOY


def test_a_refusal_is_no_outcome_but_can_be_tried_again() -> None:
    job = replace(job_of(Timeline()), error=Refused("somebody [/] has it", hint="wait"))
    assert job_cell(job).text == "✗ refused"
    assert list(job_actions(job, None)) == [JobAction.RETRY]
    assert "somebody [/] has it" in text(ending_lines(job))


def test_what_found_nothing_to_do_is_tried_again_with_force() -> None:
    opened = open_shop()
    deploy(opened)
    job = job_of(
        timeline_of(list(requests.execute(opened.world, Deploy(environment="production"))))
    )
    assert job_actions(job, "web")[JobAction.RETRY] == "replace it anyway"
    assert again(job) == replace(DEPLOY, force=True)


def test_the_newest_job_stands_first() -> None:
    one, two = job_of(timeline_of(GOOD)), replace(job_of(timeline_of(BAD)), number=2)
    rows = jobs_rows((one, two), BEGINNING)
    assert [number for number, _ in rows] == [2, 1]
    assert "failed, reverted" in text((rows[0][1],))


def test_the_grid_has_a_column_for_what_the_run_goes_through() -> None:
    timeline = timeline_of(BAD)
    stages = stages_of(timeline)
    assert Stage.RELEASE in stages  # api has such a command
    shown = grid(timeline, BEGINNING)
    web = next(row for row in shown.rows if row.key == "web")
    checking = web.marks[stages.index(Stage.CHECKING_READINESS)]
    assert checking.cell.text.startswith("✗")
    assert web.state == Cell("✗ failed", Tone.BAD)
    track = timeline.track("web")
    assert track is not None
    assert track.state is TrackState.FAILED


def test_a_rollback_has_neither_building_nor_release() -> None:
    opened = open_shop()
    deploy(opened)
    change_everything(opened, "2")
    deploy(opened)
    timeline = timeline_of(list(requests.execute(opened.world, Rollback(environment="production"))))
    assert stages_of(timeline)[0] is Stage.STARTING_CANDIDATE


def test_what_is_said_is_clean_and_knows_its_service() -> None:
    timeline = Timeline()
    lines: list[OutputLine] = []
    for event in BAD:
        timeline = fold(timeline, event)
        lines += output_lines(timeline, event)
        if isinstance(event, Output | Probed | StageFailed):
            assert output_lines(timeline, event)
    assert {one.service for one in lines} <= {"web", "api", "worker"}
    assert all(cell.text.isprintable() for one in lines for cell in one.line)
    assert any("boom" in cell.text for one in lines for cell in one.line)


@pytest.mark.parametrize(
    "whole",
    [
        (Cell("  a word and another and one more that is longer than that"),),
        (Cell("  │ ", Tone.QUIET), Cell("x" * 100)),
        (Cell("日本語" * 20),),
        (Cell("ab cd", Tone.BAD), Cell(" ef gh ij kl mn op qr st uv wx")),
    ],
)
@pytest.mark.parametrize("columns", [1, 2, 7, 20, 200])
def test_folding_loses_nothing_and_fits(whole: Line, columns: int) -> None:
    rows = wrapped(whole, columns)
    assert "".join(cell.text for row in rows for cell in row) == text((whole,))
    widest = max(width(line_text(row)) for row in rows)
    assert widest <= max(columns, 2 if not text((whole,)).isascii() else 1)


def test_a_line_of_unknown_room_stays_whole() -> None:
    whole = (Cell("x" * 100),)
    assert wrapped(whole, 0) == (whole,)


def test_a_transcript_is_bounded_and_counts_what_goes() -> None:
    transcript = JobOutput()
    timeline = timeline_of(BAD)
    line = output_lines(timeline, next(event for event in BAD if isinstance(event, Output)))
    transcript.add(line * (WAITING_LIMIT + 7), 3)
    assert transcript.dropped == 10
    assert len(transcript.of(line[0].service)) == WAITING_LIMIT
    assert not transcript.of("another")


def test_what_happened_last_is_told_even_if_nothing_follows() -> None:
    told: list[Timeline] = []
    telling = EventBatcher(lambda timeline, _said, _dropped: told.append(timeline))
    for event in GOOD:
        telling.take(event)
    final = telling.close()
    assert told[-1] == final == timeline_of(GOOD)
    assert len(told) < len(GOOD)


def test_a_plan_of_an_unchanged_shop_says_so() -> None:
    opened = open_shop()
    opened.source.current = replace(opened.source.current, commit="a" * 40)
    deploy(opened)
    plan = requests.plan(opened.world, Deploy(environment="production"))
    assert "nothing seems to have changed" in text(proposal_lines(DEPLOY, plan, CONTEXT))
    opened.source.current = replace(opened.source.current, dirty=True)
    dirty = requests.plan(opened.world, Deploy(environment="production"))
    assert "nothing seems to have changed" not in text(proposal_lines(DEPLOY, dirty, CONTEXT))
    forced = requests.plan(opened.world, Deploy(environment="production", force=True))
    assert "left alone" not in text(proposal_lines(DEPLOY, forced, CONTEXT))
    (toggle,) = toggles(replace(DEPLOY, force=True), forced)
    assert (toggle.key, toggle.changed) == ("f", DEPLOY)
    assert toggle.words.endswith("yes")


def test_an_empty_plan_is_nothing_to_do() -> None:
    opened = open_shop()
    plan: Run = replace(requests.plan(opened.world, Deploy(environment="production")), plans=())
    assert "nothing to do" in text(proposal_lines(DEPLOY, plan, CONTEXT))


def test_ways_back_are_those_that_would_not_be_refused() -> None:
    opened = open_shop()
    for version in ("1", "2", "3"):
        change_everything(opened, version)
        deploy(opened)
    opened.host.change("web", "4")
    deploy(opened, "web")
    rollback(opened, "web")
    world = opened.world
    found = choices(
        status.status(world, environment="production"),
        history(world, environment="production", limit=50),
        environment="production",
        marked=(),
        selected="web",
        now=world.clock.now(),
    )
    assert found[0].request == Rollback(environment="production")
    requested = [one.request for one in found if isinstance(one.request, Rollback)]
    assert len(requested) == len(found)
    assert state(opened).active["web"] not in {request.to for request in requested}
    for request in requested:
        requests.plan(world, request)
    assert len([request for request in requested if request.run]) >= 2
    assert len([request for request in requested if request.to]) == 3


def test_with_nothing_live_there_is_nothing_to_undo_and_before_that_is_known_it_is_offered() -> (
    None
):
    opened = open_shop()
    now = opened.clock.now()
    unknown = choices(None, (), environment="production", marked=(), selected=None, now=now)
    assert [one.text for one in unknown] == ["the newest run  what is live is not known yet"]
    empty = status.status(opened.world, environment="production")
    assert not choices(empty, (), environment="production", marked=(), selected=None, now=now)


def test_what_was_taken_away_can_be_brought_back_with_nothing_else_live() -> None:
    opened = open_shop()
    deploy(opened)
    everything = ("web", "api", "worker")
    list(requests.execute(opened.world, Remove(environment="production", services=everything)))
    empty = status.status(opened.world, environment="production")
    past = history(opened.world, environment="production")
    now = opened.clock.now()
    found = choices(empty, past, environment="production", marked=(), selected=None, now=now)
    assert found[0].text.startswith("the newest removal")
    assert all(f"{name} comes back" in found[0].text for name in everything)
