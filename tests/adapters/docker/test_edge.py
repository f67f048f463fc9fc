"""What the edge promises beyond the contract suite, on a real engine with the real Traefik."""

import contextlib
import http.server
import socket
import ssl
import threading
import time
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from compartment_tui.adapters.docker.api.resource_names import (
    ASIDE,
    CERTIFICATE,
    UNFINISHED,
    record_path,
    route_path,
    standing_path,
)
from compartment_tui.adapters.docker.edge import default_certificate, traefik
from compartment_tui.adapters.docker.edge.port_owner import listener
from compartment_tui.adapters.docker.records import DockerRecords, Reader
from compartment_tui.domain.config import EdgeSettings
from compartment_tui.domain.deployment import Deployment, EnvironmentRecord, Instance, Trigger
from compartment_tui.domain.errors import EdgeConflict, PortTaken
from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.domain.routes import RouteTable
from tests.adapters.docker.own_edge import OwnEdge, eventually, free_port, own_edge

pytestmark = pytest.mark.docker


@pytest.fixture(scope="module")
def lasting() -> Iterator[OwnEdge]:
    made = own_edge()
    try:
        made.ensure()
        yield made
    finally:
        made.remove()


@pytest.fixture
def own(lasting: OwnEdge) -> Iterator[OwnEdge]:
    """The same edge for all tests, without the environments of those before."""
    yield lasting
    lasting.clear()


@pytest.fixture
def apart() -> Iterator[OwnEdge]:
    """One whose edge has not been made."""
    made = own_edge()
    try:
        yield made
    finally:
        made.remove()


def live(own: OwnEdge, key: EnvironmentKey) -> tuple[Instance, RouteTable]:
    """A service that visitors reach, and a record that says so."""
    instance = own.start(key)
    table = own.table(key, instance)
    (route,) = table.routes
    deployment = Deployment(
        id=instance.deployment,
        run=instance.run,
        service="web",
        created=datetime.now(UTC),
        trigger=Trigger.DEPLOY,
        spec="{}",
        host=route.host,
        port=route.port,
    )
    with own.lock(key) as lock:
        own.put_in_force(lock, table)
        lock.write_record(
            EnvironmentRecord(
                key=key,
                active={"web": deployment.id},
                deployments={deployment.id: deployment},
            )
        )
    assert eventually(lambda: own.visit(route.host) == 200)
    return instance, table


def test_making_it_twice_changes_nothing(own: OwnEdge) -> None:
    info = own.edge.info()
    assert not own.ensure()
    assert own.edge.info() == info
    assert info is not None
    assert info.running
    assert (info.settings, info.image) == (own.settings, traefik.EDGE_IMAGE)
    assert info.started is not None


def test_nothing_but_visitors_reach_it_from_outside(own: OwnEdge) -> None:
    facts = own.client.api.inspect_container(own.layout.edge)
    published = {port: where for port, where in facts["NetworkSettings"]["Ports"].items() if where}
    assert published == {
        f"{traefik.WEB_PORT}/tcp": [
            {"HostIp": "127.0.0.1", "HostPort": str(own.settings.http_port)}
        ]
    }
    mounted = {mount["Destination"]: mount["RW"] for mount in facts["Mounts"]}
    # What lies in the second belongs to root, and the edge is nobody: of the third it has one
    # directory, for what a certificate authority gives it.
    assert mounted == {"/routes": False, "/plugins": True, "/certificates": True}
    assert facts["HostConfig"]["RestartPolicy"]["Name"] == "always"
    assert own.visit("nobody.localhost") == 404


def test_other_settings_are_refused_with_the_way_on(own: OwnEdge) -> None:
    with pytest.raises(EdgeConflict, match=str(own.settings.http_port)) as refused:
        own.edge.ensure(EdgeSettings(http_port=free_port(), https_port=0))
    assert "edge restart --apply" in refused.value.hint


def test_a_taken_port_names_the_process(apart: OwnEdge) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", apart.settings.http_port))
        taken.listen()
        with pytest.raises(PortTaken, match=r"\(process \d+\)"):
            apart.ensure()
    assert apart.edge.info() is None
    assert apart.ensure()


def test_a_taken_port_names_the_container(own: OwnEdge, apart: OwnEdge) -> None:
    with pytest.raises(PortTaken, match=own.layout.edge):
        apart.edge.ensure(own.settings)


def test_a_taken_port_for_https_is_told_as_that(apart: OwnEdge) -> None:
    secure = replace(apart.settings, https_port=free_port())
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", secure.https_port))
        taken.listen()
        with pytest.raises(PortTaken, match=str(secure.https_port)) as refused:
            apart.edge.ensure(secure)
    assert "https_port" in refused.value.hint
    assert apart.edge.info() is None


def test_names_without_a_certificate_get_the_edges_own(apart: OwnEdge) -> None:
    secure = replace(apart, settings=replace(apart.settings, https_port=free_port()))
    secure.ensure()
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    place = ("127.0.0.1", secure.settings.https_port)
    with (
        socket.create_connection(place, timeout=5) as plain,
        context.wrap_socket(plain, server_hostname="shop.example.com") as wrapped,
    ):
        shown = wrapped.getpeercert(binary_form=True)
    ours = tomllib.loads(apart.inside('cat "$1"', CERTIFICATE))
    pem = ours["tls"]["stores"]["default"]["defaultCertificate"]["certFile"]
    assert shown == ssl.PEM_cert_to_DER_cert(pem)


def test_it_can_keep_certificates_and_complains_of_nothing(own: OwnEdge) -> None:
    said = own.client.api.logs(own.layout.edge).decode()
    assert [line for line in said.splitlines() if " ERR " in line or " WRN " in line] == []
    kept = own.client.api.exec_create(own.layout.edge, ["ls", "-l", traefik.ACME])
    listed = own.client.api.exec_start(kept["Id"]).decode()
    assert [line.split()[0] for line in listed.splitlines()[1:]] == ["-rw-------"] * 2


def test_an_order_that_failed_before_is_not_the_one_that_is_asked_about(own: OwnEdge) -> None:
    said = 'ERR Unable to obtain ACME certificate for domains error="no" domains=["a.test"]'
    api, script = own.client.api, 'echo "$1" >/proc/1/fd/1'
    with own.lock(own.key()) as lock:
        began = time.monotonic()
        told = api.exec_create(own.layout.edge, ["sh", "-c", script, "sh", said])
        api.exec_start(told["Id"])

        def failures() -> Mapping[str, str]:
            return lock.order_failures(timedelta(seconds=time.monotonic() - began))

        assert eventually(lambda: failures() == {"a.test": "no"})
        assert lock.order_failures(timedelta()) == {}


def test_nobody_is_found_where_nobody_listens(tmp_path: Path) -> None:
    assert listener(free_port()) is None
    assert listener(80, tmp_path) is None


def test_one_that_was_removed_comes_back_on_every_network(own: OwnEdge) -> None:
    first, second = own.key("production"), own.key("staging")
    (_, one), (_, two) = live(own, first), live(own, second)
    own.edge.remove()
    assert own.edge.info() is None
    assert own.ensure()
    info = own.edge.info()
    assert info is not None
    assert {first, second} <= info.attached
    for table in (one, two):
        assert own.visit(table.routes[0].host) == 200


def test_an_empty_volume_is_filled_from_the_records(own: OwnEdge) -> None:
    key = own.key()
    _, table = live(own, key)
    own.edge.remove()
    own.inside("rm -rf /routes/*")
    assert own.edge.tables() == {}
    assert own.ensure()
    assert own.edge.tables()[key].routes == table.routes
    assert own.visit(table.routes[0].host) == 200


def test_a_lost_or_cut_certificate_is_made_anew(own: OwnEdge) -> None:
    first = own.inside('cat "$1"', CERTIFICATE)
    own.ensure()
    assert own.inside('cat "$1"', CERTIFICATE) == first
    for harm in ('rm "$1"', 'head -c 300 "$1" >"$2"; cp "$2" "$1"'):
        own.inside(harm, CERTIFICATE, f"{UNFINISHED}/harm")
        own.ensure()
        assert default_certificate.is_whole(own.inside('cat "$1"', CERTIFICATE).encode())
    assert own.edge.unreadable() == ()


@pytest.mark.parametrize("spoilt", [b"format = [", b""])
def test_one_senseless_record_does_not_keep_the_others_away(own: OwnEdge, spoilt: bytes) -> None:
    key, other = own.key("production"), own.key("staging")
    _, table = live(own, key)
    instance, _ = live(own, other)
    with own.lock(other) as lock:
        state = lock.read_record()
        again = replace(state.deployments[instance.deployment], id="dep_2", service="api")
        twice = {**state.deployments, again.id: again}
        active = {**state.active, "api": again.id}
        lock.write_record(replace(state, deployments=twice, active=active))
    if spoilt:
        own.inside('cat >"$1"', record_path(other), payload=spoilt)
    own.edge.remove()
    own.inside("rm -rf /routes/*")
    assert own.ensure()
    assert own.visit(table.routes[0].host) == 200
    assert other not in own.edge.tables()
    own.records.forget(other)


def test_a_document_that_is_there_wins_over_the_record(own: OwnEdge) -> None:
    key = own.key()
    _, table = live(own, key)
    with own.lock(key) as lock:
        marked = replace(table, marker="run_newer")
        own.put_in_force(lock, marked)
    own.edge.remove()
    assert own.ensure()
    assert own.edge.tables()[key] == marked


def test_one_that_was_killed_is_started_again(own: OwnEdge) -> None:
    key = own.key()
    _, table = live(own, key)
    own.client.api.kill(own.layout.edge)
    assert eventually(lambda: own.visit(table.routes[0].host) == 0)
    assert own.ensure()
    assert own.visit(table.routes[0].host) == 200


@pytest.mark.parametrize("content", [b"[http", b'# {{ env "PATH" }}', b"\xff\xfe", b""])
def test_an_unreadable_document_is_replaced_by_what_the_record_says(
    own: OwnEdge, content: bytes
) -> None:
    key = own.key()
    _, table = live(own, key)
    name = traefik.file_name(key)
    own.inside('cat >"$1.part"; mv "$1.part" "$1"', route_path(key), payload=content)
    assert own.edge.unreadable() == (name,)
    assert key not in own.edge.tables()
    own.edge.set_aside(name)
    assert own.edge.unreadable() == ()
    assert own.edge.tables()[key].routes == table.routes
    assert name in own.inside('ls "$1"', ASIDE)
    assert eventually(lambda: own.visit(table.routes[0].host) == 200)


def test_a_foreign_document_blocks_until_it_is_moved_aside(own: OwnEdge) -> None:
    key = own.key()
    instance, table = live(own, key)
    own.inside('cat >"$1"', "/routes/foreign.yml", payload=b"http: {{ nonsense")
    with own.lock(key) as lock:
        later = replace(table, marker="run_later")
        lock.write_routes(later)
        assert not eventually(lambda: lock.in_force(later), seconds=1)
        assert own.edge.unreadable() == ("foreign.yml",)
        own.edge.set_aside("foreign.yml")
        own.edge.set_aside("foreign.yml")
        assert eventually(lambda: lock.in_force(later))
    assert own.edge.unreadable() == ()
    assert instance.running


def test_a_document_under_another_environments_name_is_unreadable(own: OwnEdge) -> None:
    key = own.key()
    text = traefik.document(key, RouteTable(marker="run_1")).encode()
    own.inside('cat >"$1"', "/routes/production.other.toml", payload=text)
    assert own.edge.unreadable() == ("production.other.toml",)
    own.edge.set_aside("production.other.toml")


def test_forgetting_an_environment_leaves_the_others(own: OwnEdge) -> None:
    gone, stays = own.key("gone"), own.key("stays")
    live(own, gone)
    _, table = live(own, stays)
    for _ in range(2):
        own.edge.forget(gone)
    assert gone not in own.edge.tables()
    info = own.edge.info()
    assert info is not None
    assert gone not in info.attached
    assert own.visit(table.routes[0].host) == 200


def test_an_open_connection_survives_joining_and_leaving_networks(own: OwnEdge) -> None:
    key = own.key()
    _, table = live(own, key)
    request = f"GET /hostname HTTP/1.1\r\nHost: {table.routes[0].host}\r\n\r\n".encode()
    with socket.create_connection(("127.0.0.1", own.settings.http_port), timeout=5) as kept:
        for _ in range(3):
            kept.sendall(request)
            assert kept.recv(65536).startswith(b"HTTP/1.1 200")
            another = own.key("another")
            kept.sendall(request)
            assert kept.recv(65536).startswith(b"HTTP/1.1 200")
            own.edge.forget(another)


def test_other_settings_come_with_a_restart(apart: OwnEdge) -> None:
    apart.ensure()
    key = apart.key()
    _, table = live(apart, key)
    moved = replace(apart, settings=EdgeSettings(http_port=free_port(), https_port=0))
    with moved.locks.engine(actor="me@here"):
        moved.edge.restart(moved.settings)
    assert moved.visit(table.routes[0].host) == 200
    assert apart.visit(table.routes[0].host) == 0
    moved.edge.restart()
    assert moved.visit(table.routes[0].host) == 200


def test_one_that_cannot_be_made_anew_goes_on_as_it_was(apart: OwnEdge) -> None:
    apart.ensure()
    _, table = live(apart, apart.key())
    before = apart.edge.info()
    secure = replace(apart.settings, https_port=free_port())
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", secure.https_port))
        taken.listen()
        with pytest.raises(PortTaken, match=str(secure.https_port)):
            apart.edge.restart(secure)
    after = apart.edge.info()
    assert before is not None
    assert after is not None
    assert (after.container, after.settings) == (before.container, before.settings)
    assert apart.visit(table.routes[0].host) == 200
    policy = apart.client.api.inspect_container(after.container)["HostConfig"]["RestartPolicy"]
    assert policy["Name"] == "always"
    apart.edge.restart(secure)
    assert apart.visit(table.routes[0].host) == 200


def test_what_a_killed_replacement_left_goes_with_the_next(apart: OwnEdge) -> None:
    apart.ensure()
    old = apart.edge.info()
    assert old is not None
    apart.client.api.stop(old.container)
    apart.client.api.rename(old.container, f"{apart.layout.edge}-before")
    apart.ensure()
    apart.edge.restart(replace(apart.settings, http_port=free_port()))
    names = [row["Names"][0] for row in apart.client.api.containers(all=True)]
    assert [name for name in names if name.startswith(f"/{apart.layout.edge}")] == [
        f"/{apart.layout.edge}"
    ]


def test_everybody_gets_the_same_fingerprint_key(own: OwnEdge) -> None:
    own.inside("rm -f /state/fingerprint.key")
    keys: list[bytes] = []

    def ask() -> None:
        keys.append(DockerRecords(own.client, own.layout).fingerprint_key())

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys) == 4
    assert len(set(keys)) == 1
    assert len(keys[0]) == 32
    assert own.inside("stat -c %a /state/fingerprint.key") == "600"
    assert own.inside("ls /state | grep -c fingerprint") == "1"


def test_records_are_read_without_a_lock_and_survive_a_lost_reader(own: OwnEdge) -> None:
    key = own.key()
    live(own, key)
    own.client.api.remove_container(own.layout.state_volume)
    assert own.records.environments(key.project) == (key,)
    found = own.records.read(key)
    assert found is not None
    assert found.key == key
    own.inside('rm "$1"', record_path(key))
    assert own.records.read(key) is None


def test_a_record_and_its_key_are_read_at_once(
    own: OwnEdge, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = DockerRecords(own.client, own.layout).fingerprint_key()
    key = own.key()
    with own.lock(key) as lock:
        lock.write_record(EnvironmentRecord(key=key))
    asked: list[str] = []
    files = Reader.files

    def noted(self: Reader, path: str) -> Mapping[str, bytes]:
        asked.append(path)
        return files(self, path)

    monkeypatch.setattr(Reader, "files", noted)
    records = DockerRecords(own.client, own.layout)
    assert records.read(key) == EnvironmentRecord(key=key)
    assert records.fingerprint_key() == secret
    assert asked == [standing_path(key)]
    records.forget(key)
    assert records.read(key) is None


def test_http_servers_of_this_process_are_named() -> None:
    server = http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
    with contextlib.closing(server.socket):
        name = listener(server.server_address[1])
    assert name is not None
    assert "process" in name
