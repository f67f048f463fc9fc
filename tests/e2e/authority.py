"""A certificate authority of a test's own: Debian's `pebble`, and the names it looks up.

It answers on the address by which containers reach this machine, believes that every name leads to
one address, and signs what it has seen answered there.
"""

import json
import shutil
import socket
import ssl
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.e2e.conftest import free_port

NEEDED = ("pebble", "pebble-challtestsrv")
AT_ONCE = {"PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "0", "PEBBLE_AUTHZREUSE": "0"}
"""It waits and refuses at random by itself, and believes what it saw before."""
DAY = timedelta(days=1)
UP_SECONDS = 20.0


@dataclass(slots=True, kw_only=True)
class Authority:
    """A running authority; `address` is where containers reach it."""

    directory: Path
    address: str
    port: int
    door: "Door"
    manager: int
    names: int
    validity: int | None
    http_port: int
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def server(self) -> str:
        return f"https://{self.address}:{self.port}/dir"

    @property
    def ca(self) -> Path:
        """Who is known to sign for the authority itself."""
        return self.directory / "ca.pem"

    def start(self) -> None:
        """Answer, from here on; it forgets everybody it knew before, and what it signed."""
        settings = {
            "listenAddress": f"127.0.0.1:{self.door.behind}",
            "managementListenAddress": f"127.0.0.1:{self.manager}",
            "certificate": str(self.directory / "leaf.pem"),
            "privateKey": str(self.directory / "leaf.key"),
            "httpPort": self.http_port,
            "tlsPort": free_port(),
            "ocspResponderURL": "",
            "externalAccountBindingRequired": False,
        }
        if self.validity is not None:
            settings["certificateValidityPeriod"] = self.validity
        file = self.directory / "pebble.json"
        file.write_text(json.dumps({"pebble": settings}))
        with (self.directory / "pebble.log").open("ab") as log:
            self.process = subprocess.Popen(
                ["pebble", "-config", str(file), "-dnsserver", f"127.0.0.1:{self.names + 1}"],
                env=AT_ONCE,
                stdout=log,
                stderr=log,
            )
        self._await()

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    @contextmanager
    def away(self) -> Iterator[None]:
        """Nobody reaches it meanwhile; it forgets nothing."""
        self.door.close()
        try:
            yield
        finally:
            self.door.open()

    def root(self) -> str:
        """Who signs, in the end, for what it gives, as PEM."""
        context = ssl.create_default_context(cafile=str(self.ca))
        asked = f"https://127.0.0.1:{self.manager}/roots/0"
        with urllib.request.urlopen(asked, context=context, timeout=5) as answer:
            return str(answer.read().decode())

    def lead(self, host: str, address: str | None) -> None:
        """A name that leads elsewhere; None: where all the others do."""
        what = "clear-a" if address is None else "add-a"
        content = {"host": host} | ({} if address is None else {"addresses": [address]})
        asked = urllib.request.Request(
            f"http://127.0.0.1:{self.names}/{what}", json.dumps(content).encode()
        )
        urllib.request.urlopen(asked, timeout=5).close()

    def _await(self) -> None:
        context = ssl.create_default_context(cafile=str(self.ca))
        deadline = time.monotonic() + UP_SECONDS
        while True:
            try:
                urllib.request.urlopen(
                    f"https://127.0.0.1:{self.door.behind}/dir", context=context, timeout=5
                ).close()
                return
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)


class Door:
    """The way to the authority, which can be closed: one that ends forgets everybody's account."""

    def __init__(self, port: int, behind: int) -> None:
        self.behind = behind
        self._port = port
        self._open: list[socket.socket] = []

    def open(self) -> None:
        listener = socket.create_server(("0.0.0.0", self._port))
        self._open = [listener]
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def close(self) -> None:
        for one in self._open:
            # Whoever waits for it in a thread is woken by this, and not by closing it.
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        self._open = []

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                visitor, _ = listener.accept()
                inside = socket.create_connection(("127.0.0.1", self.behind))
                self._open += [visitor, inside]
                for pair in ((visitor, inside), (inside, visitor)):
                    threading.Thread(target=_pass_on, args=pair, daemon=True).start()


def _pass_on(one: socket.socket, other: socket.socket) -> None:
    with suppress(OSError):
        while data := one.recv(65536):
            other.sendall(data)
    with suppress(OSError):
        other.shutdown(socket.SHUT_RDWR)


@contextmanager
def own_authority(
    directory: Path, *, leads_to: str, http_port: int = 80, validity: int | None = None
) -> Iterator[Authority]:
    """An authority to which every name leads to one address; `validity` is in seconds."""
    missing = [name for name in NEEDED if shutil.which(name) is None]
    if missing:
        pytest.skip(f"needs {' and '.join(missing)}: Debian's package pebble")
    directory.mkdir(parents=True, exist_ok=True)
    address = _gateway()
    _certify(directory, address)
    port = free_port()
    ours = Authority(
        directory=directory,
        address=address,
        port=port,
        door=Door(port, free_port()),
        manager=free_port(),
        names=free_port(),
        validity=validity,
        http_port=http_port,
    )
    with ExitStack() as stack:
        with (directory / "names.log").open("ab") as log:
            names = subprocess.Popen(
                [
                    *("pebble-challtestsrv", "-defaultIPv4", leads_to, "-defaultIPv6", ""),
                    *("-http01", "", "-https01", "", "-tlsalpn01", ""),
                    *("-dns01", f"127.0.0.1:{ours.names + 1}"),
                    *("-management", f"127.0.0.1:{ours.names}"),
                ],
                stdout=log,
                stderr=log,
            )
        stack.callback(names.wait)
        stack.callback(names.kill)
        stack.callback(ours.stop)
        ours.start()
        ours.door.open()
        stack.callback(ours.door.close)
        yield ours


def _gateway() -> str:
    """The address of this machine that every container reaches."""
    form = "{{(index .IPAM.Config 0).Subnet}}"
    told = subprocess.run(
        ["docker", "network", "inspect", "bridge", "--format", form],
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    there = ip_network(told.stdout.strip())[2]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        # Nothing is sent: it is only asked by which address one would go there.
        probe.connect((str(there), 9))
        return str(probe.getsockname()[0])


def _certify(directory: Path, address: str) -> None:
    """Who signs for the authority's own server, and what that shows."""
    key, name = ec.generate_private_key(ec.SECP256R1()), _name("test authority")
    now = datetime.now(UTC)
    own = _begin(name, name, key, now).add_extension(
        x509.BasicConstraints(ca=True, path_length=None), critical=True
    )
    signed = own.sign(key, hashes.SHA256())
    (directory / "ca.pem").write_bytes(signed.public_bytes(Encoding.PEM))
    leaf_key = ec.generate_private_key(ec.SECP256R1())
    known = [x509.IPAddress(ip_address(one)) for one in ("127.0.0.1", address)]
    leaf = _begin(_name("pebble"), name, leaf_key, now).add_extension(
        x509.SubjectAlternativeName(known), critical=False
    )
    (directory / "leaf.pem").write_bytes(leaf.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM))
    (directory / "leaf.key").write_bytes(
        leaf_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])


def _begin(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - DAY)
        .not_valid_after(now + DAY)
    )
