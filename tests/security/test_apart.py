"""Environments do not reach each other by way of the edge, and nobody has more than it needs."""

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from compartment_tui.adapters.docker.api import labels
from compartment_tui.adapters.docker.api.helper_shell import Shell
from compartment_tui.adapters.docker.api.labels import Role
from compartment_tui.adapters.docker.api.resource_names import ROUTES
from compartment_tui.adapters.docker.edge import edge as edge_adapter
from compartment_tui.adapters.docker.edge import traefik
from compartment_tui.adapters.docker.edge.edge_container import BIND, HTTP_PORT, find_edge
from compartment_tui.adapters.docker.resources.release_command import release_config
from compartment_tui.domain.config import EdgeSettings, Limits, Release
from compartment_tui.domain.names import EnvironmentKey
from tests.adapters.docker.conftest import ground, lasting_ground  # noqa: F401 - fixtures
from tests.adapters.docker.ground import Ground
from tests.adapters.docker.own_edge import OwnEdge, eventually, own_edge

pytestmark = pytest.mark.docker

NET_RAW = 1 << 13
NET_BIND_SERVICE = 1 << 10
ECHO = """
import http.server
class Echo(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        told = str(self.headers).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(told)))
        self.end_headers()
        self.wfile.write(told)
http.server.HTTPServer(("", 8080), Echo).serve_forever()
"""
CLAIMS = {
    "Forwarded": "for=192.0.2.66;host=evil.example;proto=https",
    "forwarded": "for=192.0.2.66",
    "X-Forwarded-For": "192.0.2.66",
    "X-Real-Ip": "192.0.2.66",
    "X-Forwarded-Host": "192.0.2.66",
    "X-Forwarded-Ssl": "192.0.2.66",
    "X-Forwarded-Scheme": "192.0.2.66",
    "X_Forwarded_For": "192.0.2.66",
}


@pytest.fixture(scope="module")
def own() -> Iterator[OwnEdge]:
    made = own_edge()
    try:
        made.ensure()
        yield made
    finally:
        made.remove()


@pytest.fixture
def apart() -> Iterator[OwnEdge]:
    """One whose edge has not been made."""
    made = own_edge()
    try:
        yield made
    finally:
        made.remove()


def docker(*words: str) -> str:
    run = subprocess.run(
        ["docker", *words], capture_output=True, text=True, timeout=60, check=False
    )
    return run.stdout + run.stderr


def status_of(container: str) -> dict[str, str]:
    """What the kernel says of a container's first process."""
    lines = docker("exec", container, "cat", "/proc/1/status").splitlines()
    return {name: value.strip() for name, _, value in (one.partition(":") for one in lines)}


def address_on(own: OwnEdge, container: str, key: EnvironmentKey) -> str:
    facts = own.client.api.inspect_container(container)
    address: str = facts["NetworkSettings"]["Networks"][own.layout.network(key)]["IPAddress"]
    return address


def echoes_heard(container: str) -> int:
    """How many echo requests the kernel has counted there."""
    lines = docker("exec", container, "cat", "/proc/net/snmp").splitlines()
    names, counts = (one.split() for one in lines if one.startswith("Icmp:"))
    return int(counts[names.index("InEchos")])


def gets_there_by_way_of(
    own: OwnEdge, between: str, here: EnvironmentKey, there: EnvironmentKey
) -> bool:
    """Whether a packet from one environment gets into another through that container."""
    target = own.start(there)
    way, to = address_on(own, between, here), address_on(own, target.container, there)
    hop = f"ip route add {to}/32 via {way} && echo hopping && ping -c 3 -W 1 {to}"
    network, allowed = own.layout.network(here), ("--cap-add", "NET_ADMIN")
    said = docker("run", "--rm", *allowed, "--network", network, "busybox:1", "sh", "-c", hop)
    assert "hopping" in said, said
    return echoes_heard(target.container) > 0


def test_no_packet_gets_from_one_environment_into_another(own: OwnEdge) -> None:
    here, there = own.key("production"), own.key("staging")
    bystander = own.start(here)
    docker("network", "connect", own.layout.network(there), bystander.container)
    # Whoever forwards lets it through: the test would see it.
    assert gets_there_by_way_of(own, bystander.container, here, there)
    assert not gets_there_by_way_of(own, own.layout.edge, here, there)


def test_the_edge_forwards_nothing_of_either_version(own: OwnEdge) -> None:
    with Shell.open(
        own.client,
        labels={labels.ROLE: Role.STATE.value},
        network_mode=f"container:{own.layout.edge}",
    ) as shell:
        said = shell.run("cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv6/conf/*/forwarding")
    assert set(said.text.split()) == {"0"}


def test_the_edge_may_listen_and_nothing_else(own: OwnEdge) -> None:
    facts = status_of(own.layout.edge)
    assert set(facts["Uid"].split()) == {"65534"}
    assert int(facts["CapBnd"], 16) == NET_BIND_SERVICE
    assert facts["NoNewPrivs"] == "1"
    for place in ("/", "/tmp", "/plugins", ROUTES):
        assert "/x:" in docker("exec", own.layout.edge, "touch", f"{place}/x")
    host = own.client.api.inspect_container(own.layout.edge)["HostConfig"]
    assert host["PidsLimit"] == 4096
    assert host["ReadonlyRootfs"]
    info = own.edge.info()
    assert info is not None
    assert info.open == ()


def test_helpers_have_no_capability_and_write_to_volumes_alone(own: OwnEdge) -> None:
    with Shell.open(own.client, labels={labels.ROLE: Role.STATE.value}) as shell:
        facts = status_of(shell.container)
        assert int(facts["CapBnd"], 16) == 0
        assert facts["NoNewPrivs"] == "1"
        assert shell.run("touch /etc/x").exit_code != 0
        host = own.client.api.inspect_container(shell.container)["HostConfig"]
        assert host["PidsLimit"] == 256


LATER = (
    "--experimental.",
    "--entrypoints.websecure.",
    "--certificatesresolvers.",
    "--metrics.",
)
"""What earlier versions did not start it with."""


def made_by_an_earlier_version(own: OwnEdge) -> str:
    """Its edge: root, all of Docker's usual capabilities, forwarding."""
    own.edge._make_network()
    api = own.client.api
    api.create_volume(own.layout.routes_volume)
    host = api.create_host_config(
        network_mode=own.layout.edge,
        port_bindings={traefik.WEB_PORT: (own.settings.bind, own.settings.http_port)},
        binds=[f"{own.layout.routes_volume}:{ROUTES}:ro"],
    )
    made = api.create_container(
        traefik.EDGE_IMAGE,
        name=own.layout.edge,
        command=[
            one
            for one in traefik.arguments(ROUTES, EdgeSettings(https_port=0), ())
            if not one.startswith(LATER)
        ],
        ports=[traefik.WEB_PORT],
        labels={
            labels.ROLE: Role.EDGE.value,
            BIND: own.settings.bind,
            HTTP_PORT: str(own.settings.http_port),
        },
        host_config=host,
    )
    identifier: str = made["Id"]
    return identifier


def test_an_edge_of_an_earlier_version_is_named_and_goes_on_until_somebody_asks(
    apart: OwnEdge,
) -> None:
    old = made_by_an_earlier_version(apart)
    apart.ensure()
    apart.ensure()
    apart.edge.restart()
    info = apart.edge.info()
    assert info is not None
    assert info.container == old
    assert "passes packets on between environments" in info.open
    assert "runs as root" in info.open
    assert "has no port for HTTPS" in info.lacks
    assert info.settings.https_port == 0
    apart.edge.restart(apart.settings)
    anew = apart.edge.info()
    assert anew is not None
    assert anew.container != old
    assert (anew.open, anew.lacks) == ((), ())
    apart.edge.restart(apart.settings)
    edge = find_edge(apart.client, apart.layout.edge)
    assert edge is not None
    assert edge.id == anew.container


def test_a_service_cannot_speak_for_others_nor_get_more_than_it_has(ground: Ground) -> None:  # noqa: F811
    deployment = ground.started(ground.birth())
    container = ground.engine.instance(deployment)
    assert container is not None
    facts = status_of(container.container)
    assert not int(facts["CapBnd"], 16) & NET_RAW
    assert facts["NoNewPrivs"] == "1"
    host = ground.client.api.inspect_container(container.container)["HostConfig"]
    assert host["PidsLimit"] == 4096
    forged = docker("exec", container.container, "arping", "-c", "1", "-I", "eth0", "192.0.2.1")
    assert "ermitted" in forged
    # What asks the kernel for an echo instead of a raw socket goes on working.
    usual = "cat /proc/sys/net/ipv4/ping_group_range"
    assert docker("exec", container.container, "sh", "-c", usual).split() == ["0", "2147483647"]


def test_a_service_that_starts_processes_without_end_meets_its_limit(ground: Ground) -> None:  # noqa: F811
    many = ("sh", "-c", "for n in $(seq 200); do sleep 600 & done; wait")
    deployment = ground.started(ground.birth("web", *many, limits=Limits(pids=40)))
    container = ground.engine.instance(deployment)
    assert container is not None
    eventually(lambda: "fork" in docker("logs", container.container), seconds=10)
    assert "fork" in docker("logs", container.container)


def test_a_service_may_be_given_new_privileges(ground: Ground) -> None:  # noqa: F811
    deployment = ground.started(ground.birth(new_privileges=True))
    container = ground.engine.instance(deployment)
    assert container is not None
    facts = status_of(container.container)
    assert facts["NoNewPrivs"] == "0"
    assert not int(facts["CapBnd"], 16) & NET_RAW


def test_a_release_command_has_no_more_than_its_service(ground: Ground) -> None:  # noqa: F811
    release = Release(command=("true",), timeout=timedelta(seconds=5))
    host = release_config(ground.birth(release=release), "none", release)["HostConfig"]
    assert host["CapDrop"] == ["NET_RAW"]
    assert host["SecurityOpt"] == ["no-new-privileges"]
    assert host["PidsLimit"] == 4096


def test_what_a_caller_says_of_itself_ends_at_the_edge(own: OwnEdge) -> None:
    key = own.key()
    instance = own.start(key, ("python", "-c", ECHO), image="python:3.11-slim")
    table = own.table(key, instance)
    (route,) = table.routes
    with own.lock(key) as lock:
        own.put_in_force(lock, table)
    assert eventually(lambda: own.visit(route.host) == 200)
    claims = [word for name, value in CLAIMS.items() for word in ("-H", f"{name}: {value}")]
    address = f"http://127.0.0.1:{own.settings.http_port}/"
    said = subprocess.run(
        ["curl", "-s", "-H", f"Host: {route.host}", *claims, address],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert f"Host: {route.host}" in said
    assert "192.0.2.66" not in said


def test_a_kernel_without_ipv6_gets_an_edge_too(
    apart: OwnEdge, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = {"net.ipv6.conf.no-such-interface.forwarding": "0"}
    monkeypatch.setattr(edge_adapter, "SYSCTLS_IPV6", missing)
    apart.ensure()
    info = apart.edge.info()
    assert info is not None
    assert info.running
    assert info.open == ()


def test_nobody_from_outside_calls_a_service_by_its_name_inside(own: OwnEdge) -> None:
    mine, theirs = own.key("mine"), own.key("theirs")
    servers = {key: own.start(key) for key in (mine, theirs)}
    for key, server in servers.items():
        table = own.table(key, server)
        inside = tuple(replace(route, inside="web") for route in table.routes)
        with own.lock(key) as lock:
            own.put_in_force(lock, replace(table, routes=inside))
    edge = find_edge(own.client, own.layout.edge)
    assert edge is not None
    addresses = {key: edge.networks[own.layout.network(key)]["IPAddress"] for key in servers}
    assert called(servers[mine].container, addresses[mine]) == servers[mine].container[:12]
    assert called(servers[theirs].container, addresses[theirs]) == servers[theirs].container[:12]
    # The engine lets packets through for the instant in which it makes a network. Whoever comes by
    # such a way is known by the address, and gets no further than at home.
    assert called(servers[mine].container, addresses[theirs]) in ("", servers[mine].container[:12])
    assert own.visit("web") == 404
    assert own.visit("web:8080") == 404


def called(caller: str, edge: str) -> str:
    """The hostname of whoever answers as `web` at the edge's address; empty when nobody does."""
    words = ("timeout", "5", "wget", "-q", "-O", "-", "--header", "Host: web")
    run = subprocess.run(
        ["docker", "exec", caller, *words, f"http://{edge}:8080/hostname"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return run.stdout.strip()
