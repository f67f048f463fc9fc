"""An engine here and one over ssh: images promoted both ways, one engine killed meanwhile."""

import secrets
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from compartment_tui.adapters.docker.api.client import Client
from tests.e2e.command import Running
from tests.e2e.conftest import free_port
from tests.e2e.engines import OwnEngine, own_engine
from tests.e2e.far import over_ssh
from tests.e2e.shop import Shop, _git, eventually, removed_at_the_end

pytestmark = pytest.mark.docker

FILE = """\
[project]
name = "{project}"

[services.web]
path = "."
port = 8080
readiness = {{ type = "http", path = "/version.txt", interval = "100ms" }}
settle = "100ms"
drain_timeout = "1s"
stop_grace = "0s"

[environments.staging]
engine = "lab"

[environments.production]

[engines.lab]
address = "{lab}"
build_on = "local"

[edge]
http_port = {port}
https_port = 0

[networks]
pool = "10.245.0.0/16"
"""
MEGABYTES = 60
DOCKERFILE = f"""\
FROM busybox:1
COPY version.txt /srv/
RUN dd if=/dev/urandom of=/large bs=1M count={MEGABYTES} 2>/dev/null
EXPOSE 8080
CMD ["httpd", "-f", "-p", "8080", "-h", "/srv"]
"""
"""Each version has a large layer of its own, which nothing makes smaller."""
ACROSS = ("promote", "--from", "staging", "--to", "production")
BACK = ("promote", "--from", "production", "--to", "staging")


@pytest.fixture(scope="module")
def lab() -> Iterator[OwnEngine]:
    with own_engine(("busybox:1", "traefik:v3.7")) as started:
        yield started


@pytest.fixture(scope="module")
def shop(
    lab: OwnEngine, client: Client, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shop]:
    """Production on the engine that everybody uses, staging on one that may be killed."""
    folder = tmp_path_factory.mktemp("engines")
    directory, temporary, ssh = (folder / name for name in ("shop", "temporary", "ssh"))
    for one in (directory, temporary, ssh):
        one.mkdir()
    name = f"s{secrets.token_hex(3)}"
    made = Shop(directory=directory, project=name, namespace=name, port=free_port(), client=client)
    with over_ssh(ssh, lab.host) as (address, variables), removed_at_the_end(made):
        text = FILE.format(project=name, port=made.port, lab=address)
        (directory / "compartment.toml").write_text(text, encoding="utf-8")
        (directory / "Dockerfile").write_text(DOCKERFILE, encoding="utf-8")
        made.variables = {**variables, "TMPDIR": str(temporary)}
        new_version(made)
        _git(directory, "init", "--quiet")
        said = made.good("deploy", "-e", "staging", "--verbose").err
        assert "MB to lab: " in said, said
        made.configure('build_on = "local"\n', "")
        yield made


def new_version(shop: Shop) -> str:
    version = str(shop.versions.get("web", 0) + 1)
    shop.versions["web"] = int(version)
    (shop.directory / "version.txt").write_text(f"{version}\n", encoding="utf-8")
    return version


def live(shop: Shop) -> str:
    """The version that a visitor of production gets."""
    status, body = shop.get(path="/version.txt")
    assert status == 200
    return body


def rehearsed(shop: Shop, lab: OwnEngine) -> str:
    """The version that a visitor of staging gets."""
    there = replace(shop, connect=lab.connect)
    status, body = there.get(path="/version.txt", environment="staging")
    assert status == 200
    return body


def image(shop: Shop, environment: str) -> str:
    (active,) = shop.status(environment)["activeDeployments"]
    return str(active["imageId"])


def until_line(running: Running, start: str) -> dict[str, Any]:
    while True:
        event = running.until({"type": "output", "stage": "building"})
        if event["line"].startswith(start):
            return event


def nothing_is_left(shop: Shop, lab: OwnEngine) -> bool:
    """Of any image on its way: not here, and not where the engines keep what is not whole."""
    return not any(
        [*Path(shop.variables["TMPDIR"]).iterdir(), *(lab.directory / "data" / "tmp").iterdir()]
    )


def test_the_very_image_goes_from_engine_to_engine(shop: Shop, lab: OwnEngine) -> None:
    """It was built here for the one, and its layers are still here when it goes to the other."""
    assert rehearsed(shop, lab) == "1"
    built = image(shop, "staging")
    shop.client.remove_image(built)
    plan = shop.good(*ACROSS, "--plan").out
    assert "from the engine lab (ssh://" in plan
    assert "default has all of its layers" in shop.good(*ACROSS, "--verbose").err
    assert live(shop) == "1"
    assert image(shop, "production") == built
    assert nothing_is_left(shop, lab)


def test_the_engine_it_comes_from_is_killed_in_the_middle(
    shop: Shop, lab: OwnEngine, tell: Callable[..., None]
) -> None:
    before, version = live(shop), new_version(shop)
    shop.good("deploy", "-e", "staging")
    running = shop.start(*ACROSS)
    until_line(running, "reading it from lab")
    lab.kill()
    failed = running.wait()
    assert failed.code == 5, failed.text
    assert "could not be read from lab" in failed.text
    assert "Traceback" not in failed.text
    assert live(shop) == before
    refused = shop.good(*ACROSS, code=4)
    assert "are on the engine “lab”, which is away" in refused.err
    lab.start()
    running = shop.start(*ACROSS)
    sending = until_line(running, "carrying")["line"].partition(":")[0]
    whole = running.wait()
    assert whole.code == 0, whole.text
    tell(f"{sending}, read over ssh: live after {whole.seconds:.1f} s")
    assert live(shop) == version
    assert nothing_is_left(shop, lab)


def test_the_engine_it_goes_to_is_killed_in_the_middle(
    shop: Shop, lab: OwnEngine, tell: Callable[..., None]
) -> None:
    before, version = rehearsed(shop, lab), new_version(shop)
    shop.good("deploy", "-e", "production")
    running = shop.start(*BACK)
    until_line(running, "carrying")
    lab.kill()
    failed = running.wait()
    assert failed.code == 8, failed.text
    assert "could not be carried to lab" in failed.text
    assert "Traceback" not in failed.text
    lab.start()
    eventually(lambda: _answers(shop, lab), seconds=60)
    assert rehearsed(shop, lab) == before
    resumed = shop.run("resume", "-e", "staging")
    assert resumed.code in (0, 130), resumed.text
    assert rehearsed(shop, lab) == before
    running = shop.start(*BACK)
    sending = until_line(running, "carrying")["line"].partition(":")[0]
    whole = running.wait()
    assert whole.code == 0, whole.text
    tell(f"{sending}, sent over ssh: live after {whole.seconds:.1f} s")
    assert rehearsed(shop, lab) == version
    assert nothing_is_left(shop, lab)


def _answers(shop: Shop, lab: OwnEngine) -> bool:
    try:
        return bool(rehearsed(shop, lab))
    except (OSError, AssertionError):
        return False
