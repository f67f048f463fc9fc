"""A person's first minutes: a folder with a Dockerfile, a real terminal, and a live address."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from compartment_tui.adapters.docker.api.client import Client
from tests.e2e.conftest import free_port
from tests.e2e.shop import Shop, removed_at_the_end
from tests.e2e.terminals import Terminal

pytestmark = pytest.mark.docker

DOCKERFILE = """\
FROM busybox:1
RUN mkdir /www && echo hello > /www/index.html
EXPOSE 8000
CMD ["httpd", "-f", "-p", "8000", "-h", "/www"]
"""
ESC = "\x1b"
SIZE = (110, 34)


@pytest.fixture
def folder(client: Client, tmp_path: Path) -> Iterator[Shop]:
    """Nothing but a Dockerfile, on an engine that this program has not seen yet."""
    token = secrets.token_hex(3)
    directory = tmp_path / f"hello-{token}"
    directory.mkdir()
    (directory / "Dockerfile").write_text(DOCKERFILE, encoding="utf-8")
    shop = Shop(
        directory=directory,
        project=directory.name,
        namespace=f"e2e-{token}",
        guest=False,
        port=free_port(),
        client=client,
        warm=False,
        variables={"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path), "NO_COLOR": ""},
    )
    with removed_at_the_end(shop):
        yield shop


def terminal(shop: Shop, *words: str) -> Terminal:
    command = (*shop.program, *words)
    return Terminal(command, cwd=shop.directory, env=shop.environ({}), size=SIZE)


def deploys(one: Terminal, shop: Shop) -> None:
    """On the main screen, which was just opened: two keys to a live address."""
    one.until("1 production", "web", "Nothing is live in production yet", seconds=40)
    assert "name is empty" not in one.text()
    # The usual port may be somebody else's here.
    file = shop.directory / "compartment.toml"
    with file.open("a", encoding="utf-8") as written:
        written.write(f"\n[edge]\nhttp_port = {shop.port}\nhttps_port = 0\n")
    one.press("D")
    one.until("Deploy in production", "web  first deployment", "Deploy  y", seconds=40)
    one.press("y")
    address = f"http://{shop.host()}:{shop.port}"
    one.until("is live after", address, seconds=120)
    assert shop.get(path="/") == (200, "hello")
    one.press(ESC)
    one.until("web", "healthy", seconds=40)
    one.press("q")
    one.wait()
    assert one.process.returncode == 0


def test_from_a_folder_through_the_welcome_to_a_live_address(folder: Shop) -> None:
    with terminal(folder) as one:
        one.until("There is no compartment.toml here yet", "Found 1 Dockerfile", "port 8000")
        one.press("I")
        deploys(one, folder)


def test_from_init_to_a_live_address(folder: Shop) -> None:
    said = folder.good("init")
    assert "web in ." in said.out
    environments = folder.good("environment", "list", "--output", "json").json()["environments"]
    assert [one["name"] for one in environments] == ["production"]
    with terminal(folder) as one:
        deploys(one, folder)
