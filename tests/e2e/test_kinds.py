"""Kinds of services on a real engine: files, data that outlives deploys, and a rest for both."""

import http.client
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from compartment_tui.adapters.docker.api.client import Client
from tests.e2e.conftest import free_port
from tests.e2e.shop import Shop, make_shop, removed_at_the_end

pytestmark = pytest.mark.docker

ODD = "<i>a & b</i>"
STORE = """
[services.store]
image = "busybox:1"
kind = "api"
port = 8080
run = { command = ["sh", "-c", "echo visit >> /data/log; exec httpd -f -p 8080 -h /data"] }
volumes = { data = "/data" }
settle = "0s"
stop_grace = "1s"
"""


@pytest.fixture
def shop(client: Client, tmp_path: Path) -> Iterator[Shop]:
    made = make_shop(tmp_path / "shop", client, port=free_port(), services=("docs",))
    made.configure("\n[edge]", f"{STORE}\n[edge]")
    with removed_at_the_end(made):
        yield made


def test_a_site_and_a_store_rest_come_back_and_keep_their_data(shop: Shop) -> None:
    deployed = shop.good("deploy", "-e", ODD, "--output", "json").json()
    hosts = {one["serviceName"]: one["routeUrl"] for one in deployed["activeDeployments"]}
    assert ask(shop, hosts["store"], "/log") == (200, "visit\n")
    status, page = ask(shop, hosts["docs"], "/guide/")
    assert (status, "<title>Going live</title>" in page) == (200, True)
    assert "begin at the start" in ask(shop, hosts["docs"], "/nothing")[1]

    shop.good("stop", "-e", ODD)
    assert policies(shop) == {"no"}
    status, page = ask(shop, hosts["store"], "/log", accept="text/html")
    assert status == 503
    assert "store is not running" in page
    assert "&lt;i&gt;a &amp; b&lt;/i&gt;" in page
    assert ODD not in page
    assert ask(shop, hosts["docs"], "/")[0] == 503
    assert {one["promotionStage"] for one in shop.status(ODD)["activeDeployments"]} == {"stopped"}

    shop.good("start", "-e", ODD)
    assert policies(shop) == {"always"}
    assert ask(shop, hosts["store"], "/log") == (200, "visit\nvisit\n")
    again = shop.good("redeploy", "-e", ODD, "-s", "store", "--output", "json").json()
    assert ask(shop, hosts["store"], "/log") == (200, "visit\nvisit\nvisit\n")
    (track,) = again["rollout"]
    assert track["gapSeconds"] is None
    assert 0 < track["wait"]["longestSeconds"] < 30
    assert track["wait"]["failed"] == 0


def test_hosts_follow_the_file_and_what_it_lost_goes(shop: Shop) -> None:
    shop.good("deploy")
    before = shop.active()
    shop.configure('base_domain = "localhost"', 'base_domain = "example.test"')
    moved = shop.good("deploy", "--output", "json").json()
    assert {one["serviceName"]: one["oldRouteHost"] for one in moved["movedRoutes"]} == {
        "docs": f"docs-{shop.project}.localhost",
        "store": f"store-{shop.project}.localhost",
    }
    assert shop.active() == before
    old, new = (f"http://store-{shop.project}.{base}" for base in ("localhost", "example.test"))
    assert (ask(shop, old, "/log")[0], ask(shop, new, "/log")) == (404, (200, "visit\n"))
    shop.good("redeploy", "-s", "docs")
    assert ask(shop, f"http://docs-{shop.project}.localhost", "/")[0] == 404

    shop.configure(STORE, "")
    assert "store" in shop.good("deploy").err
    shop.good("remove")
    assert ask(shop, new, "/log")[0] == 404
    assert {one["Names"][0] for one in shop.containers(role="service") if "store" in str(one)}
    assert "store" not in shop.running()
    shop.good("rollback")
    assert ask(shop, new, "/log") == (200, "visit\nvisit\n")


def test_a_page_for_every_path_and_a_repository_of_the_same_name(
    shop: Shop, tmp_path: Path
) -> None:
    """A single-page app deploys, rests, rolls back; and another directory is told whose it is."""
    shop.configure(STORE, "")
    shop.good("deploy")
    host = shop.host("docs")
    assert ask(shop, host, "/orders/7")[0] == 404
    shop.configure('kind = "static"\n', 'kind = "static"\nfallback = "index.html"\n')
    shop.good("deploy")
    page = ask(shop, host, "/")
    assert page[0] == 200
    assert ask(shop, host, "/orders/7") == page
    shop.good("stop")
    assert ask(shop, host, "/orders/7")[0] == 503
    shop.good("start")
    assert ask(shop, host, "/orders/7") == page
    shop.good("rollback")
    assert ask(shop, host, "/orders/7")[0] == 404
    shop.good("rollback", "-s", "docs", "--to", _newest(shop))
    assert ask(shop, host, "/orders/7") == page

    other = replace(shop, directory=tmp_path / "other", guest=True)
    shutil.copytree(shop.directory, other.directory, ignore=shutil.ignore_patterns(".git"))
    for words in (("deploy",), ("rollback",), ("stop",), ("environment", "delete", "production")):
        refused = other.run(*words, *(["--yes"] if "delete" in words else []))
        assert refused.code == 5
        assert f"belongs to {shop.directory} on " in refused.err
    assert ask(shop, host, "/orders/7") == page
    other.good("deploy", "--take-over")
    assert f"belongs to {other.directory} on " in shop.run("deploy").err


def _newest(shop: Shop) -> str:
    listed = shop.good("deployment", "list", "--output", "json").json()["deployments"]
    return max(str(one["id"]) for one in listed)


def ask(shop: Shop, url: str, path: str, *, accept: str = "*/*") -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", shop.port, timeout=10)
    host = url.removeprefix("http://").partition(":")[0]
    try:
        connection.request("GET", path, headers={"Host": host, "Accept": accept})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def policies(shop: Shop) -> set[str]:
    """Restart policies of what is active."""
    api = shop.client.api
    found = [one["Id"] for one in shop.containers(role="service") if ".a." in one["Names"][0]]
    return {api.inspect_container(one)["HostConfig"]["RestartPolicy"]["Name"] for one in found}
