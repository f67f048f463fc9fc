"""Who may read the sensitive values, as lines."""

from collections.abc import Iterator

from compartment_tui.domain.declared import Identity, Readers
from compartment_tui.present.text import clean, counted, show
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


def first_reader_words(reader: Identity) -> str:
    """What the first sensitive value of a file made, and what to take care of."""
    names = ", ".join(show(one) for one in reader.recipients)
    return (
        f"the file named nobody who may read sensitive values, so it names you now: {names};"
        f" without the identity in {clean(reader.place)} nobody can read them: keep a copy"
    )
