"""Asking once whether a candidate can take traffic."""

from dataclasses import replace
from datetime import timedelta

import pytest

from compartment_tui.domain.config import Readiness, ReadinessKind
from compartment_tui.domain.deployment import Instance
from compartment_tui.domain.errors import InstanceGone
from compartment_tui.domain.refusal import Cause, Refusal, Reply
from compartment_tui.ports import EnvironmentLock
from tests.contract.bench import Bench


def ask(bench: Bench, lock: EnvironmentLock, instance: Instance) -> Refusal | None:
    spec = bench.config.service(instance.service)
    assert spec is not None
    assert spec.readiness is not None
    return lock.ready(instance, spec.readiness, instance.port)


@pytest.mark.parametrize("service", ["web", "page", "obedient"])
def test_ready_by_each_kind_of_question(bench: Bench, service: str) -> None:
    instance = bench.start(service)
    with bench.lock() as lock:
        assert bench.eventually(lambda: ask(bench, lock, instance) is None)


@pytest.mark.parametrize(
    ("service", "words"), [("lost", "404"), ("closed", "refused"), ("stubborn", "1")]
)
def test_not_ready_says_why(bench: Bench, service: str, words: str) -> None:
    instance = bench.start(service)
    with bench.lock() as lock:

        def says_so() -> bool:
            reason = ask(bench, lock, instance)
            assert reason is not None
            return words in reason.detail

        assert bench.eventually(says_so)


def test_a_stopped_candidate_is_not_ready(bench: Bench) -> None:
    instance = bench.start("web")
    bench.world.engine.retire(instance.deployment, timedelta())
    with bench.lock() as lock:
        assert ask(bench, lock, bench.now(instance.deployment))


def test_an_attempt_ends_in_time(bench: Bench) -> None:
    instance = bench.start("closed")
    slow = Readiness(
        kind=ReadinessKind.COMMAND,
        command=("sleep", "20"),
        attempt_timeout=timedelta(seconds=1),
    )
    with bench.lock() as lock:
        began = bench.world.clock.monotonic()
        assert lock.ready(instance, slow, instance.port)
        assert bench.world.clock.monotonic() - began < timedelta(seconds=15)
        lock.confirm()


def test_where_a_candidate_listens(bench: Bench) -> None:
    web, closed = bench.start("web"), bench.start("closed")
    listeners = bench.world.engine.listeners

    def listens() -> bool:
        return any(one.port == 8080 and one.everywhere for one in listeners(web.deployment))

    assert bench.eventually(listens)
    assert [one for one in listeners(closed.deployment) if not one.inside_only] == []
    bench.world.engine.retire(web.deployment, timedelta())
    with pytest.raises(InstanceGone):
        listeners(web.deployment)


def test_a_refusal_says_what_was_asked(bench: Bench) -> None:
    closed, lost = bench.start("closed"), bench.start("lost")
    with bench.lock() as lock:
        refused = ask(bench, lock, closed)
        assert refused is not None
        assert (refused.cause, refused.detail) == (Cause.CLOSED, "port 8080: connection refused")

        def answered() -> bool:
            found = ask(bench, lock, lost)
            return found is not None and found.reply == Reply(status=404)

        assert bench.eventually(answered)
        found = ask(bench, lock, lost)
        assert found is not None
        assert found.detail == "localhost/nothing-here on port 8080 answered 404"


def test_other_statuses_and_another_port_can_be_asked_for(bench: Bench) -> None:
    lost = bench.start("lost")
    spec = bench.config.service("lost")
    assert spec is not None
    assert spec.readiness is not None
    taken = replace(spec.readiness, status=((200, 299), (404, 404)), port=8080)
    with bench.lock() as lock:
        assert bench.eventually(lambda: lock.ready(lost, taken, 9) is None)
