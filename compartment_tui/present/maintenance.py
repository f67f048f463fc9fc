"""Maintenance in words: what would change for visitors, and what did."""

from compartment_tui.domain.detail_views import MaintenanceChange
from compartment_tui.present.text import clean, listed, on_engine, show, show_name
from compartment_tui.present.tone import Cell, Line, Tone, line, with_symbol

_PAGE = "visitors get a page, with status 503; the containers run on"
_BACK = "visitors get through again"


def maintenance_lines(change: MaintenanceChange) -> tuple[Line, ...]:
    """What a person reads before saying yes."""
    if not change.services:
        return (line(_nothing(change), Tone.QUIET),)
    names = f"{listed(map(show, change.services))}{on_engine(change.engine)}"
    lines: list[Line] = [line(f"{names}: {_PAGE if change.on else _BACK}")]
    lines += [line(f"  {url}", Tone.QUIET) for url in change.urls]
    if change.message:
        lines.append(line(f"  it says: {clean(change.message)}"))
    return tuple(lines)


def maintained_lines(change: MaintenanceChange) -> tuple[Line, ...]:
    """What is so now."""
    if not change.services:
        return (line(_nothing(change), Tone.QUIET),)
    names, where = listed(map(show, change.services)), show_name(change.key.environment)
    words = "in maintenance" if change.on else "no longer in maintenance"
    head = (with_symbol(f"{names} of {where}: {words}", Tone.GOOD),)
    said = _PAGE if change.on else _BACK
    rows = [(Cell(f"  {url}: {said}", Tone.QUIET),) for url in change.urls]
    return (head, *rows)


def _nothing(change: MaintenanceChange) -> str:
    names = listed(map(show, change.unchanged))
    return f"nothing to do: {names} {'is' if len(change.unchanged) == 1 else 'are'} so already"
