"""Asking once whether a candidate can take traffic."""

from datetime import timedelta

import pytest

from compartment_tui.domain.config import Readiness, ReadinessKind
from compartment_tui.domain.deployment import Instance
from compartment_tui.domain.refusal import Refusal
from compartment_tui.ports import Hold
from tests.contract.bench import Bench


def ask(bench: Bench, hold: Hold, instance: Instance) -> Refusal | None:
    spec = bench.config.service(instance.service)
    assert spec is not None
    assert spec.readiness is not None
    return hold.ready(instance, spec.readiness, instance.port)


@pytest.mark.parametrize("service", ["web", "page", "obedient"])
def test_ready_by_each_kind_of_question(bench: Bench, service: str) -> None:
    instance = bench.start(service)
    with bench.hold() as hold:
        assert bench.eventually(lambda: ask(bench, hold, instance) is None)


@pytest.mark.parametrize(
    ("service", "words"), [("lost", "404"), ("closed", "refused"), ("stubborn", "1")]
)
def test_not_ready_says_why(bench: Bench, service: str, words: str) -> None:
    instance = bench.start(service)
    with bench.hold() as hold:

        def says_so() -> bool:
            reason = ask(bench, hold, instance)
            assert reason is not None
            return words in reason.detail

        assert bench.eventually(says_so)


def test_a_stopped_candidate_is_not_ready(bench: Bench) -> None:
    instance = bench.start("web")
    bench.world.engine.retire(instance.deployment, timedelta())
    with bench.hold() as hold:
        assert ask(bench, hold, bench.now(instance.deployment))


def test_an_attempt_ends_in_time(bench: Bench) -> None:
    instance = bench.start("closed")
    slow = Readiness(
        kind=ReadinessKind.COMMAND,
        command=("sleep", "20"),
        attempt_timeout=timedelta(seconds=1),
    )
    with bench.hold() as hold:
        began = bench.world.clock.monotonic()
        assert hold.ready(instance, slow, instance.port)
        assert bench.world.clock.monotonic() - began < timedelta(seconds=4)
        hold.confirm()
