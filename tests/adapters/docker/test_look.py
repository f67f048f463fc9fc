"""The questions that are asked without the SDK: the same answers, and errors in our words."""

import http.server
import json
import socket
import socketserver
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from compartment_tui.adapters.docker.api import socket_client
from compartment_tui.adapters.docker.api.address import Address
from compartment_tui.adapters.docker.api.client import Client
from compartment_tui.adapters.docker.api.errors import Conflict, Missing
from compartment_tui.adapters.docker.api.labels import Role, filters
from compartment_tui.adapters.docker.api.line import LocalDoor
from compartment_tui.adapters.docker.resources import containers
from compartment_tui.domain.errors import (
    DiskFull,
    EngineProblem,
    EngineTooOld,
    EngineUnreachable,
)
from tests.adapters.docker.ground import IMAGE, Ground

Answers = dict[str, tuple[int, dict[str, Any] | str]]


class SmallEngine(socketserver.ThreadingUnixStreamServer):
    """Answers what it is told to; `promised` is how many bytes more it announces than it sends."""

    answers: Answers
    version = "1.44"
    promised = 0


class Handler(http.server.BaseHTTPRequestHandler):
    server: SmallEngine

    def do_GET(self) -> None:
        status, body = self.server.answers[self.path.partition("?")[0]]
        content = (body if isinstance(body, str) else json.dumps(body)).encode()
        self.send_response(status)
        self.send_header("Api-Version", self.server.version)
        self.send_header("Content-Length", str(len(content) + self.server.promised))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
        pass


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[SmallEngine]:
    server = SmallEngine(str(tmp_path / "engine.sock"), Handler)
    server.answers = {
        "/containers/gone/json": (404, {"message": "No such container: gone"}),
        "/containers/used/json": (409, {"message": "it is in use"}),
        "/containers/full/json": (500, {"message": "write /x: No space left on device"}),
        "/containers/odd/json": (500, {"message": "something\nelse"}),
        "/containers//json": (301, ""),
        "/containers/plain/json": (502, "bad gateway"),
        "/containers/wordless/json": (500, ""),
        "/containers/other/json": (200, "<html>"),
        "/containers/here/json": (200, {"Id": "1"}),
    }
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def at(socket_path: object) -> Client:
    return Client(Address(url=f"unix://{socket_path}", chosen_by="a test"))


@pytest.mark.parametrize(
    ("container", "kind", "words"),
    [
        ("gone", Missing, "could not look: No such container: gone"),
        ("used", Conflict, "could not look: it is in use"),
        ("full", DiskFull, "no space left"),
        ("odd", EngineProblem, "could not look: something else"),
        ("plain", EngineProblem, "could not look: bad gateway"),
        ("wordless", EngineProblem, "could not look: HTTP 500"),
        ("", EngineProblem, "could not look"),
    ],
)
def test_what_the_engine_refuses(
    engine: SmallEngine, container: str, kind: type[EngineProblem], words: str
) -> None:
    client = at(engine.server_address)
    with pytest.raises(kind, match=words) as caught, client.translate("look"):
        client.inspect_container(container)
    assert type(caught.value) is kind


@pytest.mark.parametrize("version", ["1.40", "1.9"])
def test_an_engine_that_is_too_old(engine: SmallEngine, version: str) -> None:
    engine.version = version
    with pytest.raises(EngineTooOld, match=version):
        at(engine.server_address).inspect_container("here")


@pytest.mark.parametrize("version", ["1.41", "1.52", "2.0", "", "one", "1.40-rc"])
def test_an_engine_that_is_new_enough(engine: SmallEngine, version: str) -> None:
    engine.version = version
    assert at(engine.server_address).inspect_container("here") == {"Id": "1"}


def test_nobody_there(tmp_path: Path) -> None:
    left = tmp_path / "left.sock"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(left))
    for path in (tmp_path / "none.sock", left):
        client = at(path)
        with pytest.raises(EngineUnreachable) as caught, client.translate("look"):
            client.inspect_container("here")
        assert "no Docker engine answers" in caught.value.message
        assert "start Docker" in caught.value.hint


def test_no_permission_names_the_group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    # A test that runs as root cannot be refused.
    monkeypatch.setattr(socket.socket, "connect", refuse)
    client = at(tmp_path / "engine.sock")
    with pytest.raises(EngineUnreachable, match="no permission") as caught, client.translate():
        client.inspect_container("here")
    assert "docker group" in caught.value.hint


def test_an_answer_that_breaks_off(engine: SmallEngine) -> None:
    engine.promised = 10
    client = at(engine.server_address)
    with pytest.raises(EngineUnreachable, match=r"connection .* failed"), client.translate("look"):
        client.inspect_container("here")


def test_what_answers_and_is_no_engine(engine: SmallEngine) -> None:
    client = at(engine.server_address)
    with pytest.raises(EngineUnreachable, match="no Docker engine"), client.translate("look"):
        client.inspect_container("other")


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"hello\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n[   \r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nsome\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}more\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Len",
        b"HTTP/1.1 200 OK\r\n" + b"X: 1\r\n" * 200 + b"\r\n{}",
        b"HTTP/1.1 OK\r\n\r\n{}",
        b"SSH-2.0-OpenSSH_9.6\r\n\r\n{}",
    ],
)
def test_an_engine_that_dies_while_it_answers(tmp_path: Path, answer: bytes) -> None:
    def reply(server: socket.socket) -> None:
        caller, _ = server.accept()
        with caller:
            caller.recv(65536)
            caller.sendall(answer)

    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "engine.sock"))
        server.listen()
        replying = threading.Thread(target=reply, args=(server,))
        replying.start()
        client = at(tmp_path / "engine.sock")
        with pytest.raises(EngineUnreachable, match="failed"), client.translate("look"):
            client.inspect_container("here")
        replying.join()


def test_an_answer_in_chunks(tmp_path: Path) -> None:
    class Chunked(Handler):
        def do_GET(self) -> None:
            self.protocol_version = "HTTP/1.1"
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.write(b'6\r\n{"Id":\r\n5\r\n "1"}\r\n0\r\n\r\n')

    with SmallEngine(str(tmp_path / "engine.sock"), Chunked) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        assert at(server.server_address).inspect_container("here") == {"Id": "1"}
        server.shutdown()


def test_an_answer_that_ends_with_its_connection(tmp_path: Path) -> None:
    class Unmeasured(Handler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"Id": "1"}')

    with SmallEngine(str(tmp_path / "engine.sock"), Unmeasured) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        assert at(server.server_address).inspect_container("here") == {"Id": "1"}
        server.shutdown()


def test_a_deployment_without_a_container_is_gone(engine: SmallEngine) -> None:
    engine.answers["/containers/json"] = (200, "[]")
    assert containers.instance(at(engine.server_address), {}, "dep_1") is None


def test_several_threads_ask_at_once(engine: SmallEngine) -> None:
    client = at(engine.server_address)
    found: list[Any] = []
    threads = [
        threading.Thread(target=lambda: found.append(client.inspect_container("here")))
        for _ in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [{"Id": "1"}] * 20


def test_a_silent_engine_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket_client, "READ_SECONDS", 0.2)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "engine.sock"))
        server.listen()
        client = at(tmp_path / "engine.sock")
        with pytest.raises(EngineUnreachable, match="in time"), client.translate("look"):
            client.inspect_container("here")


def test_looking_does_not_load_the_sdk(engine: SmallEngine) -> None:
    program = f"""
import sys
from compartment_tui.adapters.docker.edge import edge_container
from compartment_tui.adapters.docker.lock import lock_container
from compartment_tui.adapters.docker.api.address import Address
from compartment_tui.adapters.docker.api.client import Client
client = Client(Address(url="unix://{engine.server_address!s}", chosen_by="a test"))
print(edge_container.find_edge(client, "gone"), lock_container.holder_of(client, "gone"))
print("docker" in sys.modules, "requests" in sys.modules)
"""
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert run.stdout.split() == ["None", "None", "False", "False"]


def test_an_engine_elsewhere_is_asked_through_the_sdk(monkeypatch: pytest.MonkeyPatch) -> None:
    session = SimpleNamespace(inspect_container=lambda container: {"Id": f"{container} there"})
    monkeypatch.setattr(Client, "api", session)
    far = Client(Address(url="tcp://far:2375", chosen_by="a test"))
    assert far.inspect_container("one") == {"Id": "one there"}


@pytest.mark.docker
def test_the_answers_are_those_of_the_sdk(ground: Ground) -> None:
    made = ground.engine.create(ground.birth())
    ours = socket_client.SocketEngine(LocalDoor("/var/run/docker.sock"), "here")
    sdk: Any = ground.client.api  # the stubs leave a type out
    of_it = filters(Role.SERVICE, ground.key)
    (row,) = ours.containers(all=True, filters=of_it)
    assert [row] == sdk.containers(all=True, filters=of_it)
    assert ours.containers(all=False, filters=of_it) == []
    assert ours.inspect_container(made.container) == sdk.inspect_container(made.container)
    for image in (IMAGE, ground.image.id):
        assert ours.inspect_image(image) == sdk.inspect_image(image)
    networks = filters(Role.NETWORK, ground.key)
    assert ours.networks(filters=networks) == sdk.networks(filters=networks) != []
    for path in ("/etc/passwd", "/etc"):
        chunks, _ = ours.get_archive(made.container, path)
        assert b"".join(chunks) == b"".join(sdk.get_archive(made.container, path)[0])


@pytest.mark.docker
def test_what_changes_is_changed_as_by_the_sdk(ground: Ground) -> None:
    made = ground.engine.create(ground.birth()).container
    ours = socket_client.SocketEngine(LocalDoor("/var/run/docker.sock"), "here")
    sdk: Any = ground.client.api  # the stubs leave a type out

    def told() -> tuple[str, str, bool]:
        found = sdk.inspect_container(made)
        policy = found["HostConfig"]["RestartPolicy"]["Name"]
        return found["Name"], policy, found["State"]["Running"]

    ours.rename(made, f"{ground.key.project}-renamed")
    ours.update_container(made, restart_policy={"Name": "always"})
    for _ in range(2):  # what is so already is no error
        ours.start(made)
    assert told() == (f"/{ground.key.project}-renamed", "always", True)
    for _ in range(2):
        ours.stop(made, timeout=0)
    assert not told()[2]
    repository = f"compartment/{ground.key.project}"
    ours.tag(ground.image.id, repository, "named")
    assert ours.inspect_image(f"{repository}:named")["Id"] == ground.image.id
    sdk.remove_image(f"{repository}:named")
    ours.remove_container(made, force=True, v=True)
    for change in (
        lambda: ours.start(made),
        lambda: ours.attach_socket(made, {"stream": 1, "stdin": 1}),
        lambda: ours.create_container_from_config({"Image": "of/nobody"}, None),
    ):
        with pytest.raises(socket_client.EngineRefusal) as refused:
            change()
        assert refused.value.status == 404
        assert "no such" in refused.value.explanation.lower()
    assert ours.info()["ID"] == sdk.info()["ID"]
    network = "bridge"
    assert ours.inspect_network(network) == sdk.inspect_network(network)
