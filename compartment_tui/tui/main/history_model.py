"""The runs of an environment: what each made live, how it ended, and what one can go back to."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from compartment_tui.domain.deployment import RunRecord, Stage, Status
from compartment_tui.domain.detail_views import DeploymentView, RunView
from compartment_tui.domain.requests import Rollback
from compartment_tui.domain.views import LEFT_WORDS, Left
from compartment_tui.present.tables import EMPTY, commit_cell, deployment_cell, run_cell
from compartment_tui.present.text import (
    age,
    clean,
    duration,
    listed,
    record_words,
    short_id,
    show,
)
from compartment_tui.present.tone import Cell, Line, Tone, line, with_symbol
from compartment_tui.tui.kit.grid import Column, Grid, Row, grid
from compartment_tui.tui.kit.styled_lines import KeyCap, joined
from compartment_tui.tui.state.app_state import Board

ACTIVE_MARK = "●"
BACK_MARK = "↩"


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryRow:
    """The subject of a row: a whole run, or one service of it."""

    run: RunRecord
    view: DeploymentView | None = None

    @property
    def key(self) -> str:
        return self.view.deployment.id + self.run.id if self.view else self.run.id


def history_rows(runs: Sequence[RunView]) -> Mapping[str, HistoryRow]:
    """Every row by its key, newest run first; a run of one service is one row."""
    found: list[HistoryRow] = []
    for run_view in runs:
        if len(run_view.deployments) == 1:
            found.append(HistoryRow(run=run_view.run, view=run_view.deployments[0]))
            continue
        found.append(HistoryRow(run=run_view.run))
        found += [HistoryRow(run=run_view.run, view=view) for view in run_view.deployments]
    return {release.key: release for release in found}


def history_grid(runs: Sequence[RunView], now: datetime, room: int) -> Grid:
    """A row for each run, its services under it when it has several."""
    rows: list[Row] = []
    for run_view in runs:
        single = run_view.deployments[0] if len(run_view.deployments) == 1 else None
        rows.append(_run_row(run_view, single, now))
        if single is None:
            rows += [_service_row(run_view, view) for view in run_view.deployments]
    return grid(_COLUMNS, rows, room)


def history_notes(board: Board) -> tuple[Line, ...]:
    """The legend of the marks; or that nothing happened yet."""
    runs = board.histories.get(board.environment)
    if runs is None:
        return (line("reading …", Tone.QUIET),)
    if not runs:
        return (line("nothing was deployed here yet", Tone.QUIET),)
    live = (Cell(f"{ACTIVE_MARK} ", Tone.GOOD), Cell("live   ", Tone.QUIET))
    back = (Cell(f"{BACK_MARK} "), Cell("can be gone back to: ", Tone.QUIET))
    return ((), (*live, *back, KeyCap("enter"), Cell(" shows the plan", Tone.QUIET)))


def way_back(release: HistoryRow, runs: Sequence[RunView], environment: str) -> Rollback | None:
    """The rollback to it, if there is anything to go back to."""
    view = release.view
    if view is not None:
        if not reachable(view):
            return None
        deployment = view.deployment
        return Rollback(
            environment=environment,
            services=(deployment.service,),
            to=deployment.id,
        )
    mine = next((run_view for run_view in runs if run_view.run.id == release.run.id), None)
    if mine is None or not _run_reachable(mine):
        return None
    return Rollback(environment=environment, run=release.run.id)


def reachable(view: DeploymentView) -> bool:
    """Whether one could go back to a deployment: it was live, is not now, and something is left."""
    was_live = view.deployment.activated is not None
    return was_live and not view.active and view.available != "gone"


def _run_reachable(run: RunView) -> bool:
    if not run.run.deployments:
        return False  # it only took services away: there is nothing of it to go back to
    usable = all(view.active or reachable(view) for view in run.deployments)
    return usable and any(not view.active for view in run.deployments)


_COLUMNS = (
    Column(title="", least=1, most=1),
    Column(title="RUN", least=8, gap=1),
    Column(title="SERVICES", least=10, most=28),
    Column(title="OUTCOME", least=30, most=90),
    Column(title="COMMIT", least=8, rank=2),
    Column(title="WHEN", least=8, rank=1),
    Column(title="BY", least=12, most=30, rank=3),
    Column(title="TOOK", least=5, rank=4, right=True),
    Column(title="ID", least=10, rank=5),
)


def _run_row(run_view: RunView, single: DeploymentView | None, now: datetime) -> Row:
    run = run_view.run
    took = duration(run.completed - run.created) if run.completed else ""
    touched = (*run.services, *run.removed) or tuple(run.deployments)
    names = [show(name) for name in touched]
    if single is not None:
        mark, outcome, commit = _mark(single), _outcome(run, single), commit_cell(single.deployment)
    else:
        commits = {commit_cell(view.deployment) for view in run_view.deployments}
        commit = commits.pop() if len(commits) == 1 else EMPTY
        mark, outcome = _run_mark(run_view), _run_outcome(run_view)
    return Row(
        key=HistoryRow(run=run, view=single).key,
        cells=(
            (mark,),
            line(record_words(run)),
            line(listed(names) if names else "-"),
            outcome,
            (commit,),
            line(age(run.created, now), Tone.QUIET),
            line(clean(run.actor) or "-", Tone.QUIET),
            line(took, Tone.QUIET),
            line(short_id(single.deployment.id if single else run.id), Tone.QUIET),
        ),
    )


def _service_row(run: RunView, view: DeploymentView) -> Row:
    last = view is run.deployments[-1]
    return Row(
        key=HistoryRow(run=run.run, view=view).key,
        cells=(
            (_mark(view),),
            line(""),
            line(f"{'└' if last else '├'} {show(view.deployment.service)}"),
            _outcome(run.run, view),
            (commit_cell(view.deployment),),
            line(""),
            line(""),
            line(""),
            line(short_id(view.deployment.id), Tone.QUIET),
        ),
    )


def _mark(view: DeploymentView) -> Cell:
    if view.active:
        return Cell(ACTIVE_MARK, Tone.GOOD)
    return Cell(BACK_MARK) if reachable(view) else Cell(" ")


def _run_mark(run: RunView) -> Cell:
    if run.deployments and all(view.active for view in run.deployments):
        return Cell(ACTIVE_MARK, Tone.GOOD)
    return Cell(BACK_MARK) if _run_reachable(run) else Cell(" ")


def _outcome(run: RunRecord, view: DeploymentView) -> Line:
    deployment = view.deployment
    if deployment.service in run.removed:
        return line("removed", Tone.QUIET)
    if deployment.service in run.covered:
        return line("unchanged", Tone.QUIET)
    why = _first_line(deployment.failure)
    if deployment.status is Status.FAILED:
        return joined(((deployment_cell(deployment, active=False),), line(why)))
    if run.status is Status.FAILED and not view.active and deployment.activated is None:
        return (with_symbol("reverted", Tone.QUIET),)
    return joined(tuple(_standing(view)))


def _standing(view: DeploymentView) -> Iterator[Line]:
    """Where it is now, and what going back would use."""
    if view.active:
        yield (with_symbol("live", Tone.GOOD),)
        return
    replaced = view.deployment.stage is Stage.STOPPED and view.deployment.activated is not None
    if replaced and view.deployment.status is Status.SUCCEEDED:
        yield (with_symbol("replaced", Tone.QUIET),)
    else:
        yield (deployment_cell(view.deployment, active=False),)
    if view.deployment.activated is not None:
        yield line(LEFT_WORDS[Left(view.available)], Tone.QUIET)


def _run_outcome(run_view: RunView) -> Line:
    """The outcome of a run of several services."""
    run, views = run_view.run, run_view.deployments
    live = [show(view.deployment.service) for view in views if view.active]
    if run.status is not Status.SUCCEEDED or not views:
        return joined(((run_cell(run.status),), line(_first_line(run.failure))))
    if len(live) == len(views):
        return (with_symbol("live", Tone.GOOD),)
    if live:
        return (with_symbol(f"live: {listed(live)}", Tone.GOOD),)
    if not run.deployments:
        return line("removed", Tone.QUIET)
    if all(view.deployment.stage is Stage.ROLLED_BACK for view in views):
        return (with_symbol("rolled back", Tone.QUIET),)
    return (with_symbol("replaced", Tone.QUIET),)


def _first_line(text: str) -> str:
    return clean(next(iter(text.splitlines()), ""))
