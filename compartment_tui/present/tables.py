"""What the verbs that look around found, as tables: cells with a tone, safe to print."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from compartment_tui.domain.config import Kind, engine_label
from compartment_tui.domain.deployment import Health, Status
from compartment_tui.domain.edge_address import listening
from compartment_tui.domain.views import LEFT_WORDS, Left
from compartment_tui.present.replicas import by_node_words, replicas_cell
from compartment_tui.present.text import (
    NOTHING,
    age,
    clean,
    counted,
    duration,
    short_commit,
    short_id,
    show,
    show_name,
    stage_words,
)
from compartment_tui.present.tone import Cell, Tone, with_symbol

# Only names in signatures: what is drawn has been loaded by whoever asked for it.
if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from compartment_tui.domain.deployment import Deployment
    from compartment_tui.domain.detail_views import (
        Check,
        DeploymentView,
        EdgeView,
        RouteView,
        RunView,
    )
    from compartment_tui.domain.views import EnvironmentStatus, EnvironmentView, ServiceStatus

EMPTY = Cell(NOTHING, Tone.QUIET)
HEALTH_TONES = {Health.HEALTHY: Tone.GOOD, Health.PENDING: Tone.WARN, Health.UNHEALTHY: Tone.BAD}
_GRADES = {"good": Tone.GOOD, "warn": Tone.WARN, "bad": Tone.BAD}
"""By the value of a check's `Grade`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows under column names; every row has as many cells as there are columns."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


def status_table(status: EnvironmentStatus, now: datetime) -> Table:
    """A row for each service; `status_notes` has what does not fit a cell.

    There is a column for replicas where a service has several, and one for machines on a Swarm.
    """
    several = any(one.several for one in status.services)
    nodes = any(one.running_by_node for one in status.services)
    more = (*(("replicas",) if several else ()), *(("nodes",) if nodes else ()))
    return Table(
        columns=("service", "health", *more, "deployment", "commit", "up", "route"),
        rows=tuple(_service_row(one, now, several=several, nodes=nodes) for one in status.services),
    )


NOT_DEPLOYED = with_symbol("not deployed", Tone.QUIET)


def health_cell(service: ServiceStatus) -> Cell:
    """Health in a word; whether anything is live at all comes first."""
    if service.active is None:
        failed = service.latest is not None and service.latest.status is Status.FAILED
        return with_symbol("never live", Tone.BAD) if failed else NOT_DEPLOYED
    if service.active.resting:
        return with_symbol("stopped", Tone.QUIET)
    if service.maintenance and service.health is Health.HEALTHY:
        return with_symbol("maintenance", Tone.WARN)
    return with_symbol(service.health.value, HEALTH_TONES[service.health])


def environments_table(found: Iterable[EnvironmentView], now: datetime) -> Table:
    """A row for each environment; where any is on an engine of the file, all say which."""
    found = tuple(found)
    columns, several = ("health", "live", "last run", "when", ""), any(one.engine for one in found)
    return Table(
        columns=("environment", *(("engine",) if several else ()), *columns),
        rows=tuple(
            (
                Cell(show_name(one.key.environment)),
                *((Cell(show_name(engine_label(one.engine))),) if several else ()),
                *_environment_cells(one, now),
            )
            for one in found
        ),
    )


def routes_table(found: Iterable[RouteView]) -> Table:
    """A row for each route, and whether anything stands behind it."""
    return Table(
        columns=("environment", "service", "state", "deployment", "route"),
        rows=tuple(
            (
                Cell(show_name(one.key.environment)),
                Cell(show(one.service)) if one.service else EMPTY,
                route_state(one),
                Cell(short_id(one.route.deployment), Tone.QUIET) if one.container else EMPTY,
                Cell(address_words(one)),
            )
            for one in found
        ),
    )


def route_state(one: RouteView) -> Cell:
    """Whether visitors get anywhere, in a word with its symbol."""
    if one.left_out:
        return with_symbol("left out", Tone.WARN)
    if one.elsewhere:
        return Cell("redirects", Tone.QUIET)
    if not one.running:
        return with_symbol("down", Tone.BAD)
    if one.maintenance:
        return with_symbol("maintenance", Tone.WARN)
    if one.route.replicas > 1:
        run = sum(replica.running for replica in one.replicas)
        tone = Tone.GOOD if run == one.route.replicas else Tone.WARN
        return with_symbol(f"running {run}/{one.route.replicas}", tone)
    return with_symbol("running", Tone.GOOD)


def address_words(one: RouteView) -> str:
    """`https://shop.test → www.shop.test`: an address, and where it sends its visitors."""
    led = f" → {one.elsewhere}" if one.elsewhere else ""
    methods = f" ({one.path.partition(' ')[0]})" if " " in one.path else ""
    return f"{show(one.url)}{methods}{led}"


def history_table(runs: Iterable[RunView], now: datetime) -> Table:
    """A row for each deployment, newest run first; a run's id stands in its first row.

    There is a column for labels when one of the runs has one.
    """
    runs = tuple(runs)
    labelled = any(view.run.label for view in runs)
    rows: list[tuple[Cell, ...]] = []
    for view in runs:
        label = (Cell(clean(view.run.label)),) if labelled else ()
        head = Cell(short_id(view.run.id))
        for place, deployment in enumerate(view.deployments):
            lead = head if place == 0 else Cell("")
            cells = _history_cells(view, deployment, now)
            rows.append((lead, *cells, *(label if place == 0 else (Cell(""),) * len(label))))
        if not view.deployments:
            when = Cell(age(view.run.created, now), Tone.QUIET)
            state = run_cell(view.run.status)
            empty = (Cell(view.run.trigger.value), EMPTY, EMPTY, state, EMPTY, when)
            rows.append((head, *empty, *label))
    names = ("run", "by", "service", "deployment", "state", "commit", "when")
    return Table(columns=(*names, "label") if labelled else names, rows=tuple(rows))


def checks_table(checks: Iterable[Check]) -> Table:
    """A row for each check, in the order they were made."""
    return Table(
        columns=("check", "", "what was found"),
        rows=tuple(
            (
                Cell(clean(check.name)),
                with_symbol(check.grade.value, _GRADES[check.grade]),
                Cell(clean(check.message)),
            )
            for check in checks
        ),
    )


def edge_rows(edge: EdgeView, now: datetime) -> tuple[tuple[str, Cell], ...]:
    """The edge as names and values."""
    state = with_symbol("running", Tone.GOOD) if edge.running else with_symbol("down", Tone.BAD)
    names = (f"{show_name(key.environment)} of {show(key.project)}" for key in edge.environments)
    return (
        ("edge", state),
        ("listens on", Cell(show(listening(edge.settings)))),
        ("image", Cell(show(edge.image))),
        ("up for", Cell(duration(now - edge.since)) if edge.since else EMPTY),
        ("hosts", Cell(str(edge.hosts))),
        *_inner_calls(edge.settings.inner_ports),
        ("serves", Cell(", ".join(names) or NOTHING)),
        *_earlier_version((*edge.open, *edge.lacks)),
    )


def _inner_calls(ports: tuple[int, ...]) -> tuple[tuple[str, Cell], ...]:
    where = ", ".join(map(str, ports))
    return (("inner calls", Cell(f"at {where}")),) if where else ()


def _earlier_version(differs: tuple[str, ...]) -> tuple[tuple[str, Cell], ...]:
    if not differs:
        return ()
    words = f"an earlier version: it {', '.join(differs)}; `edge restart --apply` makes it anew"
    return (("made by", with_symbol(words, Tone.WARN)),)


def run_cell(status: Status) -> Cell:
    """How a run ended, or that it did not yet."""
    tones = {Status.SUCCEEDED: Tone.GOOD, Status.FAILED: Tone.BAD, Status.STOPPED: Tone.QUIET}
    return with_symbol(status.value, tones.get(status, Tone.WARN))


def deployment_cell(deployment: Deployment, *, active: bool) -> Cell:
    """Where a deployment ended, in the product's words."""
    if active:
        return with_symbol("active", Tone.GOOD)
    if deployment.status is Status.FAILED:
        return with_symbol(f"failed while {stage_words(deployment.stage)}", Tone.BAD)
    if deployment.status in (Status.QUEUED, Status.RUNNING):
        return with_symbol(stage_words(deployment.stage), Tone.WARN)
    return with_symbol(stage_words(deployment.stage), Tone.QUIET)


def commit_cell(deployment: Deployment) -> Cell:
    """The commit it was made from; `+` when there were uncommitted changes."""
    provenance = deployment.provenance
    if not provenance.commit:
        return EMPTY
    return Cell(show(short_commit(provenance.commit)) + ("+" if provenance.dirty else ""))


def available_cell(view: DeploymentView) -> Cell:
    """What going back to it could use."""
    left = Left(view.available)
    return with_symbol(LEFT_WORDS[left], _LEFT_TONES[left])


_LEFT_TONES = {Left.CONTAINER: Tone.GOOD, Left.IMAGE: Tone.WARN, Left.GONE: Tone.QUIET}


def _service_row(
    one: ServiceStatus, now: datetime, *, several: bool, nodes: bool
) -> tuple[Cell, ...]:
    active, started = one.active, one.started
    return (
        Cell(show(one.service)),
        health_cell(one),
        *((replicas_cell(one),) if several else ()),
        *((Cell(by_node_words(one) or NOTHING),) if nodes else ()),
        Cell(short_id(active.id)) if active else EMPTY,
        commit_cell(active) if active else EMPTY,
        Cell(duration(now - started)) if started else EMPTY,
        _route_cell(one),
    )


def _route_cell(one: ServiceStatus) -> Cell:
    if one.url:
        return Cell(show(one.url))
    return Cell("worker", Tone.QUIET) if one.kind is Kind.WORKER else EMPTY


def _environment_cells(one: EnvironmentView, now: datetime) -> tuple[Cell, ...]:
    also = ", ".join(map(engine_label, one.also_on))
    marks = [
        word
        for word, on in (
            ("protected", one.protected),
            ("maintenance", one.maintenance),
            ("not in the file", not one.declared),
            (f"also on {also}: see doctor", bool(also)),
            ("its engine is away: a copy", one.away is not None),
            ("its record cannot be read: see doctor", one.unreadable is not None),
        )
        if on
    ]
    warns = one.unreadable or one.away or one.also_on
    return (
        environment_health(one),
        Cell(counted(one.active, "service")),
        Cell(f"{one.last.trigger.value} {one.last.status.value}") if one.last else EMPTY,
        Cell(age(one.last.created, now), Tone.QUIET) if one.last else EMPTY,
        Cell(", ".join(marks), Tone.WARN if warns else Tone.QUIET),
    )


def environment_health(one: EnvironmentView) -> Cell:
    """How it does; that all of it was stopped by hand is neither good nor pending."""
    if one.active == 0 or one.away is not None:
        unknown = one.unreadable is not None or one.away is not None
        return with_symbol("not known", Tone.WARN) if unknown else NOT_DEPLOYED
    if one.stopped:
        return with_symbol("stopped", Tone.QUIET)
    some = f", {one.resting} stopped" if one.resting else ""
    return with_symbol(f"{one.health.value}{some}", HEALTH_TONES[one.health])


def _history_cells(view: RunView, one: DeploymentView, now: datetime) -> tuple[Cell, ...]:
    return (
        Cell("remove" if view.run.removes_only else view.run.trigger.value),
        Cell(show(one.deployment.service)),
        Cell(short_id(one.deployment.id)),
        _history_state(view, one),
        commit_cell(one.deployment),
        Cell(age(view.run.created, now), Tone.QUIET),
    )


def _history_state(view: RunView, one: DeploymentView) -> Cell:
    if one.deployment.service in view.run.removed:
        return Cell("removed", Tone.QUIET)
    covered = one.deployment.service in view.run.covered
    cell = deployment_cell(one.deployment, active=one.active)
    if covered:
        return Cell(f"{cell.text}, unchanged", Tone.QUIET)
    if one.deployment.activated is None or one.active:
        return cell
    return Cell(f"{cell.text}, {LEFT_WORDS[Left(one.available)]}", cell.tone)
