"""A run in words: one calm line a service while it goes on, and what is to be said at its end."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from compartment_tui import PROGRAM
from compartment_tui.domain.deployment import Purpose, Stage, Trigger
from compartment_tui.domain.events import DrainWaits, StageFinished, StageStarted, WentLive
from compartment_tui.domain.outcome import Outcome
from compartment_tui.domain.planning.lifecycle import LifecyclePlan, LifecycleVerb
from compartment_tui.domain.planning.plan import ImageSource, Plan
from compartment_tui.domain.planning.scale import counted
from compartment_tui.domain.shell_quotes import option_for
from compartment_tui.domain.wait import Wait
from compartment_tui.present.plan import left_alone_lines, proof
from compartment_tui.present.text import (
    clean,
    duration,
    listed,
    pad,
    short_id,
    show,
    show_name,
    step_words,
    url,
)
from compartment_tui.present.timeline import StepState, Timeline, Track, TrackState
from compartment_tui.present.tone import Cell, Line, Tone, line, with_symbol

TRACK_WORDS = {
    TrackState.WAITING: ("waiting", Tone.QUIET),
    TrackState.LIVE: ("live", Tone.GOOD),
    TrackState.HELD: ("held", Tone.GOOD),
    TrackState.DISCARDED: ("discarded", Tone.GOOD),
    TrackState.UNCHANGED: ("unchanged", Tone.QUIET),
    TrackState.REMOVED: ("removed", Tone.QUIET),
    TrackState.AT_REST: ("stopped", Tone.QUIET),
    TrackState.FAILED: ("failed", Tone.BAD),
    TrackState.REVERTED: ("reverted", Tone.WARN),
    TrackState.STOPPED: ("not done", Tone.QUIET),
}


CARRYING = "carrying its image"
"""What building is of an image that another engine has."""
NOTICEABLE = timedelta(seconds=2)
"""How long after the switch the end of a run is worth a word."""

DONE_WELL = frozenset(
    {
        TrackState.LIVE,
        TrackState.HELD,
        TrackState.DISCARDED,
        TrackState.UNCHANGED,
        TrackState.REMOVED,
        TrackState.AT_REST,
    }
)


AFTER_SWITCH = (Stage.DRAINING_PREVIOUS, Stage.STOPPING_PREVIOUS)
"""The stages that end what was there before."""

_SWITCHED = frozenset({TrackState.LIVE, TrackState.REMOVED})


def track_lines(timeline: Timeline, now: datetime) -> tuple[Line, ...]:
    """Every service on a line: where it is, for how long, and the last thing it said.

    What ends after the switch has lines of its own below it.
    """
    name_width = max((len(show(track.service)) for track in timeline.tracks), default=0)
    lines: list[Line] = []
    for track in timeline.tracks:
        lines.append(_track_line(timeline, track, now, name_width))
        lines += _ending_lines(track, now, name_width)
    return tuple(lines)


def _ending_lines(track: Track, now: datetime, name_width: int) -> Iterator[Line]:
    """What ends after the switch, a line each: the drain of the previous one, and its stop."""
    if track.state is not TrackState.RUNNING or not track.ending:
        return
    for step in track.steps:
        if step.stage not in AFTER_SWITCH:
            continue
        running = step.state is StepState.RUNNING
        words = pad(f"{step_words(step.stage)}{'' if running else ': done'}", 28)
        said = _waited_for(track) if running else ""
        indent = " " * (name_width + 4)
        elapsed = f"{duration(step.elapsed(now)):>7}"
        yield (Cell(f"{indent}{'▸' if running else '·'} {words} {elapsed}{said}", Tone.QUIET),)


def _waited_for(track: Track) -> str:
    waits = track.waits
    return f"  {clean(waits.connections.words)}; {cut_off_words(waits)}" if waits else ""


def result_lines(timeline: Timeline, http_port: int) -> tuple[Line, ...]:
    """What is live or held now, one line a service: its address, and how long it took."""
    tracks = [track for track in timeline.tracks if track.state in DONE_WELL]
    names = max((len(show(track.service)) for track in tracks), default=0)
    places = [_place(track, http_port) for track in tracks]
    wide = max((len(place) for place in places), default=0)
    results = [
        _result(
            track,
            pad(show(track.service), names),
            pad(place, wide),
            timeline.gaps.get(track.service),
            timeline.waits.get(track.service),
        )
        for track, place in zip(tracks, places, strict=True)
    ]
    return (*results, *_moves(timeline, http_port))


def _moves(timeline: Timeline, http_port: int) -> Iterator[Line]:
    """Hosts that changed with the switch: of what is new, and of what was left alone."""
    for track in timeline.tracks:
        if track.plan is not None and track.plan.old_host and track.state in _SWITCHED:
            gone = url(track.plan.old_host, http_port)
            yield (with_symbol(f"{show(track.service)} answers no longer at {gone}", Tone.WARN),)
    for moved in timeline.moved:
        now = f"{show(moved.target.service)} answers at {url(moved.host, http_port)} now"
        gone = f", no longer at {url(moved.old_host, http_port)}" if moved.old_host else ""
        yield (with_symbol(f"{now}{gone}", Tone.WARN),)


def _result(track: Track, name: str, place: str, gap: timedelta | None, wait: Wait | None) -> Line:
    word, tone = TRACK_WORDS[track.state]
    took = _took(track)
    if took and gap is not None:
        took += f", away for {duration(gap)}"
    if took and wait is not None:
        took += f", {wait_words(wait)}"
    said = f"  {name}  {place}"
    if not took:
        return with_symbol(pad(word, len("unchanged")), tone), Cell(said.rstrip())
    return with_symbol(pad(word, len("unchanged")), tone), Cell(said), Cell(f"  {took}", Tone.QUIET)


def wait_words(wait: Wait) -> str:
    """How many requests waited, for how long, and what came of them, as far as it is known."""
    most = f"at most {duration(wait.longest)}"
    if wait.count is None:
        return f"requests waited {most}"
    if not wait.count.requests:
        return "no request had to wait"
    requests = "1 request" if wait.count.requests == 1 else f"{wait.count.requests} requests"
    return f"{requests} waited, {most}, {wait.count.failed} failed"


def note_lines(timeline: Timeline) -> tuple[Line, ...]:
    """What stopped nothing and should be known."""
    lines = [(with_symbol(clean(note), Tone.WARN),) for note in timeline.notes]
    for track in timeline.tracks:
        wait = timeline.waits.get(track.service)
        if wait is not None and track.state not in DONE_WELL:
            words = f"{show(track.service)}: {wait_words(wait)}"
            lines.append((with_symbol(words, Tone.WARN),))
    for track in timeline.tracks:
        lines += [
            (with_symbol(f"{show(track.service)}: {clean(note)}", Tone.WARN),)
            for note in track.notes
        ]
    return tuple(lines)


def closing_lines(timeline: Timeline) -> tuple[Line, ...]:  # noqa: PLR0911 - one an outcome
    """How it ended, what serves now, and what a person may want next."""
    where = show_name(timeline.environment)
    option = option_for(timeline.environment)
    took = duration(timeline.took)
    match timeline.outcome:
        case Outcome.LIVE | Outcome.UNCHANGED | Outcome.STOPPED if timeline.handling is not None:
            return handled_lines(timeline, timeline.handling)
        case Outcome.LIVE:
            live = _live_line(timeline, where, option)
            return (*_proofs(timeline), live, *_left_alone(timeline))
        case Outcome.HELD:
            return _waiting(timeline, option)
        case Outcome.DISCARDED:
            gone = listed(
                show(one.service) for one in timeline.tracks if one.state is TrackState.DISCARDED
            )
            return (_head(f"what was held of {gone} in {where} is discarded", Tone.GOOD),)
        case Outcome.UNCHANGED:
            same = f"nothing to do: {where} already runs exactly this"
            return (_head(same, Tone.GOOD), *_left_alone(timeline))
        case Outcome.STOPPED:
            return (_head(f"stopped after {took}", Tone.GOOD),)
        case Outcome.REVERTED:
            return (_head(f"reverted after {took}: {where} is as it was", Tone.GOOD),)
        case Outcome.FAILED:
            return tuple(_still_serving(timeline))
        case Outcome.CANCELLED:
            head = _head(f"cancelled after {took}, everything is as it was before", Tone.WARN)
            return (head, *_still_serving(timeline))
        case Outcome.NEEDS_ATTENTION:
            if timeline.live_after is not None:
                head = _head(f"{where} is live, but its run is not finished", Tone.BAD)
                return (head, line(f"  → {PROGRAM} resume{option} finishes it"))
            head = _head(f"{where} is neither finished nor reverted", Tone.BAD)
            return (head, line(f"  → {PROGRAM} resume{option} finishes or reverts it"))
        case None:
            return ()


def _live_line(timeline: Timeline, where: str, option: str) -> Line:
    """When visitors got it, and when all was over where that was noticeably later."""
    took = timeline.took
    live = took if timeline.live_after is None else timeline.live_after
    rest = (
        f", the previous ended {duration(took - live)} later" if took - live >= NOTICEABLE else ""
    )
    undo = f"  undo it with: {PROGRAM} rollback{option}" if undoable(timeline) else ""
    return (
        with_symbol(f"{_what_is_so(timeline, where)} after {duration(live)}", Tone.GOOD),
        Cell(f"{rest}{undo}", Tone.QUIET),
    )


def _what_is_so(timeline: Timeline, where: str) -> str:
    """What a run that went well came to at its switch."""
    if timeline.run is not None and timeline.run.removes_only:
        names = listed(show(track.service) for track in timeline.tracks)
        return f"{names} of {where}: taken away"
    if timeline.moved and not any(track.state in _SWITCHED for track in timeline.tracks):
        return f"the routes of {where} are in force"
    return f"{where} is live"


def _left_alone(timeline: Timeline) -> Iterator[Line]:
    lines = left_alone_lines(timeline.run) if timeline.run else ()
    yield from (one for one in lines if one and one[0].text)


def handled_lines(timeline: Timeline, handling: LifecyclePlan) -> tuple[Line, ...]:
    """What became of what is there: stopped, started, restarted, or nothing of it."""
    names = listed(show(one.service) for one in handling.acting)
    option, took = option_for(handling.key.environment), duration(timeline.took)
    if not handling.acting:
        why = {one.why for one in handling.services}
        said = why.pop() if len(why) == 1 else "nothing has to change"
        return (_head(f"nothing to do: {said}", Tone.GOOD),)
    if handling.verb is LifecycleVerb.STOP:
        start = f"  start it with: {PROGRAM} start{option}"
        return ((with_symbol(f"{names} stopped after {took}", Tone.GOOD), Cell(start, Tone.QUIET)),)
    if handling.verb is LifecycleVerb.SCALE:
        said = listed(f"{counted(one.replicas)} of {show(one.service)}" for one in handling.acting)
        return (_head(f"{said}, live after {took}", Tone.GOOD),)
    word = "started" if handling.verb is LifecycleVerb.START else "restarted"
    return (_head(f"{names} {word}, live after {took}", Tone.GOOD),)


def _proofs(timeline: Timeline) -> Iterator[Line]:
    """That what went live is the very image of the other environment."""
    origin = timeline.run.origin if timeline.run else ""
    for track in timeline.tracks if origin else ():
        plan = track.plan
        if plan is not None and plan.image and track.state is TrackState.LIVE:
            said = f"  {show(track.service)} runs {proof(plan.image)}, the image of {show(origin)}"
            yield line(said, Tone.QUIET)


def _waiting(timeline: Timeline, option: str) -> tuple[Line, ...]:
    """The two ways on from a hold."""
    names = [show(track.service) for track in timeline.tracks if track.state is TrackState.HELD]
    where = show_name(timeline.environment)
    head = f"{listed(names)} {'waits' if len(names) == 1 else 'wait'} in {where}"
    return (
        _head(f"{head} after {duration(timeline.took)}, what was live still is", Tone.GOOD),
        line(f"  → {PROGRAM} promote{option} makes it live, {PROGRAM} discard{option} drops it"),
    )


def doing(timeline: Timeline, service: str, stage: Stage) -> str:
    """What a stage is for this service of this run, in words that follow its name.

    What has no route has none to switch, and what was stopped before has nothing left to drain.
    """
    run, track = timeline.run, timeline.track(service)
    plan = track.plan if track else None
    if stage is Stage.STOPPED and run is not None and run.purpose is Purpose.DISCARD:
        return "discarding"
    if plan is not None and plan.routed_host is None and stage is Stage.SWITCHING_ROUTE:
        return "taking its place"
    if plan is not None and stage is Stage.STOPPING_PREVIOUS and plan.spec.stop_first:
        return "answering the last that waited" if plan.wait else "keeping the previous"
    return _stage_words(plan, stage)


def _stage_words(plan: Plan | None, stage: Stage) -> str:
    """An image that was made already is not built: it is carried."""
    carried = plan is not None and plan.source is ImageSource.KEPT_IMAGE
    return CARRYING if carried and stage is Stage.BUILDING else step_words(stage)


def nothing_drains(timeline: Timeline, event: StageStarted | StageFinished) -> bool:
    """Whether it is about draining, and nothing was there before, or it was stopped before."""
    track = timeline.track(event.target.service)
    plan = track.plan if track else None
    if plan is None or event.stage is not Stage.DRAINING_PREVIOUS:
        return False
    return plan.previous is None or plan.spec.stop_first


def waits_words(event: DrainWaits) -> str:
    """`waits for 2 connections: 1 through the edge, 1 from worker; cut off after 30s`."""
    total = event.connections.total
    connections = "1 connection" if total == 1 else f"{total} connections"
    return f"waits for {connections}: {clean(event.connections.words)}; {cut_off_words(event)}"


def cut_off_words(event: DrainWaits) -> str:
    """When the drain ends, whoever is connected."""
    return f"cut off after {duration(event.cut_off_after)}"


def live_line(event: WentLive) -> Line:
    """That it is live, since when, and what still ends: told at the switch."""
    ending = [f"{show(service)} {short_id(id_)}" for service, id_ in event.ending.items()]
    rest = f"; still ending: {listed(ending)}" if ending else ""
    where = show_name(event.environment)
    live = f"{where} is live" if event.services else f"the routes of {where} are in force"
    said = f"{live} after {duration(event.after)}"
    return with_symbol(said, Tone.GOOD), Cell(rest, Tone.QUIET)


def failed_at(track: Track) -> str:
    """`web failed while building`."""
    where = f" while {_stage_words(track.plan, track.failed_at)}" if track.failed_at else ""
    return f"{show(track.service)} failed{where}"


def _track_line(timeline: Timeline, track: Track, now: datetime, name_width: int) -> Line:
    name = Cell(f"  {pad(show(track.service), name_width)}  ")
    if track.state is not TrackState.RUNNING:
        word, tone = TRACK_WORDS[track.state]
        doing_it = doing(timeline, track.service, track.failed_at) if track.failed_at else ""
        words = f"{word} while {doing_it}" if doing_it else word
        took = duration(track.took(now)) if track.steps else ""
        return name, with_symbol(words, tone), Cell(f"  {took}", Tone.QUIET)
    return name, *_step_cells(timeline, track, now)


def _step_cells(timeline: Timeline, track: Track, now: datetime) -> Line:
    step = track.step
    if step is None:
        return ()
    if track.live_at is not None:
        return _live_cells(track, now)
    words = doing(timeline, track.service, step.stage)
    elapsed = f"{duration(step.elapsed(now)):>7}"
    if step.state is not StepState.RUNNING:  # its next stage begins when the others are as far
        return (Cell(f"· {pad(f'{words}: done', 28)} {elapsed}", Tone.QUIET),)
    said = last_said(track)
    return (
        Cell(f"▸ {pad(words, 28)} {elapsed}"),
        Cell(f"  {said}" if said else "", Tone.QUIET),
    )


def _live_cells(track: Track, now: datetime) -> Line:
    """It is live, whatever its last stage still does; that concerns the previous one."""
    live = with_symbol(pad("live", 28), Tone.GOOD)
    took = Cell(f" {duration(track.took(now)):>7}")
    if not track.ending:
        return live, took
    return live, took, Cell(f"  {short_id(track.ending)} is ending", Tone.QUIET)


def last_said(track: Track) -> str:
    """The newest thing it wrote or was answered, for the end of its line."""
    step = track.step
    if track.live_at is not None:
        if track.waits is not None:
            return waits_words(track.waits)
        return f"{short_id(track.ending)} is ending" if track.ending else ""
    if step is not None and step.stage is Stage.CHECKING_READINESS and track.attempts:
        last = track.attempts[-1]
        return f"attempt {last.number}: {clean(last.detail)}"
    return clean(track.lines[-1]).strip() if track.lines else ""


def _took(track: Track) -> str:
    if track.state is TrackState.UNCHANGED or not track.steps:
        return ""
    last = track.steps[-1]
    return duration(track.took(last.ended or last.started))


def _place(track: Track, http_port: int) -> str:
    plan = track.plan
    if plan is None or track.state is TrackState.DISCARDED:
        return ""
    host = plan.preview if track.state is TrackState.HELD else plan.host
    if host == plan.host and plan.url:
        return plan.url
    if track.state is TrackState.UNCHANGED and plan.purpose is Purpose.HOLD and plan.previous:
        host = plan.previous.host  # a hold moves no route of what it leaves alone
    return url(host, http_port) if host else ""


def _still_serving(timeline: Timeline) -> Iterator[Line]:
    """Which versions have the traffic now that the run was undone."""
    plans = [track.plan for track in timeline.tracks if track.plan is not None]
    serving = [
        f"{show(plan.service)} {short_id(plan.previous.id)}" for plan in plans if plan.previous
    ]
    new = [show(plan.service) for plan in plans if plan.previous is None]
    if serving:
        yield line(f"  still live, as before: {listed(serving)}")
    if new:
        yield line(f"  not live, as before: {listed(new)}")


def undoable(timeline: Timeline) -> bool:
    """Whether a plain rollback leads back from here: every service had something before."""
    run = timeline.run
    return (
        run is not None
        and run.trigger is not Trigger.ROLLBACK
        and any(track.state in _SWITCHED for track in timeline.tracks)
        and all(
            track.plan is not None and track.plan.previous is not None
            for track in timeline.tracks
            if track.state is TrackState.LIVE
        )
    )


def _head(text: str, tone: Tone) -> Line:
    return (with_symbol(text, tone),)
