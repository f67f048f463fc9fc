"""A shop with staging on the engine that everybody uses, and production on one of its own."""

import http.client
import secrets
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from compartment_tui.adapters.docker.api.client import Client
from tests.e2e.conftest import free_port
from tests.e2e.engines import OwnEngine, own_engine
from tests.e2e.far import over_ssh
from tests.e2e.shop import Shop, _git, removed_at_the_end

FILE = """\
[project]
name = "{project}"

[services.web]
image = "busybox:1"
port = 8080
run = {{ command = ["httpd", "-f", "-p", "8080", "-h", "/etc"] }}
settle = "100ms"
drain_timeout = "1s"
stop_grace = "0s"

[engines.prod]
address = "{address}"

[environments.staging]

[environments.production]
engine = "prod"

[edge]
http_port = {port}
https_port = 0
"""


@dataclass(frozen=True, kw_only=True)
class TwoEngines:
    """The shop, and the engine that production is on."""

    shop: Shop
    prod: OwnEngine

    def staging_answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.shop.port, timeout=10)
        return _status(connection, self.shop.host(environment="staging"))

    def production_answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.shop.port, timeout=10)
        try:
            connection.sock = self.prod.connect(self.shop.port)
        except OSError:
            return False
        return _status(connection, self.shop.host())


def _status(connection: http.client.HTTPConnection, host: str) -> bool:
    with closing(connection):
        try:
            connection.request("GET", "/hostname", headers={"Host": host})
            return connection.getresponse().status == 200
        except OSError:
            return False


@contextmanager
def two_engines(directory: Path, client: Client) -> Iterator[TwoEngines]:
    """Production is reached over ssh, where there is a server for it; else by its socket."""
    directory.mkdir()
    with ExitStack() as opened:
        prod = opened.enter_context(own_engine())
        address, variables = prod.host, dict[str, str]()
        if shutil.which("ssh") and shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:/usr/bin"):
            keys = directory.parent / "keys"
            keys.mkdir()
            url, variables = opened.enter_context(over_ssh(keys))
            address = f"{url}{prod.directory}/docker.sock"
        name = f"s{secrets.token_hex(3)}"
        shop = Shop(
            directory=directory,
            project=name,
            namespace=name,
            port=free_port(),
            client=client,
            variables=variables,
        )
        text = FILE.format(project=name, address=address, port=shop.port)
        (directory / "compartment.toml").write_text(text, encoding="utf-8")
        _git(directory, "init", "-q")
        _git(directory, "add", ".")
        _git(directory, "commit", "-q", "-m", "Begin")
        opened.enter_context(removed_at_the_end(shop))
        yield TwoEngines(shop=shop, prod=prod)


@pytest.fixture(scope="module")
def both(client: Client, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwoEngines]:
    with two_engines(tmp_path_factory.mktemp("engines") / "shop", client) as made:
        yield made
