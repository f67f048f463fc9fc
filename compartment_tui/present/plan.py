"""What a run will do, in lines a person reads before saying yes."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from compartment_tui import PROGRAM
from compartment_tui.domain.carriage import amount, engine_words
from compartment_tui.domain.commits import CommitRange
from compartment_tui.domain.config import MOST_PIDS
from compartment_tui.domain.deployment import Image, Provenance, Purpose, Trigger
from compartment_tui.domain.edge_address import exposure, is_exposed
from compartment_tui.domain.image_notes import plan_rows
from compartment_tui.domain.placement import anew_command
from compartment_tui.domain.planning.plan import DEFAULT_PORT, ImageSource, Plan, Reroute, Run
from compartment_tui.domain.planning.rollback_targets import spec_of
from compartment_tui.domain.shell_quotes import option_for
from compartment_tui.present.public_side import change_rows
from compartment_tui.present.text import (
    clean,
    counted,
    listed,
    on_engine,
    short_commit,
    short_id,
    show,
    show_name,
    trigger_words,
    url,
    variable_words,
)
from compartment_tui.present.tone import Cell, Line, Tone, line, with_symbol

NEW_PRIVILEGES = "more privileges than it was started with, as by sudo and setuid programs"
SHOWN_AUTHORS = 3
SHOWN_COMMITS = 5
SHOWN_FILES = 5

SWAP_SECONDS = 2
"""What it takes, as a rule, beside `settle`: a second of quiet, a stop and a start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanContext:
    """What a plan does not carry: the edge's port, commits by service, uncommitted files."""

    http_port: int
    commits: Mapping[str, CommitRange]
    dirty: tuple[str, ...] = ()
    """Files that the run builds from and that differ from their commit."""
    images: Mapping[str, Image] = field(default_factory=dict)
    """By service, the image it will run, or runs so far."""


def plan_lines(run: Run, context: PlanContext) -> tuple[Line, ...]:
    """The whole run, a head line first, then a block per service."""
    head = f"{run_words(run).capitalize()} {run.key.project} in "
    where = Cell(show_name(run.key.environment), Tone.WARN)
    lines: list[Line] = [(Cell(head), where, Cell(on_engine(run.engine), Tone.WARN))]
    lines.extend(_about_all(run, context))
    if not run.plans:
        lines.append(line("  nothing to do", Tone.QUIET))
    for plan in run.plans:
        lines.extend(_block(plan, context))
    for moved in run.reroutes:
        lines.extend(_rerouted(moved, context))
    lines.extend(left_alone_lines(run))
    return tuple(lines)


def left_alone_lines(run: Run) -> Iterator[Line]:
    """Services that one might expect the run to be about, and why it is not; and the way on."""
    option = option_for(run.key.environment)
    if run.left_stopped or run.undeclared:
        yield line("")
    if stopped := [name for name in run.left_stopped if name not in run.left_stranded]:
        names = listed(show(name) for name in stopped)
        words = f"{names}: stopped by hand, and stays so until `{PROGRAM} start{option}`"
        yield (with_symbol(words, Tone.WARN),)
    for name in run.left_stranded:
        yield (with_symbol(f"{show(name)}: stopped, and cannot be started any more", Tone.WARN),)
        yield line(f"  → {anew_command(name, run.key.environment)} makes it anew", Tone.QUIET)
    if run.undeclared:
        names = listed(show(name) for name in run.undeclared)
        words = f"{names}: live, and no longer in compartment.toml; nothing is changed there"
        yield (with_symbol(words, Tone.WARN),)
        them = "it" if len(run.undeclared) == 1 else "them"
        yield line(f"  → {PROGRAM} remove{option} takes {them} away", Tone.QUIET)


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
        case ImageSource.HELD_CANDIDATE:
            return "the held candidate, with the values it has"


def run_words(run: Run) -> str:
    """What the run does: `roll back`, `deploy and hold`."""
    if run.purpose is Purpose.DISCARD:
        return "discard candidates of"
    if run.removes_only:
        return "remove services of"
    return "deploy and hold" if run.purpose is Purpose.HOLD else trigger_words(run.trigger)


def commit_words(older: Provenance, newer: Provenance) -> str:
    """`abc1234 → def5678`, or less when less is known."""
    ends = [short_commit(one.commit) for one in (older, newer) if one.commit]
    dirty = ", with uncommitted changes" if newer.dirty else ""
    if not ends:
        return ""
    if len(ends) == 2 and ends[0] == ends[1]:
        return f"{ends[1]} again{dirty}"
    return f"{' → '.join(ends)}{dirty}"


def proof(image: str) -> str:
    """As much of an image's id as anybody compares."""
    digest, _, rest = image.partition(":")
    return f"{digest}:{rest[:12]}" if rest else image[:12]


def author_words(commits: CommitRange) -> str:
    """`3 commits by Ada and Bob`, the first few authors by name."""
    names = [clean(name) for name in commits.authors[:SHOWN_AUTHORS]]
    if more := len(commits.authors) - len(names):
        names.append(counted(more, "other"))
    back = ", taken back" if commits.backwards else ""
    return f"{counted(commits.total, 'commit')} by {listed(names)}{back}"


def _about_all(run: Run, context: PlanContext) -> Iterator[Line]:
    if run.taken_from is not None:
        yield _row("owner", f"so far {run.taken_from.words()}: this takes it over", Tone.WARN)
    if run.label:
        yield _row("label", clean(run.label))
    if run.origin:
        yield _row(
            "from", f"{show_name(run.origin)}: the images that are there, with values from here"
        )
    if run.ref:
        commit = short_commit(next((plan.provenance.commit for plan in run.plans), ""))
        name = "" if commit == run.ref[:7] else f" ({clean(run.ref)})"
        yield _row("services", f"and build contexts: a clean copy of commit {commit}{name}")
        yield _row("settings", "project, environments, edge and secrets: the working file")
    if run.ground.subnet is not None:
        yield _row("network", f"{run.ground.subnet}, made for this environment")
    if run.ground.edge is not None:
        tone = Tone.WARN if is_exposed(run.ground.edge) else Tone.PLAIN
        yield _row("edge", f"made for this engine; {exposure(run.ground.edge)}", tone)
    for name, text in change_rows(run.public_changes):
        yield _row(name, text, Tone.WARN if text.startswith("-") else Tone.PLAIN)
    for note in run.notes:
        yield _row("note", clean(note), Tone.WARN)
    if context.dirty:
        shown = [show(file) for file in context.dirty[:SHOWN_FILES]]
        if more := len(context.dirty) - len(shown):
            shown.append(counted(more, "other file"))
        yield _row("dirty", f"not committed: {listed(shown)}", Tone.WARN)


def _replicas(plan: Plan) -> Iterator[Line]:
    """How many of it will run, where that is not one as it was one."""
    before = plan.previous.replicas if plan.previous else plan.replicas
    if plan.replicas == before == 1 and not plan.by_hand:
        return
    words = f"{before} → {plan.replicas}" if before != plan.replicas else str(plan.replicas)
    if plan.by_hand:
        words += f", as it was scaled by hand; the file says {plan.by_hand}"
    yield _row("replicas", words, Tone.WARN if plan.by_hand else Tone.PLAIN)


def _block(plan: Plan, context: PlanContext) -> Iterator[Line]:
    yield line("")
    yield Cell(f"{plan.service}  "), Cell(_what_becomes(plan), Tone.QUIET)
    if plan.purpose is Purpose.DISCARD:
        yield from _discarded(plan, context)
        return
    if plan.removes:
        yield from _removed(plan, context)
        return
    image = f" {proof(plan.image)}" if plan.image and plan.source is ImageSource.KEPT_IMAGE else ""
    yield _row("image", f"{source_words(plan)}{image}")
    yield from _carried(plan)
    yield from _to_nodes(plan)
    yield from _built(plan)
    yield from _commits(plan, context.commits.get(plan.service, CommitRange()))
    yield from _variables(plan)
    if plan.host:
        later = ", once it is promoted" if plan.purpose is Purpose.HOLD else ""
        yield _row("route", f"{plan.url or url(plan.host, context.http_port)}{later}")
    if plan.old_host:
        gone = f"{url(plan.old_host, context.http_port)} answers no longer"
        yield _row("" if plan.host else "route", gone, Tone.WARN)
    yield from _declared(plan, context.images.get(plan.service))
    yield from _previewed(plan, context)
    yield from _released(plan)
    yield from _replicas(plan)
    if plan.superseded:
        gone = short_id(plan.superseded.id)
        yield _row("held", f"{gone} is discarded once this one has succeeded", Tone.WARN)
    live = plan.purpose is Purpose.LIVE
    if live and plan.previous is not None and plan.previous.resting:
        yield _row("stopped", "by hand until now; it will run again", Tone.WARN)
    yield from _first_process(plan)
    yield from _privileges(plan)
    if plan.wait:
        yield _row("wait", _wait_words(plan))
    elif plan.has_downtime:
        yield _row("gap", "yes: the running one is stopped before the new one starts", Tone.WARN)


def _wait_words(plan: Plan) -> str:
    """How long requests wait: the last connections of the old one, its stop and the new start."""
    about = math.ceil(plan.spec.settle.total_seconds()) + SWAP_SECONDS
    usual = f"about {about} s, " if about < plan.wait else ""
    return f"requests wait {usual}at most {plan.wait} s while the running one is replaced"


def _declared(plan: Plan, image: Image | None) -> Iterator[Line]:
    """The port, and what the image declares; one still to be made may declare otherwise."""
    if plan.spec.kind.routed:
        yield _row("port", port_words(plan, image))
    if image is None or plan.reuses_container:
        return
    certain = plan.source not in (ImageSource.BUILD, ImageSource.PULL)
    so_far = "" if certain else " (so it is with the image that runs now)"
    for name, text in plan_rows(plan, image):
        yield _row(name, clean(f"{text}{so_far}"), Tone.WARN)


def port_words(plan: Plan, image: Image | None) -> str:
    """Where it is asked and visited, as far as that is known before the run."""
    if plan.port is not None:
        return str(plan.port)
    if image is None:
        return f"the first that its image exposes, else {DEFAULT_PORT}"
    certain = plan.source not in (ImageSource.BUILD, ImageSource.PULL)
    so_far = "" if certain else ", unless the new image exposes another"
    return f"{plan.port_in(image)}{so_far}"


def _what_becomes(plan: Plan) -> str:
    mine, previous = short_id(plan.deployment), plan.previous
    match plan.purpose:
        case Purpose.DISCARD:
            return f"{mine} is discarded"
        case Purpose.REMOVE:
            return f"{mine} is taken away"
        case Purpose.HOLD:
            beside = f"beside {short_id(previous.id)}" if previous else "nothing is live yet"
            return f"{mine} is held, {beside}"
        case Purpose.LIVE:
            if previous is None and plan.reuses_container and not plan.from_hold:
                return f"{mine} comes back"
            before = f"replaces {short_id(previous.id)}" if previous else "first deployment"
            return f"{before} → {mine}"


def _discarded(plan: Plan, context: PlanContext) -> Iterator[Line]:
    if plan.preview:
        yield _row("preview", f"{url(plan.preview, context.http_port)} goes")
    yield _row("container", "goes, and its image if nothing else uses it")
    if plan.spec.release:
        yield _row("release", "it ran when this was held: what it did is not undone", Tone.WARN)


def _removed(plan: Plan, context: PlanContext) -> Iterator[Line]:
    if plan.old_host:
        yield _row("route", f"{url(plan.old_host, context.http_port)} answers no longer", Tone.WARN)
    yield _row("container", "is drained, stopped and kept: a rollback brings it back")


def _rerouted(moved: Reroute, context: PlanContext) -> Iterator[Line]:
    yield line("")
    yield Cell(f"{show(moved.service)}  "), Cell(f"{short_id(moved.deployment)} stays", Tone.QUIET)
    yield _row("route", url(moved.host, context.http_port), Tone.WARN)
    yield _row("", f"{url(moved.old_host, context.http_port)} leads elsewhere", Tone.WARN)


def _previewed(plan: Plan, context: PlanContext) -> Iterator[Line]:
    if plan.purpose is Purpose.HOLD:
        none = "none: it is not started before it is promoted" if plan.spec.stop_first else "none"
        yield _row("preview", url(plan.preview, context.http_port) if plan.preview else none)
    elif plan.preview:
        yield _row("preview", f"{url(plan.preview, context.http_port)} goes")


def _released(plan: Plan) -> Iterator[Line]:
    if plan.spec.release is None:
        return
    command = clean(" ".join(plan.spec.release.command))
    if plan.runs_release:
        yield _row("release", f"{command}, once, before the candidate starts")
    elif plan.from_hold:
        yield _row("release", f"{command} ran when this was held, and is not run again")


def _carried(plan: Plan) -> Iterator[Line]:
    origin = plan.image_origin
    if origin is None:
        return
    where = f"{show(engine_words(origin.engine))} ({clean(origin.address)})"
    by = f" by {clean(origin.registry)}" if origin.registry else ""
    if origin.size is None:
        yield _row("carried", f"built on the engine {where}, and carried from there{by}")
        return
    yield _row(
        "carried",
        f"from the engine {where}{by}: {amount(origin.size)}, less what is there already",
    )


def _to_nodes(plan: Plan) -> Iterator[Line]:
    road = plan.node_carriage
    if road is None:
        return
    if road.registry:
        yield _row("nodes", f"pull it from {clean(road.registry)}, by its digest")
    else:
        yield _row("nodes", "are brought it, each over its own connection")


def _built(plan: Plan) -> Iterator[Line]:
    """By name only: an argument may be somebody's secret all the same."""
    if plan.source is not ImageSource.BUILD:
        return
    build = plan.spec.build
    if build.args:
        yield _row("arguments", listed([clean(name) for name, _ in build.args]))
    if build.secrets:
        yield _row("secrets", f"{listed([clean(one.id) for one in build.secrets])}, for its build")


def _commits(plan: Plan, commits: CommitRange) -> Iterator[Line]:
    older = plan.previous.provenance if plan.previous else Provenance()
    words = commit_words(older, plan.provenance)
    if not words:
        return
    yield _row("commits", f"{words} ({author_words(commits)})" if commits else words)
    for commit in commits.newest[:SHOWN_COMMITS]:
        yield line(f"              {clean(f'{commit.id} {commit.subject}')}", Tone.QUIET)
    if commits.total > SHOWN_COMMITS:
        yield line(f"              and {commits.total - SHOWN_COMMITS} more", Tone.QUIET)


def _variables(plan: Plan) -> Iterator[Line]:
    if plan.previous is None and plan.changes.added:
        yield _row("variables", f"{counted(len(plan.changes.added), 'name')} set")
    elif plan.changes:
        yield _row("variables", variable_words(plan.changes), Tone.WARN)
    if plan.trigger is Trigger.ROLLBACK and plan.differs:
        words = f"today's, not those it had: {variable_words(plan.differs)}"
        yield _row("values", words, Tone.WARN)


def _privileges(plan: Plan) -> Iterator[Line]:
    """What it may do beyond the usual, where that is not as it was."""
    before = plan.previous is not None and spec_of(plan.previous).new_privileges
    if plan.spec.new_privileges and not before:
        yield _row("may gain", NEW_PRIVILEGES, Tone.WARN)
    elif before and not plan.spec.new_privileges:
        yield _row("may gain", "no longer: no program in it gets more than it was started with")
    old = spec_of(plan.previous).limits.pids if plan.previous is not None else MOST_PIDS
    if plan.spec.limits.pids != old:
        yield _row("processes", f"{plan.spec.limits.pids} at most")


def _first_process(plan: Plan) -> Iterator[Line]:
    """Who is first in the container, where that is not as it was."""
    before = plan.previous is not None and spec_of(plan.previous).init
    if plan.spec.init and not before:
        yield _row("init", "Docker's init process goes first: it passes SIGTERM on")
    elif before and not plan.spec.init:
        yield _row("init", "no longer: its own process gets SIGTERM as the first", Tone.WARN)


def _row(name: str, text: str, tone: Tone = Tone.PLAIN) -> Line:
    return Cell(f"  {name:<10}", Tone.QUIET), Cell(text, tone)
