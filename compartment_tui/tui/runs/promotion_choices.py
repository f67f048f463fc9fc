"""Where images can be promoted from."""

from collections.abc import Iterator
from datetime import datetime

from compartment_tui.domain.requests import PromoteFrom
from compartment_tui.domain.views import EnvironmentStatus, EnvironmentView
from compartment_tui.present.tables import commit_cell
from compartment_tui.present.text import age, counted, listed, pad, short_id, show, show_name, width
from compartment_tui.present.tone import Cell, Line, Tone
from compartment_tui.tui.runs.rollback_choices import RollbackChoice
from compartment_tui.tui.state.app_state import Board

ALL = "Everything that is live there"


def promotion_choices(
    board: Board, environment: str, marked: tuple[str, ...], now: datetime
) -> tuple[RollbackChoice, ...]:
    """Other environments in which something is live, then their services one by one."""
    others = [
        view
        for view in board.environments
        if view.key.environment != environment and board.live_in(view)
    ]
    names = max((width(show_name(view.key.environment)) for view in others), default=0)
    group = f"What is live there of {listed(map(show, marked))}" if marked else ALL
    wholes = [
        RollbackChoice(
            group=group,
            request=PromoteFrom(
                environment=environment,
                origin=view.key.environment,
                services=marked,
            ),
            line=(
                Cell(f"{pad(show_name(view.key.environment), names)}  "),
                *_live(board, view, now),
            ),
        )
        for view in others
    ]
    if marked:
        return tuple(wholes)
    known = (board.statuses.get(view.key.environment) for view in others)
    singles = (
        choice for status in known if status for choice in _singles(status, environment, now)
    )
    return (*wholes, *singles)


def nothing_to_promote(board: Board) -> str:
    """The text in place of the environments, where there are none."""
    if board.engine_away:
        return "what is live elsewhere is not known while Docker does not answer"
    return "nothing is live in any other environment, and no candidate is held in this one"


def _live(board: Board, view: EnvironmentView, now: datetime) -> Line:
    """The services that are live there, as far as it is known here."""
    status = board.statuses.get(view.key.environment)
    if status is not None:
        live = [(row.service, row.active) for row in status.services if row.active]
        words = ", ".join(
            f"{show(name)} {commit_cell(deployment).text}" for name, deployment in live
        )
        return (Cell(words, Tone.QUIET),)
    last = f", last run {age(view.last.created, now)}" if view.last else ""
    return (Cell(f"{counted(view.active, 'service')} live{last}", Tone.QUIET),)


def _singles(
    status: EnvironmentStatus, environment: str, now: datetime
) -> Iterator[RollbackChoice]:
    origin = status.key.environment
    names = max((width(show(row.service)) for row in status.services if row.active), default=0)
    for row in status.services:
        if row.active is None:
            continue
        said = f"{commit_cell(row.active).text:<8}  {age(row.active.created, now)}"
        yield RollbackChoice(
            group=f"One service of {show_name(origin)}",
            request=PromoteFrom(environment=environment, origin=origin, services=(row.service,)),
            line=(
                Cell(f"{pad(show(row.service), names)}  {short_id(row.active.id)}  "),
                Cell(said, Tone.QUIET),
            ),
        )
