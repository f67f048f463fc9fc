"""The machines of a Swarm, a row each: which is away, which replica is where, what moved lately."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from compartment_tui.domain.deployment import Instance
from compartment_tui.domain.detail_views import NodeView
from compartment_tui.present.nodes import role_words, state_cell, swarm_notes
from compartment_tui.present.text import age, clean, show, show_name
from compartment_tui.present.tone import Cell, Line, Tone, line
from compartment_tui.tui.kit.folded_lines import hanging
from compartment_tui.tui.kit.grid import Column, Grid, Row, grid
from compartment_tui.tui.kit.styled_lines import Strong, joined, quiet
from compartment_tui.tui.state.app_state import Board

_COLUMNS = (
    Column(title="NODE", least=9, most=30),
    Column(title="STATE", least=13, most=30),
    Column(title="RUNS", least=48, most=120),
    Column(title="ROLE", least=7, rank=1),
    Column(title="ADDRESS", least=8, rank=2),
)


def nodes_grid(board: Board, room: int) -> Grid:
    """A row for each machine; greyed while the engine is away."""
    views = board.swarm.nodes if board.swarm else ()
    names = ReplicaNames(views, board.environment)
    rows = [Row(key=view.node.name, cells=_cells(view, names)) for view in views]
    if board.engine_away:
        rows = [Row(key=row.key, cells=tuple(map(quiet, row.cells))) for row in rows]
    return grid(_COLUMNS, rows, room)


def nodes_notes(board: Board, now: datetime, room: int) -> tuple[Line, ...]:
    """What the Swarm does now, and what happened since the screen was opened, newest first."""
    if board.swarm is None:
        return (line("asking the managers …", Tone.QUIET),)
    notes = () if board.engine_away else tuple(swarm_notes(board.swarm, now))
    lines = [(), *notes] if notes else []
    if board.swarm_changes:
        lines += [(), line("LATELY", Tone.QUIET)]
    for one in sorted(board.swarm_changes, key=lambda one: (one.at, one.words), reverse=True):
        clock = one.at.astimezone().strftime("%H:%M:%S")
        said = Cell(f"{clock}  ", Tone.QUIET), Cell(clean(one.words), one.tone)
        lines.append((*said, Cell(f"  {age(one.at, now)}", Tone.QUIET)))
    return tuple(row for whole in lines for row in hanging(whole, room))


class ReplicaNames:
    """Names replicas as `logs` does, `web/2`: those of the chosen environment before the others."""

    def __init__(self, views: Iterable[NodeView], environment: str) -> None:
        every = [one for view in views for one in (*view.replicas, *view.starting, *view.lost)]
        self._environment = environment
        self._several = {one.deployment for one in every if one.number > 1}
        """The deployments with replicas to be told apart."""

    def words(self, replicas: Iterable[Instance]) -> str:
        """`web/1 web/3 docs, staging: web`."""
        groups: dict[str, list[str]] = {}
        for one in sorted(replicas, key=self._order):
            groups.setdefault(one.key.environment, []).append(self._name(one))
        return ", ".join(
            ("" if place == self._environment else f"{show_name(place)}: ") + " ".join(names)
            for place, names in groups.items()
        )

    def _order(self, one: Instance) -> tuple[bool, str, str, int]:
        other = one.key.environment != self._environment
        return other, one.key.environment, one.service, one.number

    def _name(self, one: Instance) -> str:
        number = f"/{one.number}" if one.deployment in self._several else ""
        return f"{show(one.service)}{number}"


def _cells(view: NodeView, names: ReplicaNames) -> tuple[Line, ...]:
    state = state_cell(view.node)
    home = " home" if view.node.home else " was home" if view.node.former_home else ""
    return (
        (Cell(show(view.node.name)), Cell(home, Tone.QUIET)),
        (Strong(state.text, state.tone) if state.tone is Tone.BAD else state,),
        _runs(view, names),
        line(role_words(replace(view.node, home=False, former_home=False)), Tone.QUIET),
        line(clean(view.node.address), Tone.QUIET),
    )


def _runs(view: NodeView, names: ReplicaNames) -> Line:
    """`web/1 web/3 docs  starting web/2`: its replicas by their numbers."""
    parts = [
        (Cell(f"{what}{names.words(ones)}", tone),)
        for what, ones, tone in (
            ("", view.replicas, Tone.PLAIN),
            ("lost ", view.lost, Tone.BAD),
            ("starting ", view.starting, Tone.WARN),
        )
        if ones
    ]
    return joined(parts) or line("nothing", Tone.QUIET)
