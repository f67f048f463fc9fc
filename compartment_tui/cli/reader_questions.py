"""Questions about who may read what is sealed: only commands that write values ask them."""

from collections.abc import Collection

from compartment_tui.cli.session import Session
from compartment_tui.domain.errors import AnswerNeeded, Cancelled
from compartment_tui.domain.seals import MovedValue
from compartment_tui.operations import recipients
from compartment_tui.present.recipients import moved_lines, new_reader_lines
from compartment_tui.present.text import show


def allow_readers(session: Session, *, without: Collection[str] = ()) -> tuple[str, ...]:
    """The recipients that nobody has sealed for from here, if they may read what is written now.

    They are named and asked about, unless `--yes`; `without` those that are about to go. Raises
    AnswerNeeded, Cancelled.
    """
    found = recipients.unknown(session.world, without=without)
    return _allow_readers(session, found) if found else ()


def allow_readers_of_all(session: Session, *, without: Collection[str] = ()) -> tuple[str, ...]:
    """As `allow_readers`, where every value is sealed again.

    Nothing is asked when that will be refused because one cannot be read here.
    """
    cannot = recipients.readers(session.world)
    return () if cannot.unreadable > len(cannot.moved) else allow_readers(session, without=without)


def _allow_readers(session: Session, found: tuple[str, ...]) -> tuple[str, ...]:
    lines = tuple(new_reader_lines(found))
    if session.yes:
        for shown in lines:
            session.output.say(shown)
        return found
    if not session.output.can_ask:
        raise AnswerNeeded(
            f"{', '.join(show(one) for one in found)} in [secrets] recipients could read it, and"
            " nobody has sealed for them from here yet: an answer is needed",
            hint="pass --yes if they may; else take them out of the project file",
        )
    session.output.insist(lines)
    answer = session.output.ask("May they read it? [y/N]")
    if (answer or "").strip().lower() not in ("y", "yes"):
        raise Cancelled("nothing was written")
    return found


def allow_moves(session: Session) -> tuple[MovedValue, ...]:
    """The values that were sealed for another place, if they may stand where they do.

    They are named and asked about, unless `--yes`. Raises AnswerNeeded, Cancelled.
    """
    found = recipients.readers(session.world).moved
    if not found:
        return ()
    lines = tuple(moved_lines(found))
    if not session.yes and not session.output.can_ask:
        places = ", ".join(one.here.words() for one in found)
        raise AnswerNeeded(
            f"sealed for another place, so it takes an answer to seal anew: {places}",
            hint="pass --yes if it was you who moved or renamed them; on a terminal it is asked",
        )
    session.output.insist(lines)
    if session.yes:
        return found
    answer = session.output.ask("Was it you who moved or renamed them? [y/N]")
    if (answer or "").strip().lower() not in ("y", "yes"):
        raise Cancelled("nothing was written: set these values anew, or take them out")
    return found
