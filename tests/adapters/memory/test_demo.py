"""The shop of the demonstration: what it shows, and that it lives, the same way every time."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from compartment_tui.adapters.demo.demo import demo_world, open_demo
from compartment_tui.adapters.demo.live_clock import LiveClock
from compartment_tui.adapters.demo.story import SPAN
from compartment_tui.adapters.memory.clock import BEGINNING, FakeClock
from compartment_tui.adapters.memory.world import MemoryWorld
from compartment_tui.domain.deployment import Health, Status, Trigger
from compartment_tui.domain.events import Event, Output, RunFinished, StageFailed
from compartment_tui.domain.outcome import Outcome
from compartment_tui.domain.requests import Deploy, Rollback
from compartment_tui.domain.variable import NameChanges
from compartment_tui.operations import environments, logs, requests, status
from compartment_tui.operations.history import history

SECOND = timedelta(seconds=1)


@pytest.fixture
def opened() -> MemoryWorld:
    """On a clock that stands still."""
    return open_demo(FakeClock())


def ended(events: Iterator[Event]) -> tuple[Outcome, list[Event]]:
    told = list(events)
    last = told[-1]
    assert isinstance(last, RunFinished)
    return last.outcome, told


def unhealthy(opened: MemoryWorld, environment: str) -> dict[str, str]:
    services = status.status(opened.world, environment=environment).services
    return {one.service: one.reason for one in services if one.health is Health.UNHEALTHY}


def test_three_environments_of_six_services(opened: MemoryWorld) -> None:
    found = environments.environments(opened.world)
    assert [(one.key.environment, one.protected, one.active) for one in found] == [
        ("production", True, 6),
        ("staging", False, 6),
        ("preview-checkout", False, 2),
    ]


def test_nothing_is_wrong_but_what_is_meant_to_be(opened: MemoryWorld) -> None:
    assert opened.host.problems() == []
    assert unhealthy(opened, "production") == {
        "search": "its HEALTHCHECK fails: 2 of 3 shards answer"
    }
    assert unhealthy(opened, "staging") == unhealthy(opened, "preview-checkout") == {}
    assert opened.world.edge.visit("search-shop.localhost").status == 503
    assert opened.world.edge.visit("shop.localhost").status == 200


def test_a_variable_of_one_service_drifted(opened: MemoryWorld) -> None:
    drifts = {
        (environment, one.service): one.drift
        for environment in ("production", "staging", "preview-checkout")
        for one in status.status(opened.world, environment=environment).services
        if one.drift
    }
    assert drifts == {
        ("staging", "web"): NameChanges(
            added=("CART_TTL",), changed=("CHECKOUT",), removed=("CART_COOKIE",)
        )
    }


def test_history_has_a_failure_and_a_rollback(opened: MemoryWorld) -> None:
    past = history(opened.world, environment="production")
    assert len(past) == 12
    assert [one.run.created for one in past] == sorted(
        (one.run.created for one in past), reverse=True
    )
    (failed,) = [one for one in past if one.run.status is Status.FAILED]
    assert failed.run.failure.startswith("billing was not ready")
    assert {one.run.trigger for one in past} == {
        Trigger.DEPLOY,
        Trigger.ROLLBACK,
        Trigger.REDEPLOY,
    }
    (billing,) = [one for one in failed.deployments if one.deployment.service == "billing"]
    said = logs.deployment_logs(
        opened.world, environment="production", deployment=billing.deployment.id
    )
    assert any("password authentication failed" in line.message for line in said)


def test_a_deploy_takes_its_time_and_says_what_it_does(opened: MemoryWorld) -> None:
    before = opened.clock.monotonic()
    outcome, told = ended(
        requests.execute(opened.world, Deploy(environment="production", services=("web", "api")))
    )
    assert outcome is Outcome.LIVE
    assert 5 * SECOND < opened.clock.monotonic() - before < 20 * SECOND
    assert len([one for one in told if isinstance(one, Output)]) > 10
    assert opened.host.problems() == []


def test_billing_fails_and_what_runs_goes_on(opened: MemoryWorld) -> None:
    outcome, told = ended(
        requests.execute(opened.world, Deploy(environment="production", services=("billing",)))
    )
    assert outcome is Outcome.FAILED
    (failed,) = [one for one in told if isinstance(one, StageFailed)]
    assert any("password authentication failed" in line for line in failed.failure.tail)
    assert "billing" not in unhealthy(opened, "production")
    assert opened.host.problems() == []


def test_a_new_search_or_the_one_before_does_well(opened: MemoryWorld) -> None:
    outcome, _ = ended(
        requests.execute(opened.world, Rollback(environment="production", services=("search",)))
    )
    assert outcome is Outcome.LIVE
    assert unhealthy(opened, "production") == {}


def test_there_is_always_something_new_to_deploy(opened: MemoryWorld) -> None:
    for _ in range(2):
        outcome, _ = ended(
            requests.execute(opened.world, Deploy(environment="staging", services=("web",)))
        )
        assert outcome is Outcome.LIVE
        opened.clock.advance(timedelta(minutes=5))


def test_everybody_writes_and_uses_something_while_time_passes(opened: MemoryWorld) -> None:
    active = {
        one.service: one.active
        for one in status.status(opened.world, environment="production").services
    }
    feeds = {}
    for service, deployment in active.items():
        assert deployment is not None
        feeds[service] = opened.world.engine.stats(deployment.id)
    before = opened.clock.now()
    opened.clock.advance(timedelta(minutes=2))
    lines = list(logs.logs(opened.world, environment="production", since=before))
    written = {service: [one for one in lines if one.service == service] for service in active}
    assert all(len(found) >= 3 for found in written.values())
    assert len(written["web"]) > 3 * len(written["docs"])
    assert {one.stream for one in lines} == {"stdout", "stderr"}
    for feed in feeds.values():
        samples = [next(feed) for _ in range(120)]
        assert len({one.cpu for one in samples}) > 20
        feed.close()


def test_a_stack_trace_stays_in_one_piece(opened: MemoryWorld) -> None:
    opened.clock.advance(timedelta(minutes=10))
    lines = [
        one.message for one in logs.logs(opened.world, environment="production", services=("api",))
    ]
    starts = [at for at, line in enumerate(lines) if line.startswith("Traceback")]
    assert starts
    assert all("order 84213" in lines[at - 1] for at in starts)


def test_the_same_clock_makes_the_same_shop() -> None:
    def seen() -> object:
        world = demo_world(FakeClock())
        lines = [
            (one.at, one.service, one.message)
            for one in logs.logs(world, environment="production", tail=50)
        ]
        return history(world, environment="production"), lines

    assert seen() == seen()


def test_a_clock_that_is_given_is_left_at_the_end_of_the_story() -> None:
    clock = FakeClock()
    assert demo_world(clock).clock.now() == BEGINNING + SPAN


def test_without_a_clock_it_lives_today() -> None:
    opened = open_demo()
    assert isinstance(opened.clock, LiveClock)
    try:
        assert abs(opened.clock.now() - datetime.now(UTC)) < 60 * SECOND
        heard = threading.Event()
        feed = logs.logs(opened.world, environment="production", follow=True, tail=0)

        def listen() -> None:
            next(iter(feed))
            heard.set()

        threading.Thread(target=listen, daemon=True).start()
        assert heard.wait(20)
        feed.close()
    finally:
        opened.clock.stop()
