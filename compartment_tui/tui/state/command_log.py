"""The command log: what was done, as the commands that would have done the same."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from shlex import quote

from compartment_tui import PROGRAM
from compartment_tui.domain.outcome import Outcome
from compartment_tui.domain.shell_quotes import option_for
from compartment_tui.present.requests import command_line
from compartment_tui.present.text import show
from compartment_tui.present.tone import Cell, Tone, with_symbol
from compartment_tui.tui.state.app_state import Board, Job

_OUTCOMES = {
    Outcome.LIVE: ("live", Tone.GOOD),
    Outcome.HELD: ("held", Tone.GOOD),
    Outcome.DISCARDED: ("discarded", Tone.GOOD),
    Outcome.UNCHANGED: ("unchanged", Tone.QUIET),
    Outcome.STOPPED: ("stopped", Tone.QUIET),
    Outcome.REVERTED: ("reverted", Tone.WARN),
    Outcome.FAILED: ("failed", Tone.BAD),
    Outcome.CANCELLED: ("cancelled", Tone.WARN),
    Outcome.NEEDS_ATTENTION: ("needs attention", Tone.BAD),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedCommand:
    """One thing that was done. `command` can be pasted into a shell."""

    at: datetime
    command: str
    outcome: Cell


def looked(at: datetime, command: str) -> LoggedCommand:
    """Something that changed nothing."""
    return LoggedCommand(at=at, command=command, outcome=Cell("looked", Tone.QUIET))


def command_log(board: Board, others: Iterable[LoggedCommand] = ()) -> tuple[LoggedCommand, ...]:
    """Every request of this session with how it ended, and what else was done; newest first."""
    acts = [
        LoggedCommand(at=job.started, command=command_line(job.request), outcome=_outcome(job))
        for job in board.jobs.values()
    ]
    return tuple(sorted([*acts, *others], key=lambda entry: entry.at, reverse=True))


def shell_command(environment: str, service: str, replica: int | None = None) -> str:
    """The command for a shell."""
    number = f" --replica {replica}" if replica else ""
    return f"{PROGRAM} exec{option_for(environment)} -s {quote(show(service))}{number} -- sh"


def open_command(board: Board) -> str:
    """The command that opens an address."""
    service = f" -s {quote(show(board.service))}" if board.service else ""
    return f"{PROGRAM} open{option_for(board.environment)}{service}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Copyable:
    """Something worth having on the clipboard or in a browser, under the letter that chooses it."""

    letter: str
    what: str
    text: str


def copyables(board: Board, log: tuple[LoggedCommand, ...]) -> tuple[Copyable, ...]:
    """Things to copy of the selected service, and the last command."""
    row = board.selected
    active = row.active if row else None
    found = (
        ("s", "service name", row.service if row else ""),
        ("u", "address", (row.url or "") if row else ""),
        ("p", "candidate's address", (row.held.url or "") if row and row.held else ""),
        ("d", "deployment id", active.id if active else ""),
        ("i", "image id", active.image if active else ""),
        ("c", "commit", active.provenance.commit if active else ""),
        ("e", "environment name", board.environment),
        ("l", "last command", log[0].command if log else ""),
    )
    return tuple(
        Copyable(letter=letter, what=what, text=text) for letter, what, text in found if text
    )


def openables(board: Board) -> tuple[Copyable, ...]:
    """The addresses of the selected service: of what is live, and of the candidate that waits."""
    row = board.selected
    live = row.url if row else None
    preview = row.held.url if row and row.held else None
    found = (("a", "active", live or ""), ("c", "candidate", preview or ""))
    return tuple(
        Copyable(letter=letter, what=what, text=text) for letter, what, text in found if text
    )


def no_shell(board: Board) -> str:
    """Why there is no shell to open."""
    return f"{_nothing_live(board)}: a shell opens in what is live"


def no_address(board: Board) -> str:
    """Why there is no address to open."""
    row = board.selected
    if row is not None and row.active is not None:
        return f"{show(row.service)} has no address: no route leads to it"
    return f"{_nothing_live(board)}, so there is no address"


def _nothing_live(board: Board) -> str:
    if board.status is None:
        return "what is live is not known yet"
    return f"nothing is live of {show(board.service)} yet" if board.service else "nothing is live"


def _outcome(job: Job) -> Cell:
    if job.timeline.outcome is not None:
        word, tone = _OUTCOMES[job.timeline.outcome]
        return with_symbol(word, tone)
    if job.error is not None:
        return with_symbol("refused", Tone.BAD)
    return with_symbol("done", Tone.GOOD) if job.over else Cell("… running")
