"""What a run will do, in lines a person reads before saying yes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from compartment_tui.domain.deployment import Provenance, Trigger
from compartment_tui.domain.plan import ImageSource, Plan, Run
from compartment_tui.domain.variables import NameChanges
from compartment_tui.present.text import (
    clean,
    counted,
    short_commit,
    short_id,
    show,
    trigger_words,
    url,
)
from compartment_tui.present.tone import Cell, Line, Tone, line

SHOWN_COMMITS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanContext:
    """What a plan does not carry: the edge's port, and one line per new commit by service."""

    http_port: int
    commits: Mapping[str, tuple[str, ...]]


def plan_lines(run: Run, context: PlanContext) -> tuple[Line, ...]:
    """The whole run, a head line first, then a block per service."""
    head = f"{trigger_words(run.trigger).capitalize()} {run.key.project} in "
    lines: list[Line] = [(Cell(head), Cell(show(run.key.environment), Tone.WARN))]
    if run.label:
        lines.append(line(f"  label     {clean(run.label)}"))
    if not run.plans:
        lines.append(line("  nothing to do", Tone.QUIET))
    for plan in run.plans:
        lines.extend(_block(plan, context))
    return tuple(lines)


def variable_words(changes: NameChanges) -> str:
    """`+ NEW  ~ CHANGED  - GONE`, names only."""
    marks = (
        *(f"+ {name}" for name in changes.added),
        *(f"~ {name}" for name in changes.changed),
        *(f"- {name}" for name in changes.removed),
    )
    return "  ".join(marks)


def source_words(plan: Plan) -> str:
    """Where the image comes from."""
    match plan.source:
        case ImageSource.BUILD:
            return f"build {clean(plan.spec.path or '')}"
        case ImageSource.PULL:
            return f"pull {clean(plan.spec.image or '')}"
        case ImageSource.KEPT_IMAGE:
            origin = plan.copied_from or (plan.previous.id if plan.previous else "")
            return f"the kept image of {short_id(origin)}" if origin else "the kept image"
        case ImageSource.KEPT_CONTAINER:
            return "its kept container, with the values it had"


def commit_words(older: Provenance, newer: Provenance) -> str:
    """`abc1234 → def5678`, or less when less is known."""
    ends = [short_commit(one.commit) for one in (older, newer) if one.commit]
    dirty = ", with uncommitted changes" if newer.dirty else ""
    if not ends:
        return ""
    if len(ends) == 2 and ends[0] == ends[1]:
        return f"{ends[1]} again{dirty}"
    return f"{' → '.join(ends)}{dirty}"


def _block(plan: Plan, context: PlanContext) -> Iterator[Line]:
    before = f"replaces {short_id(plan.previous.id)}" if plan.previous else "first deployment"
    yield line("")
    yield Cell(f"{plan.service}  "), Cell(f"{before} → {short_id(plan.deployment)}", Tone.QUIET)
    yield _row("image", source_words(plan))
    yield from _commits(plan, context.commits.get(plan.service, ()))
    yield from _variables(plan)
    if plan.host:
        yield _row("route", url(plan.host, context.http_port))
    if plan.spec.release and plan.source in (ImageSource.BUILD, ImageSource.PULL):
        command = " ".join(plan.spec.release.command)
        yield _row("release", f"{clean(command)}, once, before the candidate starts")
    if plan.gap:
        yield _row("gap", "yes: the running one is stopped before the new one starts", Tone.WARN)


def _commits(plan: Plan, commits: tuple[str, ...]) -> Iterator[Line]:
    older = plan.previous.provenance if plan.previous else Provenance()
    words = commit_words(older, plan.provenance)
    if not words:
        return
    yield _row("commits", f"{words} ({counted(len(commits), 'commit')})" if commits else words)
    for commit in commits[:SHOWN_COMMITS]:
        yield line(f"              {clean(commit)}", Tone.QUIET)
    if len(commits) > SHOWN_COMMITS:
        yield line(f"              and {len(commits) - SHOWN_COMMITS} more", Tone.QUIET)


def _variables(plan: Plan) -> Iterator[Line]:
    if plan.previous is None and plan.changes.added:
        yield _row("variables", f"{counted(len(plan.changes.added), 'name')} set")
    elif plan.changes:
        yield _row("variables", variable_words(plan.changes), Tone.WARN)
    if plan.trigger is Trigger.ROLLBACK and plan.differs:
        words = f"today's, not those it had: {variable_words(plan.differs)}"
        yield _row("values", words, Tone.WARN)


def _row(name: str, text: str, tone: Tone = Tone.PLAIN) -> Line:
    return Cell(f"  {name:<10}", Tone.QUIET), Cell(text, tone)
