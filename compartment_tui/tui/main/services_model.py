"""The services of the chosen environment, a row each: what is wrong is found within a second."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

from compartment_tui.domain.config import Kind
from compartment_tui.domain.deployment import Health, Sample, Status
from compartment_tui.domain.shell_quotes import option_for
from compartment_tui.domain.views import ServiceStatus
from compartment_tui.present.replicas import replicas_cell
from compartment_tui.present.tables import EMPTY, commit_cell, health_cell
from compartment_tui.present.text import clean, duration, short_id, show, show_name, stage_words
from compartment_tui.present.tone import Cell, Line, Tone, line, with_symbol
from compartment_tui.tui.kit.grid import Column, Grid, Row, grid
from compartment_tui.tui.kit.styled_lines import KeyCap, Picture, Strong, joined, quiet
from compartment_tui.tui.kit.usage import cpu_graph, cpu_words, memory_graph, memory_words
from compartment_tui.tui.state.app_state import Board

CHANGED_MARK = "≠"
HELD_MARK = "◇"
ROOMY = 160
"""From so many columns on nothing is cut."""
REASON_COLUMNS = (39, 46)
"""So much of a reason is shown before other columns get any room: in 80 columns, and in 120."""
NARROW = 110


def services_grid(board: Board, now: datetime, room: int) -> Grid:
    """A row for each service as it fits; greyed while the engine is away."""
    status = board.status
    rows = status.services if status else ()
    roomy = room >= ROOMY
    stale = status is not None and status.stale is not None
    return grid(
        _columns(room),
        [Row(key=row.service, cells=_cells(board, row, now, roomy, stale)) for row in rows],
        room,
    )


def no_services(board: Board) -> tuple[Line, ...]:
    """The text in place of a table without rows."""
    if board.status is None:
        said = "asking Docker …" if board.trouble is None else "nothing is known yet"
        return (line(said, Tone.QUIET),)
    return (
        (Cell("compartment.toml names no service yet. Add one:"),),
        line("  [services.web]", Tone.GOOD),
        line('  path = "."        # a directory with a Dockerfile', Tone.GOOD),
    )


def none_fits(wanted: str) -> tuple[Line, ...]:
    """The text in place of a table whose rows are all filtered out."""
    return (line(f"no service fits {show(wanted.strip())}; esc shows all", Tone.QUIET),)


def latest_failed(service: ServiceStatus) -> bool:
    """Whether the newest deployment failed, whatever is live."""
    latest = service.latest
    return latest is not None and latest.status is Status.FAILED and latest != service.active


def under_way(board: Board, service: ServiceStatus) -> str:
    """The stage that a service is in now, in words; empty when nothing is under way."""
    for job in board.running_jobs:
        track = job.timeline.track(service.service)
        if job.request.environment != board.environment or track is None:
            continue
        if track.running:
            return stage_words(track.running[-1].stage)
    latest = service.latest
    holder = board.status.holder if board.status else None
    if holder and latest is not None and latest.status is Status.RUNNING:
        return stage_words(latest.stage)
    return ""


def health_line(service: ServiceStatus, *, stale: bool) -> Line:
    """Health in a word with its symbol; while the engine is away nobody knows."""
    if stale and service.active is not None:
        return (with_symbol("unknown", Tone.QUIET),)
    cell = health_cell(service)
    return (Strong(cell.text, cell.tone) if cell.tone is Tone.BAD else cell,)


def reason_words(service: ServiceStatus) -> str:
    """Why, where the word alone does not say it."""
    resting = service.active is not None and service.active.resting
    said = re.sub(r"^stopped:? ", "", service.reason) if resting else service.reason
    return "" if said in {"", "not deployed"} else clean(said)


def since(span: timedelta) -> str:
    """A duration in one unit, so that it seldom changes: `40s`, `3m`, `5h`, `4d`."""
    seconds = int(span.total_seconds())
    for unit, length in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= length:
            return f"{seconds // length}{unit}"
    return f"{max(seconds, 0)}s"


def deploy_hint(board: Board) -> tuple[Line, ...]:
    """The effect of the first deploy, for an environment in which nothing is live."""
    status = board.status
    names = [show(service.service) for service in status.services] if status else []
    where = show_name(board.environment)
    return (
        (Strong(f"Nothing is live in {where} yet."),),
        (),
        (
            KeyCap("D"),
            Cell(f"  deploys {', '.join(names)}: builds each image, starts it, proves that"),
        ),
        line("   it is ready, and only then sends traffic to it. You see the plan first."),
        (KeyCap("d"), Cell("  shows that plan and does nothing")),
        (KeyCap("v"), Cell("  shows the variables it would get")),
        (),
        line(f"   compartment-tui deploy{option_for(board.environment)}", Tone.QUIET),
    )


def _columns(room: int) -> tuple[Column, ...]:
    roomy = room >= ROOMY
    picture = _picture_columns(roomy=roomy)
    reason = REASON_COLUMNS[room >= NARROW]
    return (
        Column(title="SERVICE", least=8, most=40 if roomy else 24),
        Column(title="HEALTH", least=reason, most=100),
        Column(title="UP", least=7 if roomy else 3, right=True, steady=True, rank=1),
        Column(title="COMMIT", least=8, rank=2),
        Column(title="DEPLOYMENT", least=10, rank=6),
        Column(title="CPU", least=4, right=True, steady=True, rank=3),
        Column(title="", least=picture, rank=5, gap=1),
        Column(title="MEM", least=4, right=True, steady=True, rank=3),
        Column(title="", least=picture, rank=5, gap=1),
        Column(title="ROUTE", least=14 if room >= NARROW else 20, most=60, rank=4),
    )


def _picture_columns(*, roomy: bool) -> int:
    return 16 if roomy else 8


def _cells(
    board: Board, service: ServiceStatus, now: datetime, roomy: bool, stale: bool
) -> tuple[Line, ...]:
    active = service.active
    samples = board.samples.get(active.id, ()) if active and service.running else ()
    started = service.started
    up = duration(now - started) if started and roomy else since(now - started) if started else ""
    cells: tuple[Line, ...] = (
        _name(service),
        joined((_health(service, stale=stale), *_remarks(board, service, roomy, stale))),
        (Cell(up),),
        (commit_cell(active) if active else EMPTY,),
        (Cell(short_id(active.id), Tone.QUIET) if active else EMPTY,),
        *_usage(samples, _picture_columns(roomy=roomy)),
        _route(service, roomy),
    )
    return tuple(quiet(cell) for cell in cells) if stale else cells


def _health(service: ServiceStatus, *, stale: bool) -> Line:
    """Health, and behind it how many replicas run where there are several."""
    word = health_line(service, stale=stale)
    if not service.several:
        return word
    cell = replicas_cell(service)
    tone = cell.tone if cell.tone is Tone.BAD else Tone.QUIET
    return (*word, Cell(f" {cell.text}", tone))


def _name(service: ServiceStatus) -> Line:
    pieces = [Cell(show(service.service))]
    if service.drift:
        pieces.append(Cell(f" {CHANGED_MARK}", Tone.WARN))
    if service.held:
        pieces.append(Cell(f" {HELD_MARK}", Tone.WARN))
    return tuple(pieces)


def _remarks(board: Board, service: ServiceStatus, roomy: bool, stale: bool) -> Iterator[Line]:
    """The text after the health: what goes on, the reason, other news."""
    doing = under_way(board, service)
    if doing:
        yield (Cell(f"▸ {doing}", Tone.WARN),)
    sick = service.health is not Health.HEALTHY
    draining = "draining" in service.reason
    if not stale and (sick or roomy or draining) and not (draining and "draining" in doing):
        yield line(reason_words(service), Tone.PLAIN if sick else Tone.QUIET)
    if latest_failed(service) and service.active is not None and not doing:
        yield (with_symbol("last deploy failed", Tone.WARN),)
    if service.held is not None and not doing:
        bad = service.held.health is Health.UNHEALTHY
        words = "candidate held" + (", not well" if bad else "")
        yield (Cell(f"{HELD_MARK} {words}", Tone.WARN),)
    if not service.declared:
        yield (Cell("not in the file", Tone.WARN),)


def _usage(samples: tuple[Sample, ...], columns: int) -> Iterator[Line]:
    if not samples:
        yield from (line(""),) * 4
        return
    newest = samples[-1]
    yield line(cpu_words(newest))
    yield (Picture(cpu_graph(samples, columns)[0]),)
    yield line(memory_words(newest))
    yield (Picture(memory_graph(samples, columns)[0]),)


def _route(service: ServiceStatus, roomy: bool) -> Line:
    if service.url:
        return line(show(service.url if roomy else service.url.removeprefix("http://")))
    return line("worker" if service.kind is Kind.WORKER else "", Tone.QUIET)
