"""Who may read the sensitive values, as lines."""

from collections.abc import Iterable, Iterator, Sequence

from compartment_tui import PROGRAM
from compartment_tui.domain.seals import MovedValue, SealPlace
from compartment_tui.domain.variables.views import Identity, Readers
from compartment_tui.present.text import clean, counted, show
from compartment_tui.present.tone import Cell, Line, Tone, line, with_symbol


def readers_lines(readers: Readers) -> Iterator[Line]:
    """A line each, and what a person should know of their own part in it."""
    for recipient in readers.recipients:
        new = Cell("  new: nobody has sealed for it from here", Tone.WARN)
        ours = Cell("  you" if readers.ours(recipient) else "", Tone.GOOD)
        yield Cell(clean(recipient)), new if recipient in readers.unknown else ours
    if not readers.recipients:
        yield line("nobody: sensitive values need a recipient", Tone.QUIET)
    identity = readers.identity
    if identity.problem:
        yield (with_symbol(clean(identity.problem), Tone.WARN),)
        if identity.hint:
            yield line(f"  → {clean(identity.hint)}")
    elif not any(readers.ours(one) for one in readers.recipients):
        yield (with_symbol(f"you are not among them, with {clean(identity.place)}", Tone.WARN),)
    if readers.unreadable:
        total = counted(readers.sensitive, "sensitive value")
        yield (with_symbol(f"{readers.unreadable} of {total} cannot be read here", Tone.WARN),)
    yield from moved_lines(readers.moved)


def moved_lines(moved: Iterable[MovedValue]) -> Iterator[Line]:
    """A line each: where it stands, and where it was sealed for."""
    for value in moved:
        there = value.sealed_for.words_from(value.here.project)
        words = f"{value.here.words()} was sealed for {there}, and opens nowhere else"
        yield (with_symbol(words, Tone.WARN),)


def new_reader_lines(recipients: Sequence[str]) -> Iterator[Line]:
    """Whom a value would be sealed for that nobody has sealed for from here."""
    for recipient in recipients:
        yield (
            with_symbol(f"new among the recipients: {show(recipient)}", Tone.WARN),
            Cell("  nobody has sealed for it from here yet", Tone.QUIET),
        )


def reader_count_words(readers: int, values: int = 1, *, can: str = "can") -> str:
    """How many can read what was sealed just now."""
    what = "it" if values == 1 else "them"
    return f"{counted(readers, 'person', 'people')} {can} read {what}"


def old_seal_words(places: Sequence[SealPlace]) -> str:
    """That values are sealed in the old form, and the way on."""
    names = ", ".join(one.words() for one in places)
    verb = "is" if len(places) == 1 else "are"
    return (
        f"{names} {verb} sealed in the old form, which opens at any place of any file:"
        f" `{PROGRAM} variable rekey` seals for the place"
    )


def first_reader_words(reader: Identity) -> str:
    """What the first sensitive value of a file made, and what to take care of."""
    names = ", ".join(show(one) for one in reader.recipients)
    return (
        f"the file named nobody who may read sensitive values, so it names you now: {names};"
        f" without the identity in {clean(reader.place)} nobody can read them: keep a copy"
    )
