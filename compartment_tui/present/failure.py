"""What failed, in lines: one sentence, the last lines that tell why, and the way on."""

from collections.abc import Iterable

from compartment_tui.domain.errors import CompartmentError, StepFailed
from compartment_tui.present.text import clean, clean_lines
from compartment_tui.present.tone import Cell, Line, Tone, line, with_symbol


def failure_lines(message: str, *, hint: str = "", tail: Iterable[str] = ()) -> tuple[Line, ...]:
    """The sentence first, then the tail as it was written, then the hint."""
    first, *rest = clean_lines(message)
    lines: list[Line] = [(with_symbol(first, Tone.BAD),)]
    lines += [line(f"  {more}") for more in rest]
    lines += [(Cell("    │ ", Tone.QUIET), Cell(clean(text))) for text in tail]
    if hint:
        lines += [line(f"  → {text}") for text in clean_lines(hint)]
    return tuple(lines)


def error_lines(error: CompartmentError) -> tuple[Line, ...]:
    """Why nothing came of it, and the way on."""
    tail = error.tail if isinstance(error, StepFailed) else ()
    return failure_lines(error.message, hint=error.hint, tail=tail)
