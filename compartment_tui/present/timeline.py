"""A run as it looks at one moment: what the events told so far, folded into one value."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import assert_never

from compartment_tui.domain import events
from compartment_tui.domain.deployment import Stage
from compartment_tui.domain.events import Attempt
from compartment_tui.domain.outcome import Failure, Outcome
from compartment_tui.domain.planning.lifecycle import LifecyclePlan
from compartment_tui.domain.planning.plan import Plan, Run
from compartment_tui.domain.wait import Wait

KEPT_LINES = 20
"""How many of the last output lines a track remembers."""
KEPT_ATTEMPTS = 100


class StepState(StrEnum):
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    REVERTED = "reverted"
    STOPPED = "stopped"
    """The run ended while it was going on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One stage of one service."""

    stage: Stage
    state: StepState
    started: datetime
    ended: datetime | None = None
    note: str = ""

    def elapsed(self, now: datetime) -> timedelta:
        return max((self.ended or now) - self.started, timedelta())


class TrackState(StrEnum):
    """Where one service of a run is."""

    WAITING = "waiting"
    RUNNING = "running"
    LIVE = "live"
    HELD = "held"
    DISCARDED = "discarded"
    UNCHANGED = "unchanged"
    REMOVED = "removed"
    AT_REST = "at_rest"
    """Stopped by hand, as it was asked."""
    FAILED = "failed"
    REVERTED = "reverted"
    STOPPED = "stopped"
    """The run ended before this service was done, through no fault of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """One service of a run. `lines` and `attempts` are the last ones only, and foreign text."""

    service: str
    plan: Plan | None = None
    state: TrackState = TrackState.WAITING
    steps: tuple[Step, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    lines: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    failure: Failure | None = None
    failed_at: Stage | None = None
    deployment: str = ""
    live_at: datetime | None = None
    """When visitors began to get it; what it does after that is to end the previous one."""
    ending: str = ""
    """The previous deployment that still runs beside it."""
    waits: events.DrainWaits | None = None
    """Whom its drain waits for."""

    @property
    def step(self) -> Step | None:
        """The stage it is in, or was in last."""
        return self.steps[-1] if self.steps else None

    @property
    def running(self) -> tuple[Step, ...]:
        return tuple(step for step in self.steps if step.state is StepState.RUNNING)

    def took(self, now: datetime) -> timedelta:
        """From its first stage until it was live, or its last stage ended, or until now."""
        if not self.steps:
            return timedelta()
        ended = self.live_at or max((step.ended or now for step in self.steps), default=now)
        return max(ended - self.steps[0].started, timedelta())


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """A whole run; empty before its first event."""

    run: Run | None = None
    handling: LifecyclePlan | None = None
    """What is done by hand instead of a run: stopped, started, restarted."""
    environment: str = ""
    run_id: str = ""
    started: datetime | None = None
    tracks: tuple[Track, ...] = ()
    notes: tuple[str, ...] = ()
    """What concerns no single service."""
    outcome: Outcome | None = None
    took: timedelta = timedelta()
    failure: Failure | None = None
    live_after: timedelta | None = None
    """When it went live, counted from its beginning; `took` ends with the previous ones."""
    gaps: Mapping[str, timedelta] = field(default_factory=dict)
    """Services that were away for a while, and how long."""
    waits: Mapping[str, Wait] = field(default_factory=dict)
    """Services whose requests waited meanwhile."""
    moved: tuple[events.RouteMoved, ...] = ()
    """Services that were left alone and got another host."""

    def track(self, service: str) -> Track | None:
        return next((track for track in self.tracks if track.service == service), None)


def fold(timeline: Timeline, event: events.Event) -> Timeline:  # noqa: PLR0911, PLR0912 - one an event
    """The timeline after one more event."""
    match event:
        case events.RunPlanned():
            return _planned(timeline, event)
        case events.StageStarted():
            return _change(timeline, event.target.service, lambda track: _started(track, event))
        case events.Output():
            return _change(timeline, event.target.service, lambda track: _printed(track, event))
        case events.Probed():
            return _change(timeline, event.target.service, lambda track: _probed(track, event))
        case events.StageFinished():
            return _change(timeline, event.target.service, lambda track: _finished(track, event))
        case events.StageFailed():
            return _change(timeline, event.target.service, lambda track: _failed(track, event))
        case events.StageReverted():
            return _change(timeline, event.target.service, lambda track: _reverted(track, event))
        case events.ServiceUnchanged():
            return _change(timeline, event.target.service, lambda track: _unchanged(track, event))
        case events.RouteMoved():
            return replace(timeline, moved=(*timeline.moved, event))
        case events.Noted():
            return _noted(timeline, event)
        case events.WentLive():
            return _went_live(timeline, event)
        case events.DrainWaits():
            return _change(
                timeline, event.target.service, lambda track: replace(track, waits=event)
            )
        case events.RunFinished():
            return _ended(timeline, event)
        case _:
            assert_never(event)


def _planned(timeline: Timeline, event: events.RunPlanned) -> Timeline:
    run = event.run
    return Timeline(
        run=run,
        environment=run.key.environment,
        run_id=run.id,
        started=event.at,
        tracks=tuple(
            Track(service=plan.service, plan=plan, deployment=plan.deployment) for plan in run.plans
        ),
        notes=timeline.notes,  # what was said of an earlier run that had to be finished first
    )


def _change(timeline: Timeline, service: str, change: Callable[[Track], Track]) -> Timeline:
    if timeline.track(service) is None:  # a resumed run announces its services as it meets them
        tracks = (*timeline.tracks, Track(service=service))
    else:
        tracks = timeline.tracks
    changed = tuple(change(track) if track.service == service else track for track in tracks)
    return replace(timeline, tracks=changed)


def _started(track: Track, event: events.StageStarted) -> Track:
    step = Step(stage=event.stage, state=StepState.RUNNING, started=event.at)
    return replace(track, state=TrackState.RUNNING, steps=(*track.steps, step), lines=())


def _printed(track: Track, event: events.Output) -> Track:
    return replace(track, lines=(*track.lines, event.line)[-KEPT_LINES:])


def _probed(track: Track, event: events.Probed) -> Track:
    return replace(track, attempts=(*track.attempts, event.attempt)[-KEPT_ATTEMPTS:])


def _finished(track: Track, event: events.StageFinished) -> Track:
    if event.stage is Stage.DRAINING_PREVIOUS:
        track = replace(track, waits=None)
    return _mark(track, event.stage, StepState.DONE, event.at, event.note)


def _failed(track: Track, event: events.StageFailed) -> Track:
    track = _mark(track, event.stage, StepState.FAILED, event.at)
    return replace(
        track, state=TrackState.FAILED, failure=event.failure, failed_at=event.stage, lines=()
    )


def _reverted(track: Track, event: events.StageReverted) -> Track:
    track = _mark(track, event.stage, StepState.REVERTED, event.at)
    state = track.state if track.state is TrackState.FAILED else TrackState.REVERTED
    return replace(track, state=state)


def _unchanged(track: Track, event: events.ServiceUnchanged) -> Track:
    steps = tuple(
        replace(step, state=StepState.DONE, ended=event.at)
        if step.state is StepState.RUNNING
        else step
        for step in track.steps
    )
    return replace(
        track, state=TrackState.UNCHANGED, steps=steps, lines=(), deployment=event.deployment
    )


def _noted(timeline: Timeline, event: events.Noted) -> Timeline:
    if event.target is None:
        return replace(timeline, notes=(*timeline.notes, event.message))
    service = event.target.service
    return _change(
        timeline, service, lambda track: replace(track, notes=(*track.notes, event.message))
    )


def _went_live(timeline: Timeline, event: events.WentLive) -> Timeline:
    tracks = tuple(
        replace(track, live_at=event.at, ending=event.ending.get(track.service, ""))
        if track.service in event.services
        else track
        for track in timeline.tracks
    )
    return replace(timeline, tracks=tracks, live_after=event.after)


def _ended(timeline: Timeline, event: events.RunFinished) -> Timeline:
    ended = _WELL.get(event.outcome)
    return replace(
        timeline,
        run_id=event.run or timeline.run_id,
        tracks=tuple(_settle(track, event.at, good=ended) for track in timeline.tracks),
        outcome=event.outcome,
        took=event.took,
        failure=event.failure,
        live_after=event.live_after,
        handling=event.handling,
        gaps=event.gaps,
        waits=event.waits,
    )


_WELL: Mapping[Outcome, TrackState] = MappingProxyType(
    {
        Outcome.LIVE: TrackState.LIVE,
        Outcome.UNCHANGED: TrackState.LIVE,
        Outcome.HELD: TrackState.HELD,
        Outcome.DISCARDED: TrackState.DISCARDED,
        Outcome.STOPPED: TrackState.AT_REST,
    }
)
"""Where the services of a run are that ended well."""


def _settle(track: Track, at: datetime, *, good: TrackState | None) -> Track:
    """The track after its run ended: nothing of it is running any more.

    `good` is where it is when all went well, None when it did not.
    """
    if track.state is TrackState.UNCHANGED:
        return track
    left = StepState.DONE if good else StepState.STOPPED
    steps = tuple(
        replace(
            step,
            state=left if step.state is StepState.RUNNING else step.state,
            ended=step.ended or at,
        )
        for step in track.steps
    )
    track = replace(track, ending="", waits=None)
    if good:
        removed = track.plan is not None and track.plan.removes
        return replace(track, steps=steps, state=TrackState.REMOVED if removed else good)
    track = replace(track, live_at=None)
    if track.state in (TrackState.WAITING, TrackState.RUNNING):
        return replace(track, steps=steps, state=TrackState.STOPPED)
    return replace(track, steps=steps)


def _mark(track: Track, stage: Stage, state: StepState, at: datetime, note: str = "") -> Track:
    """The newest step of that stage in a new state."""
    places = [place for place, step in enumerate(track.steps) if step.stage is stage]
    if not places:
        step = Step(stage=stage, state=state, started=at, ended=at, note=note)
        return replace(track, steps=(*track.steps, step))
    steps = list(track.steps)
    last = steps[places[-1]]
    steps[places[-1]] = replace(last, state=state, ended=last.ended or at, note=note or last.note)
    return replace(track, steps=tuple(steps))
