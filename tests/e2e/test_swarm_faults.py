"""What goes wrong in the middle of a run on a Swarm, under traffic, and how all is afterwards."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress

import pytest

from compartment_tui.adapters.docker.api.client import Client
from tests.e2e.command import Running
from tests.e2e.shop import Shop, eventually, resume
from tests.e2e.swarm import NAMES, Swarm, own_swarm
from tests.e2e.swarm_shop import (
    PORT,
    REPLICAS,
    assert_settled,
    flows_of,
    make_swarm_shop,
    scales,
    tasks,
)
from tests.e2e.traffic import Traffic

pytestmark = pytest.mark.docker

CARRIED = "image sent"


@pytest.fixture(scope="module")
def swarm() -> Iterator[Swarm]:
    """Three managers, and the home is not the one that leads."""
    with own_swarm(role="manager", leader=2) as made:
        yield made


@pytest.fixture(scope="module")
def shop(swarm: Swarm, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with closing(swarm.home.client()) as client:
        made = make_swarm_shop(tmp_path_factory.mktemp("swarm") / "shop", swarm, client)
        made.good("deploy")
        yield made


@pytest.fixture(scope="module")
def load(shop: Shop, swarm: Swarm) -> Iterator[Traffic]:
    """One stream of traffic through all faults."""
    with Traffic(PORT, flows_of(shop), prefix=swarm.home.inside) as running:
        running.wait_until_flowing()
        yield running


@pytest.fixture
def nothing_lost(shop: Shop, load: Traffic, tell: Callable[..., None]) -> Iterator[None]:
    """The test costs nobody a request, and leaves everything in order."""
    before = load.report()
    yield
    load.wait_until_flowing()
    lost = load.report().since(before)
    tell(lost.brief())
    assert not lost.failed, "\n".join(lost.lines())
    assert not lost.cut, "\n".join(lost.lines())
    assert_settled(shop)


# --- the tool is killed in a deploy ---------------------------------------------------------------


@pytest.mark.usefixtures("nothing_lost")
@pytest.mark.parametrize("stage", ["building", "release", "starting_candidate"])
def test_killed_before_the_switch_what_was_live_stays_live(shop: Shop, stage: str) -> None:
    before, version = shop.active(), shop.get("api")
    shop.change("api")
    deploy_until(shop, begun(stage)).kill()
    assert shop.status()["needsAttention"]
    resume(shop)
    assert shop.active() == before
    assert shop.get("api") == version


@pytest.mark.usefixtures("nothing_lost")
def test_killed_while_the_image_is_carried(shop: Shop) -> None:
    """One machine has it, another one does not yet: the next deploy brings it there."""
    before, version = shop.active(), shop.change("api")
    running = shop.start("deploy", "-s", "api")
    while CARRIED not in running.until({"type": "output", "stage": "building"})["line"]:
        pass
    running.kill()
    resume(shop)
    assert shop.active() == before
    shop.good("deploy", "-s", "api")
    assert shop.get("api") == (200, version)


@pytest.mark.usefixtures("nothing_lost")
def test_killed_while_proving_the_next_deploy_tidies_up(shop: Shop) -> None:
    shop.change("api")
    deploy_until(shop, {"type": "probed"}).kill()
    version = shop.change("api")
    shop.good("deploy", "-s", "api")
    assert shop.get("api") == (200, version)


@pytest.mark.usefixtures("nothing_lost")
def test_killed_as_the_switch_begins_the_edge_decides(shop: Shop) -> None:
    before = shop.active()
    shop.change("api")
    deploy_until(shop, begun("switching_route")).kill()
    resume(shop)
    # One side or the other, and `assert_settled` finds both sides agreeing.
    assert shop.active()["web"] == before["web"]


@pytest.mark.usefixtures("nothing_lost")
@pytest.mark.parametrize("stage", ["draining_previous", "stopping_previous"])
def test_killed_after_the_switch_the_new_version_stays(shop: Shop, stage: str) -> None:
    version = shop.change("api")
    deploy_until(shop, begun(stage)).kill()
    assert shop.status()["needsAttention"]
    resume(shop)
    assert shop.get("api") == (200, version)


# --- and in other verbs ---------------------------------------------------------------------------


@pytest.mark.usefixtures("nothing_lost")
def test_killed_while_it_makes_a_held_candidate(shop: Shop) -> None:
    before, version = shop.active(), shop.get("api")
    shop.change("api")
    running = shop.start("deploy", "--hold", "-s", "api")
    running.until(begun("held"))
    running.kill()
    resume(shop)
    if held := candidates(shop):
        assert_settled(shop, held=held)
        shop.good("discard", "-s", "api")
    assert not candidates(shop)
    assert shop.active() == before
    assert shop.get("api") == version


@pytest.mark.usefixtures("nothing_lost")
def test_killed_while_it_promotes(shop: Shop) -> None:
    """Before the switch it is still held, after the switch it is live."""
    before, version = shop.active(), shop.change("api")
    shop.good("deploy", "--hold", "-s", "api")
    held = candidates(shop)
    assert len(held) == 1
    promote_until(shop, begun("checking_readiness")).kill()
    resume(shop)
    assert shop.active() == before
    assert_settled(shop, held=held)
    promote_until(shop, begun("draining_previous")).kill()
    resume(shop)
    assert shop.active()["api"] in held
    assert shop.get("api") == (200, version)


@pytest.mark.usefixtures("nothing_lost")
def test_killed_while_it_rolls_back(shop: Shop) -> None:
    before = shop.active()
    rollback_until(shop, begun("starting_candidate")).kill()
    resume(shop)
    assert shop.active() == before
    rollback_until(shop, begun("stopping_previous")).kill()
    resume(shop)
    assert shop.active()["api"] != before["api"]


@pytest.mark.usefixtures("nothing_lost")
@pytest.mark.parametrize(
    ("replicas", "stage"),
    [(REPLICAS + 1, "starting"), (REPLICAS, "draining_previous")],
    ids=["more", "fewer"],
)
def test_killed_while_it_scales_the_same_again_ends_it(
    shop: Shop, replicas: int, stage: str
) -> None:
    running = shop.start("scale", f"api={replicas}")
    running.until(begun(stage))
    running.kill()
    shop.good("scale", f"api={replicas}")
    active = shop.active()["api"]
    assert scales(shop)[active] == replicas
    eventually(lambda: len(tasks(shop, active)) == replicas)


# --- the leader is lost ---------------------------------------------------------------------------


@pytest.fixture
def leader(shop: Shop, swarm: Swarm) -> Iterator[int]:
    """The number of the manager that leads: no task is there, so that none is lost with it."""
    home = swarm.home
    if leader_of(shop) == NAMES[0]:
        assert home.process is not None
        home.process.send_signal(signal.SIGSTOP)
        try:
            with closing(swarm.engines[-1].client()) as another:
                eventually(lambda: leader_by(another) in NAMES[1:], seconds=60)
        finally:
            home.process.send_signal(signal.SIGCONT)
    eventually(lambda: leader_of(shop) in NAMES[1:], seconds=60)
    name = leader_of(shop)
    home.docker("node", "update", "--availability=drain", name)
    eventually(lambda: not tasks_on(shop, name), seconds=60)
    await_tasks(shop)
    yield NAMES.index(name) + 1
    home.docker("node", "update", "--availability=active", name)


@pytest.mark.parametrize(
    ("stage", "how"), [("starting_candidate", "off the wire"), ("draining_previous", "killed")]
)
def test_a_leader_lost_in_a_deploy_is_waited_for(
    swarm: Swarm,
    shop: Shop,
    leader: int,
    load: Traffic,
    tell: Callable[..., None],
    stage: str,
    how: str,
) -> None:
    load.wait_until_flowing()
    before, live, old = load.report(), shop.active(), shop.get("api")
    version = shop.change("api")
    running = deploy_until(shop, begun(stage))
    began = time.monotonic()
    with lost(swarm, leader, how):
        result = running.wait(seconds=240)
        took = time.monotonic() - began
        load.wait_until_flowing()
        report = load.report().since(before)
        tell(f"ended with {result.code} {took:.1f} s after the leader was lost", report.brief())
        eventually(lambda: leader_of(shop), seconds=90)
        if shop.status()["needsAttention"]:
            resume(shop)
    if result.code == 0:
        assert shop.get("api") == (200, version)
    else:
        assert stage == "starting_candidate", result.text
        assert (shop.active(), shop.get("api")) == (live, old)
    assert not report.failed, "\n".join(report.lines())
    assert not report.cut, "\n".join(report.lines())
    assert_settled(shop)


@contextmanager
def lost(swarm: Swarm, number: int, how: str) -> Iterator[None]:
    """A machine is away meanwhile."""
    engine = swarm.engines[number - 1]
    if how == "killed":
        engine.crash()
    else:
        swarm.cut(number)
    try:
        yield
    finally:
        if how == "killed":
            engine.start()
        else:
            swarm.mend(number)


def leader_of(shop: Shop) -> str:
    """The manager that leads, as the home says; empty while there is none."""
    return leader_by(shop.client)


def leader_by(client: Client) -> str:
    with suppress(Exception):  # they have words of many kinds for it
        for one in client.ask("GET", "/nodes"):
            if (one.get("ManagerStatus") or {}).get("Leader"):
                return str(one["Description"]["Hostname"])
    return ""


def await_tasks(shop: Shop) -> None:
    """Wait until as many run of everything as are to; or say what there is instead."""

    def all_run() -> bool:
        return all(len(tasks(shop, one)) == scale for one, scale in scales(shop).items() if scale)

    try:
        eventually(all_run, seconds=180)
    except AssertionError as error:
        told = [f"{one['Slot']} {one['Status']}" for one in shop.client.ask("GET", "/tasks")]
        raise AssertionError("\n".join([str(error), shop.good("status").text, *told])) from error


def tasks_on(shop: Shop, name: str) -> int:
    """How many tasks run on a machine."""
    nodes = shop.client.ask("GET", "/nodes")
    (id_,) = [one["ID"] for one in nodes if one["Description"]["Hostname"] == name]
    found = shop.client.ask("GET", "/tasks")
    return sum(one.get("NodeID") == id_ and one["Status"]["State"] == "running" for one in found)


# --- helpers --------------------------------------------------------------------------------------


def begun(stage: str) -> dict[str, str]:
    """The event that tells that a stage begins."""
    return {"type": "stage_started", "stage": stage}


def deploy_until(shop: Shop, facts: dict[str, str]) -> Running:
    """A deploy of api that has just come so far."""
    return _until(shop, facts, "deploy", "-s", "api")


def promote_until(shop: Shop, facts: dict[str, str]) -> Running:
    return _until(shop, facts, "promote", "-s", "api")


def rollback_until(shop: Shop, facts: dict[str, str]) -> Running:
    return _until(shop, facts, "rollback", "-s", "api")


def _until(shop: Shop, facts: dict[str, str], *words: str) -> Running:
    running = shop.start(*words)
    running.until(facts)
    return running


def candidates(shop: Shop) -> frozenset[str]:
    """What has tasks and is not live."""
    there = {one for one, scale in scales(shop).items() if scale}
    return frozenset(there - set(shop.active().values()))
