"""Where one can go back to, as a list to choose from."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from compartment_tui.domain.deployment import RunRecord, Status
from compartment_tui.domain.detail_views import DeploymentView, RunView
from compartment_tui.domain.requests import PromoteFrom, Rollback
from compartment_tui.domain.views import EnvironmentStatus, Left, ServiceStatus
from compartment_tui.present.tables import available_cell, commit_cell
from compartment_tui.present.text import (
    age,
    clean,
    left_words,
    listed,
    pad,
    short_id,
    show,
    show_name,
)
from compartment_tui.present.tone import Cell, Line, Tone, line_text


@dataclass(frozen=True, slots=True, kw_only=True)
class RollbackChoice:
    """One way back. `group` is the heading it stands under."""

    group: str
    request: Rollback | PromoteFrom
    line: Line

    @property
    def text(self) -> str:
        """The text that a filter looks at."""
        return line_text(self.line)


def choices(
    status: EnvironmentStatus | None,
    history: Sequence[RunView],
    *,
    environment: str,
    marked: Sequence[str],
    selected: str | None,
    now: datetime,
) -> tuple[RollbackChoice, ...]:
    """The plain rollback first; then single deployments, then whole runs.

    Where nothing is live there is nothing that a plain one would undo.
    """
    services = tuple(marked) or ((selected,) if selected else ())
    rows = {row.service: row for row in status.services} if status else {}
    something = any(row.active for row in rows.values()) or any(run.run.removed for run in history)
    undo = status is None or something
    return (
        *((_plain(environment, tuple(marked), rows, history, now),) if undo else ()),
        *_deployments(environment, services, history, now),
        *_runs(environment, rows, history, now),
    )


def nothing_to_go_back_to(environment: str) -> str:
    """The text in place of the choices, where there are none."""
    where = show_name(environment)
    return f"nothing is live in {where}, and there is nothing to go back to: D deploys it"


def _plain(
    environment: str,
    marked: tuple[str, ...],
    rows: dict[str, ServiceStatus],
    history: Sequence[RunView],
    now: datetime,
) -> RollbackChoice:
    live = [row for row in rows.values() if row.active is not None]
    newest = max((row.active.run for row in live if row.active), default="")
    going = (
        [rows[name] for name in marked if name in rows]
        if marked
        else [row for row in live if row.active and row.active.run == newest]
    )
    removal = _removal(rows, history)
    back: list[str] = []
    if not marked and removal is not None and removal.id >= newest:
        back = [name for name in removal.removed if not (name in rows and rows[name].active)]
        going = going if removal.id == newest else []
        newest = removal.id
    said = [*map(_step, going), *(f"{show(name)} comes back" for name in back)]
    steps = ", ".join(said) or "what is live is not known yet"
    head = "the previous of " + listed(map(show, marked)) if marked else _undo(newest, history, now)
    return RollbackChoice(
        group="Undo",
        request=Rollback(environment=environment, services=marked),
        line=(Cell(f"{head}  "), Cell(steps, Tone.QUIET)),
    )


def _removal(rows: dict[str, ServiceStatus], history: Sequence[RunView]) -> RunRecord | None:
    """The newest run that took away what is not live since."""
    live = {name for name, row in rows.items() if row.active is not None}
    runs = (view.run for view in history if view.run.status is Status.SUCCEEDED)
    return max(
        (run for run in runs if set(run.removed) - live), key=lambda run: run.id, default=None
    )


def _undo(newest: str, history: Sequence[RunView], now: datetime) -> str:
    run = next((view.run for view in history if view.run.id == newest), None)
    when = f" of {age(run.created, now)}" if run else ""
    word = "removal" if run and run.removes_only else run.trigger.value if run else "run"
    return f"the newest {word}{when}"


def _step(row: ServiceStatus) -> str:
    nothing = (
        "what was before it is gone" if row.rollback_left is Left.GONE else "nothing before it"
    )
    left = left_words(row.rollback_left)
    to = f"{short_id(row.rollback_to)}{left}" if row.rollback_to else nothing
    return f"{show(row.service)} → {to}"


def _deployments(
    environment: str, services: Sequence[str], history: Sequence[RunView], now: datetime
) -> Iterator[RollbackChoice]:
    """Everything the services were once live with and could be again, newest first."""
    found = {
        view.deployment.id: view
        for run in history
        for view in run.deployments
        if view.deployment.service in services and _usable(view)
    }
    for id_ in sorted(found, reverse=True):
        view = found[id_]
        service = view.deployment.service
        yield RollbackChoice(
            group=f"One deployment of {listed(map(show, services))}",
            request=Rollback(environment=environment, services=(service,), to=id_),
            line=_deployment_line(view, now),
        )


def _usable(view: DeploymentView) -> bool:
    return view.deployment.activated is not None and not view.active and view.available != "gone"


def _deployment_line(view: DeploymentView, now: datetime) -> Line:
    deployment = view.deployment
    return (
        Cell(f"{show(deployment.service)} {short_id(deployment.id)}  "),
        Cell(f"{commit_cell(deployment).text:<8}  {pad(age(deployment.created, now), 8)}  "),
        Cell(available_cell(view).text, Tone.QUIET),
    )


def _runs(
    environment: str,
    rows: dict[str, ServiceStatus],
    history: Sequence[RunView],
    now: datetime,
) -> Iterator[RollbackChoice]:
    """Runs that cover everything that is live and were live themselves."""
    live = {row.service: row.active.id for row in rows.values() if row.active}
    for view in history:
        made = view.run.deployments
        views = {member.deployment.id: member for member in view.deployments}
        covers = set(live) <= set(made)
        known = all(id_ in views for id_ in made.values())
        if not (covers and known) or all(live.get(name) == id_ for name, id_ in made.items()):
            continue
        if not all(member.active or _usable(member) for member in views.values()):
            continue
        label = f", {clean(view.run.label)}" if view.run.label else ""
        words = f"{view.run.trigger.value}{label}, {age(view.run.created, now)}"
        who = f"by {clean(view.run.actor)}: {listed(map(show, sorted(made)))}"
        yield RollbackChoice(
            group="Everything, as a run left it",
            request=Rollback(environment=environment, run=view.run.id),
            line=(
                Cell(f"{short_id(view.run.id)}  "),
                Cell(f"{words}  "),
                Cell(who, Tone.QUIET),
            ),
        )
