"""A run told one line an event, for logs of other programs that keep every line."""

from typing import assert_never

from compartment_tui.domain import events
from compartment_tui.domain.target import Target
from compartment_tui.present.plan import run_words
from compartment_tui.present.progress import doing, live_line, nothing_drains, waits_words
from compartment_tui.present.text import clean, duration, short_id, show, show_name
from compartment_tui.present.timeline import Timeline
from compartment_tui.present.tone import Cell, Line, Tone

EMPTY = Timeline()


def event_line(  # noqa: PLR0911, PLR0912 - one an event
    event: events.Event, *, verbose: bool, timeline: Timeline = EMPTY
) -> Line | None:
    """What to write when this happens; None when it is not worth a line.

    `timeline` is the run after the event. Output and readiness attempts only when `verbose`; how
    a run ended is for its closing lines.
    """
    match event:
        case events.RunPlanned():
            run = event.run
            where = f"{run.key.project} in {show_name(run.key.environment)}"
            return (Cell(f"{run_words(run)} {where}: run {short_id(run.id)}"),)
        case events.StageStarted() | events.StageFinished() if nothing_drains(timeline, event):
            return None
        case (
            events.StageStarted()
            | events.StageFinished()
            | events.StageFailed()
            | events.StageReverted()
        ):
            return _staged(event, doing(timeline, event.target.service, event.stage))
        case events.Output():
            return _of(event.target, f"│ {clean(event.line)}", Tone.QUIET) if verbose else None
        case events.Probed():
            attempt = event.attempt
            said = f"attempt {attempt.number}: {clean(attempt.detail)}"
            return _of(event.target, said, Tone.QUIET) if verbose else None
        case events.ServiceUnchanged():
            return _of(event.target, "unchanged, left alone")
        case events.RouteMoved():
            gone = f", no longer at {event.old_host}" if event.old_host else ""
            return _of(event.target, f"answers at {event.host} now{gone}")
        case events.Noted():
            if event.target is None:
                return (Cell(clean(event.message), Tone.WARN),)
            return _of(event.target, clean(event.message), Tone.WARN)
        case events.WentLive():
            return live_line(event) if event.ending else None  # else its closing line says it
        case events.DrainWaits():
            return _of(event.target, waits_words(event))
        case events.RunFinished():
            return None
        case _:
            assert_never(event)


def _staged(
    event: events.StageStarted | events.StageFinished | events.StageFailed | events.StageReverted,
    stage: str,
) -> Line:
    match event:
        case events.StageStarted():
            return _of(event.target, stage)
        case events.StageFinished():
            return _of(event.target, f"{stage}: done in {duration(event.took)}")
        case events.StageFailed():
            return _of(event.target, f"{stage}: failed", Tone.BAD)
        case events.StageReverted():
            return _of(event.target, f"{stage}: reverted", Tone.WARN)
        case _:
            assert_never(event)


def _of(target: Target, text: str, tone: Tone = Tone.PLAIN) -> Line:
    return Cell(f"{show(target.service)}: "), Cell(text, tone)
