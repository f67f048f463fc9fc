"""Domains in words: how far each is, where it leads, and what is to be done."""

from collections.abc import Iterable
from datetime import datetime

from compartment_tui.domain.detail_views import DomainsChecked, DomainState, DomainView
from compartment_tui.domain.domain_proof import ENDING
from compartment_tui.domain.public_side import CertificateSource
from compartment_tui.present.tables import EMPTY, Table
from compartment_tui.present.text import clean, show
from compartment_tui.present.tone import Cell, Line, Tone, line, with_symbol

_STATES = {
    DomainState.SECURED: ("https", Tone.GOOD),
    DomainState.ORDERED: ("certificate ordered", Tone.WARN),
    DomainState.PLAIN: ("http only", Tone.PLAIN),
    DomainState.LEFT_OUT: ("left out", Tone.WARN),
}


def domain_state(view: DomainView, now: datetime) -> Cell:
    """How far it is, with its symbol."""
    words, tone = _STATES[view.state]
    served = view.state is not DomainState.LEFT_OUT
    if served and view.problem:
        return with_symbol("leads elsewhere" if view.addresses else "no address", Tone.BAD)
    if view.until is not None and view.until - now < ENDING:
        return with_symbol(words, Tone.WARN)
    if view.state is DomainState.PLAIN and view.order is not None and view.order.failure:
        return with_symbol("no certificate", Tone.WARN)
    return Cell(words) if tone is Tone.PLAIN else with_symbol(words, tone)


def certificate_words(view: DomainView, now: datetime) -> Cell:
    """Until when it has a certificate."""
    if view.until is None:
        return EMPTY
    left = view.until - now
    tone = Tone.WARN if left < ENDING else Tone.PLAIN
    day = f"{view.until:%Y-%m-%d}"
    return Cell(f"until {day}, {max(left.days, 0)} d left" if tone is Tone.WARN else day, tone)


def order_words(view: DomainView) -> str:
    """What came of its last order."""
    if view.order is None:
        return ""
    said = f"failed: {clean(view.order.failure)}" if view.order.failure else "came"
    return f"{view.order.at:%Y-%m-%d %H:%M} {said}"


def domains_table(views: Iterable[DomainView], now: datetime) -> Table:
    """A row for each domain."""
    return Table(
        columns=("domain", "service", "state", "resolves to", "certificate until", "last order"),
        rows=tuple(
            (
                Cell(show(view.host)),
                Cell(_service(view)) if view.service else EMPTY,
                domain_state(view, now),
                Cell(", ".join(view.addresses)) if view.addresses else EMPTY,
                certificate_words(view, now),
                Cell(order_words(view), Tone.QUIET),
            )
            for view in views
        ),
    )


def advice_lines(views: Iterable[DomainView]) -> tuple[Line, ...]:
    """Why those that do not lead here do not, and the way on."""
    lines: list[Line] = []
    for view in views:
        if view.problem:
            lines.append((with_symbol(clean(view.problem), Tone.WARN),))
            lines.append(line(f"  {clean(view.hint)}", Tone.QUIET))
        elif view.state is DomainState.LEFT_OUT:
            lines.append(
                (
                    with_symbol(f"{view.host} leads here, and is not served yet", Tone.WARN),
                    Cell(f": `compartment-tui domain check {view.host}`", Tone.QUIET),
                )
            )
    return tuple(lines)


def checked_lines(found: DomainsChecked) -> tuple[Line, ...]:
    """What came of another look."""
    notes = tuple(line(clean(note)) for note in found.notes)
    good = [one for one in found.domains if one.state is not DomainState.LEFT_OUT]
    served = f"{len(good)} of {len(found.domains)} domains are served"
    tone = Tone.GOOD if len(good) == len(found.domains) else Tone.WARN
    return (*notes, (with_symbol(served, tone),))


def fine(view: DomainView) -> bool:
    """Whether there is nothing to do about it."""
    has = view.state is DomainState.SECURED or view.certificate is CertificateSource.NONE
    failed = view.order is not None and bool(view.order.failure)
    return has and not view.problem and not failed


def _service(view: DomainView) -> str:
    return f"{show(view.service)}{f' → {view.elsewhere}' if view.elsewhere else ''}"
