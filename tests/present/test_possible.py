"""Which of two verbs a key means."""

from dataclasses import replace

from compartment_tui.domain.deployment import InstanceState
from compartment_tui.tui.state.app_state import Board
from compartment_tui.tui.state.available_actions import possible
from tests.present.boards import board, candidate, deployment, instance, service


def stopped(name: str) -> Board:
    one = instance(deployment(name, 7), state=InstanceState.EXITED)
    return board(service(name, instance=one), service("api"))


def test_what_runs_is_stopped_and_what_does_not_is_started() -> None:
    assert "stop" in possible(board(service("web")), ("web",))
    assert "start" in possible(stopped("web"), ("web",))


def test_of_several_one_that_runs_makes_it_a_stop() -> None:
    assert possible(stopped("web"), ("web", "api")) == {"stop", "scale", "across", "maintain"}


def test_what_was_never_live_is_neither_stopped_nor_started() -> None:
    never = replace(service("web"), active=None, instance=None)
    assert possible(board(never), ("web",)) == {"across"}
    assert possible(Board(), ()) == {"across"}


def test_what_is_held_is_promoted_or_discarded() -> None:
    held = board(service("web", held=candidate("web")))
    assert possible(held, ()) == {"promote", "discard"}


def test_visitors_are_kept_out_until_all_that_is_meant_is_in_maintenance() -> None:
    kept_out = replace(service("web"), maintenance=True)
    assert "let_in" in possible(board(kept_out), ("web",))
    both = board(kept_out, service("api"))
    assert "maintain" in possible(both, ("web", "api"))
    worker = replace(service("web"), url=None)
    assert not possible(board(worker), ("web",)) & {"maintain", "let_in"}
