"""The selected service, in full: how it does, what helps, what runs, what was before it."""

from collections.abc import Iterator
from datetime import datetime
from itertools import zip_longest

from compartment_tui.domain.deployment import Deployment, Health, RunRecord
from compartment_tui.domain.detail_views import DeploymentView
from compartment_tui.domain.planning.rollback_targets import spec_of
from compartment_tui.domain.public_side import Treatment
from compartment_tui.domain.views import Left, ServiceStatus
from compartment_tui.present.fields import readiness_words
from compartment_tui.present.public_side import treatment_words
from compartment_tui.present.replicas import (
    by_hand_words,
    by_node_words,
    replica_cell,
    replicas_cell,
)
from compartment_tui.present.tables import commit_cell, deployment_cell
from compartment_tui.present.text import (
    age,
    clean,
    left_words,
    listed,
    pad,
    short_commit,
    short_id,
    show,
    size,
    stage_words,
    trigger_words,
    variable_words,
    width,
)
from compartment_tui.present.tone import Cell, Line, Tone, line, line_width, with_symbol
from compartment_tui.tui.kit.folded_lines import flowed, folded
from compartment_tui.tui.kit.styled_lines import KeyCap, Picture, Strong, fitted, joined
from compartment_tui.tui.kit.usage import (
    cpu_graph,
    cpu_words,
    memory_graph,
    memory_of_limit,
    memory_words,
)
from compartment_tui.tui.main.candidate_comparison import beside_lines
from compartment_tui.tui.main.services_model import (
    CHANGED_MARK,
    deploy_hint,
    health_line,
    latest_failed,
    reason_words,
    under_way,
)
from compartment_tui.tui.state.app_state import Board

TWO_COLUMNS = 110
"""From so many columns on the pictures stand beside the facts."""
GRAPH_COLUMNS = 30
GRAPH_ROWS = 3
BESIDE_COLUMNS = 46
"""The most columns that the words of a picture take."""
STORIES = 6
"""So many of a service's last deployments are listed."""
NAME_COLUMNS = 11
REPLICAS = 10
"""So many of a service's replicas are listed."""


def overview(board: Board, now: datetime, room: int) -> tuple[Line, ...]:
    """Everything about the selected service, the most urgent first."""
    service, status = board.selected, board.status
    if status is None or service is None:
        return ()
    if not any(row.active or row.latest for row in status.services):
        return deploy_hint(board)
    said = _head(board, service, stale=status.stale is not None)
    head = tuple(part for full in said for part in folded(full, room, indent=NAME_COLUMNS + 1))
    keys = tuple((KeyCap(key), Cell(f" {words}")) for key, words in helps(board, service))
    if keys:
        head += flowed(Cell(pad("what helps", NAME_COLUMNS + 1), Tone.QUIET), keys, room)
    beside = beside_lines(service, now, room)
    if beside:
        head = (*head, (), *beside)
    facts = (*_facts(board, service, now), *_history(board, service, now))
    if room >= TWO_COLUMNS:
        return (*head, (), *_beside(facts, tuple(_tall_usage(board, service)), room))
    return (*head, (), *_flat_usage(board, service), *facts)


def helps(board: Board, service: ServiceStatus) -> Iterator[tuple[str, str]]:
    """Keys that help with what is wrong or new, with what they do; none when all is well."""
    changing = not board.read_only
    if service.health is Health.UNHEALTHY and service.active is not None:
        yield from _helps_sick(board, service)
        return
    if service.held is not None:
        if service.held.url:
            yield "o", "look at both"
        if changing:
            yield "P", "promote it"
            yield "K", "discard it"
    elif service.stranded and changing:
        yield "space D", "make it anew, without its data"
    elif service.active is not None and service.active.resting and changing:
        yield "S", "start it"
    elif latest_failed(service):
        yield "l", "read why"
        yield "r", "releases"
        if changing:
            yield "D", "deploy again"
    elif changing and service.active is None:
        yield "D", "deploy it"
    elif changing and service.drift:
        yield "v", "see them"
        yield "space E", "redeploy with them"


def _helps_sick(board: Board, service: ServiceStatus) -> Iterator[tuple[str, str]]:
    changing = not board.read_only
    if _moves(service):
        yield "c", "see the machines"
    yield "l", "read its logs"
    if changing and service.rollback_to:
        yield _undo_keys(board, service), f"undo to {short_id(service.rollback_to)}"
    if changing and service.stranded:
        yield "space D", "make it anew, without its data"
    elif changing and service.instance is not None:
        yield from _start_keys(service)
    if not _runs_not(service):
        yield "s", "shell"


def _start_keys(service: ServiceStatus) -> Iterator[tuple[str, str]]:
    """Of what does not run, or of which some replicas do not."""
    if _runs_not(service) and not _moves(service):
        yield "S", "start it"
    elif service.running != service.wanted and not _moves(service):
        yield "N", "run all replicas again"


def _undo_keys(board: Board, service: ServiceStatus) -> str:
    """Undo takes back the newest run in effect; whoever wants another service has to mark it."""
    rows = board.status.services if board.status else ()
    newest = max((row.active.run for row in rows if row.active), default="")
    return "U" if service.active is not None and service.active.run == newest else "space U"


def _moves(service: ServiceStatus) -> bool:
    """Whether a Swarm is about to place or to start some of it: nobody has to help."""
    return any(one.placement is not None for one in service.replicas)


def _runs_not(service: ServiceStatus) -> bool:
    return service.instance is None or not service.instance.any_running


def _head(board: Board, service: ServiceStatus, *, stale: bool) -> Iterator[Line]:
    name = Strong(f"{show(service.service)}  ")
    doing = under_way(board, service)
    working = (Cell(f"▸ {doing}", Tone.WARN),) if doing else ()
    sick = service.health is Health.UNHEALTHY
    why = line("" if stale else reason_words(service), Tone.PLAIN if sick else Tone.QUIET)
    yield name, *joined((health_line(service, stale=stale), working, why))
    if service.latest is not None and latest_failed(service) and service.active is not None:
        yield from _failed_latest(service.latest)
    if service.drift and not (service.held and service.held.changes == service.drift):
        words = f"{CHANGED_MARK} the file's variables are not what runs:  "
        yield Cell(words, Tone.WARN), Cell(variable_words(service.drift))
    if not service.declared:
        yield (with_symbol("no longer in the project file", Tone.WARN),)


def _failed_latest(latest: Deployment) -> Iterator[Line]:
    where = f"the last deploy failed while {stage_words(latest.stage)}"
    said = next(iter(latest.failure.splitlines()), "")
    yield with_symbol(where, Tone.BAD), Cell(f": {clean(said)}" if said else "")


def _facts(board: Board, service: ServiceStatus, now: datetime) -> Iterator[Line]:
    active = service.active
    if active is None:
        if service.latest is not None:
            yield from _story(board, service.latest, now)
        return
    if service.held is None:  # else it stands above, beside the candidate
        yield from _reached(service, active)
        if service.several:
            yield from _replicas(board, service, now)
        yield from _story(board, active, now)
    if service.rollback_to:
        yield _fact("before it", *_before(board, service, service.rollback_to, now))
    elif service.rollback_left is Left.GONE:
        yield _fact("before it", Cell("gone: there is nothing to go back to", Tone.QUIET))
    if active.port is not None:
        yield _fact("inside", Cell(f"http://{show(service.service)}:{active.port}"))
    yield _fact("readiness", Cell(readiness_words(spec_of(active).readiness)))
    if service.instance is not None and not service.several:
        restarts = service.instance.restarts
        place = f" on {show(service.instance.node)}" if service.instance.node else ""
        often = Cell(f"  restarted {restarts} times" if restarts else "", Tone.WARN)
        named = Cell(f"{show(service.instance.name)}{place}", Tone.QUIET)
        yield _fact("container", named, often)


def _replicas(board: Board, service: ServiceStatus, now: datetime) -> Iterator[Line]:
    """How many there are, and each of them: those that do not run before the others."""
    why = by_hand_words(service)
    key = () if board.read_only else (Cell("  "), KeyCap("N"), Cell(" scales", Tone.QUIET))
    said = Cell(f"  {why}" if why else "", Tone.WARN)
    nodes = by_node_words(service)
    where = Cell(f"  {nodes}" if nodes else "", Tone.QUIET)
    yield _fact("replicas", replicas_cell(service), where, said, *key)
    shown = sorted(service.replicas, key=lambda one: (one.running, one.number))[:REPLICAS]
    states = {one.number: replica_cell(one, now) for one in shown}
    columns = max((width(cell.text) for cell in states.values()), default=0)
    for one in sorted(shown, key=lambda one: one.number):
        sample = board.newest.get((one.deployment, one.number)) if one.running else None
        usage = f"{cpu_words(sample):>5} {memory_words(sample):>5}" if sample else " " * 11
        number = Cell(f"{one.number:>2} ", Tone.QUIET)
        state = Cell(f"{pad(states[one.number].text, columns)}  ", states[one.number].tone)
        # A task's container has a name of the Swarm's own.
        name = Cell("" if one.node or one.placement else f"  {show(one.name)}", Tone.QUIET)
        yield _fact("", number, state, Cell(usage), name)
    if more := len(service.replicas) - len(shown):
        yield _fact("", Cell(f"   and {more} more that run", Tone.QUIET))


def _reached(service: ServiceStatus, active: Deployment) -> Iterator[Line]:
    """Its addresses, and that visitors get a page in place of it."""
    if not service.url:
        return
    yield _fact("route", Cell(show(service.url)), Cell(f"  {_upstream(active)}", Tone.QUIET))
    for url in service.domains:
        yield _fact("", Cell(show(url), Tone.QUIET))
    if service.access.guarded:
        treatment = Treatment(host="", access=service.access)
        yield _fact("access", Cell(listed(treatment_words(treatment))))
    if service.maintenance:
        words = Cell("visitors get a page with status 503  ", Tone.WARN)
        yield _fact("maintenance", words, KeyCap("M"), Cell(" ends it", Tone.QUIET))


def _story(board: Board, deployment: Deployment, now: datetime) -> Iterator[Line]:
    run = _run(board, deployment.run)
    who = f" by {clean(run.actor)}" if run else ""
    made = f"  {trigger_words(deployment.trigger)}{who}, {age(deployment.created, now)}"
    yield _fact("deployment", Cell(short_id(deployment.id)), Cell(made, Tone.QUIET))
    provenance = deployment.provenance
    if provenance.commit:
        branch = f" on {show(provenance.branch)}" if provenance.branch else ""
        author = f", by {show(provenance.author)}" if provenance.author else ""
        dirty = (Cell("  + uncommitted changes", Tone.WARN),) if provenance.dirty else ()
        commit = Cell(show(short_commit(provenance.commit)))
        yield _fact("commit", commit, Cell(f"{branch}{author}", Tone.QUIET), *dirty)
    if deployment.image:
        yield _fact("image", Cell(show(deployment.image.removeprefix("sha256:")[:12]), Tone.QUIET))


def _history(board: Board, service: ServiceStatus, now: datetime) -> Iterator[Line]:
    """The service's newest deployments, one a line."""
    runs = board.histories.get(board.environment, ())
    every = {
        view.deployment.id: view
        for run in runs
        for view in run.deployments
        if view.deployment.service == service.service
    }
    newest = sorted(every, reverse=True)[:STORIES]
    if len(newest) < 2:
        return
    yield ()
    for place, id_ in enumerate(newest):
        deployment = every[id_].deployment
        state = deployment_cell(deployment, active=every[id_].active)
        when = Cell(f"  {age(deployment.created, now):<9}", Tone.QUIET)
        commit = Cell(f"  {commit_cell(deployment).text:<8}", Tone.QUIET)
        name = "history" if place == 0 else ""
        yield _fact(name, Cell(short_id(id_), Tone.QUIET), commit, when, Cell("  "), state)


def _upstream(active: Deployment) -> str:
    return f"→ port {active.port}" if active.port else ""


def _before(board: Board, service: ServiceStatus, deployment: str, now: datetime) -> Line:
    """The deployment that one rollback leads to."""
    known = _view(board, deployment)
    undo = (Cell("  "), KeyCap(_undo_keys(board, service)), Cell(" goes back to it", Tone.QUIET))
    key = () if board.read_only else undo
    left = left_words(service.rollback_left)
    if known is None:
        return Cell(short_id(deployment)), Cell(left, Tone.QUIET), *key
    commit = short_commit(known.deployment.provenance.commit)
    said = f"  {show(commit)}  {age(known.deployment.created, now)}"
    return Cell(short_id(deployment)), Cell(f"{said}{left}", Tone.QUIET), *key


def _run(board: Board, run: str) -> RunRecord | None:
    views = board.histories.get(board.environment, ())
    return next((view.run for view in views if view.run.id == run), None)


def _view(board: Board, deployment: str) -> DeploymentView | None:
    views = board.histories.get(board.environment, ())
    members = (member for view in views for member in view.deployments)
    return next((member for member in members if member.deployment.id == deployment), None)


def _flat_usage(board: Board, service: ServiceStatus) -> Iterator[Line]:
    samples = board.samples.get(service.active.id, ()) if service.active else ()
    if not samples or _runs_not(service):
        return
    newest = samples[-1]
    yield _fact(
        "uses",
        Picture(cpu_graph(samples, 12)[0].rstrip()),
        Cell(f" {cpu_words(newest)} CPU   "),
        Picture(memory_graph(samples, 12)[0].rstrip()),
        Cell(f" {memory_of_limit(newest)}"),
    )


def _tall_usage(board: Board, service: ServiceStatus) -> Iterator[Line]:
    """Two pictures under each other, each with its number."""
    samples = board.samples.get(service.active.id, ()) if service.active else ()
    if not samples or _runs_not(service):
        return
    newest = samples[-1]
    peak = max(sample.memory for sample in samples)
    yield Cell("CPU  ", Tone.QUIET), Cell(f"{cpu_words(newest)} of a core")
    yield from ((Picture(row),) for row in cpu_graph(samples, GRAPH_COLUMNS, GRAPH_ROWS))
    most = f"  most {size(peak)}"
    yield Cell("MEM  ", Tone.QUIET), Cell(memory_of_limit(newest)), Cell(most, Tone.QUIET)
    yield from ((Picture(row),) for row in memory_graph(samples, GRAPH_COLUMNS, GRAPH_ROWS))


def _beside(left: tuple[Line, ...], right: tuple[Line, ...], room: int) -> Iterator[Line]:
    """Facts and pictures next to each other, the pictures not further away than the facts need."""
    if not right:
        yield from left
        return
    widest = max((line_width(fact) for fact in left), default=0)
    column = min(max(widest + 4, room // 2), room - BESIDE_COLUMNS)
    for fact, picture in zip_longest(left, right, fillvalue=()):
        yield (*fitted(fact, column), *picture)


def _fact(name: str, *pieces: Cell) -> Line:
    return Cell(pad(name, NAME_COLUMNS) + " ", Tone.QUIET), *pieces
