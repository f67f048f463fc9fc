"""The SDK's errors in our words, against small engines that answer what we want."""

import http.server
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from requests.exceptions import ConnectionError as RequestsConnectionError
from urllib3.exceptions import ProtocolError

from compartment_tui.adapters.docker.api.address import LOCAL, Address
from compartment_tui.adapters.docker.api.client import Client
from compartment_tui.adapters.docker.api.errors import Conflict, Missing, translated
from compartment_tui.adapters.docker.api.ssh_link import ssh_command
from compartment_tui.domain.errors import (
    DiskFull,
    EngineProblem,
    EngineTooOld,
    EngineUnreachable,
)
from tests.adapters.docker.ground import Ground

Answers = dict[str, tuple[int, dict[str, Any]]]
ANSWERS: Answers = {
    "/version": (200, {"ApiVersion": "1.44", "Version": "25.0"}),
    "/v1.44/containers/gone/json": (404, {"message": "No such container: gone"}),
    "/v1.44/containers/used/json": (409, {"message": "it is in use"}),
    "/v1.44/containers/full/json": (500, {"message": "write /x: No space left on device"}),
    "/v1.44/containers/odd/json": (500, {"message": "something\nelse"}),
}


@pytest.fixture
def engine() -> Iterator[str]:
    """An engine's address, whose answers are ANSWERS."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = ANSWERS[self.path]
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"tcp://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def at(url: str) -> Client:
    return Client(Address(url=url, chosen_by="a test"))


@pytest.mark.parametrize(
    ("container", "kind", "words"),
    [
        ("gone", Missing, "could not look: No such container: gone"),
        ("used", Conflict, "could not look: it is in use"),
        ("full", DiskFull, "no space left"),
        ("odd", EngineProblem, "could not look: something else"),
    ],
)
def test_what_the_engine_refuses(
    engine: str, container: str, kind: type[EngineProblem], words: str
) -> None:
    client = at(engine)
    with pytest.raises(kind, match=words) as caught, client.translate("look"):
        client.api.inspect_container(container)
    assert type(caught.value) is kind
    assert caught.value.__cause__ is not None
    client.close()


def test_an_engine_that_is_too_old(engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ANSWERS, "/version", (200, {"ApiVersion": "1.40", "Version": "19.03"}))
    with pytest.raises(EngineTooOld, match=r"1\.40") as caught:
        _ = at(engine).api
    assert "20.10" in caught.value.hint


@pytest.mark.parametrize("version", ["1.41", "1.52"])
def test_the_engines_own_api_version_is_spoken(
    engine: str, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    monkeypatch.setitem(ANSWERS, "/version", (200, {"ApiVersion": version}))
    client = at(engine)
    assert client.api.api_version == version
    assert client.api is client.api
    client.close()


def test_nobody_there(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        closed = server.getsockname()[1]
    for url in (f"unix://{tmp_path}/none.sock", f"tcp://127.0.0.1:{closed}"):
        with pytest.raises(
            EngineUnreachable, match=r"no Docker engine answers .* a test"
        ) as caught:
            _ = at(url).api
        assert "start Docker" in caught.value.hint


def test_an_engine_that_comes_later_is_found(engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    client = at(engine)
    with monkeypatch.context() as away:
        away.setitem(ANSWERS, "/version", (500, {"message": "starting"}))
        with pytest.raises(EngineProblem):
            _ = client.api
    assert client.api.api_version == "1.44"
    client.close()


def test_no_permission_names_the_socket_and_the_group() -> None:
    # As the SDK wraps it; a test that runs as root cannot be refused.
    refused = PermissionError(13, "Permission denied")
    error = RequestsConnectionError(ProtocolError("Connection aborted.", refused))
    ours = translated(error, Address(url=LOCAL, chosen_by="a test"), "answer")
    assert isinstance(ours, EngineUnreachable)
    assert "/var/run/docker.sock" in ours.message
    assert "docker group" in ours.hint


def test_a_silent_engine_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("compartment_tui.adapters.docker.api.sdk_session.READ_SECONDS", 0.3)
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        pytest.raises(EngineUnreachable, match="did not answer in time"),
    ):
        _ = at(f"tcp://127.0.0.1:{server.getsockname()[1]}").api


@pytest.mark.parametrize(
    ("url", "start"),
    [
        ("ssh://box", "ssh -T -o ConnectTimeout=10 -- box docker"),
        (
            "ssh://me@box:2222/d.sock",
            "ssh -T -o ConnectTimeout=10 -l me -p 2222 -- box docker --host unix:///d.sock",
        ),
    ],
)
def test_the_ssh_command(url: str, start: str) -> None:
    assert ssh_command(url) == [*start.split(), "system", "dial-stdio"]


def an_ssh(folder: Path, monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    script = folder / "ssh"
    script.write_text(f"#!{sys.executable}\n{program}", encoding="utf-8")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


def test_what_ssh_says_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    an_ssh(tmp_path, monkeypatch, "import sys; sys.exit('Permission denied (publickey).')")
    with pytest.raises(EngineUnreachable, match=r"Permission denied \(publickey\)") as caught:
        _ = at("ssh://me@box").api
    assert "ssh box docker version" in caught.value.hint


def test_without_an_ssh_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EngineUnreachable, match="ssh command cannot be started"):
        _ = at("ssh://me@box").api


RELAY = """
import socket, sys, threading, os
assert sys.argv[-3:] == ["docker", "system", "dial-stdio"], sys.argv
engine = socket.socket(socket.AF_UNIX)
engine.connect("/var/run/docker.sock")
def answers():
    while content := engine.recv(65536):
        os.write(1, content)
    os._exit(0)
threading.Thread(target=answers, daemon=True).start()
while content := os.read(0, 65536):
    engine.sendall(content)
engine.shutdown(socket.SHUT_WR)
threading.Event().wait(5)
"""


@pytest.mark.docker
def test_an_engine_behind_ssh_works_as_a_local_one(
    ground: Ground, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if ground.client.address.socket != "/var/run/docker.sock":
        pytest.skip("needs the local socket at its usual place")
    an_ssh(tmp_path, monkeypatch, RELAY)
    monkeypatch.setenv("DOCKER_HOST", "ssh://me@box")
    birth = ground.birth("web", "sh", "-c", "echo over ssh; exec sleep 600")
    deployment = ground.started(birth)
    program = (
        "import sys, threading\n"
        "from compartment_tui.adapters.docker.api.client import connect\n"
        "from compartment_tui.adapters.docker.engine import DockerEngine\n"
        "client = connect(); engine = DockerEngine(client)\n"
        "assert engine.info().host == 'box'\n"
        f"feed = engine.logs('{deployment}', follow=True, tail=None, since=None)\n"
        "print(next(feed).message, flush=True)\n"
        "threading.Timer(0.2, feed.close).start()\n"
        "assert list(feed) == []\n"
        f"count = engine.count_connections('{deployment}', 80)\n"
        "print(count.now(), flush=True); count.close()\n"
        f"sys.exit(engine.execute('{deployment}', ('cat',), terminal=False))\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program],
        input=b"in and out",
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert ended.stderr == b""
    assert (ended.returncode, ended.stdout) == (0, b"over ssh\n()\nin and out")


@pytest.mark.docker
def test_questions_over_ssh_share_one_connection(
    ground: Ground, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each takes a second to open."""
    if ground.client.address.socket != "/var/run/docker.sock":
        pytest.skip("needs the local socket at its usual place")
    told = f"import sys; '-G' in sys.argv or open({str(tmp_path / 'opened')!r}, 'a').write('x')"
    an_ssh(tmp_path, monkeypatch, f"{told}\n{RELAY}")
    client = at("ssh://me@box")
    for _ in range(3):
        client.api.info()
        client.api.containers()
        client.api.networks()
    client.close()
    assert (tmp_path / "opened").read_text() == "x"
