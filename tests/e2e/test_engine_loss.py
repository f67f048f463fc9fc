"""The engine itself is killed and comes back: in a quiet moment, and in the midst of a deploy."""

from collections.abc import Callable, Iterator

import pytest

from compartment_tui.adapters.docker.client import Client
from tests.e2e import traffic
from tests.e2e.engines import OwnEngine, own_engine
from tests.e2e.shop import Shop, eventually, make_shop
from tests.e2e.traffic import Traffic

pytestmark = pytest.mark.docker


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
    made.command_prefix = engine.inside
    made.good("deploy")
    yield made
    client.close()


def test_an_engine_that_was_killed_brings_everything_back(shop: Shop, engine: OwnEngine) -> None:
    before = shop.assert_settled()
    engine.kill()
    away = shop.run("status", "--output", "json")
    assert away.code == 0, away.text
    assert away.json()["staleSince"]
    assert shop.run("deploy").code == 4
    engine.start()
    eventually(lambda: shop.get()[0] == 200, seconds=60)
    assert shop.assert_settled() == before


@pytest.mark.parametrize(
    ("stage", "lives"), [("checking_readiness", "before"), ("draining_previous", "after")]
)
def test_an_engine_that_was_killed_during_a_deploy(
    shop: Shop, engine: OwnEngine, tell: Callable[..., None], stage: str, lives: str
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
        assert result.code in (4, 8), result.text
        assert "Traceback" not in result.text
        engine.start()
        eventually(lambda: shop.get()[0] == 200, seconds=60)
        load.wait_until_flowing()
        back = load.report()
        resumed = shop.run("resume")
        assert resumed.code in (0, 130), resumed.text
        assert shop.get() == (200, new if lives == "after" else old)
        assert (shop.assert_settled() == before) is (lives == "before")
        # From here on it is an engine like any other.
        version = shop.change("web")
        shop.good("deploy")
        assert shop.get() == (200, version)
        load.wait_until_flowing()
        since = load.stop().since(back)
        tell("since the engine was back:", since.brief())
        assert not since.failed, since.lines()
        shop.assert_settled()


def flows_of(shop: Shop) -> list[traffic.Flow]:
    web = shop.host("web")
    return [
        traffic.fresh(web, per_second=20),
        traffic.keep_alive(web, per_second=20),
        traffic.slow(web, clients=2),
    ]
