"""Which of the verbs that share a key means something for what is chosen."""

from compartment_tui.domain.views import ServiceStatus
from compartment_tui.tui.state.app_state import Board

SOMETIMES = frozenset(
    ("stop", "start", "promote", "across", "discard", "maintain", "let_in", "scale", "nodes")
)
"""Names of actions, and of a pane. A key is never a toggle: it is called by what it will do."""


def possible(board: Board, meant: tuple[str, ...]) -> frozenset[str]:
    """Those that can be done now; `meant` are the services that would be stopped or started."""
    rows = board.status.services if board.status else ()
    live = [row for row in rows if row.service in meant and row.active is not None]
    down = not any(runs(row) for row in live)
    handled = ("start" if down else "stop",) if live else ()
    counted = ("scale",) if live and not down else ()
    waiting = ("promote", "discard") if any(row.held for row in rows) else ("across",)
    routed = [row for row in live if row.url]
    away = all(row.maintenance for row in routed)
    visitors = ("let_in" if away else "maintain",) if routed else ()
    machines = ("nodes",) if board.on_swarm else ()
    return frozenset((*handled, *counted, *waiting, *visitors, *machines))


def runs(row: ServiceStatus) -> bool:
    """Whether what is live of a service runs, or one of its replicas; or a Swarm is about it."""
    up = any(one.running or one.placement is not None for one in row.replicas)
    return row.active is not None and up
