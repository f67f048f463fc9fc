from dataclasses import replace

from compartment_tui.domain.deployment import Health, Stage, Status
from compartment_tui.domain.variable import NameChanges
from compartment_tui.present.tone import line_width
from compartment_tui.tui.main.service_detail import helps, overview
from compartment_tui.tui.state.app_state import Board
from tests.present.boards import (
    NOW,
    board,
    candidate,
    deployment,
    never,
    run,
    samples,
    service,
    sick,
    texts,
    view,
    with_status,
)


def said(of: Board, room: int = 77) -> str:
    return texts(overview(of, NOW, room))


def keys(of: Board) -> list[str]:
    assert of.selected
    return [key for key, _ in helps(of, of.selected)]


def test_the_unhealthy_one_tells_reason_and_key_in_its_first_lines() -> None:
    lines = said(board(sick("api"))).splitlines()
    assert lines[0] == "api  ✗ unhealthy  exited with code 137, out of memory"
    assert lines[1].startswith("what helps  l read its logs   U undo to ")


def test_a_reason_is_never_cut() -> None:
    reason = " ".join(f"word{n}" for n in range(60))
    lines = overview(board(sick("api", reason)), NOW, 77)
    assert all(line_width(line) <= 77 for line in lines[:8])
    assert reason.split() == [
        word for word in said(board(sick("api", reason))).split() if "word" in word
    ]


def test_what_is_well_needs_no_help() -> None:
    assert keys(board(service("web"))) == []


def test_undo_means_the_newest_run_so_another_service_is_marked_first() -> None:
    older = board(sick("api"), service("web", 20))
    assert keys(older) == ["l", "space U", "S"]
    assert keys(board(sick("api"), service("web", 2))) == ["l", "U", "S"]


def test_read_only_offers_nothing_that_changes() -> None:
    assert keys(replace(board(sick("api")), read_only=True)) == ["l"]


def test_changed_variables_are_named() -> None:
    one = service("web", drift=NameChanges(added=("NEW",), changed=("OLD",)))
    assert "≠ the file's variables are not what runs:  + NEW  ~ OLD" in said(board(one))
    assert keys(board(one)) == ["v", "space E"]


def test_the_last_failure_is_told_though_the_active_one_is_well() -> None:
    latest = deployment(
        "web",
        8,
        status=Status.FAILED,
        stage=Stage.CHECKING_READINESS,
        activated=None,
        failure="never ready: 503\ntail",
    )
    of = board(service("web", latest=latest))
    assert "✗ the last deploy failed while checking readiness: never ready: 503\n" in said(of)
    assert keys(of) == ["l", "r", "D"]


def test_a_held_candidate_stands_beside_what_is_live() -> None:
    one = service("web", held=candidate("web", changes=NameChanges(added=("NEW",))))
    shown = said(board(one))
    assert "active" in shown
    assert "candidate, held" in shown
    assert "proven, without traffic" in shown
    assert "+ NEW" in shown
    assert "o c-00web-shop.localhost" in shown
    assert keys(board(one)) == ["o", "P", "K"]


def test_of_the_same_image_that_is_said() -> None:
    assert "0123456789ab  the same" in said(board(service("web", held=candidate("web"))))


def test_one_that_was_stopped_by_hand_can_be_started() -> None:
    rests = deployment("web", 7, status=Status.STOPPED, stage=Stage.STOPPED)
    one = service("web", active=rests, health=Health.PENDING, reason="stopped by hand")
    assert keys(board(one)) == ["S"]
    assert "○ stopped  by hand" in said(board(one))


def test_who_made_it_and_what_was_before_come_from_the_history() -> None:
    old, new = deployment("web", 3), deployment("web", 7)
    one = service("web", rollback_to=old.id)
    of = replace(
        board(one), histories={"production": (run(7, view(new, active=True)), run(3, view(old)))}
    )
    text = said(of)
    assert "deploy by ada@laptop" in text
    assert f"before it   {old.id[-10:].lower()}" in text
    assert "history" in text


def test_where_nothing_is_live_it_says_what_D_does() -> None:  # noqa: N802 - the key is upper case
    text = said(board(never("web"), never("api")))
    assert "Nothing is live in production yet." in text
    assert "D  deploys web, api" in text
    assert "compartment-tui deploy" in text


def test_pictures_stand_beside_the_facts_when_there_is_room() -> None:
    of = board(service("web"))
    assert of.selected
    assert of.selected.active
    of = replace(of, samples={of.selected.active.id: samples(30)})
    wide = overview(of, NOW, 117)
    assert all(line_width(line) <= 117 for line in wide)
    assert "50% of a core" in texts(wide)
    assert "30.0 MiB of 30.0 MiB" in texts(wide)
    assert "uses        " in said(of)


def test_what_stopped_uses_nothing() -> None:
    of = board(sick("api"))
    assert of.selected
    assert of.selected.active
    assert "CPU" not in said(replace(of, samples={of.selected.active.id: samples(3)}))


def test_stale_claims_no_health() -> None:
    assert "○ unknown" in said(with_status(board(service("web")), stale=NOW))
