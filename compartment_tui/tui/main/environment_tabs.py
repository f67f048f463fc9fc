"""The environments as numbered tabs on one line."""

from collections.abc import Sequence
from dataclasses import dataclass

from compartment_tui.domain.deployment import Health
from compartment_tui.domain.views import EnvironmentView
from compartment_tui.present.text import fit, show_name
from compartment_tui.present.tone import SYMBOLS, Cell, Line, Tone, line_width
from compartment_tui.tui.kit.tabs import range_in_sight
from compartment_tui.tui.state.app_state import Board

WORKING = "▸"
PROTECTED = "▣"
MAINTENANCE = "◫"
LONGEST_NAME = 28
LONGEST_ENGINE = 16
MARKS = 4
"""Columns for what says at both ends that there are more."""
_TONES = {Health.HEALTHY: Tone.GOOD, Health.PENDING: Tone.WARN, Health.UNHEALTHY: Tone.BAD}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tab:
    """One environment as a tab: ` 2 staging ✗ `."""

    environment: str
    pieces: Line
    chosen: bool

    @property
    def width(self) -> int:
        return line_width(self.pieces)


@dataclass(frozen=True, slots=True, kw_only=True)
class TabsInSight:
    """The tabs that fit, and whether there are more on either side."""

    tabs: tuple[Tab, ...]
    more_before: bool = False
    more_after: bool = False


def environment_tabs(board: Board) -> tuple[Tab, ...]:
    """All environments, in the order of their numbers."""
    return tuple(
        _tab(board, view, number) for number, view in enumerate(board.environments, start=1)
    )


def tabs_in_sight(tabs: Sequence[Tab], room: int) -> TabsInSight:
    """As many tabs as fit around the chosen one, which is always among them."""
    if sum(tab.width for tab in tabs) <= room:
        return TabsInSight(tabs=tuple(tabs))
    first, last = range_in_sight(tabs, room - MARKS)
    return TabsInSight(
        tabs=tuple(tabs[first:last]), more_before=first > 0, more_after=last < len(tabs)
    )


def standing_words(board: Board) -> Line:
    """Notes on the whole chosen environment, for the end of the line."""
    chosen = next((v for v in board.environments if v.key.environment == board.environment), None)
    words = []
    if chosen is not None and board.maintained_in(chosen):
        words.append(Cell(f"{MAINTENANCE} maintenance ", Tone.WARN))
    if chosen is not None and chosen.protected:
        words.append(Cell(f"{PROTECTED} protected ", Tone.WARN))
    if board.read_only:
        words.append(Cell("read-only ", Tone.WARN))
    return tuple(words)


def _tab(board: Board, view: EnvironmentView, number: int) -> Tab:
    name, tone = view.key.environment, Tone.QUIET if board.away_in(view) else Tone.PLAIN
    pieces = [
        Cell(f" {number} " if number < 10 else "   ", Tone.QUIET),
        Cell(fit(show_name(name), LONGEST_NAME) + " ", tone),
        _badge(board, view),
    ]
    if board.several_engines and view.engine:
        pieces.insert(2, Cell(f"· {fit(show_name(view.engine), LONGEST_ENGINE)} ", Tone.QUIET))
    if board.maintained_in(view):
        pieces.append(Cell(f" {MAINTENANCE}", Tone.WARN))
    if view.protected:
        pieces.append(Cell(f" {PROTECTED}", Tone.QUIET))
    pieces.append(Cell(" "))
    return Tab(environment=name, pieces=tuple(pieces), chosen=name == board.environment)


def _badge(board: Board, view: EnvironmentView) -> Cell:
    """Somebody is changing it, it is not known how it does, or how its worst service does."""
    name = view.key.environment
    status = board.statuses.get(name)
    if board.working_on(name) or (status is not None and status.holder):
        return Cell(WORKING, Tone.WARN)
    if board.away_in(view):
        return Cell(f"{SYMBOLS[Tone.QUIET]} away", Tone.QUIET)
    if board.unreadable_in(view):
        return Cell(SYMBOLS[Tone.WARN], Tone.WARN)
    if board.stopped_in(view):
        return Cell(f"{SYMBOLS[Tone.QUIET]} stopped", Tone.QUIET)
    if not board.live_in(view) and board.health_of(view) is not Health.UNHEALTHY:
        return Cell(SYMBOLS[Tone.QUIET], Tone.QUIET)
    tone = _TONES[board.health_of(view)]
    return Cell(SYMBOLS[tone], tone)
