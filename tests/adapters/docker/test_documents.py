"""Whether all route documents can be read, told from one listing of them."""

import pytest

from compartment_tui.adapters.docker.edge import traefik
from compartment_tui.adapters.docker.edge.route_documents import all_ours
from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.domain.routes import Route, RouteTable

KEYS = (EnvironmentKey("shop", "production"), EnvironmentKey("shop", "a b"))
TABLE = RouteTable(
    marker="run_01jh00000000000000000000ab",
    routes=(Route(host="shop.localhost", deployment="dep_01JH00000000000000000000AA", port=80),),
)
DOCUMENTS = {traefik.file_name(key): traefik.document(key, TABLE) for key in KEYS}


def listing(documents: dict[str, str]) -> bytes:
    heads = "".join(f"{len(text.encode())} {name}\n" for name, text in documents.items())
    return (heads + "\n" + "".join(documents.values())).encode()


@pytest.mark.parametrize("documents", [{}, DOCUMENTS])
def test_all_can_be_read(documents: dict[str, str]) -> None:
    assert all_ours(listing(documents))


@pytest.mark.parametrize(
    "foreign",
    [{"foreign.yml": "a: b\n"}, {"x.toml": "[http"}, {"x.toml": next(iter(DOCUMENTS.values()))}],
)
def test_one_is_not_ours(foreign: dict[str, str]) -> None:
    assert not all_ours(listing({**DOCUMENTS, **foreign}))


def test_one_was_replaced_meanwhile() -> None:
    longer = listing(DOCUMENTS) + b"# more\n"
    assert not all_ours(longer)
    assert not all_ours(listing(DOCUMENTS)[:-1])
