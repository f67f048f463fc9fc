"""What lock, pen and probe promise beyond the contract suite, on a real engine and Traefik."""

import contextlib
import ipaddress
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from compartment_tui.adapters.docker.api import labels
from compartment_tui.adapters.docker.api.address import Address
from compartment_tui.adapters.docker.api.client import Client
from compartment_tui.adapters.docker.api.helper_shell import (
    Shell,
    ShellGone,
    _program,
    _ready,
    create,
)
from compartment_tui.adapters.docker.api.labels import Role
from compartment_tui.adapters.docker.api.resource_names import (
    archive_path,
    index_path,
    record_path,
    route_path,
    unfinished_path,
)
from compartment_tui.adapters.docker.lock import lock_container, locks
from compartment_tui.adapters.docker.lock.locks import DockerEnvironmentLock
from compartment_tui.adapters.record_file import record_file
from compartment_tui.domain.config import Readiness, ReadinessKind
from compartment_tui.domain.deployment import EnvironmentRecord, Instance, Stage
from compartment_tui.domain.errors import (
    DiskFull,
    EdgeNotConfirmed,
    EngineProblem,
    Locked,
    LockLost,
    RecordInvalid,
)
from compartment_tui.domain.names import EnvironmentKey, active_name
from compartment_tui.domain.refusal import Cause, Refusal, Reply
from compartment_tui.domain.routes import RouteTable
from tests.adapters.docker.own_edge import OWNER, OwnEdge, eventually, own_edge

pytestmark = pytest.mark.docker

# Answers by the path it is asked at, each connection in a thread of its own.
SERVER = r"""
import socket, threading, time
def serve(c):
    lines = c.recv(65536).decode().split("\r\n")
    path = lines[0].split()[1]
    head = {"/ok": "200 OK", "/nothing": "204 No Content", "/bad": "503 Service Unavailable",
            "/moved": "302 Found\r\nLocation: /ok", "/kept": "200 OK\r\nContent-Length: 0"}
    if path == "/host":
        head[path] = "200 OK" if "Host: localhost:8080" in lines else "400 Bad Request"
    if path == "/named":
        wanted = {"Host: shop.example", "X-A: b: c"} <= set(lines)
        head[path] = "200 OK" if wanted and "Host: localhost:8080" not in lines else "400 Bad"
    if path == "/open":  # a caller who half-closes has left
        time.sleep(0.3)
        c.settimeout(0.1)
        try:
            head[path] = "499 Gone" if c.recv(1) == b"" else "400 Bad Request"
        except TimeoutError:
            head[path] = "200 OK"
    if path == "/slow":
        time.sleep(30)
    elif path == "/garbage":
        c.sendall(b"220 mail.example\r\n")
    elif path in head:
        c.sendall(f"HTTP/1.1 {head[path]}\r\n\r\n".encode())
    if path == "/kept":
        time.sleep(30)
    c.shutdown(socket.SHUT_RDWR)
s = socket.create_server(("", 8080))
while True:
    threading.Thread(target=serve, args=(s.accept()[0],), daemon=True).start()
"""

HOLDER = """
import sys, time
from compartment_tui.adapters.docker.api.client import connect
from compartment_tui.adapters.docker.engine import DockerEngine
from compartment_tui.adapters.docker.lock.locks import DockerLocks
from compartment_tui.adapters.docker.api.resource_names import ResourceNames
from compartment_tui.domain.names import EnvironmentKey
client = connect()
locks = DockerLocks(client, DockerEngine(client), ResourceNames(namespace=sys.argv[1]))
with locks.environment(EnvironmentKey(sys.argv[2], sys.argv[3]), actor="eve@ci", purpose="deploy"):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture(scope="module")
def own() -> Iterator[OwnEdge]:
    made = own_edge()
    try:
        made.ensure()
        yield made
    finally:
        made.remove()


@pytest.fixture(scope="module")
def key(own: OwnEdge) -> EnvironmentKey:
    return own.key()


@pytest.fixture(scope="module")
def server(own: OwnEdge, key: EnvironmentKey) -> Instance:
    instance = own.start(key, ("python", "-c", SERVER), image="python:3.11-slim")
    asked = Readiness(kind=ReadinessKind.TCP)
    with own.lock(key) as lock:
        assert eventually(lambda: lock.ready(instance, asked, 8080) is None)
    return instance


# --- the lock -------------------------------------------------------------------------------------


def test_the_second_is_told_who_and_since_when(own: OwnEdge, key: EnvironmentKey) -> None:
    with own.lock(key, actor="ada@laptop"):
        with pytest.raises(Locked, match="ada@laptop") as refused:
            own.lock(key)
        found = own.locks.holder(key)
        assert found is not None
        assert (found.holder, found.purpose) == ("ada@laptop", "deploy")
        assert refused.value.since == found.since
    assert own.locks.holder(key) is None


def test_of_many_who_try_at_once_one_wins(own: OwnEdge, key: EnvironmentKey) -> None:
    won: list[DockerEnvironmentLock] = []
    lost: list[Locked] = []

    def attempt() -> None:
        try:
            won.append(own.lock(key))
        except Locked as error:
            lost.append(error)

    threads = [threading.Thread(target=attempt) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(won), len(lost)) == (1, 3)
    with won[0] as lock:
        lock.confirm()


def test_a_killed_holder_leaves_nothing(own: OwnEdge, key: EnvironmentKey) -> None:
    command = [sys.executable, "-c", HOLDER, own.layout.namespace, key.project, key.environment]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        with pytest.raises(Locked, match="eve@ci"):
            own.lock(key)
        os.kill(process.pid, signal.SIGKILL)
    # At once: the next one waits for the moment that the engine needs.
    with own.lock(key) as lock:
        lock.confirm()


def test_a_lock_that_was_made_and_never_started_is_cleared(
    own: OwnEdge, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = own.key()  # whose name no lock before this one had: the engine frees one a moment late
    stillborn = create(
        own.client,
        labels=lock_container.marks("bob@gone", "deploy"),
        name=own.layout.lock(key),
        network_mode="none",
        mounts=None,
    )
    monkeypatch.setattr(lock_container, "STILLBORN", timedelta(seconds=2))
    assert own.locks.holder(key) is None
    with own.lock(key) as lock:
        lock.confirm()
        assert own.client.api.inspect_container(own.layout.lock(key))["Id"] != stillborn


def test_a_lock_cannot_be_taken_without_an_edge() -> None:
    without = own_edge()
    with pytest.raises(EngineProblem, match="edge does not run") as refused:
        without.lock(EnvironmentKey("shop", "production"))
    assert "edge restart" in refused.value.hint
    without.client.close()


def test_the_engines_lock_is_waited_for(own: OwnEdge) -> None:
    first = own.locks.engine(actor="me@here")
    threading.Timer(1.5, first.__exit__, (None, None, None)).start()
    began = time.monotonic()
    with own.locks.engine(actor="you@there"):
        assert time.monotonic() - began > 1


def test_the_engines_lock_is_not_waited_for_forever(
    own: OwnEdge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locks, "ENGINE_LOCK_PATIENCE", timedelta(seconds=1))
    with own.locks.engine(actor="me@here"), pytest.raises(Locked, match="me@here"):
        own.locks.engine(actor="you@there")


# --- the pen --------------------------------------------------------------------------------------


def test_what_is_written_needs_no_escaping(own: OwnEdge) -> None:
    key = own.key("'; rm -rf /routes/* #\n$(id) `id` \\ {{ env }}")
    state = EnvironmentRecord(key=key, active={"web": "$(id) '\"\\ \n{{ env }}"})
    table = RouteTable(marker="run_'$(id)")
    with own.lock(key) as lock:
        lock.write_record(state)
        own.put_in_force(lock, table)
        assert lock.read_record() == state
        assert lock.routes() == table
    assert own.records.read(key) == state
    assert key in own.records.environments(key.project)
    assert own.edge.tables()[key] == table


@pytest.mark.parametrize("with_program", [True, False])
def test_half_a_document_never_gets_the_name(
    own: OwnEdge, key: EnvironmentKey, *, with_program: bool
) -> None:
    marked = RouteTable(marker="run_whole")
    with own.lock(key) as lock:
        own.put_in_force(lock, marked)
        content = b"x" * 50_000 if with_program else b"x\0" * 25_000
        shell, path, marker = lock._shell, route_path(key), secrets.token_hex(12)
        part = unfinished_path(key)
        program = _program(locks._WRITE, (path, str(len(content)), part), content, marker)
        if with_program:
            shell._wire.send(program[:-30_000])
        else:
            shell._wire.send(program)
            while _ready(marker) not in shell._output.received:
                shell._output.read_more(time.monotonic() + 10)
            shell._wire.send(content[:20_000])
        shell._wire.close()  # as when this process is killed
    assert eventually(lambda: own.locks.holder(key) is None)
    # How much of it came there before its shell ended is chance; that it was not all is not.
    left = own.inside('if [ -e "$1" ]; then wc -c <"$1"; else echo 0; fi', part)
    assert int(left) <= 20_000
    with own.lock(key) as lock:
        assert lock.routes() == marked
        own.put_in_force(lock, RouteTable(marker="run_next"))


def test_half_of_a_record_and_routes_changes_neither(own: OwnEdge, key: EnvironmentKey) -> None:
    marked, state = RouteTable(marker="run_whole"), EnvironmentRecord(key=key)
    names = record_path(key), route_path(key)
    parts = f"{record_path(key)}.part", unfinished_path(key)
    archive = locks.packed(dict.fromkeys(parts, b"x" * 50_000))
    for sent in (20_000, 70_000):  # in the middle of the one, and of the other
        with own.lock(key) as lock:
            lock.write_record(state)
            own.put_in_force(lock, marked)
            shell, marker = lock._shell, secrets.token_hex(12)
            places = (names[0], parts[0], names[1], parts[1])
            shell._wire.send(_program(locks._WRITE_BOTH, places, archive, marker))
            while _ready(marker) not in shell._output.received:
                shell._output.read_more(time.monotonic() + 10)
            shell._wire.send(archive[:sent])
            shell._wire.close()  # as when this process is killed
        assert eventually(lambda: own.locks.holder(key) is None)
        with own.lock(key) as lock:
            assert (lock.read_record(), lock.routes()) == (state, marked)


def test_nothing_can_be_written_after_the_lock_was_taken_away(
    own: OwnEdge, key: EnvironmentKey
) -> None:
    with own.lock(key) as lock:
        before = lock.routes()
        assert own.locks.break_lock(key)
        with own.lock(key):
            for attempt in (
                lock.confirm,
                lock.read_record,
                lock.routes,
                lambda: lock.write_routes(RouteTable(marker="run_late")),
                lambda: lock.write_record(EnvironmentRecord(key=key)),
                lambda: lock.in_force(before),
            ):
                with pytest.raises(LockLost):
                    attempt()
    with own.lock(key) as lock:
        assert lock.routes() == before
    assert not own.locks.break_lock(key)


def test_a_full_disk_is_told_as_that(own: OwnEdge, key: EnvironmentKey) -> None:
    with own.lock(key) as lock:
        # A device that has no room answers as a full disk does.
        lock._shell.run('mkdir -p /dev/shm/d; ln -s /dev/full "$1.part"', "/dev/shm/d/full")
        with pytest.raises(DiskFull):
            lock._write("/dev/shm/d/full", b"content" * 50_000)
        lock.confirm()
        with pytest.raises(EngineProblem, match="cannot be written"):
            lock._write("/proc/nothing", b"content" * 50_000)
        lock.confirm()


def test_a_record_that_is_none_is_told(own: OwnEdge) -> None:
    key = own.key()
    own.inside('mkdir -p "${1%/*}"; cat >"$1"', record_path(key), payload=b"format = [")
    with own.lock(key) as lock:
        with pytest.raises(RecordInvalid):
            lock.read_record()
        lock.write_record(EnvironmentRecord(key=key))
        assert lock.read_record() == EnvironmentRecord(key=key)
    own.records.forget(key)
    assert own.inside('ls "${1%/*}"', index_path(key)).count(key.text) == 0


def test_a_spoilt_file_of_the_archive_is_named_and_costs_only_itself(own: OwnEdge) -> None:
    key = own.key()
    old = EnvironmentRecord(key=key, active={"web": "dep_1"})
    with own.lock(key) as lock:
        lock.archive(old)
    own.inside('echo "= =" >"$1/spoilt.toml"', archive_path(key))
    spoilt, whole = own.records.archived(key)
    assert whole == old
    assert isinstance(spoilt, RecordInvalid)
    assert "spoilt.toml" in spoilt.message
    own.records.forget(key)


def test_a_record_of_a_newer_version_is_read_and_not_written(own: OwnEdge) -> None:
    key = own.key()
    text = record_file.dumps(EnvironmentRecord(key=key)) + "newer = true\n"
    own.inside('mkdir -p "${1%/*}"; cat >"$1"', record_path(key), payload=text.encode())
    assert own.records.read(key) == EnvironmentRecord(key=key)
    with own.lock(key) as lock:
        with pytest.raises(RecordInvalid, match="newer version") as refused:
            lock.read_record()
        assert key.environment in refused.value.message
    assert own.inside('cat "$1"', record_path(key)) == text.strip()
    own.records.forget(key)


def test_a_lost_record_is_made_again_from_routes_and_labels(own: OwnEdge) -> None:
    key = own.key()
    kept = own.start(key, ("true",))
    active = own.start(key, name=active_name("web", key))
    table = own.table(key, active)
    with own.lock(key) as lock:
        own.put_in_force(lock, table)
        state = lock.read_record()
    assert state.rebuilt
    assert state.active == {"web": active.deployment}
    assert state.deployments[active.deployment].host == table.routes[0].host
    assert state.deployments[kept.deployment].stage is Stage.STOPPED
    assert own.records.read(key) is None


def test_a_large_record_comes_back(own: OwnEdge, key: EnvironmentKey) -> None:
    state = EnvironmentRecord(key=key, active={f"s{n}": "x" * 500 for n in range(2000)})
    with own.lock(key) as lock:
        lock.write_record(state)
        assert lock.read_record() == state


# --- the probe ------------------------------------------------------------------------------------

HTTP = Readiness(kind=ReadinessKind.HTTP, attempt_timeout=timedelta(seconds=1))
COMMAND = Readiness(kind=ReadinessKind.COMMAND, attempt_timeout=timedelta(seconds=1))
TCP = Readiness(kind=ReadinessKind.TCP, attempt_timeout=timedelta(seconds=1))


def detail(refusal: Refusal | None) -> str:
    return refusal.detail if refusal else ""


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/ok", None),
        ("/nothing", None),
        ("/kept", None),
        ("/host", None),
        ("/open", None),
        ("/bad", "answered 503"),
        ("/moved", "answered 302"),
        ("/slow", "timed out after 1 s"),
        ("/garbage", "answered something that is not HTTP"),
        ("/closed", "closed without an answer"),
        ("/'$(id) x", "closed without an answer"),
    ],
)
def test_ready_by_http(
    own: OwnEdge, key: EnvironmentKey, server: Instance, path: str, words: str | None
) -> None:
    with own.lock(key) as lock:
        refusal = lock.ready(server, replace(HTTP, path=path), 8080)
        assert refusal is None if words is None else words in detail(refusal)
        lock.confirm()


def test_what_an_answer_says_is_kept(own: OwnEdge, key: EnvironmentKey, server: Instance) -> None:
    with own.lock(key) as lock:
        moved = lock.ready(server, replace(HTTP, path="/moved"), 8080)
        assert moved is not None
        assert moved.reply == Reply(status=302, location="/ok")
        assert moved.detail == "localhost/moved on port 8080 answered 302 to /ok"
        taken = replace(HTTP, path="/moved", status=((200, 399),))
        assert lock.ready(server, taken, 8080) is None
        named = replace(HTTP, path="/named", headers=(("Host", "shop.example"), ("X-A", "b: c")))
        assert lock.ready(server, named, 8080) is None
        assert lock.ready(server, replace(named, headers=()), 8080) is not None
        split = replace(HTTP, headers=(("X-A", "b\r\nX-B: c"),))
        with pytest.raises(AssertionError):
            lock.ready(server, split, 8080)
        lock.confirm()


def test_ready_by_tcp(own: OwnEdge, key: EnvironmentKey, server: Instance) -> None:
    with own.lock(key) as lock:
        assert lock.ready(server, TCP, 8080) is None
        refused = lock.ready(server, TCP, 8081)
        assert detail(refused) == "port 8081: connection refused"
        assert refused
        assert refused.cause is Cause.CLOSED
        asked = lock.ready(server, HTTP, 8081)
        assert detail(asked) == "localhost/healthz on port 8081: connection refused"
        assert lock.ready(server, replace(TCP, port=8080), 8081) is None
        network = ipaddress.ip_network(f"{server.address}/27", strict=False)
        nobody = replace(server, address=str(network[-3]))
        silent = ("port 8080: timed out after 1 s", "port 8080: host unreachable")
        assert detail(lock.ready(nobody, TCP, 8080)) in silent
        assert detail(lock.ready(replace(server, address=None), TCP, 8080)) == "it does not run"


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (("true",), None),
        (("false",), "exit code 1"),
        (("sh", "-c", "echo one; sleep 0.2; echo two >&2; exit 3"), "exit code 3: two"),
        (("sleep", "20"), "timed out after 1 s"),
        (("curl", "--fail"), "it cannot run: curl is not in the image"),
        (("sh", "-c", "curl -f http://localhost || exit 1"), "it cannot run: curl is not in"),
        (("/no/such", "x"), "it cannot run: /no/such is not in the image"),
        (("sh", "-c", "echo HTTP/1.1 404 Not Found; exit 1"), "exit code 1: HTTP/1.1 404 Not"),
    ],
)
def test_ready_by_command(
    own: OwnEdge,
    key: EnvironmentKey,
    server: Instance,
    command: tuple[str, ...],
    words: str | None,
) -> None:
    with own.lock(key) as lock:
        refusal = lock.ready(server, replace(COMMAND, command=command), None)
        assert refusal is None if words is None else words in detail(refusal)


def test_a_command_in_a_container_that_stopped(own: OwnEdge, key: EnvironmentKey) -> None:
    stopped = own.start(key, ("true",))
    asked = replace(COMMAND, command=("true",))
    with own.lock(key) as lock:
        assert eventually(lambda: detail(lock.ready(stopped, asked, None)) == "it does not run")
        own.client.api.remove_container(stopped.container, force=True)
        assert detail(lock.ready(stopped, asked, None)) == "its container is gone"


def test_an_edge_that_is_replaced_is_noticed_and_followed(
    own: OwnEdge, key: EnvironmentKey, server: Instance
) -> None:
    marked = RouteTable(marker="run_before")
    with own.lock(key) as lock:
        own.put_in_force(lock, marked)
        own.edge.remove()
        with pytest.raises(EdgeNotConfirmed, match="edge does not run"):
            lock.in_force(marked)
        with pytest.raises(EdgeNotConfirmed, match="edge does not run"):
            lock.ready(server, TCP, 8080)
        later = RouteTable(marker="run_later")
        lock.write_routes(later)
        assert lock.routes() == later
        own.ensure()
        assert eventually(lambda: lock.in_force(later))
        assert lock.ready(server, TCP, 8080) is None
        own.edge.restart()
        assert eventually(lambda: lock.in_force(later))
        assert not lock.in_force(marked)


# --- the shell ------------------------------------------------------------------------------------


@contextlib.contextmanager
def over_tcp() -> Iterator[Client]:
    """The local engine behind a TCP port, as a remote one is."""

    def copy(source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while chunk := source.recv(65536):
                target.sendall(chunk)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def accept(listening: socket.socket) -> None:
        while True:
            try:
                near, _ = listening.accept()
            except OSError:
                return
            far = socket.socket(socket.AF_UNIX)
            far.connect("/var/run/docker.sock")
            ends.extend((near, far))
            threading.Thread(target=copy, args=(near, far), daemon=True).start()
            threading.Thread(target=copy, args=(far, near), daemon=True).start()

    ends: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=accept, args=(listening,), daemon=True).start()
        port = listening.getsockname()[1]
        client = Client(Address(url=f"tcp://127.0.0.1:{port}", chosen_by="the test"))
        yield client
        client.close()
        with contextlib.suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)
    for end in ends:
        end.close()


@contextlib.contextmanager
def over_ssh(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    """The local engine behind a command that runs here what ssh would run there."""
    stand_in = folder / "ssh"
    stand_in.write_text('#!/bin/sh\nwhile [ "$1" != docker ]; do shift; done\nexec "$@"\n')
    stand_in.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)
    client = Client(Address(url="ssh://somewhere", chosen_by="the test"))
    yield client
    client.close()


@pytest.fixture(params=["tcp", "ssh"])
def far(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Client]:
    way = over_tcp() if request.param == "tcp" else over_ssh(tmp_path, monkeypatch)
    with way as client:
        yield client


def test_a_shell_works_on_a_remote_engine(far: Client) -> None:
    content = secrets.token_bytes(200_000)
    with Shell.open(far, labels={labels.ROLE: Role.STATE.value, OWNER: "far"}) as shell:
        assert shell.run("cat", payload=content).output == content
        assert shell.run("echo $1; exit 3", "one") == (3, b"one\n")
        # As when this process dies: nothing but the connection ends.
        shell._wire.close()
        with pytest.raises(ShellGone):
            shell.run(":")
        marked = {"label": [f"{OWNER}=far"]}
        assert eventually(lambda: not far.api.containers(all=True, filters=marked))


def test_a_script_cannot_end_the_shell_nor_wait_for_ever(own: OwnEdge) -> None:
    marked = {labels.ROLE: Role.STATE.value, OWNER: own.layout.namespace}
    with Shell.open(own.client, labels=marked) as shell:
        assert shell.run("set -e; false; echo no").exit_code == 1
        assert shell.run("exit 7").exit_code == 7
        assert shell.run("cat", payload=b"").output == b""
        assert shell.run("head -c 3; exit 2", payload=b"x" * 300_000) == (2, b"xxx")
        # What a step leaves of its payload is not what the shell reads next.
        evil = b"\n" * 200_000 + b"exit 66\necho no\n" * 10_000
        assert shell.run("exit 5", payload=evil) == (5, b"")
        assert shell.run("echo fine") == (0, b"fine\n")
        with pytest.raises(AssertionError):
            shell.run("echo $1", "a'b")
        with pytest.raises(ShellGone, match="in time"):
            shell.run("sleep 20", timeout=timedelta(seconds=0.5))
        with pytest.raises(ShellGone):
            shell.run(":")
