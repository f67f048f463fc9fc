"""Errors a person can act on: one sentence, the way on, the exit code, and never a traceback."""

import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from compartment_tui.adapters.docker.api.client import Client
from tests.e2e.command import Result
from tests.e2e.conftest import free_port
from tests.e2e.shop import Shop, in_routes_volume, make_shop, removed_at_the_end

pytestmark = pytest.mark.docker


@pytest.fixture(scope="module")
def shop(client: Client, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """Deployed once; every test puts back what it changes in the files."""
    directory = tmp_path_factory.mktemp("errors") / "shop"
    made = make_shop(directory, client, port=free_port(), services=("web",))
    with removed_at_the_end(made):
        made.good("deploy")
        yield made


@pytest.fixture(autouse=True)
def files_put_back(shop: Shop) -> Iterator[None]:
    """What a test breaks is whole again for the next one, and the shop is as live as before."""
    live = shop.answered_by("web")
    names = ("compartment.toml", "services/web/Dockerfile")
    before = {name: (shop.directory / name).read_text(encoding="utf-8") for name in names}
    yield
    for name, text in before.items():
        (shop.directory / name).write_text(text, encoding="utf-8")
    assert shop.assert_settled() == {"web": live}


# --- the machine ----------------------------------------------------------------------------------


def test_no_docker(shop: Shop, tmp_path: Path) -> None:
    nowhere = f"unix://{tmp_path}/docker.sock"
    result = shop.run("deploy", DOCKER_HOST=nowhere)
    assert_told(
        result, 4, "no Docker engine answers", nowhere, "DOCKER_HOST", way_on="start Docker"
    )


def test_status_at_an_address_where_no_engine_was_met_shows_no_copy(
    shop: Shop, tmp_path: Path
) -> None:
    result = shop.run("status", "--output", "json", DOCKER_HOST=f"unix://{tmp_path}/docker.sock")
    assert result.code == 4, result.text
    assert set(result.json()) == {"error"}


def test_the_port_is_taken_by_a_program(client: Client, tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        made = make_shop(tmp_path / "shop", client, port=port, services=("web",))
        with removed_at_the_end(made) as shop:
            result = shop.run("deploy")
            assert_told(result, 5, f"port {port}", "taken by", way_on="http_port")
            assert not shop.running()


def test_the_port_is_taken_by_a_container(shop: Shop, client: Client, tmp_path: Path) -> None:
    made = make_shop(tmp_path / "shop", client, port=shop.port, services=("web",))
    with removed_at_the_end(made) as other:
        result = other.run("deploy")
        assert_told(result, 5, f"port {shop.port}", f"{shop.namespace}-edge", way_on="http_port")


def test_another_project_has_the_host(shop: Shop, client: Client, tmp_path: Path) -> None:
    """`api` of project X is `api-X`, which is also what a project called `api-X` answers to."""
    guest = make_shop(tmp_path / "shop", client, port=shop.port, services=("web",), host=shop)
    with removed_at_the_end(guest) as other:
        shop.configure("[services.web]", '[services.front]\nkind = "api"')
        shop.configure('kind = "web"', "")
        other.configure(f'"{other.project}"', f'"front-{shop.project}"')
        other.project = f"front-{shop.project}"
        other.good("deploy")
        result = shop.run("deploy")
        other.good("environment", "delete", "production", "--yes")
    host = f"front-{shop.project}.localhost"
    assert_told(result, 5, host, f"front-{shop.project}", way_on="rename")


def test_without_space_for_the_new_routes_the_old_ones_stay(client: Client, tmp_path: Path) -> None:
    made = make_shop(tmp_path / "shop", client, port=free_port(), services=("web",))
    with removed_at_the_end(made) as other:
        small = {"type": "tmpfs", "device": "tmpfs", "o": "size=64k"}
        other.client.api.create_volume(
            f"{other.namespace}-routes", driver="local", driver_opts=small
        )
        other.good("deploy")
        before = other.answered_by("web")
        in_routes_volume(other, "dd if=/dev/zero of=/routes/full.bin bs=1k count=64 || :")
        other.change("web")
        result = other.run("deploy")
        assert_told(result, 5, "no space left on its disk", way_on="docker system df")
        assert other.assert_settled() == {"web": before}
        in_routes_volume(other, "rm /routes/full.bin")
        other.good("deploy")


# --- the files ------------------------------------------------------------------------------------


def test_an_unknown_key(shop: Shop) -> None:
    shop.configure("drain_timeout =", "drain_timout =")
    result = shop.run("deploy")
    file = (shop.directory / "compartment.toml").read_text(encoding="utf-8").splitlines()
    line = next(n for n, text in enumerate(file, 1) if "drain_timout" in text)
    assert_told(
        result,
        3,
        f"compartment.toml:{line}",
        "services.web",
        "drain_timout",
        "did you mean `drain_timeout`",
        way_on="drain_timeout",
    )


def test_no_project_file(shop: Shop, tmp_path: Path) -> None:
    file = str(tmp_path / "compartment.toml")
    assert_told(shop.run("deploy", "--file", file), 7, file)


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("status", "-s", "nobody"), "nobody"),
        (("deploy", "-s", "nobody"), "nobody"),
        (("rollback", "-e", "nowhere"), "nowhere"),
        (("environment", "delete", "nowhere", "--yes"), "nowhere"),
        (("deployment", "show", "dep_nothing"), "dep_nothing"),
    ],
)
def test_something_that_is_not_there(shop: Shop, words: tuple[str, ...], named: str) -> None:
    result = shop.run(*words)
    assert_told(result, 7, named)


# --- the images -----------------------------------------------------------------------------------


def test_an_image_that_no_registry_has(shop: Shop) -> None:
    # Nothing listens on the discard port, so this registry is away on every machine.
    shop.configure('path = "services/web"', 'image = "127.0.0.1:9/shop/web:1"')
    result = shop.run("deploy")
    assert_told(result, 5, "127.0.0.1:9/shop/web:1", "pull", way_on="docker login")


def test_a_dockerfile_that_breaks(shop: Shop) -> None:
    dockerfile = shop.path("web", "Dockerfile")
    text = dockerfile.read_text(encoding="utf-8")
    broken = text.replace("WORKDIR", "RUN echo the shelf is empty && exit 7\nWORKDIR")
    dockerfile.write_text(broken, encoding="utf-8")
    result = shop.run("deploy")
    assert_told(result, 5, "RUN echo the shelf is empty", "exited with 7", "│ ")
    assert any(line.strip().endswith("the shelf is empty") for line in result.err.splitlines())


# --- the candidate --------------------------------------------------------------------------------


def test_a_candidate_that_exits(shop: Shop) -> None:
    give(shop, EXIT_AT_START="3")
    result = shop.run("deploy")
    assert_told(result, 5, "web", "code 3", "│ web exits at once: EXIT_AT_START=3")


def test_a_candidate_that_is_never_ready(shop: Shop) -> None:
    give(shop, NEVER_READY="1")
    shop.configure('timeout = "20s"', 'timeout = "1s"')
    result = shop.run("deploy")
    assert_told(result, 5, "web was not ready within 1 s")
    assert re.search(r"│ attempts? \d+( to \d+)?: .* 503", result.err), result.text


def test_a_missing_variable(shop: Shop) -> None:
    shop.configure('kind = "web"', 'kind = "web"\nrequires = ["DATABASE_URL"]')
    assert_told(shop.run("deploy"), 5, "DATABASE_URL")


def give(shop: Shop, **variables: str) -> None:
    """These variables for web, from the next deploy on."""
    lines = "".join(f'{name} = "{value}"\n' for name, value in variables.items())
    table = f"[environments.production.services.web.variables]\n{lines}"
    shop.configure("[edge]", f"{table}\n[edge]")


def assert_told(result: Result, code: int, *facts: str, way_on: str = "") -> None:
    """The exit code, every fact, and after an arrow what to do."""
    assert result.code == code, result.text
    for fact in facts:
        assert fact in result.err, result.text
    hints = [line for line in result.err.splitlines() if line.lstrip().startswith("→")]
    assert not way_on or any(way_on in line for line in hints), result.text
    assert "Traceback" not in result.text
    assert "this is a bug" not in result.text
