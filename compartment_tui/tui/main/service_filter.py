"""Which services a person wants to see, by a few words that are typed after `/`."""

from collections.abc import Mapping
from dataclasses import replace

from compartment_tui.domain.views import ServiceStatus
from compartment_tui.tui.state.app_state import Board

FIELDS = ("status", "kind", "commit")
"""Fields that a filter can name: `status:unhealthy`, `kind:worker`, `commit:a2c9`."""


def fits(row: ServiceStatus, wanted: str) -> bool:
    """Whether every word fits: letters of the name in their order, `field:start`, `!` for not."""
    return all(_fits_word(row, word) for word in wanted.casefold().split())


def narrowed(board: Board, wanted: str) -> Board:
    """The board as if its chosen environment had only the services that fit."""
    status = board.status
    if status is None or not wanted.strip():
        return board
    kept = tuple(row for row in status.services if fits(row, wanted))
    return replace(
        board, statuses={**board.statuses, board.environment: replace(status, services=kept)}
    )


def _fits_word(row: ServiceStatus, word: str) -> bool:
    if word.startswith("!"):
        return word == "!" or not _fits_word(row, word[1:])
    field, colon, start = word.partition(":")
    if colon and field in FIELDS:
        return _fields(row)[field].startswith(start)
    letters = iter(row.service.casefold())
    return all(letter in letters for letter in word)


def _fields(row: ServiceStatus) -> Mapping[str, str]:
    return {
        "status": row.health.value,
        "kind": row.kind.value,
        "commit": row.active.provenance.commit if row.active else "",
    }
