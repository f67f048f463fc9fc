"""A real Swarm of three machines: switches under traffic, and what breaks in the middle of it."""

import json
import re
import statistics
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager

import pytest

from tests.e2e.shop import Shop, eventually
from tests.e2e.swarm import NAMES, Swarm, own_swarm
from tests.e2e.swarm_shop import (
    GREETING,
    PORT,
    RELEASE,
    REPLICAS,
    assert_settled,
    flows_of,
    machines_of,
    make_swarm_shop,
    tasks,
    ways_inside,
)
from tests.e2e.traffic import Flow, Traffic

pytestmark = pytest.mark.docker

SWITCHES = 40
ENDS = """
[services.api.run]
command = ["python3", "-c", "print('no table yet'); raise SystemExit(3)"]
"""


@pytest.fixture(scope="module")
def swarm() -> Iterator[Swarm]:
    with own_swarm() as made:
        yield made


@pytest.fixture(scope="module")
def shops(swarm: Swarm, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Shop, Shop]]:
    """Two projects on one edge, so that two runs may be under way at once."""
    with closing(swarm.home.client()) as client:
        directory = tmp_path_factory.mktemp("swarm")
        first = make_swarm_shop(directory / "shop", swarm, client)
        second = make_swarm_shop(directory / "guest", swarm, client, host=first)
        for shop in (first, second):
            # What `tests/e2e/test_swarm_faults.py` has: here it is about the switches.
            shop.configure(RELEASE, "")
            shop.good("deploy")
        yield first, second


@pytest.fixture(scope="module")
def shop(shops: tuple[Shop, Shop]) -> Shop:
    return shops[0]


def test_switches_lose_nothing(
    shops: tuple[Shop, Shop], swarm: Swarm, tell: Callable[..., None]
) -> None:
    """In two environments at once, as fast as one follows the other."""
    began = time.monotonic()
    flows = [flow for shop in shops for flow in flows_of(shop)]
    with (
        Traffic(PORT, flows, prefix=swarm.home.inside) as load,
        ThreadPoolExecutor(len(shops)) as pool,
    ):
        try:
            load.wait_until_flowing()
        except AssertionError:
            tell(*(line for shop in shops for line in ways_inside(shop, swarm)))
            raise
        each = [SWITCHES - SWITCHES // 2, SWITCHES // 2]
        under_way = [pool.submit(switch, *one) for one in zip(shops, each, strict=True)]
        found = [one.result() for one in under_way]
        load.wait_until_flowing()
        report = load.stop()
    lines = [f"{SWITCHES} switches of {REPLICAS} replicas in {time.monotonic() - began:.0f} s"]
    for what in dict.fromkeys(what for done in found for what, _ in done):
        seconds = [took for done in found for name, took in done if name == what]
        lines.append(
            f"{len(seconds)} by {what}: {statistics.median(seconds):.1f} s (median), the longest"
            f" {max(seconds):.1f} s"
        )
    tell(*lines, *report.lines())
    report.assert_nothing_lost()
    for shop in shops:
        assert_settled(shop)
        assert machines_of(shop, "api") == set(NAMES)


def switch(shop: Shop, times: int) -> list[tuple[str, float]]:
    """Make something else live so many times; how, and how long the whole command took."""
    ways = (another_value, back, another_version, back, another_value, back, promoted, back)
    done = []
    for number in range(times):
        way = ways[number % len(ways)]
        before, began = shop.answered_by("api"), time.monotonic()
        way(shop, number)
        done.append((way.__name__.replace("_", " "), time.monotonic() - began))
        assert shop.answered_by("api") != before
    return done


def another_value(shop: Shop, number: int) -> None:
    """The same image: nothing is built, nothing is carried."""
    file = shop.directory / "compartment.toml"
    text = file.read_text(encoding="utf-8")
    file.write_text(
        re.sub(rf'"{GREETING}[ 0-9]*"', f'"{GREETING} {number}"', text), encoding="utf-8"
    )
    shop.good("deploy", "-s", "api")
    assert json.loads(shop.get("api", "/")[1])["greeting"] == f"{GREETING} {number}"


def another_version(shop: Shop, _: int) -> None:
    version = shop.change("api")
    shop.good("deploy", "-s", "api")
    assert shop.get("api") == (200, version)


def promoted(shop: Shop, _: int) -> None:
    version = shop.change("api")
    shop.good("deploy", "-s", "api", "--hold")
    assert shop.get("api")[1] != version
    shop.good("promote", "-s", "api")
    assert shop.get("api") == (200, version)


def back(shop: Shop, _: int) -> None:
    shop.good("rollback", "-s", "api")


def test_what_runs_where_is_told(shop: Shop) -> None:
    listed = shop.good("node", "list", "--output", "json").json()["nodes"]
    assert [one["name"] for one in listed] == list(NAMES)
    assert [one["home"] for one in listed] == [True, False, False]
    assert [one["role"] for one in listed] == ["manager", "worker", "worker"]
    runs = [one["serviceName"] for node in listed for one in node["replicas"]]
    assert sorted(runs) == ["api"] * REPLICAS + ["live", "web"]
    lines = shop.good("logs", "-s", "api", "-n", "5").out
    assert "started on port" in lines
    inside = shop.good(
        "exec", "-s", "api", "--replica", "2", "--", "printenv", "COMPARTMENT_SERVICE"
    ).out
    assert inside.strip() == "api"


@pytest.mark.parametrize(
    ("why", "words"),
    [
        ("too large", "insufficient resources on 3 nodes"),
        ("paused", "3 nodes not available for new tasks"),
    ],
)
def test_a_candidate_that_no_machine_takes_changes_nothing(
    shop: Shop, swarm: Swarm, why: str, words: str
) -> None:
    before, answer = shop.active(), shop.get("api")
    shop.change("api")
    with full(shop) if why == "too large" else paused(swarm):
        refused = shop.good("deploy", "-s", "api", code=5)
    assert "no machine of the Swarm takes api" in refused.err
    assert f"no suitable node ({words})" in refused.err
    assert assert_settled(shop) == before
    assert shop.get("api") == answer


@contextmanager
def full(shop: Shop) -> Iterator[None]:
    """More memory is to be set aside for api than any machine has."""
    table = '[services.api.limits]\nmemory = "900G"\n\n[edge]'
    shop.configure("[edge]", table)
    try:
        yield
    finally:
        shop.configure(table, "[edge]")


@contextmanager
def paused(swarm: Swarm) -> Iterator[None]:
    """What runs goes on, and nothing new is begun."""
    for name in NAMES:
        swarm.home.docker("node", "update", "--availability=pause", name)
    try:
        yield
    finally:
        for name in NAMES:
            swarm.home.docker("node", "update", "--availability=active", name)


def test_a_candidate_that_ends_at_once_is_told_with_its_words(shop: Shop) -> None:
    before = shop.active()
    shop.configure("[edge]", f"{ENDS}\n[edge]")
    try:
        refused = shop.good("deploy", "-s", "api", code=5)
    finally:
        shop.configure(f"{ENDS}\n[edge]", "[edge]")
    assert "of api exited with code 3 before it was ready" in refused.err
    assert "no table yet" in refused.err
    assert shop.active() == before


def test_a_machine_is_lost(shop: Shop, swarm: Swarm, tell: Callable[..., None]) -> None:
    """Off the wire: it goes on, and nobody hears of it."""
    lost = NAMES[-1]
    shop.change("api")
    shop.good("deploy", "-s", "api")
    assert lost in machines_of(shop, "api")
    with Traffic(PORT, visitors_of(shop), prefix=swarm.home.inside) as load:
        load.wait_until_flowing()
        assert load.report().failed == 0
        began = time.monotonic()
        swarm.cut(3)
        eventually(lambda: on_living_machines(shop, lost), seconds=90)
        back = time.monotonic() - began
        settled = load.report()
        assert f"! {lost} is away" in shop.good("status").out
        load.wait_until_flowing(times=3)
        report = load.stop()
        swarm.mend(3)
    tell(f"replicas back after {back:.1f} s", *report.lines())
    # What was on it is lost, and nothing else: the edge has no error of its own.
    assert not [reason for reason in report.reasons if "status" in reason], report.lines()
    assert report.since(settled).total("sent") > report.failed
    eventually(lambda: state_of(shop, lost) == "ready", seconds=60)


def test_a_worker_is_killed(shop: Shop, swarm: Swarm, tell: Callable[..., None]) -> None:
    """Its engine and all that it ran: the others are asked, and its replicas come back there."""
    lost, engine = NAMES[-1], swarm.engines[-1]
    shop.change("api")
    # A machine that was off the wire is found by the others only after a while.
    eventually(lambda: shop.run("deploy", "-s", "api").code == 0, seconds=120)
    assert lost in machines_of(shop, "api")
    flows = visitors_of(shop)
    with Traffic(PORT, flows, prefix=swarm.home.inside) as load:
        load.wait_until_flowing()
        assert load.report().failed == 0
        began = time.monotonic()
        engine.crash()
        eventually(lambda: on_living_machines(shop, lost), seconds=90)
        back = time.monotonic() - began
        settled = load.report()
        load.wait_until_flowing(times=3)
        report = load.stop()
    tell(f"replicas back after {back:.1f} s", *report.lines())
    # Each of the clients had one request under way at most, and that may have been there.
    assert report.failed <= sum(int(str(flow["clients"])) for flow in flows), report.lines()
    assert report.since(settled).failed == 0, report.lines()
    assert state_of(shop, lost) == "down"
    assert shop.status()["health"] == "healthy"
    engine.start()
    eventually(lambda: state_of(shop, lost) == "ready", seconds=60)
    version = shop.change("api")
    shop.good("deploy", "-s", "api")
    assert shop.get("api") == (200, version)
    assert machines_of(shop, "api") == set(NAMES)


def visitors_of(shop: Shop) -> list[Flow]:
    """Those of what has several replicas: of one alone nobody is served while it is away."""
    return [flow for flow in flows_of(shop) if flow["host"] == shop.host("api")]


def on_living_machines(shop: Shop, lost: str) -> bool:
    """Whether all replicas run, and none on the machine that is lost."""
    there = tasks(shop, shop.active()["api"])
    return len(there) == REPLICAS and lost not in machines_of(shop, "api")


def state_of(shop: Shop, name: str) -> str:
    """What the managers say of a machine."""
    nodes = shop.client.ask("GET", "/nodes")
    return next(
        str(one["Status"]["State"]) for one in nodes if one["Description"]["Hostname"] == name
    )
