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

ROUNDS = 4
"""Per environment; each is five runs that move seven routes."""
ENVIRONMENTS = ("production", "staging")
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
    places = {"production": shop, "staging": beside(shop, tmp_path / "staging")}
    for environment, place in places.items():
        place.good("deploy", "-e", environment)
    began = time.monotonic()
    over = Event()
    flows = [*flows_of(shop, "production", share=1.0), *flows_of(shop, "staging", share=0.5)]
    with Traffic(shop.port, flows) as load, ThreadPoolExecutor(3) as people:
        load.wait_until_flowing()
        extra = people.submit(make_and_delete, beside(shop, tmp_path / "extra"), over)
        working = [
            people.submit(keep_switching, place, environment)
            for environment, place in places.items()
        ]
        try:
            done = [one.result() for one in working]
        finally:
            over.set()
            passing = extra.result()
            load.wait_until_flowing()
            report = load.stop()
            tell(report, f"{time.monotonic() - began:.0f} s")
    runs, switches = (sum(getattr(one, what) for one in done) for what in ("runs", "switches"))
    tell(Report(()), f"{runs} runs, {switches} switches, {passing} environments made and deleted")
    report.assert_nothing_lost()
    assert runs >= 40
    assert passing >= 1
    assert_seen_by_all(report)
    for environment in ENVIRONMENTS:
        shop.assert_settled(environment)


def flows_of(shop: Shop, environment: str, *, share: float) -> list[Flow]:
    web, api, live = (shop.host(service, environment) for service in ("web", "api", "live"))
    return [
        traffic.fresh(web, per_second=20 * share),
        traffic.fresh(api, per_second=20 * share),
        traffic.keep_alive(web, per_second=24 * share),
        traffic.keep_alive(api, per_second=24 * share),
        traffic.slow(web),
        traffic.slow(api),
        traffic.slow_kept(web),
        traffic.calls(web, per_second=4 * share),
        traffic.socket(live),
        traffic.events(live),
    ]


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
    before = {
        one["serviceName"]: one["rollbackDeploymentId"]
        for one in shop.status(environment)["services"]
    }
    shop.good("rollback", "-e", environment, *named(services))
    for service in services or ("web", "api"):
        assert shop.answered_by(service, environment) == before[service]


def make_and_delete(shop: Shop, over: Event) -> int:
    """Another environment comes and goes, with names of its own kind, for as long as it lasts."""
    number = 0
    while not over.is_set():
        number += 1
        name = f"Preview {number}/{'é' * number}"
        shop.good("deploy", "-e", name, "-s", "web", "-s", "api")
        shop.good("environment", "delete", name, "--yes")
        over.wait(20)
    return number


def assert_seen_by_all(report: Report) -> None:
    """The traffic went to the versions that came and went, the slow requests too."""
    for flow in report.flows:
        if flow["kind"] == "streams":
            continue
    for start in ("fresh web", "fresh api", "keep-alive", "slow"):
        flow = report.flow(start)
        assert len(flow["deployments"]) > ROUNDS, flow


def named(services: tuple[str, ...]) -> list[str]:
    return [word for service in services for word in ("-s", service)]


def open_streams_service(shop: Shop) -> None:
    """A third routed service, which nobody deploys meanwhile: its streams must live through all."""
    shutil.copytree(shop.path("api"), shop.path("live"))
    shop.configure("\n[services.worker]", f"{STREAMS}\n[services.worker]")


def beside(shop: Shop, directory: Path) -> Shop:
    """The same project in another directory, as on another person's machine."""
    shutil.copytree(shop.directory, directory)
    return replace(shop, directory=directory, versions={})
