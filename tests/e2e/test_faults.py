"""What goes wrong on a real engine, under constant traffic, and how everything is afterwards."""

import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from compartment_tui.adapters.docker.api.client import Client
from tests.e2e import traffic
from tests.e2e.command import Running
from tests.e2e.conftest import free_port
from tests.e2e.drains import drains_of, summary, unexplained
from tests.e2e.shop import (
    Shop,
    eventually,
    in_routes_volume,
    make_shop,
    removed_at_the_end,
    resume,
)
from tests.e2e.traffic import Traffic

pytestmark = pytest.mark.docker


@pytest.fixture(scope="module")
def shop(client: Client, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    directory = tmp_path_factory.mktemp("faults") / "shop"
    made = make_shop(directory, client, port=free_port(), services=("web", "api"))
    with removed_at_the_end(made):
        made.good("deploy")
        yield made


@pytest.fixture(scope="module")
def load(shop: Shop) -> Iterator[Traffic]:
    """One stream of traffic through all faults: web is deployed, streams and calls go to api."""
    web, api = shop.host("web"), shop.host("api")
    flows = [
        traffic.fresh(web, per_second=20),
        traffic.keep_alive(web, per_second=24),
        traffic.slow(web, clients=3),
        traffic.slow_kept(web),
        traffic.calls(web, per_second=3),
        traffic.kept_calls(web, per_second=3),
        traffic.socket(api),
        traffic.events(api),
    ]
    with Traffic(shop.port, flows) as running:
        running.wait_until_flowing()
        yield running


@pytest.fixture
def nothing_lost(
    shop: Shop, load: Traffic, tell: Callable[..., None]
) -> Iterator[Callable[[], None]]:
    """The test costs nobody a request, and leaves everything in order."""
    before = load.report()
    yield lambda: None
    load.wait_until_flowing()
    lost = load.report().since(before)
    tell(lost.brief())
    assert not lost.failed, "\n".join(lost.lines())
    assert not lost.cut, "\n".join(lost.lines())
    shop.assert_settled()


# --- the tool is killed ---------------------------------------------------------------------------


@pytest.mark.usefixtures("nothing_lost")
@pytest.mark.parametrize("stage", ["building", "starting_candidate", "checking_readiness"])
def test_killed_before_the_switch_what_was_live_stays_live(shop: Shop, stage: str) -> None:
    before, version = shop.active(), shop.get()
    shop.change("web")
    deploy_until(shop, begun(stage)).kill()
    # Not before the lock is gone, which may have a question to the candidate under way.
    assert eventually(lambda: shop.status()["needsAttention"])
    resume(shop)
    assert shop.active() == before
    assert shop.get() == version


@pytest.mark.usefixtures("nothing_lost")
def test_killed_while_proving_the_next_deploy_tidies_up(shop: Shop) -> None:
    shop.change("web")
    deploy_until(shop, {"type": "probed"}).kill()
    version = shop.change("web")
    shop.good("deploy", "-s", "web")
    assert shop.get() == (200, version)


@pytest.mark.usefixtures("nothing_lost")
def test_killed_as_the_switch_begins_the_edge_decides(shop: Shop) -> None:
    before = shop.active()
    shop.change("web")
    deploy_until(shop, begun("switching_route")).kill()
    resume(shop)
    # One side or the other, and `assert_settled` finds both sides agreeing.
    assert shop.active()["api"] == before["api"]


@pytest.mark.usefixtures("nothing_lost")
def test_killed_right_after_the_switch_the_new_version_stays(shop: Shop) -> None:
    version = shop.change("web")
    running = shop.start("deploy", "-s", "web")
    eventually(lambda: shop.get() == (200, version), pause=0.005)
    running.kill()
    assert eventually(lambda: shop.status()["needsAttention"])
    resume(shop)
    assert shop.get() == (200, version)


@pytest.mark.usefixtures("nothing_lost")
def test_killed_while_draining_the_new_version_stays(shop: Shop) -> None:
    version = shop.change("web")
    running = deploy_until(shop, begun("draining_previous"))
    time.sleep(0.5)
    running.kill()
    resume(shop)
    assert shop.get() == (200, version)


# --- a person stops it ----------------------------------------------------------------------------


@pytest.mark.usefixtures("nothing_lost")
@pytest.mark.parametrize("stage", ["building", "checking_readiness"])
def test_ctrl_c_before_the_switch_reverts(shop: Shop, stage: str) -> None:
    before = shop.active()
    shop.change("web")
    running = deploy_until(shop, begun(stage))
    running.interrupt()
    result = running.wait()
    assert result.code == 130, result.text
    assert shop.active() == before


@pytest.mark.usefixtures("nothing_lost")
def test_ctrl_c_while_draining_ends_the_waiting(shop: Shop) -> None:
    version = shop.change("web")
    running = deploy_until(shop, begun("draining_previous"))
    running.interrupt()
    result = running.wait()
    assert result.code == 0, result.text
    assert shop.get() == (200, version)


# --- two at once ----------------------------------------------------------------------------------


@pytest.mark.usefixtures("nothing_lost")
def test_the_second_of_two_deployers_is_told_who_the_first_is(shop: Shop) -> None:
    version = shop.change("web")
    first = deploy_until(shop, begun("building"))
    second = shop.good("deploy", "-s", "web", code=6)
    holder = shop.status()["lockHolder"]
    assert holder
    assert holder in second.err
    result = first.wait()
    assert result.code == 0, result.text
    assert shop.get() == (200, version)


# --- the candidate --------------------------------------------------------------------------------


@pytest.mark.usefixtures("nothing_lost")
def test_a_candidate_that_exits_fails_at_once(shop: Shop) -> None:
    before = shop.active()
    with variable(shop, "EXIT_AT_START", "3"):
        result = shop.good("deploy", "-s", "web", code=5)
    assert "3" in result.err
    assert "web exits at once: EXIT_AT_START=3" in result.err
    assert "within" not in result.err, "nobody waited for it to get ready"
    assert shop.active() == before


@pytest.mark.usefixtures("nothing_lost")
def test_a_candidate_that_is_never_ready_gets_no_traffic(shop: Shop) -> None:
    before = shop.active()
    shop.configure('timeout = "20s"', 'timeout = "2s"')
    try:
        with variable(shop, "NEVER_READY", "1"):
            result = shop.good("deploy", "-s", "web", code=5)
    finally:
        shop.configure('timeout = "2s"', 'timeout = "20s"')
    assert "503" in result.err
    assert shop.active() == before


def test_a_new_version_that_dies_while_the_old_one_drains_gives_its_traffic_back(
    shop: Shop, load: Traffic, tell: Callable[..., None]
) -> None:
    before, start = shop.active(), load.report()
    with variable(shop, "CRASH_AFTER", "3"):
        result = shop.good("deploy", "-s", "web", code=5)
    assert "web" in result.err
    lost = load.report().since(start)
    tell(lost.brief(), "its own requests are lost, nobody else's, and none after it")
    assert lost.failed > 0, "the traffic must see a crash, or it sees nothing"
    assert lost.cut == 0, lost.lines()
    assert shop.active() == before
    shop.assert_settled()
    afterwards = load.report()
    load.wait_until_flowing()
    load.wait_until_flowing()
    assert load.report().since(afterwards).failed == 0


# --- a connection that nobody uses ----------------------------------------------------------------


@pytest.mark.usefixtures("nothing_lost")
def test_a_connection_left_open_holds_a_drain_up_and_is_named(
    shop: Shop, load: Traffic, tell: Callable[..., None]
) -> None:
    """Until the drain is over; and who counts requests finds none that explains it."""
    container = shop.client.api.inspect_container(shop.running()[shop.active()["web"]])
    (network,) = container["NetworkSettings"]["Networks"].values()
    version = shop.change("web")
    with socket.create_connection((network["IPAddress"], 8080), timeout=10) as left_open:
        left_open.sendall(b"GET /version HTTP/1.1\r\nHost: web\r\n\r\n")
        assert left_open.recv(1000).startswith(b"HTTP/1.1 200")
        running = shop.start("deploy", "-s", "web")
        result = running.wait()
    assert result.code == 0, result.text
    told = [one["callers"] for one in running.events if one["type"] == "drain_waits"]
    stranger = {"kind": "address", "name": network["Gateway"], "connections": 1}
    assert told[-1] == [stranger], told
    drains = drains_of(running.events)
    assert len(drains) == 1
    answers = load.answers()
    tell(summary(drains, answers))
    assert unexplained(drains, answers) == [drains[0].words(answers)]
    assert shop.get() == (200, version)


# --- the edge -------------------------------------------------------------------------------------


def test_an_edge_that_crashed_comes_back_by_itself(
    shop: Shop, load: Traffic, tell: Callable[..., None]
) -> None:
    """For visitors, and for callers inside."""
    edge = f"{shop.namespace}-edge"
    before, start, began = shop.active(), load.report(), time.monotonic()
    process = shop.client.api.inspect_container(edge)["State"]["Pid"]
    kill_in_engine(process)
    eventually(lambda: shop.client.api.inspect_container(edge)["State"]["Pid"] not in (0, process))
    eventually(shop.answers)
    assert shop.active() == before
    load.wait_until_flowing()
    tell(load.report().since(start).brief(), served_again(began))
    shop.assert_settled()


@pytest.mark.parametrize("way", ["stopped", "removed", "removed with its routes"])
def test_routes_come_back_with_the_edge(
    shop: Shop, load: Traffic, tell: Callable[..., None], way: str
) -> None:
    edge, before = f"{shop.namespace}-edge", shop.active()
    start, began = load.report(), time.monotonic()
    shop.client.api.stop(edge, timeout=1)
    assert shop.status()["health"] == "unhealthy"
    if way != "stopped":
        shop.client.api.remove_container(edge, force=True, v=True)
    if way == "removed with its routes":
        in_routes_volume(shop, "rm -rf /routes/*")
    shop.good("edge", "restart")
    eventually(shop.answers)
    assert shop.active() == before
    load.wait_until_flowing()
    tell(f"the edge was {way}:", load.report().since(start).brief(), served_again(began))
    shop.assert_settled()


def served_again(began: float) -> str:
    return f"visitors and callers inside are served again after {time.monotonic() - began:.1f} s"


# --- helpers --------------------------------------------------------------------------------------


def begun(stage: str) -> dict[str, str]:
    """The event that tells that a stage begins."""
    return {"type": "stage_started", "stage": stage}


def deploy_until(shop: Shop, facts: dict[str, str]) -> Running:
    """A deploy of web that has just come so far."""
    running = shop.start("deploy", "-s", "web")
    running.until(facts)
    return running


class variable:  # noqa: N801 - reads as a word
    """One more variable of web, as long as it lasts."""

    def __init__(self, shop: Shop, name: str, value: str) -> None:
        self._shop = shop
        self._table = (
            f'[environments.production.services.web.variables]\n{name} = "{value}"\n\n[edge]'
        )

    def __enter__(self) -> None:
        self._shop.configure("[edge]", self._table)

    def __exit__(self, *_: object) -> None:
        self._shop.configure(self._table, "[edge]")


def kill_in_engine(process: int) -> None:
    """As a crash: `docker kill` counts as stopped by hand, after which nothing restarts."""
    name = Path(f"/proc/{process}/comm")
    if os.geteuid() != 0 or not name.exists() or name.read_text().strip() != "traefik":
        pytest.skip(
            "only root, and only on the engine's own machine, can kill a container's process"
        )
    os.kill(process, signal.SIGKILL)
