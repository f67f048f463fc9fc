"""Forty and more switches under constant traffic; every request and every stream is counted."""

import shutil
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event

import pytest

from tests.e2e import traffic
from tests.e2e.shop import Shop
from tests.e2e.traffic import Flow, Report, Traffic

pytestmark = pytest.mark.docker

ROUNDS = 3
"""Per environment; each is five runs that move seven routes."""
SHARES = {"production": 1.0, "staging": 0.4, "rehearsal": 0.4}
"""The environments, all busy at the same time, and how much of the traffic goes to each."""
STREAMS = """
[services.live]
path = "services/live"
kind = "api"
port = 8080
readiness = { type = "http", path = "/healthz", interval = "100ms", timeout = "20s" }
"""


@dataclass(slots=True)
class Done:
    runs: int = 0
    switches: int = 0

    def add(self, *services: str) -> None:
        self.runs += 1
        self.switches += len(services)


def test_switches_lose_no_request(shop: Shop, tell: Callable[..., None], tmp_path: Path) -> None:
    open_streams_service(shop)
    places = {name: beside(shop, tmp_path / str(n)) for n, name in enumerate(SHARES)}
    for environment, place in places.items():
        place.good("deploy", "-e", environment, *named(("web", "api", "live")))
    began, over = time.monotonic(), Event()
    with Traffic(shop.port, flows_of(shop)) as load, ThreadPoolExecutor(len(places) + 1) as people:
        load.wait_until_flowing()
        guest = people.submit(come_and_go, beside(shop, tmp_path / "guest"), over)
        working = [people.submit(keep_switching, place, name) for name, place in places.items()]
        try:
            done = [one.result() for one in working]
        finally:
            over.set()
            visits = guest.result()
            load.wait_until_flowing()
            report = load.stop()
            tell(*report.lines())
    runs, switches = sum(one.runs for one in done), sum(one.switches for one in done)
    took = f"{time.monotonic() - began:.0f} s"
    tell(f"{runs} runs, {switches} switches, {visits} environments made and deleted in {took}")
    report.assert_nothing_lost()
    assert runs >= 40
    assert visits >= 1
    assert_seen_by_all(report)
    for environment in SHARES:
        shop.assert_settled(environment)


def flows_of(shop: Shop) -> list[Flow]:
    """Everything to web and to api, the streams to a service that nobody deploys meanwhile."""
    flows = []
    for environment, share in SHARES.items():
        web, api, live = (shop.host(service, environment) for service in ("web", "api", "live"))
        flows += [
            traffic.fresh(web, per_second=20 * share),
            traffic.fresh(api, per_second=20 * share),
            traffic.keep_alive(web, per_second=20 * share),
            traffic.keep_alive(api, per_second=20 * share),
            traffic.slow(web, clients=3),
            traffic.slow(api, clients=2),
            traffic.slow_kept(web, clients=2),
            traffic.calls(web, per_second=4 * share),
            traffic.socket(live),
            traffic.events(live),
        ]
    return flows


def keep_switching(shop: Shop, environment: str) -> Done:
    """What a busy day looks like: deploys of one and of two, and second thoughts."""
    done = Done()
    for _ in range(ROUNDS):
        for services in (("web",), ("api",), ("web", "api")):
            deploy(shop, environment, *services)
            done.add(*services)
        roll_back(shop, environment)
        done.add("web", "api")
        roll_back(shop, environment, "web")
        done.add("web")
    return done


def deploy(shop: Shop, environment: str, *services: str) -> None:
    version = shop.change(*services)
    shop.good("deploy", "-e", environment, *named(services))
    for service in services:
        assert shop.get(service, environment=environment) == (200, version)


def roll_back(shop: Shop, environment: str, *services: str) -> None:
    wanted = {
        one["serviceName"]: one["rollbackDeploymentId"]
        for one in shop.status(environment)["services"]
    }
    words = ("rollback", "-e", environment, *named(services), "--output", "json")
    active = {one["serviceName"]: one for one in shop.good(*words).json()["activeDeployments"]}
    for service in services or ("web", "api"):
        now = active[service]
        # A copy where only the image was left: retention may have taken the container.
        assert wanted[service] in (now["id"], now["sourceDeploymentId"])
        assert shop.answered_by(service, environment) == now["id"]


def come_and_go(shop: Shop, over: Event) -> int:
    """Another environment is made and deleted, twice if there is time."""
    visits = 0
    while visits < 2 and not over.wait(10):
        name = f"Preview {visits}/é"
        shop.good("deploy", "-e", name, "-s", "web", "-s", "api")
        shop.good("environment", "delete", name, "--yes")
        visits += 1
    return visits


def assert_seen_by_all(report: Report) -> None:
    """The requests met most of the versions that came and went, the streams only their own."""
    for flow in report.flows:
        met = len(flow["deployments"])
        streams = flow["name"].startswith(("socket", "events"))
        assert met == 1 if streams else met > 2 * ROUNDS, flow


def named(services: tuple[str, ...]) -> list[str]:
    return [word for service in services for word in ("-s", service)]


def open_streams_service(shop: Shop) -> None:
    """A third routed service, which nobody deploys again: its streams must live through it all."""
    shutil.copytree(shop.path("api"), shop.path("live"))
    shop.configure("\n[services.worker]", f"{STREAMS}\n[services.worker]")


def beside(shop: Shop, directory: Path) -> Shop:
    """The same project in another directory, as on another person's machine."""
    shutil.copytree(shop.directory, directory)
    return replace(shop, directory=directory, versions={})
