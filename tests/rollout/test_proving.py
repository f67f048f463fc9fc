"""When a candidate counts as ready, and what is said when it does not."""

from dataclasses import replace
from datetime import timedelta

import pytest

from compartment_tui.adapters.memory.behaviour import Behaviour
from compartment_tui.domain.config import Readiness, ReadinessKind, ServiceSpec
from compartment_tui.domain.deployment import Health
from compartment_tui.domain.events import Event, Probed
from compartment_tui.domain.outcome import Failure, Outcome
from compartment_tui.domain.requests import Deploy
from compartment_tui.operations import requests
from tests.rollout.shop import READINESS, WEB, WORKER, finish, open_shop

BARE = replace(WEB, readiness=None, port=None)
MINUTES = timedelta(minutes=5)
SECONDS_30 = timedelta(seconds=30)


def deployed(behaviour: Behaviour, spec: ServiceSpec = BARE) -> tuple[Outcome, timedelta, Failure]:
    opened = open_shop(spec)
    opened.host.behave(spec.name, behaviour)
    end = finish(requests.execute(opened.world, Deploy(environment="production")))
    nothing = Failure(code="", message="", hint="", tail=())
    return end.outcome, end.took, end.failure or nothing


# --- an image's own check -------------------------------------------------------------------------


def test_a_check_whose_first_turn_comes_late_is_run_at_our_pace() -> None:
    outcome, took, _ = deployed(Behaviour(check=Health.HEALTHY, check_interval=SECONDS_30))
    assert outcome is Outcome.LIVE
    assert took < timedelta(seconds=10)


def test_a_worker_s_check_is_run_at_our_pace_too() -> None:
    behaviour = Behaviour(check=Health.HEALTHY, check_interval=SECONDS_30, ports=())
    outcome, took, _ = deployed(behaviour, WORKER)
    assert (outcome, took < timedelta(seconds=10)) == (Outcome.LIVE, True)


def test_a_worker_that_cannot_be_asked_is_looked_at_four_times_a_second() -> None:
    def asked(spec: ServiceSpec, late: timedelta) -> list[Event]:
        opened = open_shop(spec)
        opened.host.behave(spec.name, Behaviour(ready_after=late, ports=()))
        events = [*requests.execute(opened.world, Deploy(environment="production"))]
        return [one for one in events if isinstance(one, Probed)]

    # At 0, 1/4, 1/2, 3/4, 1, 1 1/2 and 2 seconds, and when it has settled.
    assert len(asked(WORKER, timedelta())) == 8
    assert len(asked(WEB, timedelta(seconds=1))) > 20


def test_the_start_period_of_a_check_belongs_to_the_time_it_has() -> None:
    slow = Behaviour(
        check=Health.HEALTHY,
        check_interval=SECONDS_30,
        check_start_period=MINUTES,
        ready_after=timedelta(minutes=4),
    )
    assert deployed(slow)[0] is Outcome.LIVE
    assert deployed(replace(slow, check_start_period=timedelta()))[0] is Outcome.FAILED


def test_a_check_that_does_not_pass_says_what_it_printed_and_what_overrules_it() -> None:
    failing = Behaviour(check=Health.UNHEALTHY, check_output="curl: (22) error: 500")
    _, _, failure = deployed(failing)
    assert failure.code == "never_ready"
    assert "its HEALTHCHECK: exit code 1: curl: (22) error: 500" in failure.message
    assert '`readiness = { type = "http", path = "/healthz" }` in [services.web]' in failure.hint


def test_a_check_made_for_another_image_is_named_as_such() -> None:
    _, _, failure = deployed(Behaviour(check=Health.HEALTHY, check_missing="curl"))
    assert "its HEALTHCHECK: it cannot run: curl is not in the image" in failure.message
    assert "base image" in failure.message
    assert "`readiness = {" in failure.hint


def test_what_the_file_says_wins_over_the_image_s_check() -> None:
    broken = Behaviour(check=Health.HEALTHY, check_missing="curl")
    assert deployed(broken, WEB)[0] is Outcome.LIVE


# --- where it listens -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("listens", "said", "hint"),
    [
        (
            (("127.0.0.1", 8080),),
            "it listens on 127.0.0.1:8080 only: it must be 0.0.0.0",
            "0.0.0.0",
        ),
        ((("::1", 8080),), "it listens on [::1]:8080 only: it must be 0.0.0.0", "0.0.0.0"),
        ((("::", 8080),), "[::]:8080 for IPv6 alone: it must be 0.0.0.0", "IPv4"),
        ((("10.0.0.7", 8080),), "it listens on 10.0.0.7:8080 only", "0.0.0.0"),
        ((("0.0.0.0", 9000),), "nothing listens on 8080, but it listens on 9000", "`port = 9000`"),
        ((("::", 9000),), "nothing listens on 8080, but it listens on 9000", "`port = 9000`"),
        ((("127.0.0.1", 9000),), "but on 127.0.0.1:9000, which only itself", "`port = 9000`"),
        ((("127.0.0.11", 42225),), "it listens on no port at all", "worker"),
        ((), "it listens on no port at all", "worker"),
        ((("0.0.0.0", 8080),), "by now it does listen there", "timeout"),
    ],
)
def test_a_refused_connection_tells_where_it_does_listen(
    listens: tuple[tuple[str, int], ...], said: str, hint: str
) -> None:
    _, _, failure = deployed(Behaviour(ready_after=None, listens=listens))
    assert "port 8080: connection refused" in failure.message
    assert said in failure.message
    assert hint in failure.hint
    assert "kept, stopped" in failure.hint


def test_of_several_exposed_ports_the_message_says_which_was_asked_and_what_names_another() -> None:
    several = Behaviour(ports=(3000, *range(2000, 2021)), ready_after=None, listens=())
    _, _, failure = deployed(several)
    assert "port 3000: connection refused" in failure.message
    assert "port 3000 is the first that its image exposes, beside 2000, 2001" in failure.message
    assert "`port` in [services.web]" in failure.message


def test_the_port_of_a_readiness_question_is_its_own() -> None:
    asked = replace(WEB, readiness=Readiness(kind=ReadinessKind.TCP, port=9100))
    closed = Behaviour(ready_after=None, listens=(("0.0.0.0", 8080),))
    _, _, failure = deployed(closed, asked)
    assert "port 9100: connection refused" in failure.message
    assert "`port = 8080` in `readiness` of [services.web]" in failure.hint


# --- what a health path answers -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "location", "said", "hint"),
    [
        ("301", "https://shop.example/healthz", "https", "X-Forwarded-Proto"),
        ("301", "/healthz/", "a trailing slash", '`path = "/healthz/"`'),
        ("302", "/users/sign_in", "login", '`status = "200-399"`'),
        ("308", "http://www.shop.example/x", "www.shop.example", 'Host = "www.shop.example"'),
        ("302", "/somewhere", "redirects are not followed", '`path = "/somewhere"`'),
        ("301", "http://[broken", "301 to http://[broken", "200-399"),
        ("401", "", "login", "200-299,401"),
        ("400", "", "localhost", '`headers = { Host = "shop.localhost" }`'),
        ("403", "", "localhost", "login"),
        ("421", "", "localhost", "Host"),
        ("404", "", "it has no /healthz", "`path`"),
        ("405", "", "takes no GET", "`path`"),
        ("304", "", "answered 304", "200-299,304"),
        ("503", "", "answered 503", "kept, stopped"),
    ],
)
def test_an_answer_that_is_not_ready_names_target_and_likely_cause(
    status: str, location: str, said: str, hint: str
) -> None:
    asking = replace(WEB, readiness=READINESS)
    refusing = Behaviour(ready_after=None, refusal=status, location=location)
    _, _, failure = deployed(refusing, asking)
    to = f" to {location}" if location else ""
    assert f"localhost/healthz on port 8080 answered {status}{to}" in failure.message
    assert said in failure.message
    assert hint in failure.hint


def test_another_status_can_mean_ready() -> None:
    moved = Behaviour(ready_after=None, refusal="302", location="/x")
    asked = replace(WEB, readiness=replace(READINESS, status=((200, 399),)))
    assert deployed(moved, asked)[0] is Outcome.LIVE
    only = replace(WEB, readiness=replace(READINESS, status=((204, 204),)))
    _, _, failure = deployed(Behaviour(), only)
    assert "answered 200" in failure.message
    assert 'status = "204,200"' in failure.hint


def test_the_host_it_is_asked_as_is_named() -> None:
    asked = replace(WEB, readiness=replace(READINESS, headers=(("host", "shop.example"),)))
    _, _, failure = deployed(Behaviour(ready_after=None, refusal="400"), asked)
    assert "shop.example/healthz on port 8080 answered 400" in failure.message
