"""One seam to the engine: outside `adapters/docker/api` nobody knows which of two ways is taken."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.architecture.modules import MODULES, PACKAGE, tree_of

SEAM = PACKAGE / "adapters" / "docker" / "api"
LIBRARIES = frozenset({"docker", "requests", "urllib3"})
WAYS = frozenset({"sdk", "sdk_session", "ssh_transport", "socket_client", "registry_credentials"})
"""The modules of the seam that are one way or the other."""


@cache
def nodes(module: Path) -> tuple[ast.AST, ...]:
    wanted = (ast.Import, ast.ImportFrom, ast.Attribute)
    return tuple(node for node in ast.walk(tree_of(module)) if isinstance(node, wanted))


def imports(module: Path) -> Iterator[str]:
    """All that a module imports, also inside functions and for types."""
    for node in nodes(module):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def libraries(module: Path) -> set[str]:
    return {name.partition(".")[0] for name in imports(module)} & LIBRARIES


def ways(module: Path) -> set[str]:
    seam = "compartment_tui.adapters.docker.api."
    found = {name.removeprefix(seam) for name in imports(module) if name.startswith(seam)}
    return {name.partition(".")[0] for name in found} & WAYS


def raw_clients(module: Path) -> list[str]:
    """Where it takes the SDK's client out of ours."""
    found = (node for node in nodes(module) if isinstance(node, ast.Attribute))
    clients = ("client", "_client")
    return [
        ast.unparse(node)
        for node in found
        if node.attr in {"api", "_reader", "_session"}
        and ast.unparse(node.value).rpartition(".")[2] in clients
    ]


OUTSIDE = [path for path in MODULES if SEAM not in path.parents]
INSIDE = [path for path in sorted(SEAM.glob("*.py")) if path.name != "sdk.py"]


def test_no_module_outside_knows_the_ways_to_an_engine() -> None:
    known = {
        str(path.relative_to(PACKAGE)): found
        for path in OUTSIDE
        if (found := [*libraries(path), *ways(path), *raw_clients(path)])
    }
    assert known == {}


@pytest.mark.parametrize("module", INSIDE, ids=lambda path: path.name)
def test_the_sdk_is_named_in_one_place(module: Path) -> None:
    """Threads that load parts of it at once find them half made: `sdk` loads all of it at once."""
    assert "docker" not in libraries(module)


def test_the_rules_see_what_they_forbid(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text(
        "from docker.types import Mount\n"
        "from compartment_tui.adapters.docker.api.sdk_session import SdkSession\n"
        "from compartment_tui.adapters.docker.api import socket_client\n"
        "self._client.api.start(container)\n",
        encoding="utf-8",
    )
    assert libraries(module) == {"docker"}
    assert ways(module) == {"sdk_session", "socket_client"}
    assert raw_clients(module) == ["self._client.api"]
