"""The output of a run, line by line, each with the service it belongs to."""

import re
from typing import assert_never

from compartment_tui.domain.events import (
    DrainWaits,
    Event,
    Noted,
    Output,
    Probed,
    RouteMoved,
    RunFinished,
    RunPlanned,
    ServiceUnchanged,
    StageFailed,
    StageFinished,
    StageReverted,
    StageStarted,
    WentLive,
)
from compartment_tui.present.failure import failure_lines
from compartment_tui.present.progress import doing, failed_at, nothing_drains, waits_words
from compartment_tui.present.text import clean, duration
from compartment_tui.present.timeline import Timeline, Track
from compartment_tui.present.tone import Cell, Line, Tone, line, with_symbol
from compartment_tui.tui.state.job_output import OutputLine

_DIGEST = re.compile(r"(sha256:[0-9a-f]{12})[0-9a-f]+")


def output_lines(timeline: Timeline, event: Event) -> tuple[OutputLine, ...]:
    """The lines of one event; `timeline` is already folded with it."""
    match event:
        case RunPlanned() | RunFinished():
            return ()
        case StageStarted() | StageFinished() if nothing_drains(timeline, event):
            return ()
        case WentLive():
            return tuple(
                OutputLine(
                    service, (with_symbol(f"live after {duration(event.after)}", Tone.GOOD),)
                )
                for service in event.services
            )
        case DrainWaits():
            return (OutputLine(event.target.service, line(f"  {waits_words(event)}")),)
        case Noted():
            service = event.target.service if event.target else ""
            return (OutputLine(service, (with_symbol(clean(event.message), Tone.WARN),)),)
        case _:
            service = event.target.service
            track = timeline.track(service) or Track(service=service)
            return tuple(
                OutputLine(service, words) for words in _of_service(track, event, timeline)
            )


def _of_service(
    track: Track,
    event: StageStarted
    | Output
    | Probed
    | StageFinished
    | StageFailed
    | StageReverted
    | ServiceUnchanged
    | RouteMoved,
    timeline: Timeline,
) -> tuple[Line, ...]:
    match event:
        case StageStarted():
            return (line(f"▸ {doing(timeline, track.service, event.stage)}"),)
        case Output():
            return ((Cell("  "), Cell(clean(event.line))),)
        case Probed():
            attempt = event.attempt
            words = f"  attempt {attempt.number}: {clean(attempt.detail)}"
            return ((Cell(words), Cell(f"  {duration(attempt.took)}", Tone.QUIET)),)
        case StageFinished():
            note = f", {_brief(event.note)}" if event.note else ""
            stage = doing(timeline, track.service, event.stage)
            words = f"✓ {stage}: done in {duration(event.took)}{note}"
            return (line(words, Tone.GOOD),)
        case StageFailed():
            failure = event.failure
            message = f"{failed_at(track)}: {failure.message}"
            return failure_lines(message, hint=failure.hint, tail=failure.tail)
        case StageReverted():
            return (line(f"↺ {doing(timeline, track.service, event.stage)}: reverted", Tone.WARN),)
        case ServiceUnchanged():
            return (line("○ unchanged: what is live was left alone", Tone.QUIET),)
        case RouteMoved():
            gone = f", no longer at {event.old_host}" if event.old_host else ""
            return (line(f"! answers at {event.host} now{gone}", Tone.WARN),)
        case _:
            assert_never(event)


def _brief(note: str) -> str:
    """The note with as much of a digest as anybody reads."""
    return _DIGEST.sub(r"\1", clean(note))
