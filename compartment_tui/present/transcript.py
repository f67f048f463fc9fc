"""A run told one line an event, for logs of other programs that keep every line."""

from typing import assert_never

from compartment_tui.domain.events import (
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
)
from compartment_tui.domain.names import Target
from compartment_tui.present.plan import run_words
from compartment_tui.present.text import clean, duration, short_id, show, show_name, step_words
from compartment_tui.present.tone import Cell, Line, Tone


def event_line(event: Event, *, verbose: bool) -> Line | None:  # noqa: PLR0911, PLR0912 - one an event
    """What to write when this happens; None when it is not worth a line.

    Output and readiness attempts only when `verbose`; how a run ended is for its closing lines.
    """
    match event:
        case RunPlanned():
            run = event.run
            where = f"{run.key.project} in {show_name(run.key.environment)}"
            return (Cell(f"{run_words(run)} {where}: run {short_id(run.id)}"),)
        case StageStarted():
            return _of(event.target, step_words(event.stage))
        case Output():
            return _of(event.target, f"│ {clean(event.line)}", Tone.QUIET) if verbose else None
        case Probed():
            attempt = event.attempt
            said = f"attempt {attempt.number}: {clean(attempt.detail)}"
            return _of(event.target, said, Tone.QUIET) if verbose else None
        case StageFinished():
            return _of(event.target, f"{step_words(event.stage)}: done in {duration(event.took)}")
        case StageFailed():
            return _of(event.target, f"{step_words(event.stage)}: failed", Tone.BAD)
        case StageReverted():
            return _of(event.target, f"{step_words(event.stage)}: reverted", Tone.WARN)
        case ServiceUnchanged():
            return _of(event.target, "unchanged, left alone")
        case RouteMoved():
            gone = f", no longer at {event.old_host}" if event.old_host else ""
            return _of(event.target, f"answers at {event.host} now{gone}")
        case Noted():
            if event.target is None:
                return (Cell(clean(event.message), Tone.WARN),)
            return _of(event.target, clean(event.message), Tone.WARN)
        case RunFinished():
            return None
        case _:
            assert_never(event)


def _of(target: Target, text: str, tone: Tone = Tone.PLAIN) -> Line:
    return Cell(f"{show(target.service)}: "), Cell(text, tone)
