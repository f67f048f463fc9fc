"""Registries of images: one that two engines reach by one name, one that a Swarm reaches."""

import base64
import json
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from compartment_tui.adapters.passwords import hash_password
from compartment_tui.domain.variable import Secret
from tests.e2e.engines import OwnEngine
from tests.e2e.swarm import ON_WIRE, Swarm

SETTINGS = """
version: 0.1
log: {{level: error, accesslog: {{disabled: true}}}}
storage: {{filesystem: {{rootdirectory: {root}}}, delete: {{enabled: true}}}}
http: {{addr: "{address}:{port}", relativeurls: true}}
"""
GUARDED = """
auth: {{htpasswd: {{realm: images, path: {passwords}}}}}
"""
WIRE_PORT = 5000
USER, PASSWORD = "robot", "pull-only-9f3c1b"


@contextmanager
def registry_at_both(engine: OwnEngine) -> Iterator[str]:
    """`127.0.0.1:PORT`: a server here and one in the engine's namespace, on the same files."""
    server = _server()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="registry-") as root, ExitStack() as opened:
        settings = Path(root, "settings.yml")
        settings.write_text(
            SETTINGS.format(root=root, address="127.0.0.1", port=port), encoding="utf-8"
        )
        for place in ((), engine.inside):
            words = (*place, server, "serve", str(settings))
            process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            opened.callback(process.wait)
            opened.callback(process.kill)
        _await(lambda: socket.create_connection(("127.0.0.1", port), timeout=1))
        _await(lambda: engine.connect(port))
        yield f"127.0.0.1:{port}"


@dataclass(slots=True, kw_only=True)
class WireRegistry:
    """A registry on a Swarm's wire that lets nobody in without the password."""

    words: tuple[str, ...]
    name: str
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def auth(self) -> str:
        """What lets in, as a configuration has it."""
        return base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()

    def start(self) -> None:
        """Have it listen."""
        self.process = subprocess.Popen(
            self.words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def await_it(self) -> None:
        """Return when it listens."""
        asked = (*self.words[:3], "ss", "-Hltn", "sport", "=", f":{WIRE_PORT}")

        def listens() -> bool:
            return bool(subprocess.run(asked, capture_output=True, check=True).stdout.strip())

        deadline = time.monotonic() + 10
        while not listens():
            assert time.monotonic() < deadline, "the registry does not listen"
            time.sleep(0.05)

    def stop(self) -> None:
        """End it; what it has stays."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def log_in(self, folder: Path) -> None:
        """Write what `docker login` writes into a configuration."""
        text = json.dumps({"auths": {self.name: {"auth": self.auth}}})
        (folder / "config.json").write_text(text, encoding="utf-8")


@contextmanager
def registry_on_wire(swarm: Swarm) -> Iterator[WireRegistry]:
    """One that all engines of a Swarm reach; they have to take it without TLS."""
    server = _server()
    with tempfile.TemporaryDirectory(prefix="registry-") as root:
        settings, passwords = Path(root, "settings.yml"), Path(root, "passwords")
        hashed = hash_password(Secret(PASSWORD))
        passwords.write_text(f"{USER}:{hashed}\n", encoding="utf-8")
        text = SETTINGS.format(root=root, address=ON_WIRE, port=WIRE_PORT)
        guard = GUARDED.format(passwords=passwords)
        settings.write_text(text + guard, encoding="utf-8")
        made = WireRegistry(
            words=(*swarm.inside, server, "serve", str(settings)), name=f"{ON_WIRE}:{WIRE_PORT}"
        )
        made.start()
        try:
            made.await_it()
            yield made
        finally:
            made.stop()


def _server() -> str:
    server = shutil.which("docker-registry")
    if server is None:
        pytest.skip("needs a registry (Debian's docker-registry)")
    return server


def _await(connect: Callable[[], socket.socket]) -> None:
    deadline = time.monotonic() + 10
    while True:
        try:
            connect().close()
        except OSError:
            assert time.monotonic() < deadline, "the registry does not listen"
            time.sleep(0.05)
        else:
            return
