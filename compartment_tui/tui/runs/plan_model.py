"""The proposal of a request: its lines, toggles and blanks in the plan dialog."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from compartment_tui.domain.detail_views import Adoption, Deletion, MaintenanceChange
from compartment_tui.domain.planning.lifecycle import LifecyclePlan
from compartment_tui.domain.planning.plan import ImageSource, Plan, Run
from compartment_tui.domain.planning.retention import Pruning
from compartment_tui.domain.proposal import Proposed
from compartment_tui.domain.requests import (
    BeginMaintenance,
    CheckDomains,
    DeleteEnvironment,
    Deploy,
    LabelledRequest,
    PromoteFrom,
    Request,
)
from compartment_tui.present.adoption import adoption_lines
from compartment_tui.present.fields import deletion_lines
from compartment_tui.present.lifecycle import handling_lines
from compartment_tui.present.maintenance import maintenance_lines
from compartment_tui.present.plan import PlanContext, plan_lines
from compartment_tui.present.prune import pruning_lines
from compartment_tui.present.text import clean, listed, show, show_name
from compartment_tui.present.tone import Line, Tone, line, line_text, with_symbol


def proposal_lines(request: Request, plan: Proposed, context: PlanContext) -> tuple[Line, ...]:
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
            return _deletion_lines(request, plan)
        case MaintenanceChange():
            return maintenance_lines(plan)
        case Adoption():
            return adoption_lines(plan)
        case None if isinstance(request, CheckDomains):
            return (
                line("Looks whether the domains lead here, and orders what certificates lack."),
            )
        case None:
            return (line("Finishes or reverts what an earlier run left behind."),)


def empty(plan: Proposed) -> bool:
    """Whether there is nothing that could be done."""
    if isinstance(plan, LifecyclePlan):
        return not plan.acting
    if isinstance(plan, Pruning | Adoption):
        return plan.empty
    if isinstance(plan, MaintenanceChange):
        return not plan.services
    return isinstance(plan, Run) and not plan.plans


@dataclass(frozen=True, slots=True, kw_only=True)
class Toggle:
    """An option that is there or not: its key, how it stands, and the request with it changed."""

    key: str
    words: str
    changed: Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Blank:
    """An option that is a word: its key, how it stands, and the request with another word."""

    key: str
    words: str
    prompt: str
    value: str
    filled: Callable[[str], Request]


def toggles(request: Request, plan: Proposed) -> Iterator[Toggle]:
    """The options of a proposal that are there or not."""
    if isinstance(request, Deploy):
        yield from _deploy_toggles(request, plan)
    if isinstance(request, DeleteEnvironment) and isinstance(plan, Deletion):
        if plan.volumes:
            words = f"volumes go too: {'yes, with their data' if request.volumes else 'no'}"
            yield Toggle(
                key="v", words=words, changed=replace(request, volumes=not request.volumes)
            )
        if plan.declared:
            yield _file_toggle(request)


def toggles_of_refused(request: Request) -> Iterator[Toggle]:
    """The options of a refused request that are there or not."""
    if isinstance(request, DeleteEnvironment):
        yield _file_toggle(request)


def blanks(request: Request) -> Iterator[Blank]:
    """The options that are words, whatever is proposed."""
    if isinstance(request, Deploy):
        yield Blank(
            key="g",
            words=f"from {clean(request.ref)}" if request.ref else "from a commit",
            prompt="Services and their files from this commit, branch or tag",
            value=request.ref or "",
            filled=lambda text: replace(request, ref=text or None),
        )
    if isinstance(request, BeginMaintenance):
        yield Blank(
            key="m",
            words=f"“{clean(request.message)}”" if request.message else "a message",
            prompt="What the page says to visitors",
            value=request.message,
            filled=lambda text: replace(request, message=text),
        )
    if isinstance(request, PromoteFrom) and len(request.services) == 1:
        yield Blank(
            key="d",
            words=_worded("one deployment", request.deployment or ""),
            prompt=f"The image of this deployment in {show_name(request.origin)}",
            value=request.deployment or "",
            filled=lambda text: replace(request, deployment=text or None),
        )
    if isinstance(request, LabelledRequest):
        yield Blank(
            key="l",
            words=_worded("label", request.label),
            prompt="A name for this run in the history",
            value=request.label,
            filled=lambda text: replace(request, label=text),
        )


def _worded(what: str, value: str) -> str:
    return f"{what}: {clean(value)}" if value else what


def _deploy_toggles(request: Deploy, plan: Proposed) -> Iterator[Toggle]:
    yield Toggle(
        key="f",
        words=f"replace unchanged services too: {yes_or_no(request.force)}",
        changed=replace(request, force=not request.force),
    )
    gone = isinstance(plan, Run) and bool(plan.undeclared)
    removes = request.remove_undeclared
    if not request.hold and (gone or removes):
        yield Toggle(
            key="r",
            words=f"take away what the file no longer has: {yes_or_no(removes)}",
            changed=replace(request, remove_undeclared=not removes),
        )
    if request.hold:
        yield Toggle(
            key="p",
            words=f"an address to look at it: {yes_or_no(request.preview)}",
            changed=replace(request, preview=not request.preview),
        )


def _file_toggle(request: DeleteEnvironment) -> Toggle:
    return Toggle(
        key="e",
        words=f"what the project file says of it goes too: {yes_or_no(request.variables)}",
        changed=replace(request, variables=not request.variables),
    )


def _deletion_lines(request: Request, plan: Deletion) -> tuple[Line, ...]:
    if not isinstance(request, DeleteEnvironment):
        return ()
    return deletion_lines(plan, volumes=request.volumes, variables=request.variables)


def taking_over(request: Request, plan: Proposed, owner: str) -> tuple[Line, ...]:
    """From whom, where the plan does not say it by itself."""
    if not request.take_over or isinstance(plan, Run):
        return ()
    return (line(f"belongs to {owner} so far: this takes it over", Tone.WARN), line(""))


def yes_or_no(answer: bool) -> str:
    """The state of a toggle in a word."""
    return "yes" if answer else "no"


def _prospects(run: Run) -> Iterator[Line]:
    """Which services will be left alone, as far as that can be told before they are built."""
    if any(plan.removes for plan in run.plans):
        return
    same = [show(plan.service) for plan in run.plans if _looks_unchanged(plan)]
    built = [plan for plan in run.plans if plan.source in (ImageSource.BUILD, ImageSource.PULL)]
    could = [plan for plan in built if plan.previous is not None and not plan.force]
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
    return lines[1:] if lines and not line_text(lines[0]) else lines
