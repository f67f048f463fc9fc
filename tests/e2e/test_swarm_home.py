"""The home of a real Swarm is lost: another manager adopts the edge, and visitors are served."""

import base64
import gzip
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress

import pytest

from tests.e2e import traffic
from tests.e2e.engine_images import IMAGES
from tests.e2e.engines import OwnEngine
from tests.e2e.shop import Shop, eventually, make_shop
from tests.e2e.swarm import SUBNET, Swarm, own_swarm
from tests.e2e.traffic import Traffic

pytestmark = pytest.mark.docker

PORT = 8080
STORE = """
[services.store]
path = "services/store"
kind = "api"
port = 8080
volumes = { data = "/data" }
readiness = { type = "http", path = "/healthz", interval = "100ms", timeout = "20s" }

[engines.prod]
address = "ADDRESS"
swarm = true

[environments.production]
engine = "prod"

[environments.production.services.store.variables]
KEY = "not-for-raft"
"""


@pytest.fixture(scope="module")
def swarm() -> Iterator[Swarm]:
    with own_swarm(others=IMAGES, role="manager") as made:
        yield made


@pytest.fixture(scope="module")
def shop(swarm: Swarm, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """Web calls api, which has three replicas; the volume of store is on the home alone."""
    with closing(swarm.engines[1].client()) as client:
        directory = tmp_path_factory.mktemp("home") / "shop"
        made = make_shop(directory, client, port=PORT, services=("web", "api"))
        shutil.copytree(made.path("api"), made.path("store"))
        made.configure("\n[edge]", f"{STORE.replace('ADDRESS', swarm.home.host)}\n[edge]")
        made.configure("[services.api]\n", "[services.api]\nreplicas = 3\n")
        address(made, swarm.home)
        made.good("deploy")
        made.change("api")
        made.good("deploy", "-s", "api")
        yield made


def address(shop: Shop, engine: OwnEngine) -> None:
    """Let the project file lead to that engine, and visitors come to it."""
    file = shop.directory / "compartment.toml"
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    own = f'address = "{engine.host}"\n'
    changed = [own if one.startswith("address = ") else one for one in lines]
    file.write_text("".join(changed), encoding="utf-8")
    shop.variables = {"DOCKER_HOST": engine.host}
    shop.connect = engine.connect


def test_the_managers_have_one_copy_of_the_record(shop: Shop, swarm: Swarm) -> None:
    copies = [one for one in configs(swarm.engines[1]) if "-record-" in one]
    assert len(copies) == 1, copies
    shown = ("config", "inspect", "--format", "{{json .Spec.Data}}", copies[0])
    text = gzip.decompress(base64.b64decode(swarm.engines[1].docker(*shown))).decode()
    assert shop.active()["store"] in text
    assert shop.host("api") in text
    assert "not-for-raft" not in text


def test_another_manager_leads_home_and_nobody_adopts_while_that_lives(
    shop: Shop, swarm: Swarm
) -> None:
    address(shop, swarm.engines[1])
    for words in (("status",), ("deploy", "--plan"), ("stop",), ("node", "list")):
        led = shop.good(*words, code=5)
        assert "the edge and the records of this Swarm are on n1" in led.err
    refused = shop.good("edge", "adopt", "--node", "n2", "--yes", code=5)
    assert "n1 is the home of this Swarm, and it is there" in refused.err
    other = shop.good("edge", "adopt", "--node", "n3", "--yes", code=2)
    assert "n2 is addressed, and n3 is to become the home" in other.err


def test_another_manager_adopts_and_visitors_are_served(
    shop: Shop, swarm: Swarm, tell: Callable[..., None]
) -> None:
    address(shop, swarm.home)
    active, version = shop.active(), shop.get("api")[1]
    second = swarm.engines[1]
    began = time.monotonic()
    swarm.cut(1)
    address(shop, second)
    early = shop.good("edge", "adopt", "--node", "n2", "--yes", code=5)
    assert "n1" in early.err
    eventually(lambda: shop.run("edge", "adopt", "--node", "n2", "--plan").code == 0, seconds=120)
    given_up = time.monotonic() - began
    planned = shop.good("edge", "adopt", "--node", "n2", "--plan").out
    assert "n2 becomes the home of the Swarm on prod, in place of n1" in planned
    assert "store: its volumes are on the lost machine" in planned
    asked = shop.good("edge", "adopt", "--node", "n2", code=2)
    assert "pass --yes" in asked.err
    adopting = time.monotonic()
    done = shop.good("edge", "adopt", "--node", "n2", "--yes", "--output", "json").json()
    adopted = time.monotonic() - adopting
    eventually(lambda: answers(shop, "api", version), seconds=60)
    unserved = time.monotonic() - began
    tell(
        f"n1 given up after {given_up:.1f} s, adopted in {adopted:.1f} s,"
        f" nobody was served for {unserved:.1f} s"
    )
    (environment,) = done["environments"]
    assert environment["active"] == active
    assert environment["copiedAt"]
    assert not environment["olderThanWhatRuns"]
    assert environment["leftBehind"] == ["store"]
    assert shop.active() == active
    assert shop.get("web")[0] == 200
    assert shop.get("store")[0] == 503
    assert "deploy -s store makes it anew" in shop.good("status").out
    refused = shop.good("start", "-s", "store", code=5)
    assert "store` makes it anew" in refused.err
    eventually(lambda: len(containers(second, "api")) >= 1, seconds=60)
    served(shop, second)


def test_rollback_and_deploy_go_on(shop: Shop, swarm: Swarm) -> None:
    before = shop.get("api")[1]
    shop.good("rollback", "-s", "api")
    assert shop.get("api")[1] != before
    version = shop.change("api")
    shop.good("deploy", seconds=240)
    assert shop.get("api") == (200, version)
    assert shop.get("store")[0] == 503, "to begin anew with an empty volume a person must say"
    shop.good("deploy", "-s", "store")
    assert shop.get("store")[0] == 200
    status = shop.status()
    assert status["health"] == "healthy", status
    listed = shop.good("node", "list", "--output", "json").json()["nodes"]
    assert [one["name"] for one in listed if one["home"]] == ["n2"]
    assert len([one for one in configs(swarm.engines[1]) if "-record-" in one]) == 1
    assert "n2 is the home already" in shop.good("edge", "adopt", "--node", "n2", "--yes").out


def test_what_comes_back_is_no_second_home(
    shop: Shop, swarm: Swarm, tell: Callable[..., None]
) -> None:
    first, second, _ = swarm.engines
    swarm.mend(1)
    served(shop, second, seconds=10)
    address(shop, first)
    began = time.monotonic()
    refused = shop.run("status", seconds=180)
    tell(f"n1, addressed after its return, refuses after {time.monotonic() - began:.1f} s")
    assert refused.code != 0, refused.text
    assert "swarm leave --force" in refused.err
    # It starts anew, then joins again as the sentence says; what it had is still there.
    first.docker("swarm", "leave", "--force")
    token = second.docker("swarm", "join-token", "--quiet", "manager").strip()
    first.docker("swarm", "join", "--token", token, f"{SUBNET}.2:2377")
    label = f"compartment.engine={first.host}"
    second.docker("node", "update", "--label-add", label, "n1")
    first.stop()
    first.start()
    eventually(lambda: is_manager(first), seconds=60)
    elsewhere = shop.run("status")
    assert elsewhere.code == 5, elsewhere.text
    assert "are on n2" in elsewhere.err
    address(shop, second)
    served(shop, second, seconds=5)
    told = shop.run("doctor", "--output", "json").out
    assert "n1 was the home before" in told, told
    listed = shop.good("node", "list", "--output", "json").json()["nodes"]
    assert [one["name"] for one in listed if one["formerHome"]] == ["n1"]
    assert edges(first)
    shop.good("edge", "adopt", "--node", "n2", "--yes")
    assert not edges(first)
    assert edges(second)
    served(shop, second, seconds=5)
    assert "n1 was the home before" not in shop.run("doctor", "--output", "json").out


def test_what_was_live_when_it_was_lost_in_the_middle_of_a_run_is_live(
    shop: Shop, swarm: Swarm, tell: Callable[..., None]
) -> None:
    """And what was the home before is it again: what it had written then is of the past."""
    first = swarm.home
    version = shop.change("api")
    running = shop.start("deploy", "-s", "api")
    running.until({"type": "stage_started", "stage": "draining_previous"})
    running.kill()
    began = time.monotonic()
    swarm.cut(2)
    address(shop, first)
    eventually(lambda: shop.run("edge", "adopt", "--node", "n1", "--plan").code == 0, seconds=120)
    done = shop.good("edge", "adopt", "--node", "n1", "--yes", "--output", "json").json()
    eventually(lambda: answers(shop, "api", version), seconds=60)
    tell(f"nobody was served for {time.monotonic() - began:.1f} s", *done["notes"])
    status = shop.status()
    assert not status["needsAttention"], status
    assert "nothing to resume" in shop.good("resume").err
    (last, *_) = shop.good("deployment", "list", "--output", "json").json()["deployments"]
    assert last["id"] == shop.active()["api"], last
    shop.change("api")
    shop.good("deploy", "-s", "api")
    served(shop, first)


def served(shop: Shop, home: OwnEngine, seconds: float = 5) -> None:
    """Visitors from outside, and callers inside on every machine, are answered, all of them."""
    flows = [
        traffic.fresh(shop.host("api"), per_second=10),
        traffic.calls(shop.host("web"), per_second=2, each=5),
    ]
    with Traffic(PORT, flows, prefix=home.inside) as load:
        load.wait_until_flowing()
        time.sleep(seconds)
        report = load.stop()
    report.assert_nothing_lost()


def answers(shop: Shop, service: str, version: str) -> bool:
    """Whether a visitor gets that version."""
    with suppress(OSError):
        return shop.get(service) == (200, version)
    return False


def configs(engine: OwnEngine) -> list[str]:
    """The names of the configs that the managers have."""
    return engine.docker("config", "ls", "--format", "{{.Name}}").split()


def containers(engine: OwnEngine, service: str) -> list[str]:
    """What runs of a service on a machine."""
    return engine.docker(
        "ps", "--quiet", "--filter", f"label=compartment.service={service}"
    ).split()


def edges(engine: OwnEngine) -> list[str]:
    """The edges that a machine has, running or not."""
    query = ("--all", "--quiet", "--filter", "label=compartment.role=edge")
    return engine.docker("ps", *query).split()


def is_manager(engine: OwnEngine) -> bool:
    """Whether it says so itself, and knows the others."""
    with suppress(AssertionError):
        return engine.docker("info", "--format", "{{.Swarm.Managers}}").strip() == "3"
    return False
