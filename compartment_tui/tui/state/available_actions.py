"""Which of the verbs that share a key means something for what is chosen."""

from compartment_tui.domain.views import ServiceStatus
from compartment_tui.tui.state.app_state import Board

SOMETIMES = frozenset(("stop", "start", "promote", "across", "discard", "maintain", "let_in"))
"""Names of actions. A key is never a toggle: it is called by what it will do."""


def possible(board: Board, meant: tuple[str, ...]) -> frozenset[str]:
    """Those that can be done now; `meant` are the services that would be stopped or started."""
    rows = board.status.services if board.status else ()
    live = [row for row in rows if row.service in meant and row.active is not None]
    down = not any(runs(row) for row in live)
    handled = ("start" if down else "stop",) if live else ()
    waiting = ("promote", "discard") if any(row.held for row in rows) else ("across",)
    routed = [row for row in live if row.url]
    away = all(row.maintenance for row in routed)
    visitors = ("let_in" if away else "maintain",) if routed else ()
    return frozenset((*handled, *waiting, *visitors))


def runs(row: ServiceStatus) -> bool:
    """Whether what is live of a service runs."""
    return row.active is not None and row.instance is not None and row.instance.running
