"""A job in words: how it stands, what can be asked of it, and what one can do when it is over."""

from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum

from compartment_tui.domain.deployment import Stage
from compartment_tui.domain.detail_views import (
    Adoption,
    Deletion,
    DomainsChecked,
    MaintenanceChange,
)
from compartment_tui.domain.outcome import Outcome
from compartment_tui.domain.planning.lifecycle import LifecycleVerb
from compartment_tui.domain.planning.retention import Pruning
from compartment_tui.domain.proposal import Done
from compartment_tui.domain.requests import (
    Deploy,
    Request,
    Restart,
    RunRequest,
    Start,
    Stop,
)
from compartment_tui.present.adoption import adopted_lines
from compartment_tui.present.domains import checked_lines
from compartment_tui.present.failure import error_lines, failure_lines
from compartment_tui.present.maintenance import maintained_lines
from compartment_tui.present.progress import closing_lines, failed_at, result_lines, undoable
from compartment_tui.present.prune import pruned_lines
from compartment_tui.present.requests import title
from compartment_tui.present.text import clean, duration, listed, show, show_name, url
from compartment_tui.present.timeline import StepState, Timeline, Track, TrackState
from compartment_tui.present.tone import Cell, Line, Tone, line, with_symbol
from compartment_tui.tui.kit.question import Question
from compartment_tui.tui.state.app_state import Job

_OUTCOMES = {
    Outcome.LIVE: ("live", Tone.GOOD),
    Outcome.HELD: ("held", Tone.GOOD),
    Outcome.DISCARDED: ("discarded", Tone.GOOD),
    Outcome.UNCHANGED: ("nothing to do", Tone.GOOD),
    Outcome.STOPPED: ("stopped", Tone.GOOD),
    Outcome.REVERTED: ("reverted", Tone.GOOD),
    Outcome.FAILED: ("failed, reverted", Tone.BAD),
    Outcome.CANCELLED: ("cancelled, reverted", Tone.WARN),
    Outcome.NEEDS_ATTENTION: ("needs attention", Tone.BAD),
}

WITH_RESULTS = frozenset({Outcome.LIVE, Outcome.HELD, Outcome.UNCHANGED, Outcome.STOPPED})
"""Endings after which there is something to see at an address, or not any more."""

_HANDLED = {
    LifecycleVerb.STOP: "stopped",
    LifecycleVerb.START: "started",
    LifecycleVerb.RESTART: "restarted",
    LifecycleVerb.SCALE: "scaled",
}


def committed(timeline: Timeline) -> bool:
    """Whether the routes have moved: from then on nothing is reverted."""
    if timeline.handling is not None or timeline.run is None:
        return False
    return timeline.live_after is not None or any(
        step.stage is Stage.DRAINING_PREVIOUS
        or (step.stage is Stage.SWITCHING_ROUTE and step.state is StepState.DONE)
        for track in timeline.tracks
        for step in track.steps
    )


def job_cell(job: Job) -> Cell:
    """The state of a job with its symbol."""
    if job.error is not None:
        return with_symbol("refused" if not job.timeline.tracks else "broke off", Tone.BAD)
    if job.timeline.outcome is not None:
        return with_symbol(*_outcome(job.timeline, job.timeline.outcome))
    if job.over:
        return with_symbol("done", Tone.GOOD)
    if job.cancels:
        return Cell("▸ ending" if committed(job.timeline) else "▸ reverting", Tone.WARN)
    if committed(job.timeline):
        return Cell("▸ running, is live", Tone.GOOD)
    return Cell("▸ running")


def _outcome(timeline: Timeline, outcome: Outcome) -> tuple[str, Tone]:
    """The outcome in words; a lifecycle verb has its own, because it makes nothing live."""
    if timeline.handling is None:
        return _OUTCOMES[outcome]
    if outcome is Outcome.LIVE:
        return _HANDLED[timeline.handling.verb], Tone.GOOD
    if outcome is Outcome.FAILED:
        return "failed", Tone.BAD
    return _OUTCOMES[outcome]


def job_took(job: Job, now: datetime) -> timedelta:
    """The duration of a job until its end, or until now."""
    return max((job.ended or now) - job.started, timedelta())


def job_title(job: Job) -> str:
    """The title of a job, naming the services once they are known."""
    request = job.request
    about = RunRequest | Stop | Start | Restart
    if isinstance(request, about) and not request.services:
        request = replace(request, services=tuple(track.service for track in job.timeline.tracks))
    return title(request)


def ending_lines(job: Job) -> tuple[Line, ...]:
    """The result: what is live, at which address, and how to go on. Empty while it runs."""
    if not job.over:
        return ()
    if job.error is not None:
        return error_lines(job.error)
    if job.done is not None:
        return _done_lines(job.done)
    timeline = job.timeline
    lines: tuple[Line, ...] = ()
    if timeline.outcome in WITH_RESULTS:
        lines += result_lines(timeline, job.http_port)
    lines += _failed(timeline)
    failure = timeline.failure
    told = {track.failure.message for track in timeline.tracks if track.failure}
    if failure and failure.message not in told and timeline.outcome is not Outcome.CANCELLED:
        lines += failure_lines(failure.message, hint=failure.hint, tail=failure.tail)
    return lines + closing_lines(timeline)


def _done_lines(done: Done) -> tuple[Line, ...]:
    """What came of a job that tells no events."""
    match done:
        case Pruning():
            return pruned_lines(done)
        case Deletion():
            return ((with_symbol(f"{show_name(done.key.environment)} is gone", Tone.GOOD),),)
        case DomainsChecked():
            return checked_lines(done)
        case MaintenanceChange():
            return maintained_lines(done)
        case Adoption():
            return adopted_lines(done)


def _failed(timeline: Timeline) -> tuple[Line, ...]:
    """Each service that failed, in one sentence; its output has the rest."""
    return tuple(
        (with_symbol(f"{failed_at(track)}: {clean(track.failure.message)}", Tone.BAD),)
        for track in timeline.tracks
        if track.failure is not None
    )


def toast(job: Job) -> tuple[str, Tone]:
    """The end of a job that nobody is looking at, in a sentence."""
    cell = job_cell(job)
    why = job.error.message if job.error else ""
    failed = [track for track in job.timeline.tracks if track.failure is not None]
    if failed and failed[0].failure is not None:
        why = f"{failed[0].service}: {failed[0].failure.message}"
    return f"{cell.text}{f': {clean(why)}' if why else ''}", cell.tone


def of_interest(timeline: Timeline) -> str | None:
    """The service a person wants to see: what failed, else what goes on, else the first."""
    for state in (TrackState.FAILED, TrackState.RUNNING):
        for track in timeline.tracks:
            if track.state is state and (state is TrackState.FAILED or track.running):
                return track.service
    return timeline.tracks[0].service if timeline.tracks else None


def cancel_question(job: Job) -> Question:
    """The question before cancelling, which says what that means right now."""
    title = job_title(job)
    if job.cancels:
        words = ("It is being ended already.", "Leaving it now keeps a journal: resume ends it.")
        return Question(title=title, lines=_lines(words), yes="Leave it", no="Wait")
    if committed(job.timeline):
        words = (
            "The new version is live and stays live.",
            "Ending the drain cuts the connections that the previous version still has.",
        )
        return Question(title=title, lines=_lines(words), yes="End the drain", no="Let it drain")
    stays = _lines(("Cancel and revert? What was live before stays live.",))
    return Question(title=title, lines=stays, yes="Cancel and revert", no="Go on")


def quit_question(jobs: tuple[Job, ...]) -> Question:
    """The question before leaving while jobs go on."""
    if not jobs:
        ended = _lines(("It has ended meanwhile.",))
        return Question(title="Quit", lines=ended, yes="Leave", no="Stay")
    lines = [line(f"{job_title(job)} goes on.") for job in jobs]
    before = [job for job in jobs if not committed(job.timeline)]
    after = [job for job in jobs if committed(job.timeline)]
    if before:
        lines += _lines(("Leaving cancels and reverts it: what was live before stays live.",))
    if after:
        where = listed(show_name(job.request.environment) for job in after)
        lines += _lines((f"{where} is live already: leaving ends the drain of the previous.",))
    yes = "Revert and leave" if before else "End it and leave"
    return Question(title="A job goes on", lines=tuple(lines), yes=yes, no="Stay")


def leaving_question(jobs: tuple[Job, ...]) -> Question:
    """The choices while leaving waits for the jobs to end."""
    lines = [
        *(line(f"{job_title(job)} is being ended.") for job in jobs),
        line("The program closes as soon as that is done."),
        line("Leaving now keeps a journal: `compartment-tui resume` ends it later.", Tone.QUIET),
    ]
    return Question(title="Leaving", lines=tuple(lines), yes="Leave now", no="Stay after all")


class JobAction(StrEnum):
    """The actions on a job."""

    CANCEL = "cancel"
    LOGS = "logs"
    SHELL = "shell"
    OPEN = "open"
    RETRY = "retry"
    UNDO = "undo"
    RESUME = "resume"
    PROMOTE = "promote"
    DISCARD = "discard"
    START = "start"


def job_actions(job: Job, service: str | None) -> dict[JobAction, str]:
    """The actions that are possible now, the most likely first, each with its word."""
    track = job.timeline.track(service) if service else None
    found: dict[JobAction, str] = {}
    if not job.over:
        found[JobAction.CANCEL] = "end the drain" if committed(job.timeline) else "cancel"
    outcome = job.timeline.outcome
    if job.over and (job.error is not None or outcome in (Outcome.FAILED, Outcome.CANCELLED)):
        found[JobAction.RETRY] = "try again"
    request = job.request
    if outcome is Outcome.UNCHANGED and isinstance(request, Deploy) and not request.hold:
        found[JobAction.RETRY] = "replace it anyway"
    if outcome is Outcome.NEEDS_ATTENTION:
        found[JobAction.RESUME] = "resume"
    if track is not None and track_url(track, job) is not None:
        found[JobAction.OPEN] = "open"
    if track is not None and has_container(track):
        found[JobAction.LOGS] = "container's logs"
        if container_runs(track):
            found[JobAction.SHELL] = "shell"
    if outcome is Outcome.HELD:
        found |= {JobAction.PROMOTE: "promote", JobAction.DISCARD: "discard"}
    if outcome is Outcome.STOPPED:
        found[JobAction.START] = "start"
    if outcome is Outcome.LIVE and undoable(job.timeline):
        found[JobAction.UNDO] = "undo"
    return found


def again(job: Job) -> Request:
    """The request that a retry is; after one that found nothing to do, with force."""
    if isinstance(job.request, Deploy) and job.timeline.outcome is Outcome.UNCHANGED:
        return replace(job.request, force=True)
    return job.request


def track_url(track: Track, job: Job) -> str | None:
    """The address of a service that went live or was live already, or of what is held."""
    if track.plan is None:
        return None
    held = track.state is TrackState.HELD
    host = track.plan.preview if held else track.plan.host
    reached = held or track.state in (TrackState.LIVE, TrackState.UNCHANGED)
    if not (host and reached):
        return None
    return track.plan.url if track.plan.url and not held else url(host, job.http_port)


def has_container(track: Track) -> bool:
    """Whether its deployment ever had a container to read from."""
    started = any(step.stage is Stage.STARTING_CANDIDATE for step in track.steps)
    kept = track.state not in (TrackState.REVERTED, TrackState.STOPPED)
    return bool(track.deployment) and kept and (started or track.state is TrackState.UNCHANGED)


RUNNING = frozenset({TrackState.LIVE, TrackState.HELD, TrackState.UNCHANGED, TrackState.RUNNING})


def container_runs(track: Track) -> bool:
    """Whether that container runs, as far as the run told."""
    return track.state in RUNNING


def no_shell(track: Track) -> str:
    """Why no shell can be opened in its container; empty when one can be tried."""
    name = show(track.service)
    if not has_container(track):
        return f"{name} has no container of this run"
    if not container_runs(track):
        return f"the container of {name} is stopped: `l` shows what it wrote"
    return ""


def jobs_rows(jobs: tuple[Job, ...], now: datetime) -> tuple[tuple[int, Line], ...]:
    """A line for each job, newest first, with its number."""
    newest = sorted(jobs, key=lambda job: job.number, reverse=True)
    return tuple((job.number, _job_line(job, now)) for job in newest)


def _job_line(job: Job, now: datetime) -> Line:
    cell = job_cell(job)
    at = job.started.astimezone().strftime("%H:%M:%S")
    took = duration(job_took(job, now))
    return (
        Cell(f"{at}  ", Tone.QUIET),
        Cell(f"{cell.text:<21} ", cell.tone),
        Cell(f"{took:>7}  ", Tone.QUIET),
        Cell(job_title(job)),
    )


def _lines(words: tuple[str, ...]) -> tuple[Line, ...]:
    return tuple(line(text) for text in words)
