from collections.abc import Sequence

from compartment_tui.domain.deployment import Stage, Status, Trigger
from compartment_tui.domain.detail_views import RunView
from compartment_tui.domain.requests import Rollback
from compartment_tui.tui.main.history_model import (
    ACTIVE_MARK,
    BACK_MARK,
    history_grid,
    history_notes,
    history_rows,
    way_back,
)
from tests.present.boards import NOW, board, deployment, run, text, texts, view

OLD = deployment("web", 3, stage=Stage.STOPPED)
NEW = deployment("web", 7)
API = deployment("api", 7)
BAD = deployment(
    "web",
    8,
    status=Status.FAILED,
    stage=Stage.CHECKING_READINESS,
    activated=None,
    failure="never ready: 503\nmore",
)


def rows(*runs: RunView) -> list[str]:
    grid = history_grid(runs, NOW, 197)
    return [" | ".join(text(cell).strip() for cell in row.cells) for row in grid.rows]


def ways_back(runs: Sequence[RunView]) -> list[Rollback | None]:
    return [way_back(release, runs, "staging") for release in history_rows(runs).values()]


def test_a_run_of_one_service_is_one_row() -> None:
    (row,) = rows(run(7, view(NEW, active=True)))
    assert row.startswith(
        f"{ACTIVE_MARK} | deploy | web | ✓ live | 0000000 | 7h ago | ada@laptop | 18s"
    )


def test_a_run_of_several_has_its_services_under_it() -> None:
    found = rows(run(7, view(NEW, active=True), view(API, active=True)))
    assert [row.split(" | ")[2] for row in found] == ["web and api", "├ web", "└ api"]


def test_a_failure_tells_its_first_line() -> None:
    failed = run(8, view(BAD), status=Status.FAILED)
    assert "✗ failed while checking readiness  never ready: 503 |" in rows(failed)[0]


def test_what_was_only_reverted_does_not_look_alive() -> None:
    other = deployment("api", 8, status=Status.STOPPED, stage=Stage.STOPPED, activated=None)
    found = rows(run(8, view(BAD), view(other), status=Status.FAILED, failure="web: 503"))
    assert "✗ failed  web: 503" in found[0]
    assert "○ reverted" in found[2]


def test_what_can_be_gone_back_to_is_marked_and_leads_there() -> None:
    runs = (run(7, view(NEW, active=True)), run(3, view(OLD)))
    assert rows(*runs)[1].startswith(f"{BACK_MARK} | deploy | web | ○ replaced")
    assert ways_back(runs) == [
        None,
        Rollback(environment="staging", services=("web",), to=OLD.id),
    ]


def test_a_whole_run_leads_back_to_a_whole_run() -> None:
    old = run(3, view(OLD), view(API, active=True))
    assert ways_back((old,))[0] == Rollback(environment="staging", run=old.run.id)


def test_nothing_leads_to_what_is_gone_or_was_never_live() -> None:
    gone = run(3, view(OLD, available="gone"))
    assert ways_back((gone,)) == [None]
    assert "gone" in rows(gone)[0]
    assert ways_back((run(8, view(BAD)),)) == [None]
    assert "image only" in rows(run(3, view(OLD, available="image")))[0]


def test_one_deployment_in_two_runs_is_two_rows() -> None:
    again = run(9, view(NEW, active=True), trigger=Trigger.ROLLBACK)
    runs = (again, run(7, view(NEW, active=True)))
    assert len(set(history_grid(runs, NOW, 77).keys)) == 2
    assert set(history_rows(runs)) == set(history_grid(runs, NOW, 77).keys)


def test_a_run_that_ended_before_it_made_anything_is_there() -> None:
    (row,) = rows(run(9, status=Status.FAILED, services=("web",), failure="no such file"))
    assert "web | ✗ failed  no such file" in row


def test_notes_say_what_is_not_there() -> None:
    of = board()
    assert texts(history_notes(of)) == "reading …"
    assert (
        texts(history_notes(of.with_history("production", ()))) == "nothing was deployed here yet"
    )
    some = of.with_history("production", (run(7, view(NEW, active=True)),))
    assert "enter shows the plan" in texts(history_notes(some))
