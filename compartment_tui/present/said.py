"""What a run wrote, line by line, each with the service it belongs to."""

from dataclasses import dataclass
from typing import assert_never

from compartment_tui.domain.events import (
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
from compartment_tui.present.failure import failure_lines
from compartment_tui.present.progress import failed_at
from compartment_tui.present.text import clean, duration, stage_words, width
from compartment_tui.present.timeline import Timeline, Track
from compartment_tui.present.tone import Cell, Line, Tone, line, signed


@dataclass(frozen=True, slots=True)
class Said:
    """One line, safe to print. An empty service: the whole run's."""

    service: str
    line: Line


def said(timeline: Timeline, event: Event) -> tuple[Said, ...]:
    """The lines of one event; `timeline` is already folded with it."""
    match event:
        case RunPlanned() | RunFinished():
            return ()
        case Noted():
            service = event.target.service if event.target else ""
            return (Said(service, (signed(clean(event.message), Tone.WARN),)),)
        case _:
            service = event.target.service
            track = timeline.track(service) or Track(service=service)
            return tuple(Said(service, one) for one in _of_service(track, event))


def _of_service(
    track: Track,
    event: StageStarted
    | Output
    | Probed
    | StageFinished
    | StageFailed
    | StageReverted
    | ServiceUnchanged,
) -> tuple[Line, ...]:
    match event:
        case StageStarted():
            return (line(f"▸ {stage_words(event.stage)}"),)
        case Output():
            return ((Cell("  "), Cell(clean(event.line))),)
        case Probed():
            attempt = event.attempt
            words = f"  attempt {attempt.number}: {clean(attempt.detail)}"
            return ((Cell(words), Cell(f"  {duration(attempt.took)}", Tone.QUIET)),)
        case StageFinished():
            note = f", {clean(event.note)}" if event.note else ""
            words = f"✓ {stage_words(event.stage)}: done in {duration(event.took)}{note}"
            return (line(words, Tone.GOOD),)
        case StageFailed():
            failure = event.failure
            message = f"{failed_at(track)}: {failure.message}"
            return failure_lines(message, hint=failure.hint, tail=failure.tail)
        case StageReverted():
            return (line(f"↺ {stage_words(event.stage)}: reverted", Tone.WARN),)
        case ServiceUnchanged():
            return (line("○ unchanged: what is live was left alone", Tone.QUIET),)
        case _:
            assert_never(event)


def folded(whole: Line, columns: int) -> tuple[Line, ...]:
    """The line in pieces that are not wider than so many columns; itself where that is unknown."""
    if columns <= 0 or sum(width(cell.text) for cell in whole) <= columns:
        return (whole,)
    rows: list[list[Cell]] = [[]]
    used = 0
    for cell in whole:
        start = 0
        for place, char in enumerate(cell.text):
            wide = width(char)
            if used + wide > columns:
                rows[-1].append(Cell(cell.text[start:place], cell.tone))
                rows.append([])
                start, used = place, 0
            used += wide
        rows[-1].append(Cell(cell.text[start:], cell.tone))
    return tuple(tuple(cell for cell in row if cell.text) for row in rows)
