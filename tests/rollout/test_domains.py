"""Domains in a run: proven before the switch, their certificates awaited after it."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from compartment_tui.adapters.memory.domain_names import ADDRESS
from compartment_tui.adapters.memory.world import Behaviour, MemoryWorld, memory_world
from compartment_tui.domain.config import (
    AcmeSettings,
    CertificateSpec,
    EdgeSettings,
    EnvironmentConfig,
)
from compartment_tui.domain.deployment import Health
from compartment_tui.domain.errors import HostConflict
from compartment_tui.domain.events import Event, Noted
from compartment_tui.domain.outcome import Outcome
from compartment_tui.domain.own_certificate import OwnCertificate
from compartment_tui.domain.public_side import CertificateSource, Domain, PublicSpec
from compartment_tui.domain.requests import Deploy
from compartment_tui.domain.variable import Secret
from compartment_tui.operations import requests
from compartment_tui.operations.status import status
from tests.rollout.shop import (
    API,
    PRODUCTION,
    WEB,
    change_everything,
    deploy,
    lock,
    rollback,
    shop_config,
    state,
)

HOST = "shop.localhost"
FIRST, SECOND, OLD = "shop.test", "www.shop.test", "old.test"
ACME = AcmeSettings(email="ops@shop.test")
PUBLIC = PublicSpec(domains=(FIRST, SECOND), redirects=(OLD,))


def shop(
    spec: PublicSpec = PUBLIC, *, acme: AcmeSettings = ACME, name: str = "shop"
) -> MemoryWorld:
    config = replace(
        shop_config(WEB, API),
        name=name,
        environments=(EnvironmentConfig(name="production", public={"web": spec}),),
        edge=EdgeSettings(acme=acme),
    )
    opened = memory_world(config)
    for host in (*spec.domains, *spec.redirects):
        opened.host.domains[host] = ADDRESS
    return opened


def notes(events: Iterable[Event]) -> str:
    return "\n".join(one.message for one in events if isinstance(one, Noted))


def run(opened: MemoryWorld) -> str:
    return notes(requests.execute(opened.world, Deploy(environment="production")))


def domains(opened: MemoryWorld) -> dict[str, Domain]:
    return {one.host: one for one in opened.host.in_force[PRODUCTION].public.domains}


def settle(opened: MemoryWorld) -> None:
    opened.clock.sleep(timedelta(seconds=1))
    assert not opened.host.problems()


def test_a_domain_that_leads_here_is_served_and_gets_its_certificate() -> None:
    opened = shop()
    said = run(opened)
    settle(opened)
    assert f"{FIRST} has its certificate: https://{FIRST}:8443 answers" in said
    found = domains(opened)
    assert set(found) == {FIRST, SECOND, OLD}
    assert all(one.secured and one.certificate is CertificateSource.ACME for one in found.values())
    assert found[OLD].elsewhere == FIRST
    active = state(opened).active["web"]
    assert opened.host.answer(FIRST) == opened.host.answer(HOST) == active
    assert state(opened).public == opened.host.in_force[PRODUCTION].public


def test_it_follows_every_switch_and_no_certificate_is_ordered_again() -> None:
    opened = shop()
    run(opened)
    ordered = list(opened.host.orders)
    for version in "23":
        change_everything(opened, version)
        assert deploy(opened) is Outcome.LIVE
        assert opened.host.answer(FIRST) == state(opened).active["web"]
    assert rollback(opened, "web") is Outcome.LIVE
    settle(opened)
    assert opened.host.answer(FIRST) == state(opened).active["web"]
    assert opened.host.orders == ordered
    assert all(one.secured for one in domains(opened).values())


@pytest.mark.parametrize(
    ("address", "words"),
    [
        (None, f"{SECOND} has no address"),
        ("192.0.2.99", f"{SECOND} leads to 192.0.2.99, and not to {ADDRESS}"),
    ],
)
def test_one_that_does_not_lead_here_is_left_out_and_the_rest_goes_live(
    address: str | None, words: str
) -> None:
    opened = shop()
    opened.host.domains.pop(SECOND)
    if address:
        opened.host.domains[SECOND] = address
    said = run(opened)
    settle(opened)
    assert words in said
    assert f"make an A record: {SECOND} → {ADDRESS}" in said
    assert set(domains(opened)) == {FIRST, OLD}
    assert SECOND not in opened.host.orders
    assert opened.host.answer(FIRST) == opened.host.answer(HOST)
    opened.host.domains[SECOND] = ADDRESS
    assert f"{SECOND} has its certificate" in run(opened)
    assert set(domains(opened)) == {FIRST, SECOND, OLD}


def test_a_failed_order_is_taken_off_and_told_and_not_repeated_by_the_next_deploys() -> None:
    opened = shop()
    opened.host.authority[SECOND] = "CAA record forbids it"
    said = run(opened)
    settle(opened)
    assert f"{SECOND} got no certificate: CAA record forbids it" in said
    assert domains(opened)[SECOND].certificate is CertificateSource.NONE
    assert opened.host.answer(SECOND) is not None
    asked = opened.host.orders.count(SECOND)
    change_everything(opened, "2")
    run(opened)
    change_everything(opened, "3")
    run(opened)
    assert opened.host.orders.count(SECOND) == asked
    assert state(opened).orders[SECOND].failure == "CAA record forbids it"
    opened.clock.sleep(timedelta(hours=2))
    opened.host.authority.clear()
    assert f"{SECOND} has its certificate" in run(opened)
    assert state(opened).orders[SECOND].failure == ""


def test_an_authority_that_does_not_answer_is_waited_for_a_minute() -> None:
    opened = shop()
    opened.host.authority_takes = None
    began = opened.clock.monotonic()
    said = run(opened)
    assert "waiting for the certificate of" in said
    assert "no certificate came within 60 s" in said
    assert opened.clock.monotonic() - began < timedelta(seconds=90)
    assert not any(one.certificate.ordered for one in domains(opened).values())


def test_one_that_answers_already_goes_on_while_it_cannot_be_proven() -> None:
    opened = shop(acme=AcmeSettings())
    run(opened)
    opened.host.domains.clear()
    config = opened.project.config()
    opened.project.write(replace(config, edge=EdgeSettings(acme=ACME)))
    said = run(opened)
    settle(opened)
    assert f"{FIRST} has no address" in said
    assert domains(opened)[FIRST].certificate is CertificateSource.NONE
    assert opened.host.answer(FIRST) == state(opened).active["web"]


def test_an_edge_of_an_earlier_version_serves_domains_as_it_can() -> None:
    opened = shop()
    opened.world.edge.ensure(opened.project.config().edge)
    assert opened.host.edge is not None
    opened.host.edge.lacks = ("has no port for HTTPS",)
    said = run(opened)
    assert "an earlier version made the edge" in said
    assert {one.certificate for one in domains(opened).values()} == {CertificateSource.NONE}
    assert not opened.host.orders


def test_without_an_authority_domains_are_served_plainly_and_nobody_is_asked() -> None:
    opened = shop(acme=AcmeSettings())
    opened.host.domains.clear()
    run(opened)
    assert not opened.host.orders
    assert opened.host.answer(FIRST) == opened.host.answer(HOST)


def test_the_derived_host_can_go() -> None:
    opened = shop(replace(PUBLIC, derived_host=False))
    run(opened)
    settle(opened)
    assert opened.host.answer(HOST) is None
    assert opened.host.answer(FIRST) == state(opened).active["web"]


def test_a_service_that_nobody_can_reach_is_not_healthy() -> None:
    opened = shop(PublicSpec(domains=(FIRST,), derived_host=False))
    opened.host.domains.clear()
    run(opened)
    (web, _) = status(opened.world, environment="production").services
    assert web.url is None
    assert web.health is Health.UNHEALTHY
    assert "none of its domains is served yet" in web.reason


def test_a_domain_that_leaves_the_file_leaves_the_routes() -> None:
    opened = shop()
    run(opened)
    spec = PublicSpec(domains=(FIRST,))
    config = opened.project.config()
    environment = replace(config.environments[0], public={"web": spec})
    opened.project.write(replace(config, environments=(environment,)))
    run(opened)
    settle(opened)
    assert set(domains(opened)) == {FIRST}
    assert domains(opened)[FIRST].secured


def test_a_run_that_fails_leaves_the_domains_as_they_were() -> None:
    opened = shop()
    run(opened)
    before = opened.host.in_force[PRODUCTION]
    change_everything(opened, "2")
    opened.host.behave("api", Behaviour(ready_after=None))
    assert deploy(opened) is Outcome.FAILED
    settle(opened)
    assert opened.host.in_force[PRODUCTION].public == before.public
    assert opened.host.answer(FIRST) == state(opened).active["web"]


def test_a_candidate_that_dies_after_the_switch_takes_its_domains_back() -> None:
    opened = shop(replace(PUBLIC, domains=(FIRST,), redirects=()))
    opened.host.behave("web", Behaviour(connections=3, drain_takes=timedelta(seconds=20)))
    run(opened)
    opened.host.domains |= {SECOND: ADDRESS, OLD: ADDRESS}
    config = opened.project.config()
    environment = replace(config.environments[0], public={"web": PUBLIC})
    opened.project.write(replace(config, environments=(environment,)))
    opened.host.change("web", "2")
    opened.host.behave("web", Behaviour(exits_in_service_after=timedelta(seconds=2), exit_code=9))
    assert deploy(opened, "web") is Outcome.FAILED
    assert SECOND in opened.host.orders  # it was in force for a moment
    settle(opened)
    assert set(domains(opened)) == {FIRST}
    assert state(opened).public == opened.host.in_force[PRODUCTION].public


def test_a_hold_changes_nothing_for_visitors_of_a_domain() -> None:
    opened = shop()
    run(opened)
    active = state(opened).active["web"]
    change_everything(opened, "2")
    assert lock(opened) is Outcome.HELD
    settle(opened)
    assert opened.host.answer(FIRST) == active


def test_two_projects_cannot_claim_one_domain() -> None:
    opened = shop()
    run(opened)
    config = replace(opened.project.config(), name="other")
    other = memory_world(config, host=opened.host)
    with pytest.raises(HostConflict, match=f"{OLD} is already routed to project shop"):
        deploy(other)


def test_lost_documents_come_back_with_their_domains() -> None:
    opened = shop()
    run(opened)
    before = opened.host.in_force[PRODUCTION].public
    opened.host.empty_routes()
    opened.world.edge.ensure(EdgeSettings(acme=ACME))
    settle(opened)
    assert opened.host.in_force[PRODUCTION].public == before


def own(*names: str) -> OwnCertificate:
    until = datetime(2027, 1, 1, tzinfo=UTC)
    return OwnCertificate(names=names, until=until, pem="PEM", key=Secret("KEY"))


def with_own(opened: MemoryWorld, certificate: OwnCertificate) -> None:
    spec = CertificateSpec(cert="shop.pem", key="~/shop.key")
    config = opened.project.config()
    opened.project.write(replace(config, certificates=(spec,)))
    opened.project.certificates.given["shop.pem"] = certificate


def test_an_own_certificate_needs_no_proof_and_no_authority_is_asked() -> None:
    opened = shop()
    opened.host.domains.clear()
    with_own(opened, own("*.test", "*.shop.test", "*.localhost"))
    run(opened)
    settle(opened)
    found = domains(opened)
    assert all(one.secured for one in found.values())
    assert {one.certificate for one in found.values()} == {CertificateSource.OWN}
    assert HOST in found  # its own host, too: a certificate is for it
    assert not opened.host.orders
    ends = opened.world.edge.certificate_ends([FIRST, HOST, "x.example"])
    assert set(ends) == {FIRST, HOST}


def test_the_others_are_ordered_all_the_same() -> None:
    opened = shop()
    with_own(opened, own(FIRST))
    run(opened)
    settle(opened)
    found = domains(opened)
    assert found[FIRST].certificate is CertificateSource.OWN
    assert found[SECOND].certificate is CertificateSource.ACME
    assert FIRST not in opened.host.orders


def test_a_renewed_own_certificate_is_handed_over_though_nothing_else_changed() -> None:
    opened = shop()
    with_own(opened, own("*.test", "*.shop.test"))
    run(opened)
    renewed = replace(own("*.test", "*.shop.test"), until=datetime(2028, 1, 1, tzinfo=UTC))
    with_own(opened, renewed)
    assert "the edge was given the certificate for *.shop.test, *.test" in run(opened)
    assert opened.host.own_certificates[PRODUCTION] == (renewed,)


def test_its_key_is_in_no_plan_event_or_record() -> None:
    opened = shop()
    with_own(opened, replace(own(FIRST), key=Secret("do-not-tell")))
    request = Deploy(environment="production")
    told = [requests.plan(opened.world, request), *requests.execute(opened.world, request)]
    assert "do-not-tell" not in repr(told)
    assert "do-not-tell" not in repr(state(opened))
    assert "do-not-tell" not in repr(opened.host.documents)
