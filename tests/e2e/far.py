"""The same engine, reached another way: over TCP, and over a real ssh."""

import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.engines import OwnEngine

LOCAL = "/var/run/docker.sock"
SSHD_PATH = f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin"


@contextmanager
def over_tcp() -> Iterator[str]:
    """What DOCKER_HOST is then. A forwarder from a loopback port to the engine's socket."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_accept, args=(server,), daemon=True).start()
        yield f"tcp://localhost:{server.getsockname()[1]}"


def _accept(server: socket.socket) -> None:
    with suppress(OSError):  # it is closed at the end
        while True:
            caller, _ = server.accept()
            engine = socket.socket(socket.AF_UNIX)
            engine.connect(LOCAL)
            ways = [(caller, engine), (engine, caller)]
            pumps = [threading.Thread(target=_pump, args=way, daemon=True) for way in ways]
            for pump in pumps:
                pump.start()
            threading.Thread(target=_close, args=(pumps, caller, engine), daemon=True).start()


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while content := source.recv(65536):
            target.sendall(content)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


def _close(pumps: list[threading.Thread], *ends: socket.socket) -> None:
    for pump in pumps:
        pump.join()
    for end in ends:
        end.close()


@contextmanager
def over_ssh(folder: Path, there: str = "") -> Iterator[tuple[str, dict[str, str]]]:
    """What DOCKER_HOST is then, and what else a command needs: an ssh that knows our keys.

    `there` is what DOCKER_HOST is on its machine, where that is not the usual engine's.
    """
    with ssh_server(folder, hosts=(there or f"unix://{LOCAL}",)) as server:
        yield server.url, server.variables


@dataclass(frozen=True, slots=True, kw_only=True)
class SshServer:
    """An sshd of ours. `variables` give a command an ssh that knows its keys."""

    folder: Path
    ports: tuple[int, ...]
    variables: dict[str, str]
    runtime: Path
    """Where commands keep the login that they share. Its name is short: sockets need that."""

    @property
    def port(self) -> int:
        """The first, or only one."""
        return self.ports[0]

    @property
    def url(self) -> str:
        """What DOCKER_HOST is then."""
        return self.at(self.port)

    def at(self, port: int) -> str:
        """The same, when another port leads there."""
        return f"ssh://root@127.0.0.1:{port}"

    @property
    def log(self) -> str:
        """What it has written so far."""
        return (self.folder / "log").read_text(encoding="utf-8", errors="replace")

    @property
    def logins(self) -> int:
        """How many connections were let in."""
        return self.log.count("Accepted publickey")

    @property
    def shared(self) -> list[Path]:
        """The sockets of logins that commands share."""
        return sorted(one for one in self.runtime.glob("*/*") if one.is_socket())

    def end_shared(self) -> None:
        """End those, as when their time is over, or whoever began one is swept away with it."""
        for place in self.shared:
            self.end(place)

    def end(self, place: Path) -> None:
        """End the login that is shared by way of a socket."""
        end_login(place)

    @property
    def sessions(self) -> int:
        """How many commands were run."""
        return self.log.count("Starting session: command")


@contextmanager
def ssh_server(
    folder: Path, *settings: str, hosts: tuple[str, ...] = (f"unix://{LOCAL}",)
) -> Iterator[SshServer]:
    """A server with keys of its own, on a loopback port for each of several engines.

    An engine is given as what DOCKER_HOST is on its machine; `settings` are further lines of the
    server's configuration.
    """
    program = _server_program()
    _make_keys(folder)
    ports = tuple(_free_port() for _ in hosts)
    there = dict(zip(ports, hosts, strict=True))
    text = _server_text(folder, "127.0.0.1", there, *settings)
    (folder / "sshd").write_text(text, encoding="utf-8")
    Path("/run/sshd").mkdir(exist_ok=True)  # it insists on that place
    process = subprocess.Popen([program, "-D", "-f", folder / "sshd", "-E", folder / "log"])
    try:
        for port in ports:
            _await(port)
        path = _path_with_client(folder)
        with tempfile.TemporaryDirectory(prefix="far-") as runtime:
            variables = {"PATH": path, "XDG_RUNTIME_DIR": runtime}
            server = SshServer(
                folder=folder, ports=ports, variables=variables, runtime=Path(runtime)
            )
            try:
                yield server
            finally:
                server.end_shared()
    finally:
        process.terminate()
        process.wait()


@dataclass(frozen=True, slots=True, kw_only=True)
class SshOnWire:
    """A server on each machine of a Swarm, where a user `root` reaches the engine there."""

    servers: tuple["subprocess.Popen[bytes]", ...]
    variables: dict[str, str]
    """Give a command an ssh that knows their keys."""

    def end_logins(self) -> None:
        """End the logins that commands share."""
        for login in Path(self.variables["XDG_RUNTIME_DIR"]).glob("*/*"):
            end_login(login)


@contextmanager
def ssh_on_wire(
    folder: Path, machines: dict[str, OwnEngine], ports: dict[str, int], client: str = ""
) -> Iterator[SshOnWire]:
    """Servers at these addresses and ports; `client` are further lines of the client's settings."""
    program = _server_program()
    _make_keys(folder)
    Path("/run/sshd").mkdir(exist_ok=True)
    with ExitStack() as opened:
        servers = []
        for address, engine in machines.items():
            settings = folder / f"sshd-{address}"
            text = _server_text(folder, address, {ports[address]: engine.host})
            settings.write_text(text, encoding="utf-8")
            log = str(folder / f"log-{address}")
            words = (*engine.inside, program, "-D", "-f", str(settings), "-E", log)
            server = subprocess.Popen(words)
            opened.callback(server.wait)
            opened.callback(server.kill)
            servers.append(server)
        runtime = opened.enter_context(tempfile.TemporaryDirectory(prefix="far-"))
        variables = {"PATH": _path_with_client(folder, client), "XDG_RUNTIME_DIR": runtime}
        made = SshOnWire(servers=tuple(servers), variables=variables)
        yield made
        made.end_logins()


def end_login(place: Path) -> None:
    """End the login that is shared by way of a socket."""
    words = ("ssh", "-o", f"ControlPath={place}", "-O", "exit", "somewhere")
    subprocess.run(words, capture_output=True, check=False)


def _server_program() -> str:
    program = shutil.which("sshd", path=SSHD_PATH)
    if program is None or shutil.which("ssh") is None or os.geteuid() != 0:
        pytest.skip("needs sshd and ssh (openssh-server), and root")
    return program


def _make_keys(folder: Path) -> None:
    for name in ("host", "key"):
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name], check=True
        )


def _server_text(folder: Path, address: str, hosts: dict[int, str], *settings: str) -> str:
    """A server's configuration: by port, what DOCKER_HOST is there."""
    return (
        "".join(f"Port {port}\n" for port in hosts)
        + f"ListenAddress {address}\nHostKey {folder}/host\nPidFile none\n"
        f"AuthorizedKeysFile {folder}/key.pub\nStrictModes no\nUsePAM no\n"
        "PasswordAuthentication no\nMaxStartups 100\nLogLevel VERBOSE\n"
        + "".join(f"{line}\n" for line in settings)
        + "".join(
            f"Match LocalPort {port}\n SetEnv DOCKER_HOST={host}\n" for port, host in hosts.items()
        )
    )


def _path_with_client(folder: Path, settings: str = "") -> str:
    """PATH with an `ssh` before all others that knows the keys of a folder."""
    (folder / "client").write_text(
        f"{settings}Host *\nIdentityFile {folder}/key\nIdentitiesOnly yes\n"
        f"StrictHostKeyChecking no\nUserKnownHostsFile {folder}/known\n"
        "BatchMode yes\nLogLevel ERROR\n"
    )
    # The client finds its configuration by the user, not by HOME: only an option changes that.
    client = folder / "bin" / "ssh"
    client.parent.mkdir()
    client.write_text(f'#!/bin/sh\nexec {shutil.which("ssh")} -F {folder}/client "$@"\n')
    client.chmod(0o755)
    return f"{client.parent}{os.pathsep}{os.environ['PATH']}"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _await(port: int) -> None:
    deadline = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            assert time.monotonic() < deadline, "sshd does not listen"
            time.sleep(0.05)
        else:
            return
