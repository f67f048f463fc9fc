"""A shop per module, traffic whose counts are printed, and nothing left on the engine."""

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from compartment_tui.adapters.docker.client import Client, connect
from tests.e2e.shop import Shop, make_shop, removed_at_the_end

REPORTS = pytest.StashKey[list[tuple[str, list[str]]]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[REPORTS] = []


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What a reader wants to know of a green run: how much was sent, and that nothing was lost."""
    found = terminalreporter.config.stash.get(REPORTS, [])
    if not found:
        return
    terminalreporter.section("requests under way meanwhile")
    for title, lines in found:
        terminalreporter.write_line(title)
        for line in lines:
            terminalreporter.write_line(f"  {line}")


@pytest.fixture(scope="session")
def client() -> Iterator[Client]:
    engine = connect()
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def shop(client: Client, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """The shop's files; nothing is deployed yet."""
    directory = tmp_path_factory.mktemp("e2e") / "shop"
    with removed_at_the_end(make_shop(directory, client, port=free_port())) as made:
        yield made


@pytest.fixture
def empty_shop(client: Client, tmp_path: Path) -> Iterator[Shop]:
    """A shop for one test alone."""
    with removed_at_the_end(make_shop(tmp_path / "shop", client, port=free_port())) as made:
        yield made


@pytest.fixture
def tell(request: pytest.FixtureRequest) -> Callable[..., None]:
    """Have lines printed under the test's name at the end, whatever becomes of it."""

    def remember(*lines: str) -> None:
        request.config.stash[REPORTS].append((request.node.name, list(lines)))

    return remember


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
