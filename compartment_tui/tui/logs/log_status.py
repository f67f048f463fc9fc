"""The line above a log: whether it follows, the search, the filters, dropped and cut lines."""

from collections.abc import Iterable
from datetime import tzinfo

from compartment_tui.present.text import counted, fit, listed, show, width
from compartment_tui.present.tone import Cell, Line, Tone, line_width
from compartment_tui.tui.logs.log_buffer import Logbook
from compartment_tui.tui.logs.log_row import LogRow

_BETWEEN = Cell(" · ", Tone.QUIET)
_WANTED_LIMIT = 24


def head(
    book: Logbook, *, title: str, current: LogRow | None, columns: int, zone: tzinfo | None = None
) -> Line:
    """One line of at most so many columns; what matters least is left out first.

    The title gives way down to a quarter of the line: it says what a person has just chosen.
    """
    between = width(_BETWEEN.text)
    left = columns - min(width(title), columns // 4)
    parts: list[Cell] = []
    for part in _parts(book, current, zone):
        # What follows a comma is left out before the whole part is.
        for text in (part.text, part.text.partition(", ")[0]):
            if width(text) + between <= left:
                parts += [_BETWEEN, Cell(text, part.tone)]
                left -= width(text) + between
                break
    used = line_width(parts)
    named = fit(title, columns - used)
    return (Cell(named), *parts) if named else tuple(parts[1:])


def empty_words(book: Logbook) -> str:
    """Why there is nothing to see, and the way on."""
    if book.shown:
        return ""  # they are about to be drawn
    if not book.following and book.new:
        return "paused before anything arrived: f shows it"
    if book.kept:
        return "no line is wanted by the filter: esc takes it away"
    if book.ended:
        return "nothing was written"
    return "nothing was written yet"


def _parts(book: Logbook, current: LogRow | None, zone: tzinfo | None) -> Iterable[Cell]:
    """The parts of the line, the most important first."""
    yield _state(book)
    if book.ended and not book.following:
        yield Cell(f"ended: {book.ended}", Tone.WARN)
    if book.dropped:
        yield Cell(f"{_number(book.dropped)} {_lines(book.dropped)} dropped", Tone.WARN)
    if book.sought:
        yield _search(book, current)
    yield from _choice(book, zone)
    if book.kept:
        yield Cell(_extent(book, zone), Tone.QUIET)


def _state(book: Logbook) -> Cell:
    if not book.following:
        return Cell(f"‖ paused{f' +{_number(book.new)} new' if book.new else ''}", Tone.WARN)
    if book.ended:
        return Cell(f"■ ended: {book.ended}", Tone.WARN)
    return Cell("▶ following", Tone.GOOD)


def _search(book: Logbook, current: LogRow | None) -> Cell:
    sought = _quoted(book.sought)
    if not book.hits:
        return Cell(f"find {sought}: nowhere", Tone.WARN)
    place = book.place(current.number) if current else 0
    where = f"{_number(place)} of {_number(book.hits)}" if place else f"in {_number(book.hits)}"
    return Cell(f"find {sought}: {where}")


def _choice(book: Logbook, zone: tzinfo | None) -> Iterable[Cell]:
    choice = book.choice
    inverse = choice.text.startswith("!")
    wanted = choice.text[1:] if inverse else choice.text
    if wanted:
        yield Cell(f"{'without' if inverse else 'only'} {_quoted(wanted)}")
    if choice.hidden:
        hidden = sorted(choice.hidden)
        names = listed(hidden) if len(hidden) <= 2 else counted(len(hidden), _word(hidden))
        yield Cell(f"{names} hidden")
    if choice.since is not None:
        yield Cell(f"since {choice.since.astimezone(zone):%H:%M:%S}")


def _word(names: Iterable[str]) -> str:
    return "replica" if all("/" in name for name in names) else "service"


def _extent(book: Logbook, zone: tzinfo | None) -> str:
    kept = book.kept
    total = f"{_number(book.lines)} {_lines(book.lines)}"
    told = f"{_number(book.lines - book.filtered)} of " if book.filtered else ""
    first, last = (row.at.astimezone(zone) for row in (kept[0], kept[-1]))
    day = "" if first.date() == last.date() else "%d %b "
    return f"{told}{'last ' if book.cut else ''}{total}, from {first.strftime(day + '%H:%M')}"


def _quoted(text: str) -> str:
    return f"“{fit(show(text), _WANTED_LIMIT)}”"


def _lines(count: int) -> str:
    return "line" if count == 1 else "lines"


def _number(count: int) -> str:
    return f"{count:,}".replace(",", " ")
