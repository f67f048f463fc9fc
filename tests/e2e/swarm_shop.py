"""The example shop on a Swarm: who visits it, what the Swarm says of it, how it is when settled."""

import json
import shutil
from pathlib import Path
from typing import Any

from compartment_tui.adapters.docker.api.client import Client
from tests.e2e import traffic
from tests.e2e.shop import Shop, make_shop
from tests.e2e.swarm import Swarm
from tests.e2e.traffic import Flow

REPLICAS = 3
PORT = 8080
GREETING = "Everything is in stock"
"""A variable's value, which a deploy may change without another image."""
RELEASE = 'release = { command = ["python3", "migrate.py"] }\n'
STREAMS = """
[services.live]
path = "services/live"
kind = "api"
port = 8080
readiness = { type = "http", path = "/healthz", interval = "100ms", timeout = "20s" }
"""
ON_SWARM = """
[engines.prod]
address = "{address}"
swarm = true

[environments.production]
engine = "prod"
"""


def make_swarm_shop(
    directory: Path, swarm: Swarm, client: Client, *, host: Shop | None = None
) -> Shop:
    """Three replicas of api, deployed again and again; web calls it, live keeps its streams.

    It is not deployed yet, and is a guest on the edge of `host` where there is one. Nothing needs
    to be removed: its engines go with all of it.
    """
    made = make_shop(directory, client, port=PORT, services=("web", "api"), host=host)
    shutil.copytree(made.path("api"), made.path("live"))
    made.configure("\n[edge]", f"{STREAMS}{ON_SWARM.format(address=swarm.home.host)}\n[edge]")
    made.configure("[services.api]\n", f"[services.api]\nreplicas = {REPLICAS}\n")
    made.variables = {"DOCKER_HOST": swarm.home.host}
    made.connect = swarm.home.connect
    return made


def flows_of(shop: Shop) -> list[Flow]:
    """Visitors of what is replaced, callers inside, and streams of what is not."""
    web, api, live = shop.host("web"), shop.host("api"), shop.host("live")
    return [
        traffic.fresh(api, per_second=8),
        traffic.keep_alive(api, per_second=8),
        traffic.slow(api, clients=2, seconds=1),
        traffic.slow_kept(api, clients=2, seconds=1),
        traffic.calls(web, per_second=2, each=5),
        traffic.kept_calls(web, per_second=2, each=5),
        traffic.socket(live),
        traffic.events(live),
    ]


def machines_of(shop: Shop, service: str) -> set[str]:
    """The names of the nodes on which replicas of it run."""
    ids = {one["NodeID"] for one in tasks(shop, shop.active()[service])}
    nodes = shop.client.ask("GET", "/nodes")
    return {one["Description"]["Hostname"] for one in nodes if one["ID"] in ids}


def tasks(shop: Shop, deployment: str) -> list[dict[str, Any]]:
    """Those of its tasks that run, and are to."""
    name = deployment.replace("_", "-").lower()
    query = {"filters": json.dumps({"service": [name]})}
    found = shop.client.ask("GET", "/tasks", query)
    return [one for one in found if one["Status"]["State"] == one["DesiredState"] == "running"]


def scales(shop: Shop) -> dict[str, int]:
    """How many tasks each deployment of the shop is to have."""
    query = {"filters": json.dumps({"label": [f"compartment.project={shop.project}"]})}
    found = shop.client.ask("GET", "/services", query)
    return {
        one["Spec"]["Labels"]["compartment.deployment"]: one["Spec"]["Mode"]["Replicated"].get(
            "Replicas", 0
        )
        for one in found
    }


def known(shop: Shop) -> set[str]:
    """The deployments that are on the record."""
    words = ("deployment", "list", "--limit", "1000", "--output", "json")
    return {one["id"] for one in shop.good(*words).json()["deployments"]}


def assert_settled(shop: Shop, *, held: frozenset[str] = frozenset()) -> dict[str, str]:
    """As `Shop.assert_settled`: exactly what is active or `held` has tasks, nothing else is there.

    Returns what `active` does.
    """
    document = shop.status()
    assert document["health"] == "healthy", document
    assert not document["needsAttention"], document
    assert document["lockHolder"] is None, document
    assert not shop.locks()
    active = {one["serviceName"]: one["id"] for one in document["activeDeployments"]}
    there = scales(shop)
    assert {one for one, scale in there.items() if scale} == {*active.values(), *held}
    assert there.keys() <= known(shop)
    plain = [one for one in shop.containers() if one["Labels"]["compartment.role"] != "task"]
    assert not [one for one in plain if not _came_late(one)], "a killed run left a container"
    for service, deployment in active.items():
        assert shop.answered_by(service) == deployment
    return active


def _came_late(container: dict[str, Any]) -> bool:
    """A release command's, made when all was settled already: the next one removes it.

    A busy engine makes what it was asked for by a run that was killed since.
    """
    role = container["Labels"]["compartment.role"]
    return (role, container["State"]) == ("release", "created")


def ways_inside(shop: Shop, swarm: Swarm) -> tuple[str, ...]:
    """Where the shop's containers are on their network, and where they look for each other.

    To be told where calls among them fail.
    """
    lines = []
    for engine in swarm.engines:
        found = engine.docker("ps", "--quiet", "--no-trunc").split()
        for one in json.loads(engine.docker("inspect", *found)) if found else ():
            networks = one["NetworkSettings"]["Networks"].items()
            ours = [(name, end) for name, end in networks if shop.project in name]
            lines += [
                f"{one['Name']}: {name} asked {end['IPAMConfig']} has {end['IPAddress']}"
                f" hosts {one['HostConfig']['ExtraHosts']}"
                for name, end in ours
            ]
    return tuple(lines)
