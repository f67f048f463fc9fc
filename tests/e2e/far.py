"""The same engine, reached another way: over TCP, and over a real ssh."""

import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

LOCAL = "/var/run/docker.sock"


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
def over_ssh(folder: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """What DOCKER_HOST is then, and what else a command needs: an ssh that knows our keys.

    A server of our own on a loopback port, with keys of its own.
    """
    server = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
    if server is None or shutil.which("ssh") is None or os.geteuid() != 0:
        pytest.skip("needs sshd and ssh (openssh-server), and root")
    for name in ("host", "key"):
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name], check=True
        )
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (folder / "sshd").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/host\nPidFile none\n"
        f"AuthorizedKeysFile {folder}/key.pub\nStrictModes no\nUsePAM no\n"
        "PasswordAuthentication no\nMaxStartups 100\n"
    )
    (folder / "client").write_text(
        f"IdentityFile {folder}/key\nIdentitiesOnly yes\nStrictHostKeyChecking no\n"
        f"UserKnownHostsFile {folder}/known\nBatchMode yes\nLogLevel ERROR\n"
    )
    # The client finds its configuration by the user, not by HOME: only an option changes that.
    program = folder / "bin" / "ssh"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {shutil.which("ssh")} -F {folder}/client "$@"\n')
    program.chmod(0o755)
    Path("/run/sshd").mkdir(exist_ok=True)  # it insists on that place
    process = subprocess.Popen([server, "-D", "-f", folder / "sshd", "-E", folder / "log"])
    try:
        _await(port)
        path = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
        yield f"ssh://root@127.0.0.1:{port}", {"PATH": path}
    finally:
        process.terminate()
        process.wait()


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
