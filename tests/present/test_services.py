from dataclasses import replace
from datetime import timedelta

import pytest

from compartment_tui.domain.deployment import Deployment, Health, Stage, Status
from compartment_tui.domain.events import StageStarted
from compartment_tui.domain.requests import Deploy
from compartment_tui.domain.target import Target
from compartment_tui.domain.variable import NameChanges
from compartment_tui.present.timeline import Timeline, fold
from compartment_tui.present.tone import Tone
from compartment_tui.tui.kit.grid import Grid
from compartment_tui.tui.main.services_model import no_services, services_grid, since
from compartment_tui.tui.state.app_state import Board, Job
from tests.present.boards import (
    NOW,
    board,
    candidate,
    deployment,
    never,
    samples,
    service,
    sick,
    text,
    texts,
    with_status,
)


def shown(of: Board, room: int = 77) -> Grid:
    return services_grid(of, NOW, room)


def row(grid: Grid, key: str) -> str:
    (found,) = (one for one in grid.rows if one.key == key)
    return " | ".join(text(cell).strip() for cell in found.cells)


def titles(grid: Grid) -> list[str]:
    return [column.title for column in grid.columns if column.title]


def sampled() -> Board:
    start = board(service("web"), sick("api"))
    assert start.selected
    assert start.selected.active
    return replace(start, samples={start.selected.active.id: samples(30)})


def test_what_is_wrong_stands_in_words_with_its_reason() -> None:
    assert row(shown(board()), "api").startswith(
        "api | ✗ unhealthy  exited with code 137, out of memory"
    )
    assert row(shown(board()), "web").startswith("web | ✓ healthy | 3h | 0000000")


def test_columns_go_in_the_order_of_their_worth() -> None:
    board_ = sampled()
    assert titles(shown(board_, 200)) == [
        "SERVICE",
        "HEALTH",
        "UP",
        "COMMIT",
        "DEPLOYMENT",
        "CPU",
        "MEM",
        "ROUTE",
    ]
    narrow = titles(shown(board_, 77))
    assert narrow[:4] == ["SERVICE", "HEALTH", "UP", "COMMIT"]
    assert "DEPLOYMENT" not in narrow
    assert titles(shown(board_, 40)) == ["SERVICE", "HEALTH"]


def test_pictures_are_whole_or_not_there() -> None:
    for room in range(40, 220):
        grid = shown(sampled(), room)
        widths = [w for c, w in zip(grid.columns, grid.widths, strict=True) if not c.title]
        assert set(widths) in (set(), {8}, {16})


def test_with_room_the_reason_is_told_for_all_and_nothing_is_cut() -> None:
    grid = shown(sampled(), 197)
    assert "✓ healthy  running" in row(grid, "web")
    assert "http://web-shop.localhost:8080" in row(grid, "web")


def test_marks_for_changed_variables_and_a_held_candidate() -> None:
    one = service("web", drift=NameChanges(changed=("GREETING",)), held=candidate("web"))
    line = row(shown(board(one)), "web")
    assert line.startswith("web ≠ ◇ |")
    assert "◇ candidate held" in line


def failed(number: int = 8) -> Deployment:
    return deployment(
        "web",
        number,
        status=Status.FAILED,
        stage=Stage.CHECKING_READINESS,
        activated=None,
        failure="never ready: 503",
    )


def test_a_failed_deploy_shows_though_the_active_one_is_well() -> None:
    assert "✓ healthy  ! last deploy failed" in row(
        shown(board(service("web", latest=failed()))), "web"
    )


def test_what_somebody_else_does_shows_its_stage() -> None:
    latest = replace(failed(), status=Status.RUNNING, stage=Stage.BUILDING)
    busy = with_status(board(service("web", latest=latest)), holder="bob@host")
    assert "▸ building" in row(shown(busy), "web")


def test_stale_is_grey_and_claims_nothing() -> None:
    grid = shown(with_status(sampled(), stale=NOW))
    assert "○ unknown" in row(grid, "web")
    tones = {piece.tone for one in grid.rows for cell in one.cells for piece in cell}
    assert tones == {Tone.QUIET}


def test_an_undeclared_service_says_so() -> None:
    assert "not in the file" in row(shown(board(service("web", declared=False))), "web")


def test_foreign_reasons_are_harmless() -> None:
    one = service("web", health=Health.UNHEALTHY, reason="[/b] \x1b]52;c;aGk=\x07 end")
    assert "[/b]  end" in row(shown(board(one), 200), "web")


def test_before_anything_is_known_it_says_what_it_waits_for() -> None:
    assert texts(no_services(Board())) == "asking Docker …"
    empty = with_status(board(never("web")), services=())
    assert "[services.web]" in texts(no_services(empty))


@pytest.mark.parametrize(
    ("seconds", "words"), [(-1, "0s"), (40, "40s"), (200, "3m"), (7200, "2h"), (200000, "2d")]
)
def test_ages_have_one_unit(seconds: int, words: str) -> None:
    assert since(timedelta(seconds=seconds)) == words


@pytest.mark.parametrize("room", [77, 117, 137, 197])
def test_draining_is_said_once_and_leaves_the_route_its_column(room: int) -> None:
    request = Deploy(environment="production")
    stage = Stage.DRAINING_PREVIOUS
    target = Target("production", "api")
    timeline = fold(Timeline(), StageStarted(at=NOW, target=target, stage=stage))
    draining = service("api", reason="live; the previous one is draining")
    quietly = shown(board(draining), room)
    job = Job(number=1, request=request, started=NOW, timeline=timeline)
    busy = shown(board(draining).with_job(job), room)
    assert row(quietly, "api").count("previous") == 1
    assert row(busy, "api").count("previous") == 1
    assert "▸ draining the previous" in row(busy, "api")
    assert titles(busy) == titles(quietly)
