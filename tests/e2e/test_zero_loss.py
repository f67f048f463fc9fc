"""Forty and more switches under constant traffic; every request and every stream is counted."""

import shutil
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Event
from urllib.parse import urlsplit

import pytest

from compartment_tui.adapters.docker.api.client import Client
from tests.e2e import traffic
from tests.e2e.conftest import free_port
from tests.e2e.drains import Drain, drains_of, summary, unexplained
from tests.e2e.own_certificate import write_certificate
from tests.e2e.shop import Shop, add_http2_caller, add_rpc, make_shop, removed_at_the_end
from tests.e2e.traffic import Flow, Report, Traffic

pytestmark = pytest.mark.docker

ROUNDS = 3
"""Per environment; each is five runs that move nine routes."""
MOVED = ("web", "api", "rpc")
"""What is deployed again and again."""
SHARES = {"production": 1.0, "staging": 0.4, "rehearsal": 0.4}
"""The environments, all busy at the same time, and how much of the traffic goes to each."""
SOURCE = "staging"
"""Whose images the others promote to themselves."""
PATIENCE_SECONDS = 20
DRAIN_SECONDS = 60
ZONE = "shop.test"
DOMAINS = ("web", "api", "live", "rpc")
"""The services that are visited over TLS, too."""
STREAMS = """
[services.live]
path = "services/live"
kind = "api"
port = 8080
readiness = { type = "http", path = "/healthz", interval = "100ms", timeout = "20s" }
"""


@pytest.fixture
def shop(client: Client, tmp_path: Path) -> Iterator[Shop]:
    """Web, api and rpc; three more routed services are deployed once.

    The streams of one must live on; another calls api over a connection that it keeps; the third is
    stopped and started meanwhile. All but those two have a domain each, which is served over TLS.
    """
    made = make_shop(tmp_path / "shop", client, port=free_port(), services=("web", "api", "docs"))
    shutil.copytree(made.path("api"), made.path("live"))
    made.configure("\n[edge]", f"{STREAMS}\n[edge]")
    add_http2_caller(made)
    add_rpc(made)
    be_patient(made)
    secure(made, tmp_path)
    with removed_at_the_end(made):
        yield made


def test_switches_lose_no_request(shop: Shop, tell: Callable[..., None], tmp_path: Path) -> None:
    # Versions of their own, so that what comes from another place is never what runs already.
    places = [
        Place(beside(shop, tmp_path / name, version=1000 * number), name)
        for number, name in enumerate(SHARES, start=1)
    ]
    over = Event()
    with ThreadPoolExecutor(len(places) + 1) as people:
        list(people.map(Place.open, places))
    began = time.monotonic()
    with (
        Traffic(shop.port, [*flows_of(shop), *secured_flows_of(shop)]) as load,
        ThreadPoolExecutor(len(places) + 1) as people,
    ):
        load.wait_until_flowing()
        guest = people.submit(come_and_go, beside(shop, tmp_path / "guest"), over)
        working = [people.submit(keep_switching, place) for place in places]
        try:
            for one in working:
                one.result()
        finally:
            over.set()
            visits = guest.result()
            load.wait_until_flowing()
            answers = load.answers()
            report = load.stop()
            tell(*report.lines())
    runs = sum(one.runs for one in places)
    switches = sum(one.switches for one in places)
    took = f"{time.monotonic() - began:.0f} s"
    tell(f"{runs} runs, {switches} switches, {visits} environments made and deleted in {took}")
    ends = sorted(seconds for one in places for seconds in one.endings)
    tell(f"from live to the end: median {ends[len(ends) // 2]:.1f} s, longest {ends[-1]:.1f} s")
    drains = [one for place in places for one in place.drains]
    tell(summary(drains, answers))
    report.assert_nothing_lost()
    assert not unexplained(drains, answers, stall=report.stall)
    assert len(drains) == switches
    assert runs >= 40
    assert visits >= 1
    assert_seen_by_all(report)
    for environment in SHARES:
        shop.assert_settled(environment)


def be_patient(shop: Shop) -> None:
    """Have callers inside wait as long as the visitors do: a machine may be busy for two seconds.

    A call that is lost does not take that long, and a drain that waits for nobody's request takes
    longer than any pause.
    """
    shop.configure('drain_timeout = "10s"', f'drain_timeout = "{DRAIN_SECONDS}s"')
    patience = f'PATIENCE = "{PATIENCE_SECONDS}"'
    for greeting in ("Welcome to the shop", "Welcome to the rehearsal"):
        text = f'GREETING = "{greeting}"'
        shop.configure(text, f"{patience}\n{text}")
    shop.configure("\n[edge]", f"\n[environments.rehearsal.variables]\n{patience}\n\n[edge]")


def secure(shop: Shop, outside: Path) -> None:
    """Domains for every environment, and a certificate of our own for them."""
    certificate, key = write_certificate(outside, ZONE, *(f"*.{one}.{ZONE}" for one in SHARES))
    shop.secured = free_port()
    shop.configure("https_port = 0", f"https_port = {shop.secured}")
    shutil.copy(certificate, shop.directory / "certificate.pem")
    places = (
        f'\n[environments.{environment}.services.{service}]\ndomains = ["{domain}"]\n'
        for environment in SHARES
        for service in DOMAINS
        for domain in [domain_of(service, environment)]
    )
    named = f'\n[[edge.certificates]]\ncert = "certificate.pem"\nkey = "{key}"\n'
    file = shop.directory / "compartment.toml"
    text = file.read_text(encoding="utf-8")
    file.write_text("".join([text, *places, named]), encoding="utf-8")


def domain_of(service: str, environment: str) -> str:
    return f"{service}.{environment}.{ZONE}"


def secured_flows_of(shop: Shop) -> list[Flow]:
    """What comes over TLS."""
    flows = []
    for environment, share in SHARES.items():
        web, api, live, rpc = (domain_of(service, environment) for service in DOMAINS)
        flows += [
            traffic.fresh(web, per_second=5 * share),
            traffic.keep_alive(api, per_second=10 * share),
            traffic.http2(web, per_second=10 * share),
            traffic.slow_http2(api, clients=1),
            traffic.http2(rpc, per_second=10 * share, name="grpc"),
            traffic.slow_http2(rpc, name="slow grpc"),
            traffic.socket(live),
            traffic.events(live),
        ]
    ca = shop.directory / "certificate.pem"
    return [traffic.over_tls(one, port=shop.secured, ca=ca) for one in flows]


def flows_of(shop: Shop) -> list[Flow]:
    """Everything to web and to api, the streams to a service that nobody deploys meanwhile."""
    flows = []
    for environment, share in SHARES.items():
        services = ("web", "api", "live", "caller")
        web, api, live, caller = (shop.host(service, environment) for service in services)
        flows += [
            traffic.fresh(web, per_second=12 * share),
            traffic.fresh(api, per_second=12 * share),
            traffic.keep_alive(web, per_second=12 * share),
            traffic.keep_alive(api, per_second=12 * share),
            traffic.slow(web, clients=3),
            traffic.slow(api, clients=2),
            traffic.slow_kept(web, clients=2),
            traffic.calls(web, per_second=4 * share),
            traffic.kept_calls(web, per_second=4 * share),
            traffic.http2_calls(caller, per_second=4 * share),
            traffic.slow_http2_calls(caller),
            traffic.socket(live),
            traffic.events(live),
        ]
    return flows


@dataclass(slots=True)
class Place:
    """One person's checkout, the environment they work in, and what must be live there."""

    shop: Shop
    environment: str
    live: dict[str, str] = field(default_factory=dict)
    """The active deployment of every service."""
    runs: int = 0
    switches: int = 0
    endings: list[float] = field(default_factory=list)
    """Seconds from live to the end of each run: its drains, and the stop of what was live."""
    drains: list[Drain] = field(default_factory=list)

    def open(self) -> None:
        self.shop.good("deploy", "-e", self.environment, "-s", "docs")
        self.shop.change("web", "api", "live", "rpc")
        self._carry_out("deploy", "web", "api", "live", "caller", "rpc")

    def deploy(self, *services: str) -> None:
        version = self.shop.change(*services)
        before = dict(self.live)
        self._carry_out("deploy", *services)
        for service in services:
            assert self.live[service] != before[service]
            assert self.shop.get(service, environment=self.environment) == (200, version)
        self._count(services)

    def hold_and_promote(self, *services: str) -> None:
        """What is held answers at its preview alone, then it is live, and is the very same."""
        version = self.shop.change(*services)
        words = (*self._words("deploy", *services), "--hold", "--output", "json")
        document = self.shop.good(*words).json()
        assert {one["id"] for one in document["activeDeployments"]} == set(self.live.values())
        candidates = {one["serviceName"]: one["candidate"] for one in document["services"]}
        for service in services:
            preview = urlsplit(candidates[service]["previewUrl"]).hostname or ""
            assert self.shop.get_from(preview) == (200, version)
        self._carry_out("promote", *services)
        for service in services:
            assert self.live[service] == candidates[service]["id"]
            assert self.shop.get(service, environment=self.environment) == (200, version)
        self._count(services)

    def promote_across(self, *services: str) -> None:
        before = dict(self.live)
        self._carry_out("promote", *services, more=("--from", SOURCE))
        assert all(self.live[service] != before[service] for service in services)
        self._count(services)

    def roll_back(self, to: dict[str, str], *services: str) -> None:
        """Undo the newest run, or only what it did to `services`: then `to` is live again."""
        self._carry_out("rollback", *services)
        assert self.live == to
        self._count(services or MOVED)

    def rest(self) -> None:
        """Stop a service beside those that are asked all the time, and start it again."""
        where = ("-e", self.environment, "-s", "docs")
        self.shop.good("stop", *where)
        status, said = self.shop.get("docs", "/", environment=self.environment)
        assert (status, said.partition(" is ")[0]) == (503, f"docs in {self._place()}")
        self.shop.good("start", *where)
        assert self.shop.get("docs", "/", environment=self.environment)[0] == 200

    def _place(self) -> str:
        return f"{self.environment} of {self.shop.project}"

    def _words(self, verb: str, *services: str) -> tuple[str, ...]:
        named = [word for service in services for word in ("-s", service)]
        return (verb, "-e", self.environment, *named)

    def _carry_out(self, verb: str, *services: str, more: tuple[str, ...] = ()) -> None:
        running = self.shop.start(*self._words(verb, *services), *more)
        result = running.wait(120)
        assert result.code == 0, result.text
        self.live = self.shop.active(self.environment)
        self.drains += drains_of(running.events)
        finished = running.events[-1]
        self.endings.append(finished["durationSeconds"] - (finished["liveAfterSeconds"] or 0))
        for service in services:
            assert self.shop.answered_by(service, self.environment) == self.live[service]

    def _count(self, services: tuple[str, ...]) -> None:
        self.runs += 1
        self.switches += len(services)


def keep_switching(place: Place) -> None:
    """What a busy day looks like: one held and promoted, one deployed, two promoted across.

    With second thoughts, and a pause.
    """
    for number in range(ROUNDS):
        first = place.live
        place.hold_and_promote("web")
        place.roll_back(first, "web")
        place.deploy("api")
        second = place.live
        if not number:
            place.rest()
        if place.environment == SOURCE:
            place.deploy(*MOVED)
        else:
            place.promote_across(*MOVED)
        place.roll_back(second)


def come_and_go(shop: Shop, over: Event) -> int:
    """Another environment is made and deleted, twice if there is time."""
    visits = 0
    while visits < 2 and not over.wait(10):
        name = f"Preview {visits}/é"
        shop.good("deploy", "-e", name, "-s", "web", "-s", "api")
        shop.good("deploy", "-e", name, "-s", "web", "--hold", "--force")
        shop.good("discard", "-e", name)
        shop.good("environment", "delete", name, "--yes")
        visits += 1
    return visits


def assert_seen_by_all(report: Report) -> None:
    """The requests met most of the versions that came and went (two a round; of rpc one),
    the streams only their own.

    So did the calls over one kept connection: their caller stayed, and met every version of api.
    """
    for flow in report.flows:
        met = len(flow["deployments"])
        called = "http2 calls" in flow["name"]
        stays = called or flow["name"].removeprefix("tls ").startswith(("socket", "events"))
        least = ROUNDS if "grpc" in flow["name"] else 2 * ROUNDS
        assert met == 1 if stays else met > least, flow
        if called:
            assert len(flow["versions"]) > ROUNDS, flow


def beside(shop: Shop, directory: Path, *, version: int = 1) -> Shop:
    """The same project in another directory, as on another person's machine."""
    shutil.copytree(shop.directory, directory)
    versions = dict.fromkeys((*MOVED, "live"), version)
    return replace(shop, directory=directory, versions=versions)
