"""Show what a request would do, or do it and follow it to its end and the exit code."""

from collections.abc import Generator, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from compartment_tui.cli.confirm import allow_change, allow_exposure
from compartment_tui.cli.exit_codes import EXIT_OF_OUTCOME
from compartment_tui.cli.json_documents.common import Json, status_document
from compartment_tui.cli.json_documents.runs import plan_document, run_document
from compartment_tui.cli.output import failure_of
from compartment_tui.cli.run_reporter import telling
from compartment_tui.cli.session import Session
from compartment_tui.domain.errors import CompartmentError
from compartment_tui.domain.events import Event
from compartment_tui.domain.outcome import Outcome
from compartment_tui.domain.planning.lifecycle import LifecyclePlan
from compartment_tui.domain.planning.plan import Run
from compartment_tui.domain.requests import FollowedRequest
from compartment_tui.operations import requests, status
from compartment_tui.operations.runs import known_images, new_commits, uncommitted
from compartment_tui.ports import Cancel
from compartment_tui.present.lifecycle import handling_lines
from compartment_tui.present.plan import PlanContext, plan_lines
from compartment_tui.present.progress import (
    closing_lines,
    failed_at,
    result_lines,
)
from compartment_tui.present.requests import verb
from compartment_tui.present.timeline import Timeline, fold


def carry_out(session: Session, request: FollowedRequest, *, plan: bool, events: bool) -> int:
    """Only show the plan, or do it; the exit code. Raises CompartmentError when it is refused."""
    if not plan:
        return follow(session, request, events=events)
    planned = requests.plan(session.world, request)
    if isinstance(planned, Run):
        _show_run(session, planned)
    elif isinstance(planned, LifecyclePlan):
        _show_handling(session, planned)
    return 0


def _show_run(session: Session, run: Run) -> None:
    context = PlanContext(
        http_port=session.edge.http_port,
        commits=new_commits(session.world, run),
        dirty=uncommitted(session.world, run),
        images=known_images(session.world, run),
    )
    if session.output.json:
        session.output.document(plan_document(run, context.commits, context.dirty, context.images))
    else:
        session.output.lines(plan_lines(run, context))


def _show_handling(session: Session, handling: LifecyclePlan) -> None:
    if session.output.json:
        from compartment_tui.cli.json_documents.upkeep import handling_document

        session.output.document(handling_document(handling))
    else:
        session.output.lines(handling_lines(handling, session.edge.http_port))


def follow(session: Session, request: FollowedRequest, *, events: bool) -> int:
    """Ask if need be, follow the run to its end, say how it ended; the exit code."""
    if events:
        session.output.stream_objects()
    allow_change(session, verb(request).lower())
    allow_exposure(session)
    with _heeding(session.world.cancel):
        timeline = _follow(session, request, events=events)
    if timeline.outcome is None and timeline.tracks:
        raise RuntimeError("the run ended without an outcome")
    _conclude(session, timeline, events=events)
    # A resume that finds nothing to do is no run, so it has no outcome.
    return 0 if timeline.outcome is None else EXIT_OF_OUTCOME[timeline.outcome]


def _follow(session: Session, request: FollowedRequest, *, events: bool) -> Timeline:
    timeline = Timeline(environment=session.environment)
    output = session.output
    with (
        telling(output, session.world, session.environment, events=events) as teller,
        # Should telling fail, the run is told that nobody listens, and reverts.
        _closing(requests.execute(session.world, request)) as told,
    ):
        for event in told:
            timeline = fold(timeline, event)
            teller.tell(event, timeline)
        teller.close(timeline)
    return timeline


@contextmanager
def _closing(events: Iterator[Event]) -> Iterator[Iterator[Event]]:
    try:
        yield events
    finally:
        if isinstance(events, Generator):
            events.close()


def _conclude(session: Session, timeline: Timeline, *, events: bool) -> None:
    output = session.output
    if output.json and not events:
        output.document(run_document(timeline, _status(session)))
    elif not events:
        output.lines(result_lines(timeline, session.edge.http_port))
    _tell_failures(session, timeline)
    if timeline.outcome is None or EXIT_OF_OUTCOME[timeline.outcome] == 0:
        for closing in closing_lines(timeline):
            output.say(closing)
    else:
        output.insist(closing_lines(timeline))


def _tell_failures(session: Session, timeline: Timeline) -> None:
    """Each service that failed, then the run's own failure if none of them is it."""
    told = set()
    for track in timeline.tracks:
        if track.failure is not None:
            session.output.insist(failure_of(track.failure, failed_at(track)))
            told.add(track.failure.message)
    failure = timeline.failure
    if failure and failure.message not in told and timeline.outcome is not Outcome.CANCELLED:
        session.output.insist(failure_of(failure))


def _status(session: Session) -> Json | None:
    try:
        return status_document(status.status(session.world, environment=session.environment))
    except CompartmentError:  # the run is over and told; that it cannot be asked now is not its end
        return None


def _heeding(cancel: Cancel) -> AbstractContextManager[object]:
    """While a run goes on, a request to stop is counted and not an exception."""
    return cancel if isinstance(cancel, AbstractContextManager) else nullcontext()
