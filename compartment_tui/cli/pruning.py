"""What `prune` does and writes."""

from dataclasses import replace

from compartment_tui.cli.asking import allow_exposure, allow_loss
from compartment_tui.cli.reading import parse_since
from compartment_tui.cli.session import Session
from compartment_tui.operations import prune as operations
from compartment_tui.present.json_upkeep import pruning_document
from compartment_tui.present.prune import pruned_lines, pruning_lines


def prune(session: Session, *, secrets_before: str | None, plan: bool) -> None:
    """Raises UsageProblem (no time), AnswerNeeded, Cancelled, Locked."""
    named = session.named_environment is not None
    environments = (session.environment,) if named else ()
    now = session.world.clock.now()
    before = None if secrets_before is None else parse_since(secrets_before, now)
    take_over = session.take_over
    found = operations.plan_prune(
        session.world, environments=environments, before=before, take_over=take_over
    )
    if not plan and found.empty:
        found = replace(found, bytes_after=found.bytes_before)
    elif not plan:
        allow_loss(session, "prune", pruning_lines(found), named=named)
        allow_exposure(session)
        found = operations.prune(
            session.world, environments=environments, before=before, take_over=take_over
        )
    if session.output.json:
        session.output.document(pruning_document(found))
    else:
        session.output.lines(pruning_lines(found) if plan else pruned_lines(found))
