"""A shop on the public side: at an address of its own, with names and an authority for them.

The program, the public and the authority each look names up in a place that a test says: the
program in an `/etc/hosts` of a mount namespace, the authority at its own name server.
"""

import http.client
import os
import shutil
import socket
import ssl
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from compartment_tui.adapters.docker.api.client import Client
from tests.e2e.authority import Authority, own_authority
from tests.e2e.shop import Shop, make_shop, removed_at_the_end

ADDRESS = "127.0.0.77"
"""Of the edge, and of every name that a test does not lead elsewhere."""
ELSEWHERE = "127.0.0.98"
"""Where nobody listens."""
HTTP, HTTPS = 80, 443
"""Where the public asks: the edge has to be there."""
WITH_NAMES = 'mount --bind "$1" /etc/hosts && shift && exec "$@"'
LOCALHOST = "127.0.0.1 localhost\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a visitor was answered."""

    status: int
    location: str
    body: str


@dataclass(slots=True, kw_only=True)
class Site:
    """A shop whose services have domains."""

    shop: Shop
    authority: Authority
    text: str
    """compartment.toml without domains."""
    names: dict[str, str] = field(default_factory=dict)
    """Where each name leads, for the program."""

    @property
    def derived(self) -> str:
        return self.shop.host()

    def give(
        self,
        *domains: str,
        redirects: tuple[str, ...] = (),
        edge: str = "",
    ) -> None:
        """Have compartment.toml give web these domains, and the edge further settings."""
        for host in (*domains, *redirects):
            self.names.setdefault(host, ADDRESS)
        self._write_names()
        table = (
            "\n[environments.production.services.web]\n"
            f"domains = {list(domains)}\nredirects = {list(redirects)}\n"
        )
        text = self.text.replace("\n[edge]\n", f"\n[edge]\n{edge}")
        file = self.shop.directory / "compartment.toml"
        file.write_text(text + (table if domains else ""), encoding="utf-8")

    def lead(self, host: str, address: str) -> None:
        """Have the program find another address of a name."""
        self.names[host] = address
        self._write_names()

    def deploy(self) -> str:
        """Deploy, which ends well; what it told."""
        result = self.shop.good("deploy")
        return result.out + result.err

    def domain(self, host: str) -> dict[str, Any]:
        """What `domain list` tells of one."""
        told = self.shop.good("domain", "list", "--output", "json").json()
        found: dict[str, Any] = next(one for one in told["domains"] if one["host"] == host)
        return found

    def ask(
        self, host: str, *, method: str = "GET", path: str = "/version", secured: bool = False
    ) -> Seen:
        """What a visitor gets; over HTTPS one who believes the authority, and nobody else."""
        plain = socket.create_connection((ADDRESS, HTTPS if secured else HTTP), timeout=10)
        connection = http.client.HTTPConnection(host)
        connection.sock = plain
        try:
            if secured:
                connection.sock = self.believer().wrap_socket(plain, server_hostname=host)
            connection.request(method, path)
            answer = connection.getresponse()
            body = answer.read().decode(errors="replace").strip()
            return Seen(status=answer.status, location=answer.getheader("Location", ""), body=body)
        finally:
            connection.close()

    def believer(self) -> ssl.SSLContext:
        return ssl.create_default_context(cadata=self.authority.root())

    def shown(self, host: str) -> x509.Certificate:
        """The certificate that visitors of a host are shown, whether it is good or not."""
        anybody = ssl.create_default_context()
        anybody.check_hostname, anybody.verify_mode = False, ssl.CERT_NONE
        with (
            socket.create_connection((ADDRESS, HTTPS), timeout=10) as plain,
            anybody.wrap_socket(plain, server_hostname=host) as secured,
        ):
            shown = secured.getpeercert(binary_form=True)
        assert shown is not None
        return x509.load_der_x509_certificate(shown)

    def is_secured(self, host: str) -> bool:
        """Whether a visitor is led to HTTPS, and is shown there a certificate to be believed."""
        led = self.ask(host).location == f"https://{host}/version"
        return led and self.ask(host, secured=True).status == 200

    def orders(self, host: str) -> int:
        """How often the edge has failed to get a certificate for a host, by its log."""
        edge = self.shop.client.api.logs(f"{self.shop.namespace}-edge")
        lines = edge.decode(errors="replace").splitlines()
        return sum("Unable to obtain ACME certificate" in one and host in one for one in lines)

    def _write_names(self) -> None:
        lines = [LOCALHOST, *(f"{address} {name}\n" for name, address in self.names.items())]
        hosts = self.shop.directory.parent / "hosts"
        hosts.write_text("".join(lines), encoding="utf-8")


@contextmanager
def public_site(
    directory: Path, client: Client, *, validity: int | None = None, lifetime: str = ""
) -> Iterator[Site]:
    """A shop of web and api, deployed without domains; nothing of it is left afterwards.

    Certificates are good for `validity` seconds, and the file says that it is `lifetime`.
    """
    skip_where_impossible()
    with ExitStack() as stack:
        there = own_authority(directory / "ca", leads_to=ADDRESS, validity=validity)
        authority = stack.enter_context(there)
        site = open_site(directory / "first", client, authority, lifetime=lifetime)
        stack.enter_context(removed_at_the_end(site.shop))
        site.shop.good("deploy")
        yield site


def open_site(
    directory: Path,
    client: Client,
    authority: Authority,
    host: Shop | None = None,
    *,
    lifetime: str = "",
) -> Site:
    """Another shop, on an edge of its own or on that of `host`."""
    directory.mkdir()
    shop = make_shop(directory / "shop", client, port=HTTP, services=("web", "api"), host=host)
    names = str(directory / "hosts")
    shop.inside = ("unshare", "--mount", "sh", "-c", WITH_NAMES, "sh", names)
    shop.connect = lambda port: socket.create_connection((ADDRESS, port), timeout=10)
    shutil.copy(authority.ca, shop.directory / "ca.pem")
    shop.configure('bind = "127.0.0.1"', f'bind = "{ADDRESS}"')
    shop.configure("https_port = 0", f"https_port = {HTTPS}")
    file = shop.directory / "compartment.toml"
    acme = (
        f'\n[edge.acme]\nemail = "ops@example.org"\nserver = "{authority.server}"\nca = "ca.pem"\n'
    )
    if lifetime:
        acme += f'lifetime = "{lifetime}"\n'
    file.write_text(file.read_text(encoding="utf-8") + acme, encoding="utf-8")
    site = Site(shop=shop, authority=authority, text=file.read_text(encoding="utf-8"))
    site.give()
    return site


def skip_where_impossible() -> None:
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        pytest.skip("only root on Linux can give a program names of its own")
    if shutil.which("unshare") is None:
        pytest.skip("needs unshare")
    for port in (HTTP, HTTPS):
        try:
            socket.create_server((ADDRESS, port)).close()
        except OSError as error:
            pytest.skip(f"the public asks at port {port}, which is taken: {error}")
