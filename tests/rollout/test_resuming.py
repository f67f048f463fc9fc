"""What `resume` says and ends with: it did what it is for, whichever way that went."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import pytest

from compartment_tui.adapters.memory.host import disk_full
from compartment_tui.adapters.memory.locks import MemoryEnvironmentLock
from compartment_tui.adapters.memory.world import Behaviour, MemoryWorld
from compartment_tui.domain.deployment import Stage
from compartment_tui.domain.events import Noted, RunFinished, StageFailed
from compartment_tui.domain.outcome import Outcome
from compartment_tui.domain.requests import Deploy, Resume
from compartment_tui.operations import requests
from tests.cli.line import line
from tests.faults import Fault, FaultPlan, Killed, When, faulty
from tests.rollout.shop import WEB, deploy, open_shop, state


def changed_shop() -> MemoryWorld:
    """Something is live, and its files are newer."""
    opened = open_shop(WEB)
    deploy(opened)
    opened.host.change("web", "2")
    return opened


def broken_at(name: str, when: When = When.AFTER) -> MemoryWorld:
    """A deploy over something live, killed at that call of a port."""

    watched = FaultPlan()
    list(requests.execute(faulty(changed_shop().world, watched), Deploy(environment="production")))
    opened = changed_shop()
    plan = FaultPlan(Fault(at=watched.calls.index(name) + 1, when=when, what=Killed))
    with suppress(Killed):
        list(requests.execute(faulty(opened.world, plan), Deploy(environment="production")))
    opened.host.kill(opened.process)
    return opened.another()


def resumed(opened: MemoryWorld) -> RunFinished:
    last = list(requests.execute(opened.world, Resume(environment="production")))[-1]
    assert isinstance(last, RunFinished)
    return last


def test_reverting_what_should_be_reverted_is_a_success() -> None:
    opened = broken_at("engine.start")
    said = line(opened, "resume")
    assert said.code == 0
    assert "reverted after" in said.err
    assert "production is as it was" in said.err
    assert "cancelled" not in said.err


def test_what_was_reverted_and_does_not_answer_is_told() -> None:
    """As after a crash of the engine: what was live is back, and reached by nobody."""
    opened = broken_at("engine.start")
    for container in opened.host.containers.values():
        container.behaviour = Behaviour(ready_after=None)
    said = line(opened, "resume")
    assert said.code == 0
    assert "web: it does not serve now (" in said.err
    assert "connection refused): a deploy replaces it" in said.err
    opened.host.behave("web", Behaviour())
    assert line(opened, "deploy", "--yes").code == 0
    assert "does not serve" not in line(opened, "resume").err


def test_what_was_reverted_and_answers_needs_no_word() -> None:
    assert "serve" not in line(broken_at("engine.start"), "resume").err


def test_the_same_as_json() -> None:
    said = line(broken_at("engine.start"), "resume", "--output", "json")
    assert said.code == 0
    assert '"outcome": "reverted"' in said.out


def test_finishing_what_had_switched_is_live() -> None:
    opened = broken_at("hold.write_record_and_routes")
    opened.clock.advance(timedelta(seconds=5))
    assert resumed(opened).outcome is Outcome.LIVE


def test_a_run_that_was_killed_between_journal_and_routes_is_reverted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    opened = changed_shop()
    before = state(opened).active
    with monkeypatch.context() as patch, suppress(Killed):
        patch.setattr(MemoryEnvironmentLock, "write_routes", _raising(Killed()))
        list(requests.execute(opened.world, Deploy(environment="production")))
    journal = state(opened).journal
    assert journal is not None
    assert journal.stage is Stage.SWITCHING_ROUTE
    opened.host.kill(opened.process)
    assert resumed(opened.another()).outcome is Outcome.REVERTED
    assert state(opened).active == before


def test_an_error_between_journal_and_routes_reverts_the_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    opened = changed_shop()
    before = state(opened).active
    with monkeypatch.context() as patch:
        patch.setattr(MemoryEnvironmentLock, "write_routes", _raising(disk_full()))
        for event in requests.execute(opened.world, Deploy(environment="production")):
            if isinstance(event, StageFailed):
                patch.undo()
    assert isinstance(event, RunFinished)
    assert event.outcome is Outcome.FAILED
    assert state(opened).journal is None
    assert state(opened).active == before


def _raising(error: BaseException) -> Callable[..., None]:
    def broken(*_: object) -> None:
        raise error

    return broken


def test_a_person_who_asks_it_to_stop_is_told_that_it_was_reverted_on_request() -> None:
    opened = broken_at("engine.start")
    opened.cancel.request()
    for container in opened.host.containers.values():
        container.behaviour = Behaviour(ready_after=None)
    said = line(opened, "resume")
    assert said.code == 130
    assert "serve" not in said.err, "and is not kept by questions"


def test_a_version_that_dies_while_it_is_finished_has_failed() -> None:
    opened = broken_at("hold.in_force")
    opened.clock.advance(timedelta(seconds=5))
    newest = max(opened.host.containers)
    opened.host.containers[newest].behaviour = Behaviour(exits_after=timedelta())
    opened.host.containers[newest].die(3)
    last = resumed(opened)
    assert last.outcome is Outcome.FAILED
    assert last.failure is not None
    assert "died right after it went live" in last.failure.message


def test_where_nothing_was_deployed_nothing_is_made() -> None:
    opened = open_shop()
    (said,) = requests.execute(opened.world, Resume(environment="production"))
    assert isinstance(said, Noted)
    assert said.message == "there is nothing to resume"
    assert opened.host.edge is None
    assert not opened.host.networks
