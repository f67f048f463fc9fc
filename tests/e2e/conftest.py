"""The engine, a port, and a place for counts that are printed at the end."""

import socket
from collections.abc import Callable, Iterator

import pytest

from compartment_tui.adapters.docker.api.client import Client, connect

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
