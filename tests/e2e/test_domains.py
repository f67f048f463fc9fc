"""Domains and their certificates, with the program, an engine and an authority that are real.

The tests share an edge. Where it is not restarted, visitors of the shop's own host come throughout,
and none of them may notice anything.
"""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography import x509

from compartment_tui.adapters.docker.api.client import Client
from tests.e2e import traffic
from tests.e2e.public_site import ADDRESS, ELSEWHERE, HTTP, HTTPS, Site, open_site, public_site
from tests.e2e.shop import eventually, removed_at_the_end
from tests.e2e.traffic import Traffic

pytestmark = pytest.mark.docker

RENEWAL = "COMPARTMENT_TUI_RENEWAL"
SHORT_SECONDS = 21 * 60


@pytest.fixture(scope="module")
def site(client: Client, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with public_site(tmp_path_factory.mktemp("site"), client) as made:
        yield made


@pytest.fixture
def visitors(site: Site, tell: Callable[..., None]) -> Iterator[Traffic]:
    """Those who have known the shop by its own host all the time."""
    web, api = site.derived, site.shop.host("api")
    flows = [
        traffic.fresh(web, per_second=20),
        traffic.keep_alive(web, per_second=20),
        traffic.socket(api),
        traffic.events(api),
    ]
    with Traffic(HTTP, flows, address=ADDRESS) as load:
        load.wait_until_flowing()
        yield load
        load.wait_until_flowing()
        report = load.stop()
        tell(report.brief())
        report.assert_nothing_lost()


def test_an_authority_that_is_away_at_the_first_order(site: Site, visitors: Traffic) -> None:
    host = "early.test"
    site.give(host)
    with site.authority.away():
        said = site.deploy()
    assert f"{host} got no certificate: " in said
    assert "connection refused" in said
    assert f"`compartment-tui domain check {host}` tries again" in said
    assert site.ask(host).status == 200
    assert site.domain(host)["state"] == "plain"
    # It is back, and a deploy does not ask it again.
    site.shop.change("web")
    assert "certificate" not in site.deploy()
    assert site.orders(host) == 1
    site.shop.good("domain", "check", host)
    assert site.is_secured(host)
    visitors.wait_until_flowing()


def test_a_first_certificate(site: Site, visitors: Traffic) -> None:
    site.give("one.test", "www.one.test", redirects=("old.test",))
    said = site.deploy()
    for host in ("one.test", "www.one.test", "old.test"):
        assert f"{host} has its certificate: https://{host} answers" in said
        names = site.shown(host).extensions.get_extension_for_class(x509.SubjectAlternativeName)
        assert host in names.value.get_values_for_type(x509.DNSName)
    assert site.is_secured("one.test")
    assert site.is_secured("www.one.test")
    version = site.shop.get()[1]
    assert site.ask("one.test", secured=True).body == version
    led = {how: site.ask("one.test", method=how) for how in ("GET", "POST")}
    assert {how: one.status for how, one in led.items()} == {"GET": 301, "POST": 308}
    assert {one.location for one in led.values()} == {"https://one.test/version"}
    for secured in (False, True):
        old = site.ask("old.test", path="/a?b=c", secured=secured)
        assert (old.status, old.location) == (301, "https://one.test/a?b=c")
    assert site.domain("one.test")["state"] == "secured"
    # A switch takes the domain along, and nothing is ordered again.
    before = site.shown("one.test").serial_number
    version = site.shop.change("web")
    assert "certificate" not in site.deploy()
    assert site.ask("one.test", secured=True).body == version
    assert site.shown("one.test").serial_number == before
    visitors.wait_until_flowing()


def test_a_challenge_that_fails(site: Site, visitors: Traffic) -> None:
    host = "split.test"
    site.authority.lead(host, ELSEWHERE)
    site.give(host)
    said = site.deploy()
    assert f"{host} got no certificate: " in said
    assert ELSEWHERE in said
    assert "it answers over plain HTTP" in said
    found = site.domain(host)
    assert (found["state"], found["leadsHere"]) == ("plain", True)
    assert ELSEWHERE in found["lastOrder"]["failure"]
    assert site.ask(host).status == 200
    assert site.orders(host) == 1
    for _ in range(2):
        site.shop.change("web")
        assert "certificate" not in site.deploy()
    assert site.orders(host) == 1
    assert site.shop.run("domain", "check", host).code == 5
    assert site.orders(host) == 2
    # At once, so that the failure is still fresh in the edge's log.
    site.authority.lead(host, None)
    site.shop.good("domain", "check", host)
    assert site.is_secured(host)
    visitors.wait_until_flowing()


def test_a_name_that_does_not_lead_here(site: Site, visitors: Traffic) -> None:
    site.lead("far.test", ELSEWHERE)
    site.give("near.test", "far.test")
    version = site.shop.change("web")
    said = site.deploy()
    assert f"far.test leads to {ELSEWHERE}, and not to {ADDRESS}: port 80 is closed" in said
    assert f"make an A record: far.test → {ADDRESS}" in said
    assert site.is_secured("near.test")
    assert site.ask("near.test", secured=True).body == version
    assert site.ask("far.test").status == 404
    assert site.domain("far.test")["state"] == "left_out"
    site.lead("far.test", ADDRESS)
    site.shop.good("domain", "check", "far.test")
    assert site.is_secured("far.test")
    visitors.wait_until_flowing()


def test_a_domain_that_moves_between_projects(
    site: Site, visitors: Traffic, client: Client, tmp_path: Path
) -> None:
    host = "moving.test"
    site.give(host)
    site.deploy()
    before = site.shown(host).serial_number
    other = open_site(tmp_path / "second", client, site.authority, site.shop)
    with removed_at_the_end(other.shop):
        other.give(host)
        refused = other.shop.run("deploy")
        assert refused.code != 0
        assert host in refused.err
        assert site.ask(host, secured=True).status == 200
        site.give()
        site.deploy()
        assert site.ask(host).status == 404
        version = other.shop.change("web")
        other.deploy()
        assert other.is_secured(host)
        assert other.ask(host, secured=True).body == version
        assert other.shown(host).serial_number == before
    visitors.wait_until_flowing()


def test_an_authority_that_is_away_afterwards_and_an_edge_that_is_replaced(site: Site) -> None:
    host = "lasting.test"
    site.give(host)
    site.deploy()
    before = site.shown(host).serial_number
    with site.authority.away():
        site.give(host, edge='trusted_proxies = ["192.0.2.0/24"]\n')
        for words in (("--yes",), ("--apply", "--yes")):
            site.shop.good("edge", "restart", *words)
            eventually(lambda: _answers(site, host))
            assert site.shown(host).serial_number == before
        version = site.shop.change("web")
        site.deploy()
        assert site.ask(host, secured=True).body == version
    site.give(host)
    site.shop.good("edge", "restart", "--apply", "--yes")
    assert eventually(lambda: _answers(site, host))
    assert site.shown(host).serial_number == before


def test_certificates_that_are_lost_are_ordered_again(site: Site) -> None:
    host = "lost.test"
    site.give(host)
    site.deploy()
    before = site.shown(host).serial_number
    _lose_certificates(site)
    site.shop.good("edge", "restart", "--yes")
    eventually(lambda: _answers(site, host))
    assert site.shown(host).serial_number != before
    assert site.domain(host)["state"] == "secured"


@pytest.mark.skipif(not os.environ.get(RENEWAL), reason=f"takes two minutes: {RENEWAL}=1 runs it")
def test_a_certificate_is_renewed_under_load(
    client: Client, tmp_path: Path, tell: Callable[..., None]
) -> None:
    """One that is good for 21 minutes is looked at every minute, and renewed 20 before its end."""
    host = "short.test"
    with public_site(tmp_path / "short", client, validity=SHORT_SECONDS, lifetime="1h") as site:
        site.give(host)
        site.deploy()
        before, began = site.shown(host).serial_number, time.monotonic()
        ca = tmp_path / "root.pem"
        ca.write_text(site.authority.root(), encoding="utf-8")
        secured = [
            traffic.over_tls(flow, port=HTTPS, ca=ca)
            for flow in (traffic.fresh(host, per_second=20), traffic.http2(host, per_second=20))
        ]
        flows = [traffic.keep_alive(site.derived, per_second=20), *secured]
        with Traffic(HTTP, flows, address=ADDRESS) as load:
            load.wait_until_flowing()
            eventually(lambda: site.shown(host).serial_number != before, seconds=240, pause=1)
            load.wait_until_flowing(times=20)
            report = load.stop()
        tell(f"renewed after {time.monotonic() - began:.0f} s: {report.brief()}")
        report.assert_nothing_lost()


def _answers(site: Site, host: str) -> bool:
    """Whether somebody who believes the authority gets an answer, from an edge that comes up."""
    try:
        return site.is_secured(host)
    except OSError:
        return False


def _lose_certificates(site: Site) -> None:
    api, volume = site.shop.client.api, f"{site.shop.namespace}-certificates"
    binds = api.create_host_config(binds=[f"{volume}:/certificates"])
    script = "ls /certificates/acme && rm /certificates/acme/*.json"
    made = api.create_container("busybox:1", ["sh", "-c", script], host_config=binds)
    try:
        api.start(made["Id"])
        assert api.wait(made["Id"])["StatusCode"] == 0
    finally:
        api.remove_container(made["Id"], force=True)
