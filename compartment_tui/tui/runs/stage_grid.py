"""A run as a grid: a row for each service, a column for each stage it goes through."""

from dataclasses import dataclass
from datetime import datetime

from compartment_tui.domain.deployment import Purpose, Stage
from compartment_tui.present.progress import TRACK_WORDS, last_said
from compartment_tui.present.text import duration, show
from compartment_tui.present.timeline import StepState, Timeline, Track, TrackState
from compartment_tui.present.tone import Cell, Tone, with_symbol

TITLES = {
    Stage.STOPPED: ("stopping", "stop"),
    Stage.STARTING: ("starting", "start"),
    Stage.BUILDING: ("building", "build"),
    Stage.RELEASE: ("release", "release"),
    Stage.STARTING_CANDIDATE: ("starting", "start"),
    Stage.CHECKING_READINESS: ("checking", "check"),
    Stage.SWITCHING_ROUTE: ("switching", "switch"),
    Stage.DRAINING_PREVIOUS: ("draining", "drain"),
    Stage.STOPPING_PREVIOUS: ("stopping", "stop"),
    Stage.HELD: ("holding", "hold"),
}
"""A stage's name, and a shorter one."""
_STEPS = {
    StepState.RUNNING: ("▸", Tone.PLAIN),
    StepState.DONE: ("✓", Tone.GOOD),
    StepState.FAILED: ("✗", Tone.BAD),
    StepState.REVERTED: ("↺", Tone.WARN),
    StepState.STOPPED: ("○", Tone.QUIET),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """The state of one stage; `more` is for where there is room for it."""

    cell: Cell
    more: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StageRow:
    """One service. `key` is its name as it is, `marks` has one for each column."""

    key: str
    name: str
    marks: tuple[Mark, ...]
    state: Cell
    said: str
    """The newest thing it said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StageGrid:
    """Stages across, services down."""

    columns: tuple[tuple[str, str], ...]
    rows: tuple[StageRow, ...]


def grid(timeline: Timeline, now: datetime) -> StageGrid:
    """The run at this moment."""
    stages = stages_of(timeline)
    return StageGrid(
        columns=tuple(_title(timeline, stage) for stage in stages),
        rows=tuple(_row(track, stages, now) for track in timeline.tracks),
    )


def _title(timeline: Timeline, stage: Stage) -> tuple[str, str]:
    discards = timeline.run is not None and timeline.run.purpose is Purpose.DISCARD
    if discards and stage is Stage.STOPPED:
        return "discarding", "drop"
    carries = timeline.run is not None and bool(timeline.run.origin)
    return ("carrying", "carry") if carries and stage is Stage.BUILDING else TITLES[stage]


def stages_of(timeline: Timeline) -> tuple[Stage, ...]:
    """The stages the run goes through; `release` only where a service has such a command."""
    met = {step.stage for track in timeline.tracks for step in track.steps}
    run = timeline.run
    if run is None:  # a resumed run tells its stages as it meets them
        return tuple(stage for stage in TITLES if stage in met)
    releases = any(plan.runs_release for plan in run.plans) or Stage.RELEASE in met
    stages = run.recipe
    if Stage.DRAINING_PREVIOUS in stages:
        stages = (*stages, Stage.STOPPING_PREVIOUS)
    return tuple(
        stage for stage in stages if stage in TITLES and (stage is not Stage.RELEASE or releases)
    )


def _row(track: Track, stages: tuple[Stage, ...], now: datetime) -> StageRow:
    return StageRow(
        key=track.service,
        name=show(track.service),
        marks=tuple(_mark(track, stage, now) for stage in stages),
        state=_state_cell(track),
        said=last_said(track) if track.state is TrackState.RUNNING else "",
    )


def _mark(track: Track, stage: Stage, now: datetime) -> Mark:
    """Where the service is with that stage: its newest try counts."""
    steps = [step for step in track.steps if step.stage is stage]
    if not steps:
        ahead = track.state in (TrackState.WAITING, TrackState.RUNNING)
        return Mark(cell=Cell("·" if ahead else "", Tone.QUIET))
    step = steps[-1]
    symbol, tone = _STEPS[step.state]
    tries = len(track.attempts)
    counted = f" x{tries}" if stage is Stage.CHECKING_READINESS and tries > 1 else ""
    return Mark(cell=Cell(f"{symbol} {duration(step.elapsed(now))}", tone), more=counted)


def _state_cell(track: Track) -> Cell:
    if track.state is TrackState.RUNNING and track.live_at is not None:
        return with_symbol(*TRACK_WORDS[TrackState.LIVE])
    if track.state is TrackState.RUNNING:
        return Cell("▸ running") if track.running else with_symbol(*TRACK_WORDS[TrackState.WAITING])
    return with_symbol(*TRACK_WORDS[track.state])
