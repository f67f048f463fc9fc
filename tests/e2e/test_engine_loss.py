"""The engine itself is killed and comes back, quietly and in a deploy; and joins a Swarm."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from compartment_tui.adapters.docker.api.client import Client
from tests.e2e import traffic
from tests.e2e.engines import OwnEngine, own_engine
from tests.e2e.shop import Shop, add_http2_caller, eventually, make_shop, resume
from tests.e2e.traffic import Traffic

pytestmark = pytest.mark.docker

SWITCHES_IN_SWARM = 1
"""Rounds of three runs, four switches."""


@pytest.fixture(scope="module")
def engine() -> Iterator[OwnEngine]:
    with own_engine() as started:
        yield started


@pytest.fixture(scope="module")
def shop(engine: OwnEngine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A shop with only web, where nothing needs to be removed: its engine goes with all of it."""
    client: Client = engine.client()
    directory = tmp_path_factory.mktemp("engine") / "shop"
    made = make_shop(directory, client, port=8080, services=("web",))
    made.variables = {"DOCKER_HOST": engine.host}
    made.connect = engine.connect
    made.good("deploy")
    yield made
    client.close()


@pytest.fixture(scope="module")
def calling(engine: OwnEngine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """Another one, with an edge of its own: two services call a third, one over HTTP/2."""
    with closing(engine.client()) as client:
        directory = tmp_path_factory.mktemp("calling") / "shop"
        made = make_shop(directory, client, port=8082, services=("web", "api"))
        made.variables = {"DOCKER_HOST": engine.host}
        made.connect = engine.connect
        add_http2_caller(made)
        made.good("deploy")
        yield made


def test_an_engine_that_was_killed_brings_everything_back(
    shop: Shop, engine: OwnEngine, tell: Callable[..., None]
) -> None:
    before = shop.assert_settled()
    engine.kill()
    away = shop.good("status", "--output", "json", code=4).json()
    assert away["staleSince"]
    assert away["isCopy"]
    assert away["error"]["code"] == "engine_unreachable"
    shop.good("deploy", code=4)
    engine.start()
    served_again(shop, engine)
    assert shop.assert_settled() == before
    # From here on it is an engine like any other.
    version = shop.change("web")
    with Traffic(shop.port, flows_of(shop), prefix=engine.inside) as load:
        load.wait_until_flowing()
        shop.good("deploy")
        assert shop.get() == (200, version)
        load.wait_until_flowing()
        report = load.stop()
    tell(report.brief())
    report.assert_nothing_lost()


@pytest.mark.parametrize("way", ["killed", "stopped"])
def test_callers_inside_are_served_again_by_themselves(
    calling: Shop, engine: OwnEngine, tell: Callable[..., None], way: str
) -> None:
    before = calling.assert_settled()
    web, caller = calling.host("web"), calling.host("caller")
    inside = [traffic.calls(web), traffic.kept_calls(web), traffic.http2_calls(caller)]
    with Traffic(calling.port, [*flows_of(calling), *inside], prefix=engine.inside) as load:
        load.wait_until_flowing()
        assert load.report().failed == 0
        began = time.monotonic()
        engine.kill() if way == "killed" else engine.stop()
        engine.start()
        answers = f"the engine answers again after {time.monotonic() - began:.1f} s"
        eventually(calling.answers, seconds=60, pause=0.02)
        visitors = f"visitors after {time.monotonic() - began:.1f} s"
        load.wait_until_flowing(seconds=60)
        callers = f"callers inside after {time.monotonic() - began:.1f} s"
        back = load.report()
        load.wait_until_flowing(times=5)
        report = load.stop()
    tell(f"the engine was {way}: {answers}, {visitors}, {callers}", report.brief())
    assert report.failed, "the traffic must see that, or it sees nothing"
    since = report.since(back)
    assert not since.failed, since.lines()
    assert not since.cut, since.lines()
    assert calling.assert_settled() == before


@pytest.mark.parametrize(
    ("stage", "lives"), [("checking_readiness", "before"), ("draining_previous", "after")]
)
def test_an_engine_that_was_killed_during_a_deploy(
    shop: Shop, engine: OwnEngine, stage: str, lives: str
) -> None:
    before, (_, old) = shop.active(), shop.get()
    new = shop.change("web")
    with Traffic(shop.port, flows_of(shop), prefix=engine.inside) as load:
        load.wait_until_flowing()
        running = shop.start("deploy")
        running.until({"type": "stage_started", "stage": stage})
        assert load.report().failed == 0
        engine.kill()
        result = running.wait()
        assert result.code == 8, result.text
        assert "Traceback" not in result.text
        engine.start()
        served_again(shop, engine)
        load.wait_until_flowing(seconds=60)
        back = load.report()
        resume(shop)
        assert shop.get() == (200, new if lives == "after" else old)
        assert (shop.assert_settled() == before) is (lives == "before")
        load.wait_until_flowing()
        assert not load.report().since(back).failed, load.report().lines()


def served_again(shop: Shop, engine: OwnEngine) -> None:
    """By itself, once the engine is back; what the engine has instead is told."""
    try:
        eventually(shop.answers, seconds=60)
    except AssertionError as error:
        raise AssertionError("\n".join(state_of(shop, engine))) from error


def state_of(shop: Shop, engine: OwnEngine) -> tuple[str, ...]:
    try:
        answer = str(shop.get())
    except OSError as refused:
        answer = repr(refused)
    edge = engine.docker("logs", "--tail=30", f"{shop.namespace}-edge")
    listed = engine.docker("ps", "--all", "--no-trunc", "--format={{.Names}}: {{.Status}}")
    return (answer, listed, edge, *engine.log().splitlines()[-30:])


def test_callers_inside_follow_every_switch_in_swarm_mode(
    engine: OwnEngine, tmp_path: Path, tell: Callable[..., None]
) -> None:
    """A rename moves no name on such an engine: callers are led by the edge."""
    engine.join_swarm()
    with closing(engine.client()) as client:
        shop = make_shop(tmp_path / "shop", client, port=8081, services=("web", "api", "worker"))
        shop.variables = {"DOCKER_HOST": engine.host}
        shop.connect = engine.connect
        add_http2_caller(shop)
        shop.good("deploy")
        web, caller = shop.host("web"), shop.host("caller")
        inside = [traffic.calls(web), traffic.kept_calls(web), traffic.http2_calls(caller)]
        flows = [*flows_of(shop), *inside]
        with Traffic(shop.port, flows, prefix=engine.inside) as load:
            load.wait_until_flowing()
            for _ in range(SWITCHES_IN_SWARM):
                shop.change("web", "api", "worker")
                shop.good("deploy", "-s", "api")
                shop.good("deploy", "-s", "web", "-s", "worker")
                shop.good("rollback")
            load.wait_until_flowing()
            report = load.stop()
        tell(*report.lines())
        report.assert_nothing_lost()
        shop.configure("[services.api]\n", '[services.api]\ninternal = "direct"\n')
        refused = shop.good("deploy", "-s", "api", code=5)
        assert "Swarm mode" in refused.text


def flows_of(shop: Shop) -> list[traffic.Flow]:
    web = shop.host("web")
    return [
        traffic.fresh(web, per_second=20),
        traffic.keep_alive(web, per_second=20),
    ]
