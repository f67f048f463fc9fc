"""Lines for the banner; none when all is well."""

from collections.abc import Iterator
from datetime import datetime

from compartment_tui.domain.errors import CompartmentError, EngineProblem, InvalidFile
from compartment_tui.domain.home import ADOPT_WHERE_LOST
from compartment_tui.domain.outcome import Failure
from compartment_tui.domain.views import EnvironmentStatus
from compartment_tui.present.nodes import away_line
from compartment_tui.present.text import age, clean, show_name, trigger_words
from compartment_tui.present.tone import Cell, Line, Tone, with_symbol
from compartment_tui.tui.kit.folded_lines import folded
from compartment_tui.tui.kit.styled_lines import KeyCap
from compartment_tui.tui.state.app_state import Board

LIMIT = 2
RESUME_KEY = ": resume"
NODES_KEY = "c"
_ADOPT = Cell(f"  ({ADOPT_WHERE_LOST})", Tone.QUIET)
_ASK_DOCTOR = Cell("  (`compartment-tui doctor` says what to do)", Tone.QUIET)


def banner_lines(
    board: Board, now: datetime, room: int, seen: datetime | None = None
) -> tuple[Line, ...]:
    """The gravest matters, gravest first, on at most two lines of `room` columns.

    `seen` is when what is shown was last known to be so.
    """
    matters = tuple(_matters(board, now, seen))
    if len(matters) == 1:
        return folded(matters[0], room)[:LIMIT]
    return matters[:LIMIT]


def _matters(board: Board, now: datetime, seen: datetime | None) -> Iterator[Line]:
    status = board.status
    stale = status.stale if status else None
    if isinstance(board.trouble, EngineProblem) or stale is not None:
        name = board.engine_of(board.environment)
        away = status.away if status else None
        swarm = status is not None and status.swarm
        yield _engine(name, board.trouble, away, stale or seen, now, swarm=swarm)
    elif board.trouble is not None:
        yield _broken(board.trouble, shown=bool(board.environments))
    if status is not None:
        yield from _environment(board, status)


def _engine(
    name: str,
    trouble: CompartmentError | None,
    away: Failure | None,
    seen: datetime | None,
    now: datetime,
    *,
    swarm: bool,
) -> Line:
    """`name` is the engine's in the file; of a Swarm's home is told what ends its loss."""
    why = trouble if isinstance(trouble, EngineProblem) else away
    text = clean(why.message) if why else "Docker does not answer"
    text = f"{show_name(name)}: {text}" if name else text
    hint = (_ADOPT,) if swarm else _hint(why) or (_ASK_DOCTOR,)
    if seen is None:
        return with_symbol(text, Tone.BAD), Cell("; trying again"), *hint
    clock = seen.astimezone().strftime("%H:%M:%S")
    since = f"; what you see is from {clock} ({age(seen, now)}), trying again"
    return with_symbol(text, Tone.BAD), Cell(since), *hint


def _broken(trouble: CompartmentError, *, shown: bool) -> Line:
    """`shown` is whether anything of an earlier file is on the screen."""
    kept = "; the last good one stays" if shown and isinstance(trouble, InvalidFile) else ""
    return with_symbol(clean(trouble.message), Tone.BAD), Cell(kept), *_hint(trouble)


def _hint(trouble: CompartmentError | Failure | None) -> Line:
    if trouble is None or not trouble.hint:
        return ()
    return (Cell(f"  ({clean(trouble.hint)})", Tone.QUIET),)


def _environment(board: Board, status: EnvironmentStatus) -> Iterator[Line]:
    if status.journal is not None:
        yield (
            with_symbol(
                f"a {trigger_words(status.journal.trigger)} neither finished nor reverted  ",
                Tone.BAD,
            ),
            KeyCap(RESUME_KEY),
            Cell(" finishes or reverts it"),
        )
    away = None if status.stale else away_line(status.nodes)
    if away is not None:
        yield (*away, Cell("  "), KeyCap(NODES_KEY), Cell(" shows the machines", Tone.QUIET))
    if status.last_met:
        words = f"it was last seen on {clean(status.last_met)}: what runs there stays there"
        yield (with_symbol(words, Tone.WARN),)
    if status.holder and not board.working_on(status.key.environment):
        yield (with_symbol(f"{clean(status.holder)} is changing this environment now", Tone.WARN),)
    if status.rebuilt:
        yield (
            with_symbol("the record was lost and made again from what runs", Tone.WARN),
            Cell("; failed runs and the audit are not in it", Tone.QUIET),
        )
    if status.unreadable:
        yield with_symbol(clean(status.unreadable.message), Tone.WARN), *_hint(status.unreadable)
