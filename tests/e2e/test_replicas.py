"""Replicas under constant traffic: replaced, added, removed, and killed."""

import json
import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from compartment_tui.adapters.docker.api.client import Client
from compartment_tui.adapters.docker.api.socket_table import established
from tests.e2e import traffic
from tests.e2e.conftest import free_port
from tests.e2e.shop import Shop, eventually, make_shop, removed_at_the_end
from tests.e2e.traffic import Flow, Traffic

pytestmark = pytest.mark.docker

ASKED = 30
"""How many requests show who answers."""
PORT = 8080


@pytest.fixture
def shop(client: Client, tmp_path: Path) -> Iterator[Shop]:
    made = make_shop(tmp_path / "shop", client, port=free_port(), services=("web", "api"))
    for service in ("web", "api"):
        made.configure(f"[services.{service}]", f"[services.{service}]\nreplicas = 3")
    with removed_at_the_end(made):
        yield made


def test_replicas_come_and_go_and_are_killed(shop: Shop, tell: Callable[..., None]) -> None:
    shop.good("deploy")
    with Traffic(shop.port, flows_of(shop)) as load:
        load.wait_until_flowing()
        assert shared_among(shop) == 3
        for step in (deploy, more, fewer, back):
            step(shop)
            load.wait_until_flowing()
        assert len(replicas(shop, "web")) == 2
        assert len(replicas(shop, "api")) == 4
        before = load.report()
        on_them = sum(kill_one(shop, service) for service in ("web", "api"))
        load.wait_until_flowing(times=3)
        eventually(lambda: all_run(shop))
        report = load.stop()
    tell(*report.lines())
    killed = report.since(before)
    tell(f"killed with {on_them} connections: {killed.brief()}")
    assert (before.failed, before.cut) == (0, 0), "\n".join(report.lines())
    assert killed.total("sent") > 10 * on_them
    assert killed.failed + killed.cut <= on_them, "\n".join(report.lines())
    assert shared_among(shop) == 2
    assert not shop.locks()


def flows_of(shop: Shop) -> list[Flow]:
    """Visitors of both, and calls of the one to the other."""
    web, api = shop.host("web"), shop.host("api")
    return [
        traffic.fresh(web, per_second=15),
        traffic.fresh(api, per_second=15),
        traffic.keep_alive(web, per_second=15),
        traffic.keep_alive(api, per_second=15),
        traffic.slow(web, clients=2, seconds=1.5),
        traffic.slow_kept(api, clients=2, seconds=1.5),
        traffic.calls(web, per_second=4),
        traffic.kept_calls(web, per_second=4),
    ]


def deploy(shop: Shop) -> None:
    version = shop.change("web", "api")
    shop.good("deploy")
    assert shop.get() == (200, version)


def more(shop: Shop) -> None:
    shop.good("scale", "web=4", "api=5")
    assert shared_among(shop) == 4


def fewer(shop: Shop) -> None:
    """What is asked for by hand outlives the deploys that follow."""
    shop.good("scale", "web=2", "api=4")
    assert shared_among(shop) == 2


def back(shop: Shop) -> None:
    shop.good("rollback")


def shared_among(shop: Shop) -> int:
    """How many containers of web answer, none of them seldom."""
    answers = Counter(json.loads(shop.get("web", "/")[1])["container"] for _ in range(ASKED))
    fair = ASKED / len(answers)
    assert all(fair / 2 <= times <= 2 * fair for times in answers.values()), answers
    return len(answers)


def replicas(shop: Shop, service: str) -> list[str]:
    """The ids of its containers that run."""
    listed = shop.containers(role="service", service=service, environment="production")
    return [one["Id"] for one in listed if one["State"] == "running"]


def all_run(shop: Shop) -> bool:
    return (len(replicas(shop, "web")), len(replicas(shop, "api"))) == (2, 4)


def kill_one(shop: Shop, service: str) -> int:
    """Kill the program of one replica; how many were connected to it at that moment.

    Not by the engine, which would take that for somebody's wish and leave it so.
    """
    container = replicas(shop, service)[-1]
    pid = shop.client.inspect_container(container)["State"]["Pid"]
    table = Path(f"/proc/{pid}/net/tcp").read_text(encoding="ascii")
    os.kill(pid, signal.SIGKILL)
    return len(established(table, PORT))
