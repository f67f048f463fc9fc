"""What `stop`, `start` and `restart` do and write."""

from compartment_tui.cli.following import Where, follow
from compartment_tui.cli.json_documents.upkeep import handling_document
from compartment_tui.cli.session import Session
from compartment_tui.domain.planning.lifecycle import LifecyclePlan, LifecycleVerb
from compartment_tui.operations import lifecycle as operations
from compartment_tui.present.lifecycle import handling_lines

_DO = {
    LifecycleVerb.STOP: operations.stop,
    LifecycleVerb.START: operations.start,
    LifecycleVerb.RESTART: operations.restart,
}


def carry_out(session: Session, word: str, *, plan: bool, events: bool) -> int:
    """Only show the plan, or do it; the exit code. Raises NotFound, Locked, AnswerNeeded."""
    verb = LifecycleVerb(word)
    where = Where(
        environment=session.environment,
        services=session.services,
        take_over=session.take_over,
    )
    if plan:
        _show(session, operations.plan(session.world, verb, **where))
        return 0
    do = _DO[verb]
    return follow(session, word, lambda: do(session.world, **where), events=events)


def _show(session: Session, found: LifecyclePlan) -> None:
    if session.output.json:
        session.output.document(handling_document(found))
    else:
        session.output.lines(handling_lines(found, session.config.edge.http_port))
