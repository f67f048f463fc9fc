"""The active deployment and the held candidate side by side, with what differs."""

from collections.abc import Iterator
from datetime import datetime

from compartment_tui.domain.deployment import Deployment, Health
from compartment_tui.domain.views import HeldCandidate, ServiceStatus
from compartment_tui.present.tables import HEALTH_TONES, health_cell
from compartment_tui.present.text import (
    age,
    clean,
    pad,
    short_commit,
    short_id,
    show,
    variable_words,
)
from compartment_tui.present.tone import Cell, Line, Tone, line, with_symbol
from compartment_tui.tui.kit.styled_lines import KeyCap, Strong, fitted

NAME_COLUMNS = 12
GAP = 2
NONE = "nothing is live yet"


def beside_lines(service: ServiceStatus, now: datetime, room: int) -> tuple[Line, ...]:
    """A row for each fact, two columns; nothing when no candidate waits."""
    if service.held is None:
        return ()
    half = max((room - NAME_COLUMNS) // 2, 1)
    differ = variable_words(service.held.changes)
    rows = tuple(
        (Cell(pad(name, NAME_COLUMNS), Tone.QUIET), *fitted(left, half - GAP), Cell("  "), *right)
        for name, left, right in _rows(service, service.held, now)
    )
    if not differ:
        return rows
    head = Cell(pad("variables", NAME_COLUMNS), Tone.QUIET)
    return (*rows, (head, Cell(differ, Tone.WARN)))


def _rows(
    service: ServiceStatus, held: HeldCandidate, now: datetime
) -> Iterator[tuple[str, Line, Line]]:
    active, waits = service.active, held.deployment
    yield "", (Strong("active"),), (Strong("candidate"), Cell(", held", Tone.WARN))
    yield "health", _health(service), _held_health(held)
    yield "deployment", _born(active, now), _born(waits, now)
    yield "image", _image(active), _image(waits, than=active)
    yield "commit", _commit(active), _commit(waits, than=active)
    yield "address", _address(service.url), _address(held.url, none="none: it was held without one")


def _health(service: ServiceStatus) -> Line:
    return line(NONE, Tone.QUIET) if service.active is None else (health_cell(service),)


def _held_health(held: HeldCandidate) -> Line:
    why = clean(held.reason).removeprefix("held: ").removeprefix("held, but ")
    if held.health is Health.HEALTHY:
        return (with_symbol(why, Tone.GOOD),)
    return (with_symbol(why, HEALTH_TONES[held.health]),)


def _born(deployment: Deployment | None, now: datetime) -> Line:
    if deployment is None:
        return ()
    return Cell(short_id(deployment.id)), Cell(f"  {age(deployment.created, now)}", Tone.QUIET)


def _image(deployment: Deployment | None, *, than: Deployment | None = None) -> Line:
    if deployment is None:
        return ()
    same = than is not None and than.image == deployment.image
    words = show(deployment.image.removeprefix("sha256:")[:12])
    return Cell(words, Tone.QUIET if same else Tone.PLAIN), Cell("  the same" * same, Tone.QUIET)


def _commit(deployment: Deployment | None, *, than: Deployment | None = None) -> Line:
    if deployment is None or not deployment.provenance.commit:
        return line("unknown", Tone.QUIET) if deployment is not None else ()
    made = deployment.provenance
    same = than is not None and than.provenance.commit == made.commit
    branch = f" on {show(made.branch)}" if made.branch else ""
    dirty = Cell("  + uncommitted" if made.dirty else "", Tone.WARN)
    words = Cell(show(short_commit(made.commit)), Tone.QUIET if same else Tone.PLAIN)
    return words, Cell(branch, Tone.QUIET), dirty


def _address(url: str | None, *, none: str = "") -> Line:
    if url is None:
        return line(none, Tone.QUIET)
    return KeyCap("o "), Cell(show(url.removeprefix("http://")))
