"""What an act would do, as a dialog shows it before anything is done."""

from collections.abc import Iterator
from typing import TypeAlias

from compartment_tui.domain.detail_views import Deletion
from compartment_tui.domain.planning.lifecycle import LifecyclePlan
from compartment_tui.domain.planning.plan import ImageSource, Plan, Run
from compartment_tui.domain.planning.retention import Pruning
from compartment_tui.present.fields import deletion_lines
from compartment_tui.present.lifecycle import handling_lines
from compartment_tui.present.plan import PlanContext, plan_lines
from compartment_tui.present.prune import pruning_lines
from compartment_tui.present.text import listed, show
from compartment_tui.present.tone import Line, Tone, line, with_symbol
from compartment_tui.tui.state.action import Act, Verb

Proposed: TypeAlias = Run | LifecyclePlan | Pruning | Deletion | None
"""What an act would do: None where only doing it tells."""

YES = {
    Verb.DEPLOY: "Deploy",
    Verb.HOLD: "Deploy and hold",
    Verb.PROMOTE: "Promote",
    Verb.ACROSS: "Promote",
    Verb.DISCARD: "Discard",
    Verb.ROLLBACK: "Roll back",
    Verb.REDEPLOY: "Redeploy",
    Verb.REMOVE: "Remove",
    Verb.STOP: "Stop",
    Verb.START: "Start",
    Verb.RESTART: "Restart",
    Verb.PRUNE: "Prune",
    Verb.RESUME: "Resume",
    Verb.DELETE: "Delete",
}
"""What the button that starts it says."""


def proposal_lines(act: Act, plan: Proposed, context: PlanContext) -> tuple[Line, ...]:
    """The whole plan; the dialog's title already says the verb and the environment."""
    match plan:
        case Run():
            shown = plan_lines(plan, context)[1:]
            return (*_without_gap(shown), *_prospects(plan))
        case LifecyclePlan():
            return _without_gap(handling_lines(plan, context.http_port)[1:])
        case Pruning():
            return pruning_lines(plan)
        case Deletion():
            return deletion_lines(plan, volumes=act.volumes)
        case None:
            return (line("Finishes or reverts what an earlier run left behind."),)


def empty(plan: Proposed) -> bool:
    """Whether there is nothing that could be done."""
    if isinstance(plan, LifecyclePlan):
        return not plan.acting
    if isinstance(plan, Pruning):
        return plan.empty
    return isinstance(plan, Run) and not plan.plans


def toggles(act: Act, plan: Proposed) -> Iterator[tuple[str, str]]:
    """Keys that change what is proposed, each with what it says now."""
    if act.verb in (Verb.DEPLOY, Verb.HOLD):
        yield "f", f"replace unchanged services too: {yes_or_no(act.force)}"
    gone = isinstance(plan, Run) and bool(plan.undeclared)
    if act.verb is Verb.DEPLOY and (gone or act.remove_undeclared):
        yield "r", f"take away what the file no longer has: {yes_or_no(act.remove_undeclared)}"
    if act.verb is Verb.HOLD:
        yield "p", f"an address to look at it: {yes_or_no(act.preview)}"
    if isinstance(plan, Deletion) and plan.volumes:
        yield "v", f"volumes go too: {'yes, with their data' if act.volumes else 'no'}"


def taking_over(act: Act, plan: Proposed, owner: str) -> tuple[Line, ...]:
    """From whom, where the plan does not say it by itself."""
    if not act.take_over or isinstance(plan, Run):
        return ()
    return (line(f"belongs to {owner} so far: this takes it over", Tone.WARN), line(""))


def yes_or_no(answer: bool) -> str:
    """How a toggle stands."""
    return "yes" if answer else "no"


def _prospects(run: Run) -> Iterator[Line]:
    """Which services will be left alone, as far as that can be told before they are built."""
    if any(plan.removes for plan in run.plans):
        return
    same = [show(plan.service) for plan in run.plans if _looks_unchanged(plan)]
    built = [one for one in run.plans if one.source in (ImageSource.BUILD, ImageSource.PULL)]
    could = [one for one in built if one.previous is not None and not one.force]
    if not could:
        return
    yield line("")
    if len(same) == len(run.plans):
        yield (with_symbol("nothing seems to have changed since what is live", Tone.WARN),)
        yield line("  if the images come out the same, everything is left alone", Tone.QUIET)
        return
    if same:
        yield line(f"  no change is seen in {listed(same)}", Tone.QUIET)
    yield line("  a service whose image comes out the same is left alone", Tone.QUIET)


def _looks_unchanged(plan: Plan) -> bool:
    before = plan.previous
    return (
        before is not None
        and not plan.force
        and before.spec == plan.spec.text()
        and not plan.changes
        and bool(plan.provenance.commit)
        and plan.provenance.commit == before.provenance.commit
        and not plan.provenance.dirty
        and not before.provenance.dirty
    )


def _without_gap(lines: tuple[Line, ...]) -> tuple[Line, ...]:
    """The lines without an empty one at the top."""
    return lines[1:] if lines and not "".join(cell.text for cell in lines[0]) else lines
