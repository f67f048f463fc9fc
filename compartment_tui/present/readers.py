"""Who may read the sensitive values, as lines."""

from collections.abc import Iterator

from compartment_tui.domain.declared import Readers
from compartment_tui.present.text import clean, counted
from compartment_tui.present.tone import Cell, Line, Tone, line, signed


def readers_lines(readers: Readers) -> Iterator[Line]:
    """A line each, and what a person should know of their own part in it."""
    for one in readers.recipients:
        yield Cell(clean(one)), Cell("  you" if readers.ours(one) else "", Tone.GOOD)
    if not readers.recipients:
        yield line("nobody: sensitive values need a recipient", Tone.QUIET)
    identity = readers.identity
    if identity.problem:
        yield (signed(clean(identity.problem), Tone.WARN),)
        if identity.hint:
            yield line(f"  → {clean(identity.hint)}")
    elif not any(readers.ours(one) for one in readers.recipients):
        yield (signed(f"you are not among them, with {clean(identity.place)}", Tone.WARN),)
    if readers.unreadable:
        total = counted(readers.sensitive, "sensitive value")
        yield (signed(f"{readers.unreadable} of {total} cannot be read here", Tone.WARN),)
