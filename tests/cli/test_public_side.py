"""`domain` and `maintenance`: what they say, what they end with, what scripts get."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

from compartment_tui.adapters.memory.world import MemoryWorld
from compartment_tui.domain.public_side import Access, PublicSpec, Rule, Traffic
from tests.cli.line import Said, check_transcript, line
from tests.rollout.test_domains import FIRST, OLD, SECOND, shop


def deployed(*, lost: str = SECOND) -> MemoryWorld:
    opened = shop()
    opened.host.domains.pop(lost)
    assert line(opened, "deploy").code == 0
    return opened


def documents(said: Said) -> Any:  # noqa: ANN401 - JSON
    return json.loads(said.out)


def test_what_a_person_reads() -> None:
    opened = deployed()
    opened.host.authority[SECOND] = "CAA record forbids it"
    first = line(opened, "domain", "list")
    again = line(opened, "domain", "check", SECOND)
    opened.host.domains[SECOND] = opened.host.domains[FIRST]
    refused = line(opened, "domain", "check", SECOND)
    opened.host.authority.clear()
    opened.host.ordered.pop(SECOND)
    found = line(opened, "domain", "check")
    assert (again.code, refused.code, found.code) == (5, 5, 0)
    check_transcript("domains", first, again, refused, found, line(opened, "domain", "list"))


def test_without_domains_it_says_how_one_is_given() -> None:
    from tests.rollout.shop import open_shop

    opened = open_shop()
    check_transcript("no-domains", line(opened, "domain", "list"), line(opened, "domain", "check"))


def test_what_a_script_reads() -> None:
    opened = deployed()
    (first, second, old) = documents(line(opened, "domain", "list", "--output", "json"))["domains"]
    assert (first["host"], first["state"], first["leadsHere"]) == (FIRST, "secured", True)
    assert first["certificateUntil"] is not None
    assert (second["state"], second["problem"]) == ("left_out", f"{SECOND} has no address")
    assert (old["host"], old["redirectsTo"]) == (OLD, FIRST)


def test_another_domain_than_the_files_is_refused() -> None:
    said = line(deployed(), "domain", "check", "other.test")
    assert said.code == 7
    assert "other.test" in said.err
    assert FIRST in said.err


def test_maintenance_on_and_off() -> None:
    opened = deployed()
    plan = line(opened, "maintenance", "on", "-s", "web", "--message", "Back at noon", "--plan")
    begun = line(opened, "maintenance", "on", "-s", "web", "--message", "Back at noon")
    assert opened.host.answer(FIRST) is None
    again = line(opened, "maintenance", "on", "-s", "web", "--message", "Back at noon")
    other = line(opened, "maintenance", "on", "-s", "worker")
    ended = line(opened, "maintenance", "off")
    assert opened.host.answer(FIRST) is not None
    check_transcript("maintenance", plan, begun, again, other, ended)


def test_maintenance_for_scripts() -> None:
    found = documents(line(deployed(), "maintenance", "on", "--output", "json"))
    assert (found["maintenance"], found["services"]) == (True, ["api", "web"])


def test_a_plan_tells_what_visitors_will_notice() -> None:
    opened = shop()
    config = opened.project.config()
    rule = Rule(on="web", path="/api/*", to="api", strip="/api")
    access = Access(users=(("team", "$2y$05$x"),), allow=("203.0.113.0/24",))
    (environment,) = config.environments
    environment = replace(environment, access=access)
    traffic = Traffic(requests_per_second=5, hsts=31_536_000)
    services = tuple(replace(one, traffic=traffic) for one in config.services)
    opened.project.write(
        replace(config, rules=(rule,), environments=(environment,), services=services)
    )
    first = line(opened, "deploy", "--plan")
    assert line(opened, "deploy").code == 0
    (environment,) = config.environments
    spec = PublicSpec(domains=(FIRST,))
    opened.project.write(
        replace(config, environments=(replace(environment, public={"web": spec}),))
    )
    check_transcript("public-plan", first, line(opened, "deploy", "--plan"))


def test_a_certificate_that_ends_soon_is_told_by_status_and_doctor() -> None:
    opened = deployed()
    opened.clock.advance(timedelta(days=80))
    opened.host.certified = timedelta(days=5)
    status = line(opened, "status")
    assert "! the certificate of old.test and shop.test ends on" in status.out
    assert "should have been renewed" in status.out
    doctor = line(opened, "doctor")
    assert "the certificate of shop.test ends on" in doctor.out
    assert f"{SECOND} has no address" in doctor.out
