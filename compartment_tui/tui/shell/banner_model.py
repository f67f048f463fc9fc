"""Lines for the banner; none when all is well."""

from collections.abc import Iterator
from datetime import datetime

from compartment_tui.domain.errors import CompartmentError, EngineProblem, InvalidFile
from compartment_tui.domain.outcome import Failure
from compartment_tui.domain.views import EnvironmentStatus
from compartment_tui.present.text import age, clean, trigger_words
from compartment_tui.present.tone import Cell, Line, Tone, with_symbol
from compartment_tui.tui.kit.folded_lines import folded
from compartment_tui.tui.kit.styled_lines import KeyCap
from compartment_tui.tui.state.app_state import Board

LIMIT = 2
RESUME_KEY = ": resume"
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
        yield _engine(board.trouble, status.away if status else None, stale or seen, now)
    elif board.trouble is not None:
        yield _broken(board.trouble, shown=bool(board.environments))
    if status is not None:
        yield from _environment(board, status)


def _engine(
    trouble: CompartmentError | None, away: Failure | None, seen: datetime | None, now: datetime
) -> Line:
    why = trouble if isinstance(trouble, EngineProblem) else away
    text = clean(why.message) if why else "Docker does not answer"
    hint = _hint(why) or (_ASK_DOCTOR,)
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
    if status.holder and not board.working_on(status.key.environment):
        yield (with_symbol(f"{clean(status.holder)} is changing this environment now", Tone.WARN),)
    if status.rebuilt:
        yield (
            with_symbol("the record was lost and made again from what runs", Tone.WARN),
            Cell("; failed runs and the audit are not in it", Tone.QUIET),
        )
    if status.unreadable:
        yield with_symbol(clean(status.unreadable.message), Tone.WARN), *_hint(status.unreadable)
